"""The county's replies that came while the tablet was locked: kept raw until the next unlock."""

from __future__ import annotations

from pathlib import Path

from mobile import files
from mobile.replies import NotOurCounty, Outcome, Replies
from mobile.tablet import Tablet

SUFFIX = ".raw"


class Inbox:
    """Raw pages of one home, in the order of their arrival. Needs no key to fill."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def is_empty(self) -> bool:
        """Whether no reply waits."""
        return not self._paths()

    def keep(self, page: bytes) -> None:
        """Keep a page durably."""
        number = int(paths[-1].stem) + 1 if (paths := self._paths()) else 1
        files.write(self._folder / f"{number:08d}{SUFFIX}", page)

    def apply(self, replies: Replies, outcome: Outcome) -> None:
        """Apply what waits and delete it; what this county did not sign is reported and deleted."""
        for path in self._paths():
            try:
                replies.page(path.read_bytes(), outcome, live=False)
            except NotOurCounty as error:
                outcome.note(str(error))
            files.remove(path)

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("*" + SUFFIX))


def catch_up(tablet: Tablet, outcome: Outcome) -> Replies:
    """Apply what arrived while locked: acknowledgements beside envelopes, then raw pages."""
    replies = Replies(tablet)
    for one, stored in tablet.locked.outbox.stored(tablet.card.front_public):
        if tablet.intake.is_of_before(stored):
            files.remove(one.acknowledgement)
        else:
            outcome.pushed += tablet.intake.stored(stored) or 0
    Inbox(tablet.locked.home.inbox).apply(replies, outcome)
    return replies

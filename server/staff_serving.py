"""Where somebody with an account serves on a day: the posting that runs, where there are any.

An account holds a role and a site; as soon as it has dated postings, these decide. A change of the
15th so takes effect on the 15th, whoever is asleep, and an ended posting closes the door by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from server.storage.rows import Posting, Staff
from shared.permissions import rank_of


def serving(row: Staff, postings: Sequence[Posting], day: int) -> Staff | None:
    """Return the account with role and site of a day (20261031); None while no posting runs.

    Of several that run, the one of the highest rank counts, among equals the one begun last.
    """
    if not postings:
        return row
    running = [one for one in postings if runs_on(one, day)]
    if not running:
        return None
    now = max(running, key=lambda one: (rank_of(one.role), one.from_on, one.posting))
    return row._replace(role=now.role, site=now.site)


def runs_on(posting: Posting, day: int) -> bool:
    """Whether a posting runs on a day (20261031)."""
    return posting.from_on <= day and (posting.to_on is None or day <= posting.to_on)

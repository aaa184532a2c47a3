"""What lies in somebody's hands, and handing it over to a successor (STORIES.md C3).

A matter is in the hands of whom its `holder` names, else of whoever registered it. Handing over is
an act `reassign` on every matter, in one transaction: all of them or none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from server import sight, steward
from server.accounts import Person
from server.card import read_card
from server.county import County, Editions, day_number
from server.landing import Landing
from server.sight import Subject
from server.staff_serving import runs_on
from server.steward import Draft
from server.storage import Tx
from server.storage.rows import Posting, RecordRow
from shared import lifecycle
from shared.canonical import Value
from shared.errors import Misuse, Refused
from shared.kinds import LISTED
from shared.validation import validate

KINDS = ("proxy", "case")
REASSIGN = "reassign"
MATTERS_MAX = 500


class NotHeld(Refused):
    """A matter that is not in these hands any more."""


class WrongSuccessor(Misuse):
    """A successor who serves nowhere in the township, or is the very same person."""


@dataclass(frozen=True, slots=True)
class Held:
    """One open matter in somebody's hands; `fields` are those of its card."""

    row: RecordRow
    fields: Mapping[str, Value]


def in_hand(tx: Tx, person: str, names: Collection[str], sites: Collection[str]) -> list[Held]:
    """Return the open matters in a person's hands at these sites, the oldest first."""
    called = {person, person.partition(":")[2], *names} - {""}
    held: list[Held] = []
    unnamed: list[Held] = []
    for row in tx.open_at(sites, KINDS):
        if lifecycle.is_end(row.kind, row.state):
            continue
        one = Held(row, read_card(row.folded))
        holder = one.fields.get("holder")
        if not holder:
            unnamed.append(one)
        elif holder in called:
            held.append(one)
    made = tx.founders([one.row.record for one in unnamed])
    held += [one for one in unnamed if made.get(one.row.record) == person]
    return sorted(held, key=lambda one: one.row.record)


def already_admitted(tx: Tx, person: str, site: str, since: int) -> int:
    """Return how many matters a person registered at a site since an instant (Unix ms)."""
    return sum(one == person for one in tx.founders(tx.registered_at(site, since, LISTED)).values())


def successors(postings: Sequence[Posting], sites: Collection[str], day: int) -> list[Posting]:
    """Return the postings at these sites that run on a day, one for each person and site."""
    running = {(one.person, one.site): one for one in postings
               if one.site in sites and runs_on(one, day)}  # fmt: skip
    return list(running.values())


def hand_over(
    tx: Tx, county: County, person: Person, held: Sequence[Held], successor: Posting, reason: str
) -> int:
    """Put these matters into a successor's hands and return how many; raises NotAllowed, NotHeld,
    WrongSuccessor, InvalidField.

    Rights are asked for every matter; what has moved on meanwhile stops the whole.
    """
    if not runs_on(successor, day_number(county.today())):
        raise WrongSuccessor("接手人的任职今天不在期内，请另选一位。")
    if len(held) > MATTERS_MAX:
        raise Misuse(f"一次最多移交 {MATTERS_MAX} 件，请分几次办。")
    editions = county.editions(tx)
    landing = Landing(tx, editions)
    landing.load([one.row.record for one in held])
    data: dict[str, Value] = {"holder": successor.person, "reason": reason}
    drafts = [_draft(landing, editions, person, one, data, county, successor.site) for one in held]
    steward.write(tx, county, drafts, landing)
    landing.finish()
    return len(drafts)


def _draft(
    landing: Landing, editions: Editions, person: Person, held: Held, data: Mapping[str, Value],
    county: County, site: str,
) -> Draft:  # fmt: skip
    row = held.row
    record = landing.record(row.record)
    if record is None:
        raise NotHeld("有的办件已经不在，请刷新移交清单。")
    subject = Subject(row.kind, record.state, row.site, row.township, record.fields)
    sight.require_act(person, editions, subject, REASSIGN)
    checked = validate(row.kind, REASSIGN, {**data, "holder_site": site}, county.today())
    if not lifecycle.may_follow(row.kind, record.state, REASSIGN, checked):
        raise NotHeld("有的办件刚刚办结，不用再移交，请刷新移交清单。")
    return Draft(
        record.id, row.kind, REASSIGN, checked, record.heads, author=person.author,
        site=person.site, scopes=(site,),
    )  # fmt: skip

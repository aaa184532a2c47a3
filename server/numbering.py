"""Official numbers (办件编号): given when a case first lands, in the same transaction.

Each is a county operation of its own, on a record whose id follows from the case's: it travels with
the case, and what a case is called can be read from the ledger alone. The temporary number of the
slip stays valid for ever. Numbers of documents (文书号) are not made yet.

The five digits of the sequence run per site and day, and every epoch of the county has a block of
5,000 of its own: epoch 1 gives 1 to 4,999, epoch 2 gives 5,001 to 9,999, and so on for 20 epochs.
What was printed in a stretch that a restore lost is known to nobody here, yet is not given again.
Where a block is used up, or no site with a region code took the case in, the case keeps its
temporary number alone and is tried again with its next act.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from server import steward
from server.county import County, Editions
from server.landing import Landing
from server.steward import Draft
from server.storage import Tx
from shared import numbered, slips
from shared.canonical import Value
from shared.civil import civil_date
from shared.ids import record_text
from shared.numbered import ACT, CASE, KIND, PROJECT

SEGMENT = 5_000
_AFTER = "~"
"""Sorts behind every character of a number."""


class _Due(NamedTuple):
    """A case without a number: when and where it began."""

    effective_at: int
    case: bytes
    code12: str

    @property
    def on(self) -> date:
        return civil_date(self.effective_at)


def assign(tx: Tx, county: County, landing: Landing) -> None:
    """Number every case that lands here, has taken effect and has no number yet."""
    due = sorted(_due(tx, county, landing))
    if not due:
        return
    landing.load(numbered.record_of(one.case) for one in due)
    epoch, _, _ = tx.take_county_seq(0)  # locks the county: nobody else draws the same sequence
    numbers = _numbers(tx, due, county.home.config.number_template, epoch)
    drafts = [_draft(case, number) for case, number in numbers.items()]
    if drafts:
        for done, verdict in steward.append(tx, county, drafts):
            landing.land(done, verdict)


def _due(tx: Tx, county: County, landing: Landing) -> Iterator[_Due]:
    cases = [one for one in landing.landed() if _is_case(landing, one)]
    if not cases:
        return
    editions = county.editions(tx)
    has_one = tx.numbered([one for one in cases if landing.has_stood(one)], PROJECT)
    for case in cases:
        folded, founder = landing.record(case), landing.founder(case)
        if case in has_one or folded is None or founder is None or founder.kind != CASE:
            continue
        effective_at = folded.history[0].effective_at
        code12 = _code_of(editions, founder.site, civil_date(effective_at))
        if code12:
            yield _Due(effective_at, case, code12)


def _is_case(landing: Landing, record: bytes) -> bool:
    return any(one.operation.skeleton.kind == CASE for one in landing.entries(record))


def _code_of(editions: Editions, site: str, on: date) -> str:
    """The region code of a site on a day; the last it had where none held then."""
    if not editions.knows(site):
        return ""
    found = editions.sites.by_id(site)
    return (found.code_on(on) or found.codes[-1]).code12


def _numbers(tx: Tx, due: Sequence[_Due], template: str, epoch: int) -> Mapping[bytes, str]:
    """The number of each case, in the order in which they began; none beyond the epoch's block."""
    first, last = (epoch - 1) * SEGMENT + 1, epoch * SEGMENT - 1
    prefixes = {one: slips.project_prefix(one.code12, one.on, template) for one in due}
    spans = {prefix: _span(prefix, first, last) for prefix in prefixes.values()}
    given = tx.last_numbers(PROJECT, list(spans.values()))
    upcoming = {
        prefix: first if number is None else _sequence(number, prefix) + 1
        for prefix, number in zip(spans, given, strict=True)
    }
    numbers: dict[bytes, str] = {}
    for one, prefix in prefixes.items():
        sequence = upcoming[prefix]
        if sequence <= min(last, slips.PROJECT_SEQUENCE_MAX):
            numbers[one.case] = slips.project_number(one.code12, one.on, sequence, template)
            upcoming[prefix] = sequence + 1
    return numbers


def _span(prefix: str, first: int, last: int) -> tuple[str, str]:
    return f"{prefix}{first:05d}", f"{prefix}{last:05d}{_AFTER}"


def _sequence(number: str, prefix: str) -> int:
    return int(number[len(prefix) : len(prefix) + 5])


def _draft(case: bytes, number: str) -> Draft:
    data: dict[str, Value] = {"of": record_text(case), "number_kind": PROJECT, "number": number}
    return Draft(numbered.record_of(case), KIND, ACT, data)

"""Publishing editions: sites, catalogue and calendar become operations that everybody gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from server.county import CALENDAR, CATALOGUE, SITES, County, day_number
from server.landing import Landing
from server.scopes import EVERYBODY
from server.steward import Draft, append
from server.storage import Tx
from server.storage.rows import Edition
from shared import ids
from shared.calendars import CalendarEdition
from shared.canonical import Value
from shared.catalogue import CatalogueEdition
from shared.fold import Entry
from shared.operation import Operation
from shared.sample import sample_calendar
from shared.sites import SiteEdition

AnyEdition = SiteEdition | CatalogueEdition | CalendarEdition


@dataclass(frozen=True, slots=True)
class Signed:
    """Who answers for an edition: who proposed it, who approved it, the paper's number.

    `proposal` is the record that the proposal began, `parents` its heads as the second person was
    shown them.
    """

    maker: str
    second_signer: str
    doc_no: str
    proposal: bytes
    parents: tuple[bytes, ...]


def publish(
    tx: Tx,
    county: County,
    editions: Sequence[AnyEdition],
    *,
    author: str = "system",
    signed: Signed | None = None,
) -> list[Operation]:
    """Publish these editions in the caller's transaction; return their operations.

    `signed` for a single edition that two people answer for (`server.editions`); what a county is
    born with or loads whole has none.

    A county's very first publication adds the packaged calendar where none is given, since nothing
    can be judged without one. What is published before all three are there lands with the last.
    """
    wanted = list(editions)
    assert signed is None or len(wanted) == 1
    has_calendar = any(isinstance(one, CalendarEdition) for one in wanted)
    if not has_calendar and tx.edition_on(CALENDAR, day_number(county.today())) is None:
        wanted.append(sample_calendar())
    numbers = [tx.next_edition_number(_kind(one)) for one in wanted]
    made = append(
        tx,
        county,
        [
            _draft(county, edition, max(edition.number, number), author, signed)
            for edition, number in zip(wanted, numbers, strict=True)
        ],
    )
    for edition, number, (done, _) in zip(wanted, numbers, made, strict=True):
        tx.put_edition(
            Edition(
                _kind(edition),
                max(edition.number, number),
                edition.content_hash(),
                done.id,
                day_number(_effective_on(edition)),
            )
        )
    _land(tx, county, [Entry(done, verdict) for done, verdict in made])
    return [done for done, _ in made]


def _land(tx: Tx, county: County, entries: Sequence[Entry]) -> None:
    landing = Landing(tx, county.editions(tx))
    landing.load(entry.operation.skeleton.record for entry in entries)
    for entry in entries:
        assert entry.verdict is not None
        landing.land(entry.operation, entry.verdict, EVERYBODY)
    landing.finish()


def _draft(
    county: County, edition: AnyEdition, number: int, author: str, signed: Signed | None
) -> Draft:
    data: dict[str, Value] = {
        "number": number,
        "title": edition.document,
        "published_on": edition.published_on.isoformat(),
        "effective_on": _effective_on(edition).isoformat(),
        "content_hash": edition.content_hash().hex(),
        "content": edition.to_data(),
    }
    if signed is None:
        record = ids.uuid7(county.now(), county.entropy(10))
        return Draft(record, _kind(edition), "publish", data, author=author)
    data |= {"doc_no": signed.doc_no, "second_signer": signed.second_signer}
    return Draft(
        signed.proposal, _kind(edition), "publish", data, parents=signed.parents,
        author=signed.maker,
    )  # fmt: skip


def _kind(edition: AnyEdition) -> str:
    if isinstance(edition, SiteEdition):
        return SITES
    return CATALOGUE if isinstance(edition, CatalogueEdition) else CALENDAR


def _effective_on(edition: AnyEdition) -> date:
    if isinstance(edition, CatalogueEdition):
        return edition.effective_on
    return edition.begins_on if isinstance(edition, CalendarEdition) else edition.published_on

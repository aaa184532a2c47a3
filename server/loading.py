"""`county load`: an own county's tables become editions, postings and accounts, all rows or none.

Everybody who works at a tablet gets a posting with the dates of the table; an invitation that names
the person at that site hands out this very posting. Everybody with a desk gets a console account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from server import passwords
from server.accounts import ACTIVE
from server.codes import AGENT_LETTERS, letters
from server.county import CATALOGUE, SITES, County, day_number
from server.enrolment import POSTING_KIND
from server.load import CountyData, read_county
from server.publishing import publish
from server.scopes import EVERYBODY
from server.staff_rows import StaffRow
from server.steward import Draft, write
from server.storage import Tx
from server.storage.rows import Posting, Staff
from shared import ids
from shared.canonical import Value
from shared.errors import Refused
from shared.rights import Role
from shared.sites import SiteEdition, SiteStatus

AT_TABLETS = frozenset({Role.VILLAGE, Role.CLERK, Role.HEAD})
"""Roles that record on a tablet."""
AT_DESKS = frozenset(Role) - {Role.VILLAGE, Role.CITIZEN}
"""Roles that log in to the console."""


class OtherCounty(Refused):
    """The tables are of another county than this home."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was taken over; every new account with its one-time password, shown once."""

    sites: int
    items: int
    postings: int
    accounts: tuple[tuple[str, str, str], ...]
    """(name, role, password)"""
    doubts: tuple[str, ...]


def load_county(county: County, sites: Path, staff: Path, items: Path) -> Loaded:
    """Publish the tables as new editions and add accounts for staff who have none.

    One transaction. Raises LoadRefused with every fault, OtherCounty, SiteUnclear.
    """
    data = read_county(sites, staff, items)
    if data.county != str(county.code):
        raise OtherCounty(f"表格属于 {data.county}，本目录是 {county.code} 县，请核对文件或目录。")
    accounts = _accounts(county, data)
    document = f"县级导入（{county.today().isoformat()}）"

    def step(tx: Tx) -> tuple[int, tuple[str, ...]]:
        today = county.today()
        previous = _previous(tx, county)
        site_edition = data.site_edition(
            number=tx.next_edition_number(SITES),
            document=document,
            published_on=today,
            valid_from=today,
            previous=previous,
        )
        catalogue = data.catalogue_edition(
            number=tx.next_edition_number(CATALOGUE),
            document=document,
            published_on=today,
            effective_on=today,
        )
        publish(tx, county, [site_edition, catalogue])
        for row, _ in accounts:
            place = site_edition.by_code(row.site, today)
            if tx.staff_named(row.name) is None:
                tx.put_staff(row._replace(site=place.id))
        return _post(tx, county, data.staff, site_edition), _closed(previous, site_edition)

    postings, closed = county.ledger.writing(step)
    return Loaded(
        len(data.sites),
        len(data.items),
        postings,
        tuple((row.name, row.role, password) for row, password in accounts),
        (*(str(doubt) for doubt in data.doubts), *closed),
    )


def _accounts(county: County, data: CountyData) -> list[tuple[Staff, str]]:
    """A new account for everybody with a desk who has none; hashing is slow, so it comes first."""
    with county.ledger.read() as tx:
        known = {row.name for row in tx.staff_list()}
    people: dict[str, StaffRow] = {}
    for one in data.staff:
        if one.role in AT_DESKS and one.name not in known:
            people.setdefault(one.name, one)
    made = []
    for person in people.values():
        password = passwords.one_time(county.entropy)
        row = Staff(
            staff=letters(AGENT_LETTERS, county.entropy),
            name=person.name,
            password=passwords.hash_password(password),
            totp=None,
            role=person.role.value,
            site=person.code12,
            must_change=1,
            state=ACTIVE,
            created_at=county.now(),
        )
        made.append((row, password))
    return made


def _post(tx: Tx, county: County, staff: Sequence[StaffRow], sites: SiteEdition) -> int:
    """Write the postings that are not there yet; rows of one staff number are one person."""
    today = county.today()
    people: dict[str, str] = {}
    known: set[tuple[str, str, str]] = set()
    for posting in tx.postings():
        number = _staff_no(tx, posting)
        people.setdefault(number, posting.person)
        known.add((number, posting.site, posting.role))
    rows: list[Posting] = []
    drafts: list[Draft] = []
    for one in staff:
        site, role = sites.by_code(one.code12, today).id, one.role.value
        if one.role not in AT_TABLETS or (one.staff_no, site, role) in known:
            continue
        person = people.setdefault(one.staff_no, f"agent:{letters(AGENT_LETTERS, county.entropy)}")
        begun, ended = one.from_on or today, one.to_on
        data: dict[str, Value] = {
            "user": person,
            "user_name": one.name,
            "staff_no": one.staff_no,
            "site": site,
            "role": role,
            "from_on": begun.isoformat(),
        }
        data |= {"phone": one.phone} if one.phone else {}
        data |= {"to_on": ended.isoformat()} if ended else {}
        record = ids.uuid7(county.now(), county.entropy(10))
        drafts.append(Draft(record, POSTING_KIND, "appoint", data, scopes=(EVERYBODY,)))
        last = day_number(ended) if ended else None
        rows.append(Posting(record, person, site, role, day_number(begun), last, None))
    if drafts:
        done = write(tx, county, drafts)
        for row, written in zip(rows, done, strict=True):
            tx.put_posting(row._replace(operation=written.id))
    return len(rows)


def _staff_no(tx: Tx, posting: Posting) -> str:
    written = tx.operation(posting.operation) if posting.operation else None
    return str(written.data.get("staff_no") or posting.person) if written else posting.person


def _closed(before: SiteEdition | None, after: SiteEdition) -> tuple[str, ...]:
    """A sentence on sites that end without a word about who takes over: perhaps only recoded."""
    gone = [
        site.id
        for site in (before.sites if before is not None else ())
        if site.status is not SiteStatus.CLOSED
        and after.by_id(site.id).status is SiteStatus.CLOSED
        and not after.by_id(site.id).codes[-1].successors
    ]
    if not gone:
        return ()
    said = f"有 {len(gone)} 个站点已撤销而没有继任代码（{'、'.join(gone[:5])}"
    more = "……" if len(gone) > 5 else ""
    return (f"{said}{more}）；如果只是换了区划代码，请在“站点编号”或“原区划代码”一列写明。",)


def _previous(tx: Tx, county: County) -> SiteEdition | None:
    if tx.edition_on(SITES, day_number(county.today())) is None:
        return None
    return county.editions(tx).sites

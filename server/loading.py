"""`county load`: an own county's tables become editions and staff accounts, all rows or none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from server import passwords
from server.accounts import ACTIVE
from server.codes import AGENT_LETTERS, letters
from server.county import SITES, County, day_number
from server.load import CountyData, read_county
from server.publishing import publish
from server.staff_rows import StaffRow
from server.storage import Tx
from server.storage.rows import Staff
from shared.errors import Refused
from shared.rights import Role
from shared.sites import SiteEdition

ON_TABLETS = frozenset({Role.VILLAGE})
"""Roles without a console account: they come by invitation."""


class OtherCounty(Refused):
    """The tables are of another county than this home."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was taken over; every new account with its one-time password, shown once."""

    sites: int
    items: int
    accounts: tuple[tuple[str, str, str], ...]
    """(name, role, password)"""
    doubts: tuple[str, ...]


def load_county(county: County, sites: Path, staff: Path, items: Path) -> Loaded:
    """Publish the tables as new editions and add accounts for staff who have none.

    One transaction. Raises LoadRefused with every fault, OtherCounty.
    """
    data = read_county(sites, staff, items)
    if data.county != str(county.code):
        raise OtherCounty(f"表格属于 {data.county}，本目录是 {county.code} 县，请核对文件或目录。")
    accounts = _accounts(county, data)
    document = f"县级导入（{county.today().isoformat()}）"

    def step(tx: Tx) -> None:
        today = county.today()
        site_edition = data.site_edition(
            number=tx.next_edition_number(SITES),
            document=document,
            published_on=today,
            valid_from=today,
            previous=_previous(tx, county),
        )
        catalogue = data.catalogue_edition(
            number=tx.next_edition_number("catalogue_edition"),
            document=document,
            published_on=today,
            effective_on=today,
        )
        publish(tx, county, [site_edition, catalogue])
        for row, _ in accounts:
            place = site_edition.by_code(row.site, today)
            if tx.staff_named(row.name) is None:
                tx.put_staff(row._replace(site=place.id))

    county.ledger.writing(step)
    return Loaded(
        len(data.sites),
        len(data.items),
        tuple((row.name, row.role, password) for row, password in accounts),
        tuple(str(doubt) for doubt in data.doubts),
    )


def _accounts(county: County, data: CountyData) -> list[tuple[Staff, str]]:
    """A new account for everybody with a desk who has none; hashing is slow, so it comes first."""
    with county.ledger.read() as tx:
        known = {row.name for row in tx.staff_list()}
    people: dict[str, StaffRow] = {}
    for one in data.staff:
        if one.role not in ON_TABLETS and one.name not in known:
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


def _previous(tx: Tx, county: County) -> SiteEdition | None:
    if tx.edition_on(SITES, day_number(county.today())) is None:
        return None
    return county.editions(tx).sites

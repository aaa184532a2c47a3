"""Deciding from the command line in a staff member's name, under the same rights as at the desk."""

from __future__ import annotations

from server import device_desk
from server.accounts import Person
from server.admin import accounts_of, find_device
from server.county import County
from server.desk import Desk
from server.device_desk import Second
from server.storage.rows import Device

HERE = "本机命令行"
"""The address a second person's password is tried from, and the reason where none was given."""


def desk_for(county: County, staff: str) -> tuple[Desk, Person]:
    """Return the desk and the person of this name or id; raise UnknownStaff."""
    accounts = accounts_of(county)
    row = accounts.named(staff)
    person = Person(
        staff=row.staff,
        name=row.name,
        role=row.role,
        site=row.site,
        must_change=False,
        form_token="",
        session=b"",
    )
    return Desk(county, accounts), person


def decide_device(
    county: County, act: str, device: str, staff: str, reason: str, second: Second | None
) -> Device:
    """Approve, suspend or revoke a tablet (key id or short code) as at the console.

    In the sample county one person decides alone. Raises UnknownStaff, UnknownDevice, and what
    `device_desk.decide` raises.
    """
    desk, person = desk_for(county, staff)
    with county.ledger.read() as tx:
        row = find_device(tx, device)
    return device_desk.decide(
        desk, person, row.device.hex(), act, reason or HERE, second, alone=county.sample
    )

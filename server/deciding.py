"""Deciding from the command line in a staff member's name, under the same rights as at the desk."""

from __future__ import annotations

from server.accounts import Person
from server.admin import accounts_of
from server.county import County
from server.desk import Desk


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

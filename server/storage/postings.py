"""Postings and grants: who serves where, and with which written powers."""

from __future__ import annotations

from collections.abc import Collection

from server.schema import grants, postings
from server.storage.access import Access
from server.storage.rows import Grant, Posting


class Postings(Access):
    """Rights are judged by the posting at the trusted effective time of an act."""

    def put_posting(self, row: Posting) -> None:
        """Write a posting (begun, changed or ended)."""
        self._upsert(postings, [row])

    def postings(self, *, person: str | None = None, site: str | None = None) -> list[Posting]:
        """Return postings of a person (`agent:ID`, `staff:ID`) or at a site, the earliest first."""
        p = postings.c
        statement = self._select(postings)
        if person is not None:
            statement = statement.where(p.person == person)
        if site is not None:
            statement = statement.where(p.site == site)
        return self._rows(Posting, statement.order_by(p.from_on, p.posting))

    def postings_of(self, people: Collection[str]) -> list[Posting]:
        """Return the postings of several people, the earliest first."""
        p = postings.c
        statement = self._select(postings).where(self._among(p.person, list(people)))
        return self._rows(Posting, statement.order_by(p.from_on, p.posting))

    def postings_on(self, person: str, on: int) -> list[Posting]:
        """Return a person's postings that run on a day (20261031)."""
        return [
            row
            for row in self.postings(person=person)
            if row.from_on <= on and (row.to_on is None or on <= row.to_on)
        ]

    def put_grant(self, row: Grant) -> None:
        """Write one power of a written grant."""
        self._upsert(grants, [row])

    def grants_of(self, people: Collection[str]) -> list[Grant]:
        """Return the powers granted to several people, the earliest first."""
        g = grants.c
        statement = self._select(grants).where(self._among(g.person, list(people)))
        return self._rows(Grant, statement.order_by(g.from_on, g.grant, g.power))

    def grants(self, *, person: str | None = None) -> list[Grant]:
        """Return granted powers, of one person or all, the earliest first."""
        g = grants.c
        statement = self._select(grants)
        if person is not None:
            statement = statement.where(g.person == person)
        return self._rows(Grant, statement.order_by(g.from_on, g.grant, g.power))

"""Postings and grants: who serves where, and with which written powers."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import or_, select

from server.schema import grants, judgements, postings, records
from server.storage.access import Access
from server.storage.rows import Grant, Posting, RecordRow

_r = records.c
_j = judgements.c
_RECORDS = "records"


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

    def posting(self, posting: bytes) -> Posting | None:
        """Return one posting by the id of its record."""
        return self._row(Posting, self._select(postings).where(postings.c.posting == posting))

    def postings_at(self, on: int) -> list[Posting]:
        """Return every posting that runs on a day (20261031) or begins later."""
        p = postings.c
        statement = self._select(postings).where(or_(p.to_on.is_(None), p.to_on >= on))
        return self._rows(Posting, statement.order_by(p.from_on, p.posting))

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

    def grant(self, grant: bytes) -> list[Grant]:
        """Return the powers of one written grant."""
        statement = self._select(grants).where(grants.c.grant == grant)
        return self._rows(Grant, statement.order_by(grants.c.power))

    # ---- what lies in somebody's hands

    def open_at(self, sites: Collection[str], kinds: Collection[str]) -> list[RecordRow]:
        """Return the open records of some kinds registered at these sites, the oldest first."""
        statement = self._select(records).where(
            self._among(_r.site, list(sites)), self._among(_r.kind, list(kinds)),
            _r.closed_on.is_(None),
        )  # fmt: skip
        found = self._rows(RecordRow, statement.order_by(_r.record))
        return [row._replace(folded=self.open(_RECORDS, row.record, row.folded)) for row in found]

    def count_open(self, sites: Collection[str], kinds: Collection[str]) -> int:
        """Return how many open records of some kinds were registered at these sites."""
        where = (self._among(_r.site, list(sites)), self._among(_r.kind, list(kinds)))
        return self._count(records, *where, _r.closed_on.is_(None))

    def founders(self, ids: Collection[bytes]) -> dict[bytes, str]:
        """Return who made each of these records (author text)."""
        columns = [_j.record, _j.author, _j.state_before, _j.state_after]
        return {
            record: author
            for record, author, before, after in self._found(columns, _j.record, ids)
            if after and not before
        }

    def registered_at(self, site: str, since: int, kinds: Collection[str]) -> list[bytes]:
        """Return what a site registered since an instant (Unix ms): ids begin with theirs."""
        statement = select(_r.record).where(
            _r.county == self.county, _r.site == site, self._among(_r.kind, list(kinds)),
            _r.record >= max(since, 0).to_bytes(8, "big")[2:],
        )  # fmt: skip
        return list(self.connection.execute(statement).scalars())

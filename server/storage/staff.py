"""Staff of the console, their log-ins, the audit log, and leases on periodic jobs."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import or_

from server.schema import audit, leases, staff, staff_sessions
from server.storage.access import Access, dialect_insert
from server.storage.rows import AuditEntry, Staff, StaffSession

_s = staff_sessions.c
_a = audit.c


class StaffRoom(Access):
    """Everyone who works at the county, and what they looked at."""

    def put_staff(self, row: Staff) -> None:
        """Write a staff member; raise AlreadyThere if the name belongs to another one."""
        self._upsert(staff, [row])

    def staff_member(self, staff_id: str) -> Staff | None:
        """Return a staff member by id."""
        return self._row(Staff, self._select(staff).where(staff.c.staff == staff_id))

    def staff_named(self, name: str) -> Staff | None:
        """Return a staff member by log-in name."""
        return self._row(Staff, self._select(staff).where(staff.c.name == name))

    def staff_list(self) -> list[Staff]:
        """Return all staff in order of their names."""
        return self._rows(Staff, self._select(staff).order_by(staff.c.name))

    # ---- log-ins

    def put_staff_session(self, row: StaffSession) -> None:
        """Write a log-in (begun or seen again)."""
        self._upsert(staff_sessions, [row])

    def staff_session(self, token: bytes) -> StaffSession | None:
        """Return a log-in by the hash of its cookie; the caller checks whether it has expired."""
        return self._row(StaffSession, self._select(staff_sessions).where(_s.token == token))

    def end_staff_sessions(
        self,
        *,
        token: bytes | None = None,
        staff_id: str | None = None,
        expired_at: int | None = None,
    ) -> None:
        """End one log-in, all of one person, or all that expired by an instant."""
        wanted = [
            column == value
            for column, value in ((_s.token, token), (_s.staff, staff_id))
            if value is not None
        ]
        if expired_at is not None:
            wanted.append(_s.expires_at <= expired_at)
        if wanted:
            self.connection.execute(self._delete(staff_sessions).where(*wanted))

    # ---- audit

    def add_audit(self, row: AuditEntry) -> None:
        """Enter who read or did what."""
        self._insert(audit, [row])

    def audit_entries(
        self,
        *,
        person: str | None = None,
        people: Collection[str] | None = None,
        about: str | None = None,
        before: bytes | None = None,
        limit: int = 100,
    ) -> list[AuditEntry]:
        """Return the newest audit entries, or the next ones before an entry.

        `person`: this author's. `people`: those of one of these authors.
        """
        statement = self._select(audit)
        if person is not None:
            statement = statement.where(_a.person == person)
        if people is not None:
            statement = statement.where(self._among(_a.person, list(people)))
        if about is not None:
            statement = statement.where(_a.about == about)
        if before is not None:
            statement = statement.where(_a.entry < before)
        return self._rows(AuditEntry, statement.order_by(_a.entry.desc()).limit(limit))

    # ---- leases

    def take_lease(self, name: str, holder: str, *, now: int, until: int) -> bool:
        """Take or prolong a job's lease; False while somebody else holds it."""
        insert = dialect_insert(leases, self._is_sqlite)
        taken = self.connection.execute(
            insert.values(county=self.county, name=name, holder=holder, until_at=until)
            .on_conflict_do_update(
                index_elements=["county", "name"],
                set_={"holder": insert.excluded.holder, "until_at": insert.excluded.until_at},
                where=or_(leases.c.until_at <= now, leases.c.holder == insert.excluded.holder),
            )
            .returning(leases.c.holder)
        ).first()
        return taken is not None

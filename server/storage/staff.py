"""Staff of the console, their log-ins, the audit log, and leases on periodic jobs."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import or_

from server.schema import audit, leases, staff, staff_codes, staff_sessions
from server.storage.access import Access, dialect_insert
from server.storage.rows import AuditEntry, Staff, StaffCode, StaffSession

_s = staff_sessions.c
_a = audit.c
_c = staff_codes.c
_SEALED_AS = "staff"


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

    def staff_sessions_of(self, staff_id: str) -> list[StaffSession]:
        """Return one person's log-ins, the one seen last first; expired ones too."""
        statement = self._select(staff_sessions).where(_s.staff == staff_id)
        return self._rows(StaffSession, statement.order_by(_s.seen_at.desc(), _s.token))

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

    # ---- the second factor

    def seal_factor(self, staff_id: str, secret: bytes) -> bytes:
        """Return the secret of somebody's second factor as it may be stored."""
        return self.seal(_SEALED_AS, staff_id.encode(), secret)

    def open_factor(self, staff_id: str, sealed: bytes) -> bytes:
        """Return a secret that was sealed for this person; raise SealBroken."""
        return self.open(_SEALED_AS, staff_id.encode(), sealed)

    def staff_codes(self, staff_id: str, use: str) -> list[StaffCode]:
        """Return a person's codes of one use."""
        statement = self._select(staff_codes).where(_c.staff == staff_id, _c.use == use)
        return self._rows(StaffCode, statement.order_by(_c.code))

    def add_staff_codes(self, rows: Sequence[StaffCode]) -> int:
        """Enter codes; return how many were not there before."""
        return self._insert_new(staff_codes, rows, "staff", "use", "code")

    def take_staff_code(self, staff_id: str, use: str, code: bytes) -> bool:
        """Take a code away; False if it was not there: of two who try at once, one gets it."""
        where = (_c.staff == staff_id, _c.use == use, _c.code == code)
        return self.connection.execute(self._delete(staff_codes).where(*where)).rowcount == 1

    def drop_staff_codes(
        self, staff_id: str, use: str | None = None, *, before: int | None = None
    ) -> None:
        """Forget a person's codes: all, those of one use, those older than an instant."""
        wanted = [_c.staff == staff_id]
        wanted += [_c.use == use] if use is not None else []
        wanted += [_c.at < before] if before is not None else []
        self.connection.execute(self._delete(staff_codes).where(*wanted))

    # ---- audit

    def add_audit(self, row: AuditEntry) -> None:
        """Enter who read or did what."""
        self._insert(audit, [row])

    def audit_entries(
        self,
        *,
        person: str | None = None,
        people: Collection[str] | None = None,
        what: str | None = None,
        about: str | None = None,
        since: int | None = None,
        until: int | None = None,
        before: bytes | None = None,
        limit: int = 100,
    ) -> list[AuditEntry]:
        """Return the newest audit entries, or the next ones before an entry.

        `person`: this author's. `people`: those of one of these authors. `since` and `until` (Unix
        ms, `until` excluded): an entry's id begins with its instant, so a period is a range of ids.
        """
        statement = self._select(audit)
        for column, value in ((_a.person, person), (_a.what, what), (_a.about, about)):
            if value is not None:
                statement = statement.where(column == value)
        if people is not None:
            statement = statement.where(self._among(_a.person, list(people)))
        if since is not None:
            statement = statement.where(_a.entry >= _first_of(since))
        if until is not None:
            statement = statement.where(_a.entry < _first_of(until))
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


def _first_of(at: int) -> bytes:
    """The least id that an entry of this instant (Unix ms) can have."""
    return max(at, 0).to_bytes(8, "big")[2:]

"""Staff accounts: log-in, sessions as database rows, one-time passwords, and the audit log.

A session's token is 256 random bits; the database holds only its hash, so a stolen copy opens
nothing. The same rows serve the console's cookie and the bearer tokens of API clients.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

from server import passwords
from server.storage.ledger import Ledger, Tx
from server.storage.rows import AuditEntry, Staff, StaffSession
from server.throttle import Throttle, TooManyTries
from shared import ids
from shared.errors import Refused

SESSION_MS = 12 * 60 * 60 * 1000
"""A log-in ends after a working day, however busy."""
IDLE_MS = 2 * 60 * 60 * 1000
SEEN_EVERY_MS = 60 * 1000
WINDOW_MS = 15 * 60 * 1000
TRIES_PER_NAME = 10
TRIES_PER_ADDRESS = 40
ACTIVE = "active"
TOKEN_BYTES = 32
STAFF_LETTERS = 8

LOGGED_IN = "log_in"
LOG_IN_FAILED = "log_in_failed"
LOGGED_OUT = "log_out"
PASSWORD_CHANGED = "change_password"  # noqa: S105 - a word of the audit log
REVEALED = "reveal"
OPENED = "open_complaint"
"""Somebody opened a sealed complaint."""
READ = "read"


class WrongLogIn(Refused):
    """Name or password is wrong; which of the two is not told."""


class UnknownStaff(Refused):
    """No member of staff has this name or id."""


@dataclass(frozen=True, slots=True)
class Person:
    """A member of staff who is logged in."""

    staff: str
    name: str
    role: str
    site: str
    must_change: bool
    form_token: str
    session: bytes
    """The hash of the token: the key of the session's row."""

    @property
    def author(self) -> str:
        """How operations and the audit log name this person."""
        return f"staff:{self.staff}"


@dataclass(frozen=True, slots=True)
class LogIn:
    """What a successful log-in gives: the token is shown once and stored nowhere."""

    token: str
    expires_at: int
    person: Person


class Accounts:
    """Everything about who works at the county's console. Calls block: use the thread pool."""

    def __init__(
        self, ledger: Ledger, now: Callable[[], int], entropy: Callable[[int], bytes]
    ) -> None:
        self.ledger = ledger
        self.now = now
        self.entropy = entropy
        self._names = Throttle(TRIES_PER_NAME, WINDOW_MS)
        self._addresses = Throttle(TRIES_PER_ADDRESS, WINDOW_MS)

    # ---- people

    def add(self, name: str, role: str, site: str) -> tuple[Staff, str]:
        """Enter a new member of staff; return the row and the one-time password, shown once.

        Raises AlreadyThere if the name is taken.
        """
        password = passwords.one_time(self.entropy)
        row = Staff(
            self._staff_id(), name.strip(), passwords.hash_password(password), None, role, site,
            1, ACTIVE, self.now(),
        )  # fmt: skip
        self.ledger.writing(lambda tx: tx.put_staff(row))
        return row, password

    def named(self, name: str) -> Staff:
        """Return the active member of staff with this name or id; raise UnknownStaff."""
        with self.ledger.read() as tx:
            row = tx.staff_named(name) or tx.staff_member(name)
        if row is None or row.state != ACTIVE:
            raise UnknownStaff(f"没有名为“{name[:40]}”的工作人员，请核对姓名，或先添加此人。")
        return row

    def change_password(self, person: Person, old: str, new: str) -> None:
        """Set a new password and end the person's other log-ins; raise WrongLogIn, WeakPassword."""
        with self.ledger.read() as tx:
            row = tx.staff_member(person.staff)
        if not passwords.matches(row and row.password, old) or row is None:
            raise WrongLogIn("原密码不对，请重新输入。")
        passwords.require_strong(new, row.name)
        changed = row._replace(password=passwords.hash_password(new), must_change=0)

        def step(tx: Tx) -> None:
            mine = tx.staff_session(person.session)
            tx.put_staff(changed)
            tx.end_staff_sessions(staff_id=person.staff)
            if mine is not None:
                tx.put_staff_session(mine)
            tx.add_audit(self._entry(person.author, PASSWORD_CHANGED, person.author, ""))

        self.ledger.writing(step)

    # ---- sessions

    def log_in(self, name: str, password: str, address: str) -> LogIn:
        """Begin a session; raise WrongLogIn or TooManyTries. Both outcomes are written down."""
        row = self.confirm(name, password, address)
        return self._begin(row, password, address, self.now())

    def confirm(self, name: str, password: str, address: str) -> Staff:
        """Return whose name and password these are, without a session: a second person agrees.

        Raises WrongLogIn or TooManyTries; a failure is written down.
        """
        name, now = name.strip(), self.now()
        self._names.require(name, now)
        self._addresses.require(address, now)
        with self.ledger.read() as tx:
            self._require_few_failures(tx, name, now)
            row = tx.staff_named(name)
        if row is not None and row.state != ACTIVE:
            row = None
        if not passwords.matches(row and row.password, password) or row is None:
            self._note_failure(name, address, now)
            raise WrongLogIn("姓名或密码不对，请重新输入。")
        self._names.clear(name)
        return row

    def person_of(self, token: str) -> Person | None:
        """Return who holds this token; None for an unknown, ended or expired session."""
        key, now = _hashed(token), self.now()
        with self.ledger.read() as tx:
            session = tx.staff_session(key)
            row = tx.staff_member(session.staff) if session else None
        if session is None or row is None or row.state != ACTIVE:
            return None
        if now >= session.expires_at or now >= session.seen_at + IDLE_MS:
            return None
        if now >= session.seen_at + SEEN_EVERY_MS:
            seen = session._replace(seen_at=now)
            self.ledger.writing(
                lambda tx: tx.put_staff_session(seen) if tx.staff_session(key) else None
            )
        return _person(row, session)

    def log_out(self, person: Person) -> None:
        """End this session."""

        def step(tx: Tx) -> None:
            tx.end_staff_sessions(token=person.session)
            tx.add_audit(self._entry(person.author, LOGGED_OUT, person.author, ""))

        self.ledger.writing(step)

    # ---- audit

    def note(self, person: Person, what: str, about: str, detail: str = "") -> None:
        """Write down that a person read or did something."""
        entry = self._entry(person.author, what, about, detail)
        self.ledger.writing(lambda tx: tx.add_audit(entry))

    def _begin(self, row: Staff, password: str, address: str, now: int) -> LogIn:
        token = _text(self.entropy(TOKEN_BYTES))
        session = StaffSession(
            _hashed(token), row.staff, _text(self.entropy(TOKEN_BYTES)), now, now, now + SESSION_MS
        )
        fresh = row
        if passwords.is_outdated(row.password):
            fresh = row._replace(password=passwords.hash_password(password))

        def step(tx: Tx) -> None:
            tx.end_staff_sessions(expired_at=now)
            if fresh is not row:
                tx.put_staff(fresh)
            tx.put_staff_session(session)
            tx.add_audit(self._entry(f"staff:{row.staff}", LOGGED_IN, row.name, address))

        self.ledger.writing(step)
        return LogIn(token, session.expires_at, _person(row, session))

    def _note_failure(self, name: str, address: str, now: int) -> None:
        self._names.note(name, now)
        self._addresses.note(address, now)
        entry = self._entry("", LOG_IN_FAILED, _tried(name), address)
        self.ledger.writing(lambda tx: tx.add_audit(entry))

    def _require_few_failures(self, tx: Tx, name: str, now: int) -> None:
        """The limit per name holds across a restart: failures stand in the audit log."""
        tried = tx.audit_entries(about=_tried(name), limit=TRIES_PER_NAME)
        if len(tried) == TRIES_PER_NAME and tried[-1].at > now - WINDOW_MS:
            raise TooManyTries(tried[-1].at + WINDOW_MS - now)

    def _entry(self, person: str, what: str, about: str, detail: str) -> AuditEntry:
        now = self.now()
        return AuditEntry(ids.uuid7(now, self.entropy(10)), now, person, what, about, detail)

    def _staff_id(self) -> str:
        letters = passwords.ONE_TIME_LETTERS
        return "".join(letters[byte & 31] for byte in self.entropy(STAFF_LETTERS))


def same_token(one: str, other: str) -> bool:
    """Compare two form tokens without telling by time how much of them agrees."""
    return hmac.compare_digest(one.encode(), other.encode())


def _person(row: Staff, session: StaffSession) -> Person:
    return Person(
        row.staff, row.name, row.role, row.site, bool(row.must_change), session.form_token,
        session.token,
    )  # fmt: skip


def _tried(name: str) -> str:
    """What the audit log says a failed try was about; a mistyped password is no name: cut short."""
    return f"name:{name[:64]}"


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

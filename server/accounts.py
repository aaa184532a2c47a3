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

from server import passwords, staff_factor
from server.county import day_number
from server.staff_factor import CodeNeeded, WrongCode
from server.staff_serving import serving
from server.storage.ledger import Ledger, Tx
from server.storage.rows import AuditEntry, Staff, StaffSession
from server.throttle import Throttle, TooManyTries
from shared import ids
from shared.civil import civil_date
from shared.errors import Refused

SESSION_MS = 12 * 60 * 60 * 1000
"""A log-in ends after a working day, however busy."""
IDLE_MS = 2 * 60 * 60 * 1000
SEEN_EVERY_MS = 60 * 1000
WINDOW_MS = 15 * 60 * 1000
TRIES_PER_NAME = 10
TRIES_PER_ADDRESS = 40
TRIES_PER_CODE = 5
TICKET_MS = 5 * 60 * 1000
"""How long a right password waits for its code."""
ACTIVE, LOCKED = "active", "locked"
TOKEN_BYTES = 32
STAFF_LETTERS = 8

LOGGED_IN = "log_in"
LOG_IN_FAILED = "log_in_failed"
LOGGED_OUT = "log_out"
CODE_FAILED = "code_failed"
RECOVERY_USED = "recovery_code"
REVEALED = "reveal"
OPENED = "open_complaint"
"""Somebody opened a sealed complaint."""
READ = "read"


class WrongLogIn(Refused):
    """Name or password is wrong; which of the two is not told."""


class NotServing(WrongLogIn):
    """Name and password are right, but the account is locked, or no posting of it runs today."""


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
        self._codes = Throttle(TRIES_PER_CODE, WINDOW_MS)

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
        """Return the active member of staff with this name or id, with today's role and site.

        Raises UnknownStaff.
        """
        with self.ledger.read() as tx:
            row = tx.staff_named(name) or tx.staff_member(name)
            found = row and self._serving(tx, row)
        if found is None or found.state != ACTIVE:
            raise UnknownStaff(f"没有名为“{name[:40]}”的工作人员，请核对姓名，或先添加此人。")
        return found

    # ---- sessions

    def log_in(
        self, name: str, password: str, address: str, *, code: str = "", place: str = ""
    ) -> LogIn:
        """Begin a session; raise WrongLogIn, CodeNeeded, WrongCode, TooManyTries. All are logged.

        `place` is what the list of sessions says about where this one is.
        """
        row = self.confirm(name, password, address, code)
        fresh = passwords.hash_password(password) if passwords.is_outdated(row.password) else ""
        return self._begin(row, address, place, fresh)

    def confirm(self, name: str, password: str, address: str, code: str = "") -> Staff:
        """Return whose name, password and code these are, without a session: a second one agrees.

        Raises WrongLogIn, CodeNeeded, WrongCode, TooManyTries; a failure is written down.
        """
        name, now = name.strip(), self.now()
        self._names.require(name, now)
        self._addresses.require(address, now)
        with self.ledger.read() as tx:
            self._require_few(tx, _tried(name), TRIES_PER_NAME, now)
            row = tx.staff_named(name)
            at_work = row and self._serving(tx, row)
        if not passwords.matches(row and row.password, password) or row is None:
            self._note_failure(name, address, now)
            raise WrongLogIn("姓名或密码不对，请重新输入。")
        self._names.clear(name)
        if row.state != ACTIVE:
            raise NotServing("这个账号已锁定，请联系县管理员。")
        if at_work is None:
            raise NotServing("您的任职还没有开始或已经结束，不能登录；如有疑问请联系县管理员。")
        if row.totp is not None:
            if not code.strip():
                raise CodeNeeded
            self._use_code(row, code, address, now)
        return at_work

    def ticket(self, name: str) -> str:
        """Return a paper that says: this person's password was right just now. For the code form;
        it opens nothing without a code and lapses with a new password."""
        with self.ledger.read() as tx:
            row = tx.staff_named(name.strip())
            assert row is not None  # asked only after CodeNeeded
            return (
                f"{row.staff}.{staff_factor.paper(tx, 'ticket', row.staff, _mark(row), self.now())}"
            )

    def log_in_with(self, ticket: str, code: str, address: str, *, place: str = "") -> LogIn:
        """Begin a session with a ticket and a code; raise PaperLapsed, WrongCode, TooManyTries."""
        staff, _, text = ticket.partition(".")
        now = self.now()
        self._addresses.require(address, now)
        with self.ledger.read() as tx:
            mark = staff_factor.read_paper(tx, "ticket", staff, text, now, TICKET_MS)
            row = tx.staff_member(staff)
            at_work = row and self._serving(tx, row)
        is_good = row is not None and row.state == ACTIVE and hmac.compare_digest(mark, _mark(row))
        if not is_good or at_work is None or at_work.totp is None:
            raise staff_factor.PaperLapsed("登录已过期，请重新输入姓名和密码。")
        self._use_code(at_work, code, address, now)
        return self._begin(at_work, address, place)

    def person_of(self, token: str) -> Person | None:
        """Return who holds this token; None for an unknown, ended or expired session."""
        key, now = _hashed(token), self.now()
        with self.ledger.read() as tx:
            session = tx.staff_session(key)
            row = tx.staff_member(session.staff) if session else None
            at_work = row and self._serving(tx, row)
        if session is None or at_work is None or at_work.state != ACTIVE:
            return None
        if now >= ends_at(session):
            return None
        if now >= session.seen_at + SEEN_EVERY_MS:
            seen = session._replace(seen_at=now)
            self.ledger.writing(
                lambda tx: tx.put_staff_session(seen) if tx.staff_session(key) else None
            )
        return _person(at_work, session)

    def discard(self, token: str) -> None:
        """End the session of a token that a browser had before it logged in anew."""
        if token:
            self.ledger.writing(lambda tx: tx.end_staff_sessions(token=_hashed(token)))

    def log_out(self, person: Person) -> None:
        """End this session."""

        def step(tx: Tx) -> None:
            tx.end_staff_sessions(token=person.session)
            tx.add_audit(self.entry(person.author, LOGGED_OUT, person.author, ""))

        self.ledger.writing(step)

    # ---- the second factor

    def _use_code(self, row: Staff, code: str, address: str, now: int) -> None:
        """Use up a code; five wrong ones within the window, and the account waits."""
        about = f"code:{row.staff}"
        with self.ledger.read() as tx:
            self._require_few(tx, about, TRIES_PER_CODE, now)
        self._codes.spend(row.staff, now)
        try:
            use = self.ledger.writing(lambda tx: staff_factor.take(tx, row, code, now))
        except WrongCode:
            self._addresses.note(address, now)
            entry = self.entry("", CODE_FAILED, about, address)
            self.ledger.writing(lambda tx: tx.add_audit(entry))
            raise
        self._codes.clear(row.staff)
        if use == staff_factor.RECOVERY:
            used = self.entry(f"staff:{row.staff}", RECOVERY_USED, row.name, address)
            self.ledger.writing(lambda tx: tx.add_audit(used))

    # ---- audit

    def note(self, person: Person, what: str, about: str, detail: str = "") -> None:
        """Write down that a person read or did something."""
        entry = self.entry(person.author, what, about, detail)
        self.ledger.writing(lambda tx: tx.add_audit(entry))

    def entry(self, person: str, what: str, about: str, detail: str) -> AuditEntry:
        """Return an entry of the audit log as of now, for a transaction that writes more."""
        now = self.now()
        return AuditEntry(ids.uuid7(now, self.entropy(10)), now, person, what, about, detail)

    # ---- beneath

    def _begin(self, row: Staff, address: str, place: str, fresh_hash: str = "") -> LogIn:
        """A new token for every log-in. `row` has the role and site of today."""
        now, token = self.now(), _text(self.entropy(TOKEN_BYTES))
        session = StaffSession(
            _hashed(token), row.staff, _text(self.entropy(TOKEN_BYTES)), now, now,
            now + SESSION_MS, place or address,
        )  # fmt: skip

        def step(tx: Tx) -> None:
            tx.end_staff_sessions(expired_at=now)
            stored = tx.staff_member(row.staff)
            if fresh_hash and stored is not None:
                tx.put_staff(stored._replace(password=fresh_hash))
            tx.put_staff_session(session)
            tx.add_audit(self.entry(f"staff:{row.staff}", LOGGED_IN, row.name, address))

        self.ledger.writing(step)
        return LogIn(token, session.expires_at, _person(row, session))

    def _serving(self, tx: Tx, row: Staff) -> Staff | None:
        today = day_number(civil_date(self.now()))
        return serving(row, tx.postings(person=f"staff:{row.staff}"), today)

    def keep_only(self, tx: Tx, person: Person) -> None:
        """End the person's log-ins but this one."""
        mine = tx.staff_session(person.session)
        tx.end_staff_sessions(staff_id=person.staff)
        if mine is not None:
            tx.put_staff_session(mine)

    def require_password(self, person: Person, password: str) -> None:
        """Raise WrongLogIn unless this is the person's password, TooManyTries after ten guesses."""
        now = self.now()
        self._names.require(person.name, now)
        with self.ledger.read() as tx:
            row = tx.staff_member(person.staff)
        if not passwords.matches(row and row.password, password):
            self._names.note(person.name, now)
            raise WrongLogIn("密码不对，请重新输入。")

    def _note_failure(self, name: str, address: str, now: int) -> None:
        self._names.note(name, now)
        self._addresses.note(address, now)
        entry = self.entry("", LOG_IN_FAILED, _tried(name), address)
        self.ledger.writing(lambda tx: tx.add_audit(entry))

    def _require_few(self, tx: Tx, about: str, limit: int, now: int) -> None:
        """The limits hold across a restart: failures stand in the audit log."""
        tried = tx.audit_entries(about=about, limit=limit)
        if len(tried) == limit and tried[-1].at > now - WINDOW_MS:
            raise TooManyTries(tried[-1].at + WINDOW_MS - now)

    def _staff_id(self) -> str:
        letters = passwords.ONE_TIME_LETTERS
        return "".join(letters[byte & 31] for byte in self.entropy(STAFF_LETTERS))


def same_token(one: str, other: str) -> bool:
    """Compare two form tokens without telling by time how much of them agrees."""
    return hmac.compare_digest(one.encode(), other.encode())


def ends_at(session: StaffSession) -> int:
    """Return when a log-in ends if nothing more is done, Unix ms."""
    return min(session.expires_at, session.seen_at + IDLE_MS)


def _mark(row: Staff) -> bytes:
    """What a ticket is bound to: it lapses with the password."""
    return hashlib.sha256(row.password.encode()).digest()


def _person(row: Staff, session: StaffSession) -> Person:
    return Person(
        row.staff, row.name, row.role, row.site, bool(row.must_change), session.form_token,
        session.token,
    )  # fmt: skip


_BROWSERS = (
    ("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"),
    ("Mac OS", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def place_of(address: str, agent: str) -> str:
    """Return what the list of log-ins says about one: address, browser, system: a hint."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    return " · ".join(word for word in (address[:64], browser, system) if word)


def _tried(name: str) -> str:
    """What the audit log says a failed try was about; a mistyped password is no name: cut short."""
    return f"name:{name[:64]}"


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

"""The second factor, one's own log-ins, and what a session does when it ends."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest

from server import own_account, staff_factor
from server.accounts import IDLE_MS, SESSION_MS, WINDOW_MS, Accounts, LogIn, WrongLogIn, place_of
from server.console.web import local
from server.database import open_engine
from server.own_account import FactorOff, UnknownSession
from server.staff_factor import AlreadyOn, CodeNeeded, PaperLapsed, Setup, WrongCode
from server.storage.ledger import Ledger, create_schema
from server.throttle import TooManyTries
from tests.server.seeding import Moment

KEY = bytes(range(32))
START = 1_790_000_000_000
STEP_MS = staff_factor.STEP_S * 1000


class Room:
    """One account with its clock, and an authenticator."""

    def __init__(self, folder: Path) -> None:
        self.now = Moment(START)
        engine = open_engine(folder / "core.db", KEY)
        create_schema(engine)
        self.ledger = Ledger(engine, 510322, KEY)
        self.accounts = Accounts(self.ledger, self.now, os.urandom)
        self.staff, self.password = self.accounts.add("admin", "administrator", "s0001")
        self.secret = ""
        self.codes: list[str] = []

    def again(self) -> Accounts:
        """The same accounts after a restart: what stands in memory is gone."""
        return Accounts(self.ledger, self.now, os.urandom)

    def log_in(self, code: str = "", accounts: Accounts | None = None) -> LogIn:
        """Log in with the right password."""
        return (accounts or self.accounts).log_in("admin", self.password, "10.0.0.1", code=code)

    def code(self, steps: int = 0) -> str:
        """What the authenticator shows, now or some steps off."""
        return pyotp.TOTP(self.secret).generate_otp(self.now.ms // STEP_MS + steps)

    def wrong(self) -> str:
        """Six digits that no step near shows."""
        near = {self.code(n) for n in range(-2, 3)}
        return next(text for n in range(9) if (text := f"{n:06d}") not in near)

    def turn_on(self) -> None:
        """Enrol, and wait until the code that did it is over."""
        person = self.log_in().person
        made = own_account.set_up_factor(self.accounts, person, "富顺县")
        self.secret = made.secret
        self.codes = own_account.turn_on_factor(self.accounts, person, made.paper, self.code())
        self.now.ms += STEP_MS


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    yield made
    made.ledger.engine.dispose()


# ---- the second factor


def test_turning_it_on_takes_a_code_and_gives_ten_recovery_codes_once(room: Room) -> None:
    here, elsewhere = room.log_in(), room.log_in()
    made = own_account.set_up_factor(room.accounts, here.person, "富顺县")
    assert made.address.startswith("otpauth://totp/")
    assert pyotp.parse_uri(made.address).secret == made.secret
    room.secret = made.secret
    with pytest.raises(WrongCode):
        own_account.turn_on_factor(room.accounts, here.person, made.paper, room.wrong())
    assert own_account.factor_of(room.accounts, here.person) == (False, 0)
    codes = own_account.turn_on_factor(room.accounts, here.person, made.paper, room.code())
    assert len(set(codes)) == staff_factor.RECOVERY_CODES == 10
    assert own_account.factor_of(room.accounts, here.person) == (True, 10)
    assert room.accounts.person_of(elsewhere.token) is None, "other log-ins end"
    assert room.accounts.person_of(here.token) is not None
    with pytest.raises(AlreadyOn):
        own_account.set_up_factor(room.accounts, here.person, "富顺县")


def test_neither_secret_nor_recovery_codes_lie_in_the_database(room: Room) -> None:
    room.turn_on()
    with room.ledger.read() as tx:
        row = tx.staff_member(room.staff.staff)
        rows = repr([row, tx.staff_codes(room.staff.staff, "recovery"), tx.audit_entries()])
        assert row is not None
        assert row.totp is not None
        other = tx.open_factor(row.staff, row.totp)
    assert pyotp.TOTP(room.secret).byte_secret() == other
    assert repr(other)[2:-1] not in rows
    assert room.secret not in rows
    assert not any(code in rows or code.replace("-", "") in rows for code in room.codes)


def test_a_log_in_takes_the_code_and_a_code_passes_once(room: Room) -> None:
    room.turn_on()
    with pytest.raises(CodeNeeded):
        room.log_in()
    code = room.code()
    assert room.log_in(code).person.name == "admin"
    for accounts in (room.accounts, room.again()):
        with pytest.raises(WrongCode):
            room.log_in(code, accounts)
    room.now.ms += STEP_MS
    room.log_in(room.code())


@pytest.mark.parametrize(("steps", "passes"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_clock_may_be_half_a_minute_wrong_and_no_more(
    room: Room, steps: int, passes: bool
) -> None:
    room.turn_on()
    room.now.ms += 10 * STEP_MS
    if passes:
        room.log_in(room.code(steps))
    else:
        with pytest.raises(WrongCode):
            room.log_in(room.code(steps))


def test_five_wrong_codes_and_the_account_waits_even_after_a_restart(room: Room) -> None:
    room.turn_on()
    for _ in range(5):
        with pytest.raises(WrongCode):
            room.log_in(room.wrong())
    for accounts in (room.accounts, room.again()):
        with pytest.raises(TooManyTries):
            room.log_in(room.code(), accounts)
        with pytest.raises(TooManyTries):
            room.log_in(room.codes[0], accounts)
    room.now.ms += WINDOW_MS
    room.log_in(room.code())


def test_of_many_tries_at_once_five_are_made(room: Room) -> None:
    room.turn_on()
    tried: list[str] = []

    def guess() -> None:
        try:
            room.log_in(room.wrong())
        except (WrongCode, TooManyTries) as error:
            tried.append(type(error).__name__)

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(tried) == ["TooManyTries"] * 7 + ["WrongCode"] * 5


def test_a_recovery_code_passes_once_and_new_ones_end_the_old(room: Room) -> None:
    room.turn_on()
    first, second = room.codes[:2]
    person = room.log_in(first.lower().replace("-", " ")).person
    assert own_account.factor_of(room.accounts, person) == (True, 9)
    with pytest.raises(WrongCode):
        room.log_in(first)
    with pytest.raises(WrongLogIn):
        own_account.new_recovery_codes(room.accounts, person, "guess")
    fresh = own_account.new_recovery_codes(room.accounts, person, room.password)
    with pytest.raises(WrongCode):
        room.log_in(second)
    room.log_in(fresh[0])
    with room.ledger.read() as tx:
        assert [one.about for one in tx.audit_entries(what="recovery_code")] == ["admin"] * 2


def test_turning_it_off_takes_the_password(room: Room) -> None:
    room.turn_on()
    person = room.log_in(room.code()).person
    with pytest.raises(WrongLogIn):
        own_account.turn_off_factor(room.accounts, person, "guess")
    own_account.turn_off_factor(room.accounts, person, room.password)
    room.log_in()
    with pytest.raises(FactorOff):
        own_account.new_recovery_codes(room.accounts, person, room.password)


def test_a_ticket_is_nobody_elses_short_of_life_and_ends_with_the_password(room: Room) -> None:
    room.turn_on()
    ticket = room.accounts.ticket("admin")
    other, _ = room.accounts.add("other", "administrator", "s0001")
    forged = f"{other.staff}.{ticket.partition('.')[2]}"
    for text in ("", "x", forged, ticket[:-4] + "AAAA"):
        with pytest.raises(PaperLapsed):
            room.accounts.log_in_with(text, room.code(), "a")
    person = room.log_in(room.code()).person
    own_account.change_password(room.accounts, person, room.password, "a-new-long-secret")
    room.now.ms += STEP_MS
    with pytest.raises(PaperLapsed):
        room.accounts.log_in_with(ticket, room.code(), "a")
    ticket = room.accounts.ticket("admin")
    room.now.ms += 6 * 60 * 1000
    with pytest.raises(PaperLapsed):
        room.accounts.log_in_with(ticket, room.code(), "a")


def test_a_secret_that_was_shown_waits_half_an_hour_for_its_owner_alone(room: Room) -> None:
    person = room.log_in().person
    made: Setup = own_account.set_up_factor(room.accounts, person, "富顺县")
    room.secret = made.secret
    _, password = room.accounts.add("other", "administrator", "s0001")
    other = room.accounts.log_in("other", password, "a").person
    with pytest.raises(PaperLapsed):
        own_account.turn_on_factor(room.accounts, other, made.paper, room.code())
    room.now.ms += staff_factor.PAPER_MS + 1
    with pytest.raises(PaperLapsed):
        own_account.turn_on_factor(room.accounts, person, made.paper, room.code())


# ---- log-ins


def test_ones_log_ins_are_listed_and_ended_and_nobody_elses(room: Room) -> None:
    here = room.log_in()
    there = room.accounts.log_in("admin", room.password, "10.0.0.7", place="10.0.0.7 · Edge")
    _, password = room.accounts.add("other", "administrator", "s0001")
    other = room.accounts.log_in("other", password, "10.0.0.8")
    found = own_account.sessions(room.accounts, here.person)
    assert [(one.place, one.is_this) for one in found] == [
        ("10.0.0.1", True),
        ("10.0.0.7 · Edge", False),
    ]
    assert there.token not in repr(found)
    with pytest.raises(UnknownSession):
        own_account.end_session(room.accounts, here.person, other.person.session.hex())
    own_account.end_session(room.accounts, here.person, found[1].key)
    assert room.accounts.person_of(there.token) is None
    room.log_in()
    own_account.end_others(room.accounts, here.person)
    assert len(own_account.sessions(room.accounts, here.person)) == 1
    assert room.accounts.person_of(here.token) is not None
    assert room.accounts.person_of(other.token) is not None


def test_a_log_in_ends_when_idle_and_after_a_day_however_busy(room: Room) -> None:
    idle, busy = room.log_in(), room.log_in()
    for _ in range(SESSION_MS // (IDLE_MS - 1)):
        room.now.ms += IDLE_MS - 1
        assert room.accounts.person_of(busy.token) is not None
        assert [one.is_this for one in own_account.sessions(room.accounts, busy.person)] in (
            [True],
            [True, False],
        )
    assert room.accounts.person_of(idle.token) is None
    room.now.ms = START + SESSION_MS
    assert room.accounts.person_of(busy.token) is None


def test_a_password_changed_meanwhile_does_not_open_a_lock(room: Room) -> None:
    """What an administrator does while somebody changes the password stands."""
    person = room.log_in().person
    with room.ledger.write() as tx:
        row = tx.staff_member(room.staff.staff)
        assert row is not None
        tx.put_staff(row._replace(state="locked"))
    own_account.change_password(room.accounts, person, room.password, "a-new-long-secret")
    with room.ledger.read() as tx:
        row = tx.staff_member(room.staff.staff)
    assert row is not None
    assert (row.state, row.must_change) == ("locked", 0)


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/120 Safari Edg/120",
            "a · Edge · Windows",
        ),
        ("Mozilla/5.0 (iPhone) Version/17 Safari", "a · Safari · iPhone"),
        ("curl/8", "a"),
    ],
)
def test_a_log_in_says_where_it_is(agent: str, said: str) -> None:
    assert place_of("a", agent) == said


@pytest.mark.parametrize(
    ("path", "goes"),
    [("/staff?page=2", "/staff?page=2"), ("//evil.example", "/"), ("/\\evil.example", "/"),
     ("https://evil.example", "/"), ("javascript:alert(1)", "/"), ("", "/"), (None, "/")],
)  # fmt: skip
def test_a_log_in_leads_nowhere_else(path: str | None, goes: str) -> None:
    assert local(path) == goes

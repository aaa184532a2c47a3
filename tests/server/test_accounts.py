"""Accounts: who gets in, who does not, and what is written down about it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from server import accounts, passwords
from server.accounts import Accounts, WrongLogIn
from server.database import AlreadyThere, open_engine
from server.own_account import change_password
from server.passwords import WeakPassword
from server.storage.ledger import Ledger, create_schema
from server.throttle import Throttle, TooManyTries

KEY = bytes(range(32))
START = 1_790_000_000_000


class Clock:
    """A clock the test moves."""

    def __init__(self) -> None:
        self.ms = START

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    engine = open_engine(tmp_path / "core.db", KEY)
    create_schema(engine)
    yield Ledger(engine, 510322, KEY)
    engine.dispose()


@pytest.fixture
def room(ledger: Ledger, clock: Clock) -> Accounts:
    return Accounts(ledger, clock, os.urandom)


def test_one_time_password_logs_in_and_must_be_changed(room: Accounts) -> None:
    staff, password = room.add("admin", "administrator", "s0001")
    found = room.log_in(" admin ", password, "10.0.0.1")
    assert found.person.must_change
    assert found.person.author == f"staff:{staff.staff}"
    assert room.person_of(found.token) == found.person


def test_the_database_holds_neither_password_nor_token(
    room: Accounts, ledger: Ledger, tmp_path: Path
) -> None:
    _, password = room.add("admin", "administrator", "s0001")
    token = room.log_in("admin", password, "a").token
    with ledger.read() as tx:
        rows = repr([*tx.staff_list(), *tx.audit_entries()])
        session = tx.staff_session(accounts._hashed(token))
    assert session is not None
    assert password not in rows
    assert token not in rows + repr(session)


@pytest.mark.parametrize("name", ["admin", "nobody"])
def test_wrong_password_and_unknown_name_answer_alike(room: Accounts, name: str) -> None:
    room.add("admin", "administrator", "s0001")
    with pytest.raises(WrongLogIn, match="姓名或密码不对"):
        room.log_in(name, "guess", "a")


def test_an_unknown_name_costs_a_hash_too() -> None:
    """Without a stored hash the same work is done: the CPU time is of the same order."""
    stored = passwords.hash_password("secret-of-somebody")
    passwords.matches(None, "warm-up")

    def cost(hashed: str | None) -> float:
        before = time.process_time()
        assert not passwords.matches(hashed, "guess")
        return time.process_time() - before

    assert cost(None) > 0.3 * cost(stored)


def test_a_closed_account_does_not_get_in(room: Accounts, ledger: Ledger) -> None:
    staff, password = room.add("gone", "clerk", "s0002")
    token = room.log_in("gone", password, "a").token
    ledger.writing(lambda tx: tx.put_staff(staff._replace(state="closed")))
    assert room.person_of(token) is None
    with pytest.raises(WrongLogIn):
        room.log_in("gone", password, "a")


def test_a_name_is_given_once(room: Accounts) -> None:
    room.add("admin", "administrator", "s0001")
    with pytest.raises(AlreadyThere):
        room.add("admin", "clerk", "s0002")


def test_sessions_end_by_idleness_by_age_and_by_log_out(room: Accounts, clock: Clock) -> None:
    _, password = room.add("admin", "administrator", "s0001")
    idle, busy, left = (room.log_in("admin", password, "a") for _ in range(3))
    room.log_out(left.person)
    assert room.person_of(left.token) is None
    for _ in range(7):
        clock.ms += accounts.IDLE_MS - 1
        if clock.ms >= START + accounts.SESSION_MS:
            break
        assert room.person_of(busy.token) is not None
    assert room.person_of(idle.token) is None
    clock.ms = START + accounts.SESSION_MS
    assert room.person_of(busy.token) is None


def test_tries_are_limited_per_name_also_after_a_restart(
    room: Accounts, ledger: Ledger, clock: Clock
) -> None:
    _, password = room.add("admin", "administrator", "s0001")
    for _ in range(accounts.TRIES_PER_NAME):
        with pytest.raises(WrongLogIn):
            room.log_in("admin", "guess", "a")
        clock.ms += 1
    for one in (room, Accounts(ledger, clock, os.urandom)):
        with pytest.raises(TooManyTries, match="分钟后再试"):
            one.log_in("admin", password, "b")
    clock.ms += accounts.WINDOW_MS
    assert room.log_in("admin", password, "b").person.name == "admin"


def test_throttle_counts_by_key_and_stays_bounded() -> None:
    throttle = Throttle(2, 1000)
    throttle.note("a", 0)
    throttle.note("a", 10)
    with pytest.raises(TooManyTries) as found:
        throttle.require("a", 500)
    assert found.value.wait_ms == 500
    throttle.require("b", 500)
    throttle.require("a", 1000)
    throttle.note("a", 1000)
    throttle.clear("a")
    throttle.require("a", 1000)


def test_changing_the_password_ends_other_sessions(room: Accounts) -> None:
    _, password = room.add("admin", "administrator", "s0001")
    here, there = (room.log_in("admin", password, "a") for _ in range(2))
    with pytest.raises(WrongLogIn):
        change_password(room, here.person, "guess", "another-secret")
    with pytest.raises(WeakPassword):
        change_password(room, here.person, password, "short")
    change_password(room, here.person, password, "another-secret")
    assert room.person_of(there.token) is None
    kept = room.person_of(here.token)
    assert kept is not None
    assert not kept.must_change
    assert room.log_in("admin", "another-secret", "a").person.staff == here.person.staff


def test_log_ins_and_failures_are_written_down(
    room: Accounts, ledger: Ledger, clock: Clock
) -> None:
    staff, password = room.add("admin", "administrator", "s0001")
    with pytest.raises(WrongLogIn):
        room.log_in("admin", "guess", "10.0.0.9")
    clock.ms += 1
    person = room.log_in("admin", password, "10.0.0.1").person
    clock.ms += 1
    room.note(person, accounts.REVEALED, "record", "phone")
    with ledger.read() as tx:
        entries = [(e.person, e.what, e.about, e.detail) for e in tx.audit_entries()]
    author = f"staff:{staff.staff}"
    assert entries == [
        (author, "reveal", "record", "phone"),
        (author, "log_in", "admin", "10.0.0.1"),
        ("", "log_in_failed", "name:admin", "10.0.0.9"),
    ]

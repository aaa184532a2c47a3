"""What people do with their own account: password, log-ins, second factor. Calls block."""

from __future__ import annotations

from dataclasses import dataclass

from server import passwords, staff_factor
from server.accounts import Accounts, Person, UnknownStaff, ends_at
from server.staff_factor import Setup
from server.storage.ledger import Tx
from server.storage.rows import Staff
from shared.errors import Refused

PASSWORD_CHANGED = "change_password"  # noqa: S105 - a word of the audit log
FACTOR_ON, FACTOR_OFF, FACTOR_CODES = "factor_on", "factor_off", "factor_codes"
SESSION_ENDED = "end_session"
OTHERS = "others"


class FactorOff(Refused):
    """What takes the second factor is asked while it is off."""


class UnknownSession(Refused):
    """A log-in that is not this person's, or has ended already."""


@dataclass(frozen=True, slots=True)
class OpenSession:
    """One of a person's log-ins that still stand. `key` names it; it opens nothing."""

    key: str
    place: str
    created_at: int
    seen_at: int
    ends_at: int
    """When it ends by itself if nothing is done until then."""
    is_this: bool


def change_password(accounts: Accounts, person: Person, old: str, new: str) -> None:
    """Set a new password and end the person's other log-ins; raise WrongLogIn, WeakPassword."""
    with accounts.ledger.read() as tx:
        row = _own(tx, person)
    accounts.require_password(person, old)
    passwords.require_strong(new, row.name)
    hashed = passwords.hash_password(new)

    def step(tx: Tx) -> None:
        tx.put_staff(_own(tx, person)._replace(password=hashed, must_change=0))
        accounts.keep_only(tx, person)
        tx.add_audit(accounts.entry(person.author, PASSWORD_CHANGED, person.author, ""))

    accounts.ledger.writing(step)


def sessions(accounts: Accounts, person: Person) -> list[OpenSession]:
    """Return the person's log-ins that still stand, this one first."""
    with accounts.ledger.read() as tx:
        rows = tx.staff_sessions_of(person.staff)
    now = accounts.now()
    standing = [
        OpenSession(
            row.token.hex(), row.place, row.created_at, row.seen_at, ends_at(row),
            row.token == person.session,
        )
        for row in rows
        if now < ends_at(row)
    ]  # fmt: skip
    return sorted(standing, key=lambda one: not one.is_this)


def end_session(accounts: Accounts, person: Person, key: str) -> None:
    """End one of the person's own log-ins; raise UnknownSession."""

    def step(tx: Tx) -> None:
        row = next((o for o in tx.staff_sessions_of(person.staff) if o.token.hex() == key), None)
        if row is None:
            raise UnknownSession("没有这个登录，可能已经退出，请刷新列表。")
        tx.end_staff_sessions(token=row.token)
        tx.add_audit(accounts.entry(person.author, SESSION_ENDED, person.author, row.place))

    accounts.ledger.writing(step)


def end_others(accounts: Accounts, person: Person) -> None:
    """End all of the person's log-ins but this one."""

    def step(tx: Tx) -> None:
        accounts.keep_only(tx, person)
        tx.add_audit(accounts.entry(person.author, SESSION_ENDED, person.author, OTHERS))

    accounts.ledger.writing(step)


def set_up_factor(accounts: Accounts, person: Person, county: str) -> Setup:
    """Return a secret for the person's authenticator; nothing changes before a code proves it."""
    with accounts.ledger.read() as tx:
        return staff_factor.set_up(tx, _own(tx, person), county, accounts.entropy, accounts.now())


def shown_again(accounts: Accounts, person: Person, county: str, paper: str) -> Setup:
    """Return the secret a form carried, to show it once more; raise PaperLapsed."""
    with accounts.ledger.read() as tx:
        secret = _carried(accounts, tx, person, paper)
        return staff_factor.as_setup(_own(tx, person), county, secret, paper)


def turn_on_factor(accounts: Accounts, person: Person, paper: str, code: str) -> list[str]:
    """Ask for a code from now on; return the recovery codes, shown once.

    Raises PaperLapsed, WrongCode, AlreadyOn. The person's other log-ins end.
    """

    def step(tx: Tx) -> list[str]:
        secret, row = _carried(accounts, tx, person, paper), _own(tx, person)
        codes = staff_factor.turn_on(tx, row, secret, code, accounts.entropy, accounts.now())
        accounts.keep_only(tx, person)
        tx.add_audit(accounts.entry(person.author, FACTOR_ON, person.author, ""))
        return codes

    return accounts.ledger.writing(step)


def turn_off_factor(accounts: Accounts, person: Person, password: str) -> None:
    """Ask for no code any more; raise WrongLogIn for a wrong password."""
    accounts.require_password(person, password)

    def step(tx: Tx) -> None:
        staff_factor.turn_off(tx, _own(tx, person))
        tx.add_audit(accounts.entry(person.author, FACTOR_OFF, person.author, ""))

    accounts.ledger.writing(step)


def new_recovery_codes(accounts: Accounts, person: Person, password: str) -> list[str]:
    """Return new recovery codes, shown once; raise WrongLogIn, FactorOff."""
    accounts.require_password(person, password)

    def step(tx: Tx) -> list[str]:
        if _own(tx, person).totp is None:
            raise FactorOff("两步验证没有开启，请先开启。")
        tx.add_audit(accounts.entry(person.author, FACTOR_CODES, person.author, ""))
        return staff_factor.fresh_recovery(tx, person.staff, accounts.entropy, accounts.now())

    return accounts.ledger.writing(step)


def factor_of(accounts: Accounts, person: Person) -> tuple[bool, int]:
    """Return whether the second factor is on, and how many recovery codes are left."""
    with accounts.ledger.read() as tx:
        is_on = _own(tx, person).totp is not None
        return is_on, len(tx.staff_codes(person.staff, staff_factor.RECOVERY))


def _carried(accounts: Accounts, tx: Tx, person: Person, paper: str) -> bytes:
    lasts = staff_factor.PAPER_MS
    return staff_factor.read_paper(tx, "factor", person.staff, paper, accounts.now(), lasts)


def _own(tx: Tx, person: Person) -> Staff:
    row = tx.staff_member(person.staff)
    if row is None:
        raise UnknownStaff("您的账号已不存在，请联系县管理员。")
    return row

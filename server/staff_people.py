"""Everybody who works in the county, from accounts, tablets and postings together.

A person is an author text: `staff:…` logs in at a desk, `agent:…` unlocks a tablet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from server.accounts import ACTIVE
from server.staff_serving import runs_on
from server.storage import Tx
from server.storage.rows import Agent, Posting, Staff

SERVING, LOCKED, COMING, ENDED = "serving", "locked", "coming", "ended"
STATES = {SERVING: "在任", COMING: "未到任", LOCKED: "已锁定", ENDED: "已离任"}


@dataclass(frozen=True, slots=True)
class Someone:
    """One person: who, where and as what now (else next, else last), with all postings."""

    person: str
    name: str
    role: str
    site: str
    state: str
    postings: tuple[Posting, ...]
    account: Staff | None = None
    agents: tuple[Agent, ...] = ()
    staff_no: str = ""
    phone: str = ""

    @property
    def is_desk(self) -> bool:
        """Whether this person logs in at a desk (else works at a tablet)."""
        return self.person.startswith("staff:")

    @property
    def sites(self) -> set[str]:
        """Every site this person ever served at."""
        return {one.site for one in self.postings} | {self.site}

    def current(self, day: int) -> list[Posting]:
        """The postings that run on a day or begin later, the earliest first."""
        return [one for one in self.postings if one.to_on is None or one.to_on >= day]


def everybody(tx: Tx, day: int) -> list[Someone]:
    """Return everybody, by name, as of a day (20261031)."""
    postings: dict[str, list[Posting]] = {}
    for posting in tx.postings():
        postings.setdefault(posting.person, []).append(posting)
    agents: dict[str, list[Agent]] = {}
    for agent in tx.agents():
        agents.setdefault(f"agent:{agent.agent}", []).append(agent)
    accounts = {f"staff:{row.staff}": row for row in tx.staff_list()}
    nameless = [p for p in postings if p not in agents and p not in accounts]
    told = _told(tx, (postings[one][-1] for one in nameless))
    found = [
        _someone(
            person, postings.get(person, []), accounts.get(person), agents.get(person, []), day,
            told.get(person, ""),
        )
        for person in postings.keys() | agents.keys() | accounts.keys()
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.name, one.person))


def someone(tx: Tx, person: str, day: int) -> Someone | None:
    """Return one person with what the postings' own records say; None for nobody."""
    word, _, name = person.partition(":")
    postings = tx.postings(person=person)
    agents = tx.agents(agent=name) if word == "agent" else []
    account = tx.staff_member(name) if word == "staff" else None
    if not postings and not agents and account is None:
        return None
    made = _someone(
        person, postings, account, agents, day, _told(tx, postings[-1:]).get(person, "")
    )
    said = _data(tx, postings)
    return Someone(
        made.person, made.name, made.role, made.site, made.state, made.postings, account,
        tuple(agents), said.get("staff_no", ""), said.get("phone", ""),
    )  # fmt: skip


def _someone(
    person: str, postings: list[Posting], account: Staff | None, agents: list[Agent], day: int,
    told: str,
) -> Someone:  # fmt: skip
    name = account.name if account is not None else agents[-1].name if agents else told
    if not postings:
        role, site = (account.role, account.site) if account is not None else ("", "")
        state = SERVING if account is not None and account.state == ACTIVE else ENDED
        if account is not None and account.state != ACTIVE:
            state = LOCKED
        return Someone(person, name or told, role, site, state, (), account, tuple(agents))
    running = [one for one in postings if runs_on(one, day)]
    coming = [one for one in postings if one.from_on > day and _will_run(one)]
    shown = (running or coming or postings)[-1]
    state = SERVING if running else COMING if coming else ENDED
    if account is not None and account.state != ACTIVE:
        state = LOCKED
    return Someone(
        person, name or told, shown.role, shown.site, state, tuple(postings), account,
        tuple(agents),
    )  # fmt: skip


def _will_run(posting: Posting) -> bool:
    return posting.to_on is None or posting.to_on >= posting.from_on


def _told(tx: Tx, postings: Iterable[Posting]) -> dict[str, str]:
    """The names that postings themselves tell."""
    by_operation = {one.operation: one.person for one in postings if one.operation}
    found = tx.operations(by_operation)
    return {
        by_operation[done]: str(operation.data.get("user_name") or "")
        for done, operation in found.items()
    }


def _data(tx: Tx, postings: Iterable[Posting]) -> dict[str, str]:
    """Staff number and phone as the latest posting that has them tells."""
    wanted = [one.operation for one in postings if one.operation]
    found = tx.operations(wanted)
    said: dict[str, str] = {}
    for done in wanted:
        if done in found:
            data = found[done].data
            said |= {n: str(data[n]) for n in ("staff_no", "phone") if data.get(n)}
    return said

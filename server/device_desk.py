"""Devices as staff meet them: one tablet with its history, and approving, suspending, revoking it.

A tablet that has not been heard of for a day may hold work the county does not know of: to revoke
it, a second person with the same right agrees (DOMAIN.md §3.4). Suspending can be undone: one does.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from server import sight
from server.accounts import Person, WrongLogIn
from server.admin import ALLOWED_FROM, decide_device
from server.county import Editions
from server.desk import Desk
from server.enrolment import device_record
from server.staff_factor import CodeNeeded, WrongCode
from server.storage import Tx
from server.storage.rows import Agent, Device
from shared.civil import DAY_MS
from shared.errors import Misuse, Refused
from shared.operation import Operation
from shared.permissions import Capability, Decision

_CAPABILITY = {
    "approve": Capability.ENROL_DEVICE,
    "suspend": Capability.SUSPEND_DEVICE,
    "revoke": Capability.REVOKE_DEVICE,
}
ACTS = tuple(_CAPABILITY)
WRONG_DIGITS = "wrong_digits"


class NoSuchDevice(Refused):
    """No device of this id that the person may see."""


class WrongDigits(Misuse):
    """The six digits that the tablet shows are not those the county computed."""


class ReasonMissing(Misuse):
    """A device is suspended or revoked for a reason."""


class SecondPersonMissing(Refused):
    """This takes two people, and the second one is missing, the same one, or has no right to it."""


@dataclass(frozen=True, slots=True)
class Second:
    """What a second person types in."""

    name: str
    password: str
    address: str
    code: str = ""
    """Of their second factor, where they have one."""


@dataclass(frozen=True, slots=True)
class Door:
    """One act that the device's state allows, and whether this person may do it."""

    act: str
    decision: Decision
    takes_two: bool
    """May do it only together with a second person."""


@dataclass(frozen=True, slots=True)
class DevicePage:
    """One tablet, its agents, what was done with it (oldest first), and what may be done now."""

    device: Device
    agents: list[Agent]
    history: list[Operation]
    doors: list[Door]
    compares: bool
    """Whether somebody on it waits to be approved, by the six digits of both screens."""


def device_page(desk: Desk, person: Person, device: str) -> DevicePage:
    """Return one tablet by its key id in hexadecimal; raise NoSuchDevice."""
    with desk.county.ledger.read() as tx:
        editions = desk.county.editions(tx)
        row = seen_device(tx, person, editions, device)
        agents = tx.agents(device=row.device)
        record = device_record(row.device)
        entries = tx.operations_of([record])[record]
    history = sorted((entry.operation for entry in entries), key=lambda one: one.skeleton.clock)
    waits = any(agent.state == "waiting" for agent in agents)
    doors = [
        _door(desk, person, editions, row, act)
        for act in ACTS
        if row.state in ALLOWED_FROM[act] or (act == "approve" and waits and row.state == "active")
    ]
    return DevicePage(row, agents, history, doors, bool(_awaited(row, agents)))


def decide(
    desk: Desk, person: Person, device: str, act: str, reason: str, second: Second | None = None,
    *, alone: bool = False, digits: str | None = None,
) -> Device:  # fmt: skip
    """Approve, suspend or revoke a tablet. Raises NoSuchDevice, ReasonMissing, NotAllowed,
    SecondPersonMissing, WrongDigits, WrongState.

    `alone`: there is nobody to be the second person (the sample county's one administrator).
    `digits`: what the tablet shows, to approve a new key; None where they were compared by eye.
    """
    if act not in _CAPABILITY:
        raise Misuse("请选择批准、停用或撤销。")
    reason = reason.strip()
    with desk.county.ledger.read() as tx:
        editions = desk.county.editions(tx)
        row = seen_device(tx, person, editions, device)
        agents = tx.agents(device=row.device)
    door = _door(desk, person, editions, row, act)
    if not door.decision.allowed and not door.takes_two:
        raise sight.NotAllowed(door.decision.reason)
    if act != "approve" and not reason:
        raise ReasonMissing("请写明停用或撤销的理由。")
    shown = ""
    if act == "approve" and digits is not None:
        shown = _compared(desk, person, row, agents, digits)
    if door.takes_two and not (alone and second is None):
        reason = f"{reason}（{_second_name(desk, person, editions, row, act, second)}一同确认）"
    changed = decide_device(desk.county, act, row.device.hex(), person.staff, reason, digits=shown)
    desk.accounts.note(person, f"{act}_device", row.short_code, reason)
    return changed


def _awaited(row: Device, agents: list[Agent]) -> list[str]:
    """The digits of those on a tablet who wait; none where none were computed, or none waits."""
    waiting = [one.digits for one in agents if one.state == "waiting" and one.digits]
    return waiting if row.state in {"waiting", "active"} else []


def _compared(
    desk: Desk, person: Person, row: Device, agents: list[Agent], digits: str
) -> str:  # fmt: skip
    """Return the digits that the tablet shows and the county computed; '' where nobody waits.

    Raises WrongDigits; a mismatch is logged.
    """
    awaited = _awaited(row, agents)
    typed = "".join(digits.split())
    if not awaited:
        return ""
    found = [one for one in awaited if hmac.compare_digest(typed.encode(), one.encode())]
    if not found:
        desk.accounts.note(person, WRONG_DIGITS, row.short_code, "")
        raise WrongDigits(
            "六位数和县里算出的不一致，没有批准。请让对方再读一遍；仍不一致说明有人在中间冒充，"
            "请撤销这台设备，重新发注册码。"
        )
    return found[0]


def seen_device(tx: Tx, person: Person, editions: Editions, device: str) -> Device:
    """Return a tablet that the person may see, by its key id; raise NoSuchDevice."""
    try:
        row = tx.device(bytes.fromhex(device))
    except ValueError:
        row = None
    township = sight.township_only(person, editions)
    if row is None or (township is not None and editions.township_of(row.site) != township):
        raise NoSuchDevice("没有这台设备，可能编号有误，请从设备列表中打开。")
    return row


def _door(desk: Desk, person: Person, editions: Editions, row: Device, act: str) -> Door:
    capability, unsynced = _CAPABILITY[act], _may_hold_work(row, desk.county.now())
    alone = sight.over_site(person, editions, capability, row.site, unsynced=unsynced)
    both = sight.over_site(
        person, editions, capability, row.site, unsynced=unsynced, second_person=True
    )
    return Door(act, alone, both.allowed and not alone.allowed)


def _may_hold_work(row: Device, now: int) -> bool:
    """Whether the tablet was in use and may have recorded what it has not sent."""
    return row.state != "waiting" and now - (row.last_seen_at or 0) > DAY_MS


def _second_name(
    desk: Desk, person: Person, editions: Editions, row: Device, act: str, second: Second | None
) -> str:
    if second is None or not second.name.strip():
        raise SecondPersonMissing(
            "这台设备超过一天没有联系，可能还有未上传的记录，请另一位有权限的人员输入姓名和密码一同确认。"
        )
    try:
        other = desk.accounts.confirm(second.name, second.password, second.address, second.code)
    except WrongLogIn as error:
        raise SecondPersonMissing("第二个人的姓名或密码不对，请重新输入。") from error
    except (CodeNeeded, WrongCode) as error:
        raise SecondPersonMissing(f"第二个人：{error}") from error
    if other.staff == person.staff:
        raise SecondPersonMissing("第二个人不能是您自己，请另一位有权限的人员确认。")
    as_person = Person(other.staff, other.name, other.role, other.site, False, "", b"")
    decision = sight.over_site(
        as_person, editions, _CAPABILITY[act], row.site, unsynced=True, second_person=True
    )
    if not decision.allowed:
        raise SecondPersonMissing(decision.reason)
    return other.name

"""An act of county staff on a record: rights, life cycle, form, operation, landing; one use case.

Every desk of the console acts through here, so that what staff do at a desk passes the same table
of rights, the same life cycle and the same checks as what a tablet sends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from server import sight, steward
from server.accounts import Person
from server.county import County, Editions
from server.landing import Landing
from server.sight import Subject
from server.steward import Draft
from server.storage import Tx
from shared import lifecycle
from shared.canonical import Value
from shared.errors import Misuse, Refused
from shared.operation import Operation
from shared.record import Record
from shared.validation import validate


class NothingToActOn(Refused):
    """No such record."""


class MovedOn(Refused):
    """The record changed since the person looked at it."""


class NotNow(Refused):
    """The life cycle does not allow the act in this state, or a conflict has to be settled."""


class NoReason(Misuse):
    """An act of the county without its reason."""


Check = Callable[[Tx, Editions, Record, Mapping[str, Value]], None]
"""What a desk asks beyond the table: raises its own error."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants done; `shown` are the heads of the record they looked at."""

    record: bytes
    act: str
    data: Mapping[str, object]
    reason: str
    shown: tuple[bytes, ...]
    scopes: tuple[str, ...] = ()
    """Sites that have to learn of it beside those that know the record."""


def perform(
    county: County, person: Person, wanted: Wanted, check: Check | None = None
) -> Operation:
    """Do one act on a record as county staff and return the operation.

    Raises NothingToActOn, NotAllowed, MovedOn, NotNow, NoReason, InvalidField, and what `check`
    raises. Rights come first, so that nobody learns from a refusal what was not theirs to see.
    """
    if not wanted.reason.strip():
        raise NoReason("请写明理由，理由会记入这一步操作。")

    def step(tx: Tx) -> Operation:
        editions = county.editions(tx)
        landing = Landing(tx, editions)
        landing.load([wanted.record])
        record, founder = landing.record(wanted.record), landing.founder(wanted.record)
        if record is None or founder is None:
            raise NothingToActOn("没有这条记录，可能编号有误，请从列表中打开。")
        site = founder.site
        subject = Subject(
            record.kind, record.state, site, editions.township_of(site), record.fields
        )
        sight.require_act(person, editions, subject, wanted.act)
        if set(wanted.shown) != set(record.heads):
            raise MovedOn("这条记录刚刚有了新的进展，请刷新页面，看过之后再办。")
        data = validate(
            record.kind, wanted.act, {**wanted.data, "reason": wanted.reason.strip()},
            county.today(),
        )  # fmt: skip
        _require_life(record, wanted.act, data)
        if check is not None:
            check(tx, editions, record, data)
        draft = Draft(
            record.id, record.kind, wanted.act, data, parents=record.heads,
            author=person.author, site=person.site, scopes=wanted.scopes,
        )  # fmt: skip
        (done,) = steward.write(tx, county, [draft], landing)
        landing.finish()
        return done

    return county.ledger.writing(step)


def _require_life(record: Record, act: str, data: Mapping[str, Value]) -> None:
    """Raise NotNow where fold would leave the act without effect, or hold it."""
    kind = record.kind
    if not lifecycle.may_follow(kind, record.state, act, data):
        label = lifecycle.act_label(kind, act)
        raise NotNow(f"现在是“{record.state}”，不能“{label}”，请刷新页面看最新状态。")
    if lifecycle.is_once(kind, act) and any(one.act == act for one in record.history):
        raise NotNow("这一步每条记录只办一次，之前已经办过，请看记录的经过。")
    condition = lifecycle.entry_condition(kind, act)
    if condition is not None and not condition.holds(record.fields):
        raise NotNow("记录登记的内容不适用这一步，请核对后重新办理。")
    if record.conflicts and lifecycle.is_irreversible(kind, act):
        raise NotNow("记录有未裁定的冲突，请先到“冲突”里裁定。")

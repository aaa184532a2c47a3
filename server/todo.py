"""待处理: one list of what waits for a person at the county, with a proposal for each entry.

The list reads projections alone and folds nothing; only the entry that is open is read whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast

from server import merging
from server.accounts import Person
from server.api import messages, shapes
from server.county import Editions
from server.desk import Desk, UnknownConflict
from server.storage import Tx
from shared import ids, reasons, session
from shared.civil import DAY_MS
from shared.errors import Misuse
from shared.operation import Operation
from shared.record import STATE

SILENT_DAYS = 5
FIELD, STATES, PAIR, HELD, FORK, SILENT = "field", "state", "pair", "held", "fork", "silent"
KINDS = {
    FIELD: "内容冲突", STATES: "状态冲突", PAIR: "疑似重复", HELD: "待审", FORK: "设备分叉",
    SILENT: "静默设备",
}  # fmt: skip
"""The kinds of entries with their names, in the order of the filter."""
URGENT_MS = 3 * DAY_MS
"""What waited longer is marked."""
SURE = {"read": "读卡信息优先于其他登记。", "seen": "查看过原件的登记优先于口述。"}
NEWER = "两边同样可靠，建议取较近一次或职级较高一方的登记。"
SAME_NUMBER = "证件号码相同、事项相同、日期相近，建议判为同一件。"
SAME_NAME = "只有姓名相同，没有相同的证件号码，可能是同名不同人，请先核实。"


class NoChoice(Misuse):
    """A decision that names none of the sides of its entry."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the list. `key` names it for addresses and decisions."""

    kind: str
    key: str
    record: bytes
    """The record it is about (a pair's first); empty for a device."""
    what: str
    """The kind of the record, or a device's id."""
    register: str
    site: str
    since: int
    reason: str = ""

    def is_urgent(self, now: int) -> bool:
        """Whether it has waited for more than three days."""
        return now - self.since > URGENT_MS


@dataclass(frozen=True, slots=True)
class Advice:
    """What is proposed and why; `choice` '' where a person has to find out first."""

    choice: str
    reason: str

    @property
    def is_sure(self) -> bool:
        """Whether its reason may stand as the decision's; otherwise the person writes one."""
        return bool(self.choice) and self.reason != NEWER


def entries(desk: Desk, person: Person) -> list[Entry]:
    """Return everything that waits and that the person may see, the oldest of each kind first."""
    with desk.county.ledger.read() as tx:
        editions = desk.county.editions(tx)
        found = [
            *_conflicts(desk, tx, person, editions),
            *_pairs(desk, tx, person, editions),
            *_held(desk, tx, person, editions),
        ]
    now = desk.county.now()
    for one in desk.devices(person):
        last = one.last_seen_at or 0
        if one.state == shapes.CUT:
            found.append(Entry(FORK, f"fork.{one.device}", b"", one.device, "", one.site, last))
        elif one.state == "active" and now - last > SILENT_DAYS * DAY_MS:
            found.append(Entry(SILENT, f"silent.{one.device}", b"", one.device, "", one.site, last))
    order = list(KINDS)
    return sorted(found, key=lambda one: (order.index(one.kind), one.since, one.key))


def decide(
    desk: Desk, person: Person, key: str, choice: str, reason: str, heads: list[str] | None = None
) -> Operation:
    """Decide one entry: `choice` is an operation, same or different, admit or refuse.

    Raises NoChoice, and what the use case of the entry's kind raises.
    """
    kind, _, rest = key.partition(".")
    if kind in (FIELD, STATES):
        record, _, register = rest.partition(".")
        settle = messages.Settle(record, register, reason, operation=choice, heads=heads)
        return desk.settle(person, settle)
    if kind == PAIR and choice in ("same", "different"):
        same = cast(Literal["same", "different"], choice)
        return desk.settle_pair(person, messages.SettlePair(rest, same, reason))
    if kind == HELD and choice in ("admit", "refuse"):
        decision = cast(Literal["admit", "refuse"], choice)
        return desk.judge(person, messages.Judge(rest, decision, reason))
    raise NoChoice("请从列表中打开一项，选定一边，再决定。")


def conflict_of(
    desk: Desk, person: Person, entry: Entry, *, reveal: bool
) -> tuple[messages.Conflict, list[str]]:
    """Return one conflict with the heads it is shown at; a reveal is written down.

    Raises UnknownConflict where somebody was quicker.
    """
    seen = desk.record(person, entry.record, reveal=reveal, reason="")
    found = next((one for one in seen.record.conflicts if one.register == entry.register), None)
    if found is None or not seen.sight.content:
        raise UnknownConflict("这个冲突已经由他人裁定，或不存在，请刷新列表。")
    with desk.county.ledger.read() as tx:
        shown = shapes.conflict(seen.record, found, shapes.Streams(tx), seen.veil)
    return shown, [head.hex() for head in seen.record.heads]


def advice_on_conflict(conflict: messages.Conflict) -> Advice:
    """Propose the value that fold shows: better evidence, then higher rank, then later."""
    first = conflict.values[0]
    best = [one.evidence for one in conflict.values if one.evidence in SURE]
    if first.evidence in SURE and len(best) < len(conflict.values):
        return Advice(first.operation, SURE[first.evidence])
    is_even = all(one.evidence == first.evidence for one in conflict.values)
    return Advice(first.operation, NEWER) if is_even else Advice("", "")


def advice_on_pair(entry: Entry) -> Advice:
    """Propose 同一件 for an equal number; an equal name alone is for a person to find out."""
    if entry.reason.startswith("证件号码相同"):
        return Advice("same", SAME_NUMBER)
    return Advice("", SAME_NAME)


def _conflicts(desk: Desk, tx: Tx, person: Person, editions: Editions) -> Iterator[Entry]:
    rows = tx.list_conflicts()
    known = tx.records({row.record for row in rows})
    seen = {row.record for row in desk.seen_rows(tx, person, editions, known.values())}
    for row in rows:
        if row.record in seen:
            kind = STATES if row.register == STATE else FIELD
            about = known[row.record]
            key = f"{kind}.{ids.record_text(row.record)}.{row.register}"
            yield Entry(kind, key, row.record, about.kind, row.register, about.site, row.opened_at)


def _pairs(desk: Desk, tx: Tx, person: Person, editions: Editions) -> Iterator[Entry]:
    rows = merging.undecided(tx)
    known = tx.records({half for row in rows for half in (row.one, row.other)})
    seen = {row.record for row in desk.seen_rows(tx, person, editions, known.values())}
    for row in rows:
        if {row.one, row.other} <= seen:
            about = known[row.one]
            yield Entry(
                PAIR, f"pair.{ids.record_text(row.pair)}", row.one, about.kind, "", about.site,
                row.found_at, row.reason,
            )  # fmt: skip


def _held(desk: Desk, tx: Tx, person: Person, editions: Editions) -> Iterator[Entry]:
    for page in tx.waiting():
        for row in desk.visible(tx, person, editions, page):
            if row.kind != session.KIND:
                yield Entry(
                    HELD, f"held.{row.operation.hex()}", row.record, row.kind, row.act, row.site,
                    row.effective_at, reasons.sentence(row.reason),
                )  # fmt: skip

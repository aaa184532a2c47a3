"""待处理: one list of what waits for a person at the county, with a proposal for each entry.

The list reads projections alone and folds nothing; only the entry that is open is read whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from server import merging
from server.accounts import Person
from server.api import messages
from server.county import Editions
from server.desk import Desk
from server.silence import is_silent
from server.storage import Tx
from server.storage.rows import Judgement
from server.todo import alarms
from shared import ids, reasons, session
from shared.civil import DAY_MS
from shared.record import STATE
from shared.verdict import Status

FIELD, STATES, PAIR, HELD, FORK = "field", "state", "pair", "held", "fork"
CLOCK, GAP, SILENT = "clock", "gap", "silent"
KINDS = {
    FIELD: "内容冲突", STATES: "状态冲突", PAIR: "疑似重复", HELD: "待审", FORK: "设备分叉",
    CLOCK: "时钟异常", GAP: "序号缺口", SILENT: "静默设备",
}  # fmt: skip
"""The kinds of entries with their names, in the order of the filter."""
ALARMS = frozenset({CLOCK, GAP, SILENT})
"""Entries about a tablet that go when it is well again; nobody decides them here."""
OF_BRANCH = frozenset({"fork", "stream_cut"})
"""Reasons for which the work of a whole branch waits; it is one entry."""
URGENT_MS = 3 * DAY_MS
"""What waited longer is marked."""


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
    slip: str = ""
    """The number on the citizen's slip, where the record has one."""
    values: Mapping[str, object] = field(default_factory=dict)
    """What the reason names: `reason` % `values`."""

    def is_urgent(self, now: int) -> bool:
        """Whether it has waited for more than three days."""
        return now - self.since > URGENT_MS


def entries(desk: Desk, person: Person) -> list[Entry]:
    """Return everything that waits and that the person may see, the oldest of each kind first."""
    county = desk.county
    devices = {one.device: one for one in desk.devices(person)}
    with county.ledger.read() as tx:
        editions = county.editions(tx)
        found = [
            *_conflicts(desk, tx, person, editions),
            *_pairs(desk, tx, person, editions),
            *_held(desk, tx, person, editions),
            *(_alarm(one, devices) for one in alarms.wrong_clocks(tx)),
            *(_alarm(one, devices) for one in alarms.gaps(county, tx)),
        ]
    now = county.now()
    found += [
        Entry(SILENT, f"{SILENT}.{key}", b"", key, "", one.site, one.last_seen_at or 0)
        for key, one in devices.items()
        if is_silent(one, now)
    ]
    order = list(KINDS)
    active = {one.device for one in devices.values() if one.state == "active"}
    shown = [one for one in found if one.kind not in ALARMS or one.what in active]
    return sorted(shown, key=lambda one: (order.index(one.kind), one.since, one.key))


def entry_of(desk: Desk, person: Person, key: str) -> Entry | None:
    """Return an entry by its key, also a single operation of a branch, which the list has as one
    entry; None where nothing waits under it."""
    kind, _, named = key.partition(".")
    if kind != HELD:
        return next((one for one in entries(desk, person) if one.key == key), None)
    try:
        operation = ids.parse_operation(named)
    except ids.InvalidId:
        return None
    with desk.county.ledger.read() as tx:
        row = tx.judgements_of([operation]).get(operation)
        waits = row is not None and row.status == Status.HELD.value
        seen = desk.visible(tx, person, desk.county.editions(tx), [row]) if row and waits else []
    return held_entry(seen[0]) if seen else None


def branch_of(tx: Tx, device: bytes) -> list[Judgement]:
    """Return what waits of a device's branch, in the order in which it was done."""
    found = [
        row
        for page in tx.waiting()
        for row in page
        if row.reason in OF_BRANCH and row.kind != session.KIND
    ]
    owners = tx.devices_of([row.operation for row in found])
    return [row for row in found if owners.get(row.operation) == device]


def _alarm(one: alarms.Alarm, devices: Mapping[str, messages.Device]) -> Entry:
    site = devices[one.device].site if one.device in devices else ""
    return Entry(
        one.kind, f"{one.kind}.{one.device}", b"", one.device, "", site, one.since, one.text,
        values=one.values,
    )  # fmt: skip


def _conflicts(desk: Desk, tx: Tx, person: Person, editions: Editions) -> Iterator[Entry]:
    rows = tx.list_conflicts()
    known = tx.records({row.record for row in rows})
    seen = {row.record for row in desk.seen_rows(tx, person, editions, known.values())}
    for row in rows:
        if row.record in seen:
            kind = STATES if row.register == STATE else FIELD
            about = known[row.record]
            key = f"{kind}.{ids.record_text(row.record)}.{row.register}"
            yield Entry(
                kind, key, row.record, about.kind, row.register, about.site, row.opened_at,
                slip=about.slip,
            )  # fmt: skip


def _pairs(desk: Desk, tx: Tx, person: Person, editions: Editions) -> Iterator[Entry]:
    rows = merging.undecided(tx)
    known = tx.records({half for row in rows for half in (row.one, row.other)})
    seen = {row.record for row in desk.seen_rows(tx, person, editions, known.values())}
    for row in rows:
        if {row.one, row.other} <= seen:
            about = known[row.one]
            yield Entry(
                PAIR, f"pair.{ids.record_text(row.pair)}", row.one, about.kind, "", about.site,
                row.found_at, row.reason, about.slip,
            )  # fmt: skip


def _held(desk: Desk, tx: Tx, person: Person, editions: Editions) -> Iterator[Entry]:
    branches: dict[bytes, list[Judgement]] = {}
    for page in tx.waiting():
        rows = [row for row in desk.visible(tx, person, editions, page) if row.kind != session.KIND]
        of_branch = [row for row in rows if row.reason in OF_BRANCH]
        owners = tx.devices_of([row.operation for row in of_branch])
        for row in of_branch:
            branches.setdefault(owners[row.operation], []).append(row)
        yield from (held_entry(row) for row in rows if row.reason not in OF_BRANCH)
    for device, rows in branches.items():
        yield Entry(
            FORK, f"{FORK}.{device.hex()}", b"", device.hex(), "", rows[0].site,
            min(row.effective_at for row in rows), reasons.sentence(rows[0].reason),
        )  # fmt: skip


def held_entry(row: Judgement) -> Entry:
    """Return the entry of one held operation."""
    return Entry(
        HELD, f"{HELD}.{row.operation.hex()}", row.record, row.kind, row.act, row.site,
        row.effective_at, reasons.sentence(row.reason),
    )  # fmt: skip

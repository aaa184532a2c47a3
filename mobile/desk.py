"""The use cases of the tablet: what screens and commands do, without a word of Kivy.

Every act is durable before its call returns: operation, record row and search keys in one
transaction. A call that raises has changed nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from mobile import composite, drafts, lists, projection, sealing
from mobile import search as searching
from mobile.database import Store
from mobile.log import Act, Held, Log, held
from mobile.slip_counter import SlipCounter
from mobile.timekeeping import Reading
from shared import kinds, lifecycle
from shared.canonical import Value
from shared.civil import civil_date
from shared.clock import Quality, capped
from shared.errors import Refused
from shared.fold import Entry, fold
from shared.ids import parse_record, record_text
from shared.operation import Operation
from shared.record import Record
from shared.slips import query_code
from shared.validation import validate
from sync.card import CountyCard

RATING = "rating"
FREE_ACTS = frozenset({"settle", "purge", "declare_lost", "confirm_held"})
"""Acts that the life cycle does not order."""


class NoSuchRecord(Refused):
    """No record with this id on this tablet."""


class NotFromHere(Refused):
    """A kind that a tablet does not record."""


class NotNow(Refused):
    """An act that is not allowed from the record's state."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A record was made or changed. `slip_number` where one was given."""

    record: bytes
    operation: bytes
    state: str | None
    slip_number: str | None = None
    query_code: str | None = None


@dataclass(frozen=True, slots=True)
class Sealed:
    """A complaint was sealed: the code is all that remains."""

    query_code: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One record as folded here, with its operations and how far they were carried."""

    record: Record
    held: Held
    numbers: tuple[tuple[str, str], ...] = ()
    """Official numbers of the county, (kind, number)."""


@dataclass(slots=True)
class Desk:
    """The desk of one unlocked agent."""

    store: Store
    log: Log
    slips: SlipCounter
    card: CountyCard
    catalogue: composite.Catalogue | None
    read_clock: Callable[[], Reading]

    # -- writing ------------------------------------------------------------------------------

    def record(self, kind: str, data: Mapping[str, object]) -> Recorded | Sealed:
        """Make a new record of `kind`. Raises UnknownKind, NotFromHere, InvalidField, NotSaved."""
        table = kinds.kind_of(kind)
        if table.county_only or kind in projection.MACHINERY:
            raise NotFromHere(f"“{table.label}”由系统或县级记录，请选择其他业务类型。")
        act = table.default_act
        with self.store.write():
            reading = self.read_clock()
            clean = validate(kind, act, self._completed(table, data), _today(reading))
            if drafts.is_sealed(kind, clean):
                return Sealed(self._seal(clean, reading))
            if kind == RATING:
                return self._rate(act, clean, reading)
            return self._write_new(table, act, clean, reading)

    def act(self, record: bytes, act: str, data: Mapping[str, object]) -> Recorded:
        """Do one act on a record. Raises NoSuchRecord, NotNow, InvalidField, NotSaved.

        Parents are the heads that fold shows now.
        """
        reading = self.read_clock()
        with self.store.write():  # before it looks: another window may act on the record too
            shown = self.show(record)
            written = self._checked(shown, act, data, reading)
            operation = self.log.append(written, reading)
            after = self._project(shown.held.entries, operation)
            self._draw_dummy(reading)
        return Recorded(record, operation.id, after.state)

    def _checked(self, shown: Shown, act: str, data: Mapping[str, object], reading: Reading) -> Act:
        before = shown.record
        table = kinds.kind_of(before.kind)
        if table.county_only or before.kind in projection.MACHINERY:
            raise NotFromHere(f"“{table.label}”由系统或县级记录，不能在这里办理。")
        filled = composite.filled(table, act, self._completed(table, data), before.fields)
        clean = validate(before.kind, act, filled, _today(reading))
        _require_allowed(before, act, clean)
        return Act(
            before.kind, act, clean, before.id, before.heads,
            after=_latest(shown.held.entries, before.heads),
        )  # fmt: skip

    def _completed(self, table: kinds.Kind, data: Mapping[str, object]) -> dict[str, object]:
        return composite.with_birth(table, composite.with_item(table, data, self.catalogue))

    def _write_new(
        self, table: kinds.Kind, act: str, clean: dict[str, Value], reading: Reading
    ) -> Recorded:
        slip = code = None
        stream = self.log.stream()
        if "slip" in table.fields:
            slip = self.slips.next(stream, civil_date(reading.at))
            code = query_code(self.log.entropy(8))
            clean = {**clean, "slip": slip, "query_code": code}
        operation = self.log.append(Act(table.name, act, clean), reading, stream)
        after = self._project([], operation)
        self._draw_dummy(reading)
        return Recorded(operation.skeleton.record, operation.id, after.state, slip, code)

    def _rate(self, act: str, clean: dict[str, Value], reading: Reading) -> Recorded:
        """A rating is the citizen's: a session of its own, for this one record, used once."""
        of = parse_record(str(clean.get("of", "")))
        self.show(of)
        self.log.open_citizen_session(of, reading)
        operation = self.log.append(Act(RATING, act, clean, by_citizen=True), reading)
        after = self._project([], operation)
        self.log.close_session()
        return Recorded(operation.skeleton.record, operation.id, after.state)

    def _seal(self, clean: dict[str, Value], reading: Reading) -> str:
        return sealing.seal_complaint(
            self.store,
            complaint=clean,
            author=self.log.author,
            public=self.card.complaint_public, county=self.log.county, reading=reading,
            entropy=self.log.entropy,
        )  # fmt: skip

    def _draw_dummy(self, reading: Reading) -> None:
        sealing.perhaps_dummy(
            self.store, public=self.card.complaint_public, county=self.log.county,
            reading=reading, entropy=self.log.entropy,
        )  # fmt: skip

    def _project(self, earlier: list[Entry], operation: Operation) -> projection.Outline:
        entry = Entry(operation, None, self.log.author.rank)
        return projection.project(self.store, Held([*earlier, entry], "saved"))

    # -- reading ------------------------------------------------------------------------------

    def show(self, record: bytes) -> Shown:
        """Return one record with its operations; raise NoSuchRecord."""
        found = held(self.store, record, self.log.author.rank)
        if not found.entries or found.entries[0].operation.skeleton.kind in projection.MACHINERY:
            raise NoSuchRecord(f"本机没有记录 {record_text(record)}，请从列表或查找中选择。")
        return Shown(fold(found.entries), found, projection.numbers_of(self.store, record))

    def records(self, offset: int = 0, limit: int = lists.PAGE) -> list[lists.ListRow]:
        """Return one page of records, the latest first."""
        return lists.page(self.store, offset, limit)

    def search(self, text: str) -> list[lists.ListRow]:
        """Return the records that `text` may mean: name, initials, slip number, phone tail."""
        return searching.search(self.store, text)


def _latest(entries: Sequence[Entry], heads: Collection[bytes]) -> int:
    """The latest clock of these operations, as the county caps it."""
    clocks = (
        capped(one.operation.skeleton.clock, one.verdict.cap_ms if one.verdict else None)
        for one in entries
        if one.operation.id in heads
    )
    return max(clocks, default=0)


def _today(reading: Reading) -> date | None:
    """The date where it may be believed: a reset clock must not call anybody unborn."""
    return civil_date(reading.at) if reading.quality >= Quality.CORRECTED else None


def _require_allowed(record: Record, act: str, data: Mapping[str, Value]) -> None:
    if act in FREE_ACTS:
        return
    if lifecycle.may_follow(record.kind, record.state, act, data):
        _require_open(record, act)
        return
    allowed = "、".join(
        lifecycle.act_label(record.kind, name)
        for name in lifecycle.allowed_acts(record.kind, record.state)
    )
    label = lifecycle.act_label(record.kind, act)
    raise NotNow(f"记录现在是“{record.state}”，不能“{label}”；可以办理：{allowed or '无'}。")


def _require_open(record: Record, act: str) -> None:
    """What fold asks of an act beside the state: not done before, and a value of the record."""
    label = lifecycle.act_label(record.kind, act)
    is_done = any(effect.act == act for effect in record.history)
    if is_done and lifecycle.is_once(record.kind, act):
        raise NotNow(f"“{label}”每条记录只办一次，之前已经办过，请看记录的历史。")
    rule = lifecycle.entry_condition(record.kind, act)
    if rule is not None and not rule.holds(record.fields):
        field = kinds.kind_of(record.kind).fields[rule.field]
        word = field.choice_label(str(record.fields[rule.field]))
        raise NotNow(f"“{field.label}”现在是“{word}”，不能“{label}”，请先核对这一项。")

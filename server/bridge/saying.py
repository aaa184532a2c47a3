"""One case as rows of the national tables: a pure function of its folded record and the codes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import NamedTuple

from server.bridge.mapping import NO_ID, OPTIONAL, Resolver
from server.bridge.tables import Place, said_columns
from server.duedates import due_of
from shared import lifecycle
from shared.calendars import CalendarEdition
from shared.canonical import Value
from shared.civil import BEIJING
from shared.fold import Entry
from shared.graph import PURGE
from shared.operation import Operation
from shared.record import Effect, Record

ACCEPTING = ("accept", "deem_accepted", "close_on_spot")
CLOSING = ("close", "close_on_spot", "withdraw")
GONE = frozenset({"作废", "已并入"})
"""A case that is void or merged into another is not one matter any more: taken back."""
_STEPS = frozenset(
    {
        *("receive", "accept", "deem_accepted", "request_correction", "resubmit", "forward"),
        *("acknowledge", "send_back", "suspend", "resume", "extend", "decide", "close"),
        *("close_on_spot", "hand_out", "withdraw", "reassign"),
    }
)
_NO_ID_TYPE = "999"


class Gap(NamedTuple):
    """A code of ours that has no mapping, or (section `data`) what the record itself lacks."""

    section: str
    local: str


class Row(NamedTuple):
    """One row: the suffix of its key and its values between project number and batch fields."""

    suffix: str
    values: tuple[str, ...]

    def digest(self, project_no: str) -> bytes:
        """Return the SHA-256 of what the row says (16 bytes of it, keyed by the caller)."""
        told = "\x1f".join((self.suffix, project_no, *self.values))
        return hashlib.sha256(told.encode()).digest()


@dataclass(frozen=True, slots=True)
class Case:
    """What the ledger holds of a case and what belongs to it."""

    record: Record
    entries: Mapping[bytes, Entry]
    project_no: str
    level: int | None = None
    """The first rating that stands, 1 to 5."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a row is made with beside the case."""

    resolver: Resolver
    calendar: CalendarEdition
    names: Mapping[str, str]
    """Author → name."""


@dataclass(slots=True)
class Said:
    """The rows of a case. `is_due` False: not accepted yet, practice, or erased: nothing to say.

    `is_gone`: void or merged away, so everything said before is taken back.
    """

    is_due: bool = False
    is_gone: bool = False
    is_kept: bool = False
    """Data was erased: what was said stands, and nothing is said any more."""
    rows: list[Row] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """Suffixes of rows that wait for a code; without the first table all of them wait."""
    gaps: list[Gap] = field(default_factory=list)


def say(case: Case, words: Words) -> Said:
    """Return what the province is to know of a case."""
    record = case.record
    accepted = next((one for one in record.history if one.act in ACCEPTING), None)
    if record.kind != "case" or accepted is None or record.fields.get("practice") is True:
        return Said(is_gone=record.kind == "case")
    if record.state in GONE:
        return Said(is_gone=True)
    if any(one.act == PURGE for one in record.history):
        return Said(is_kept=True)
    return _Writer(case, words, accepted).said()


class _Writer:
    def __init__(self, case: Case, words: Words, accepted: Effect) -> None:
        self._case, self._words, self._accepted = case, words, accepted
        self._record = case.record
        self._fields = case.record.fields
        self._gaps: list[Gap] = []
        self._left_out: list[str] = []

    def said(self) -> Said:
        accept = self._row(Place.ACCEPT, "a", self._accept)
        if accept is None:
            return Said(is_due=True, gaps=list(dict.fromkeys(self._gaps)))
        rows: list[Row | None] = [accept, *self._steps(), *self._specials(), *self._materials()]
        closed = next((one for one in self._record.history if one.act in CLOSING), None)
        if closed is not None:
            rows.append(self._row(Place.RESULT, "r", partial(self._result, closed)))
        found = [row for row in rows if row is not None]
        gaps = list(dict.fromkeys(self._gaps))
        return Said(is_due=True, rows=found, left_out=self._left_out, gaps=gaps)

    # ---- the tables

    def _accept(self) -> dict[str, str]:
        item, operation = self._text("item"), self._operation(self._accepted)
        if not self._case.project_no:
            self._gaps.append(Gap("data", "project_no"))
        code, body = self._words.resolver.body(operation.skeleton.site)
        if not code:
            self._gaps.append(Gap("site_org", operation.skeleton.site))
        due = due_of(self._words.calendar, self._record)
        first = self._record.history[0]
        name = self._text("item_name") or self._words.resolver.item_name(item)
        version = self._fields.get("item_version")
        if not isinstance(version, int):
            version = self._words.resolver.task_version(item)
        kind, number = self._document()
        mobile = self._text("phone")
        return {
            "task_code": self._item("item_task", item),
            "task_name": name or item,
            "task_version": str(version),
            "catalog_code": self._item("item_catalog", item),
            "local_catalog_code": item,
            "local_task_code": item,
            "task_handle_item": self._item("item_handle", item),
            "project_name": name or item,
            "project_type": self._code("project_type", self._text("item_kind") or "promise"),
            "apply_date": stamp(first.effective_at),
            "apply_type": self._code("apply_type", self._text("channel") or "window"),
            "accept_date": stamp(self._accepted.effective_at),
            "promise_date": f"{due.on} 23:59:59" if due else "",
            "applyer_name": self._text("person_name"),
            "applyer_type": self._code("fixed", "applyer_type"),
            "applyer_page_type": kind,
            "applyer_page_code": number,
            "contact_name": self._text("agent_name"),
            "contact_mobile": mobile if len(mobile) == 11 and mobile.isdigit() else "",
            "address": self._text("address_text"),
            "org_code": code,
            "org_name": body,
            "handle_user_name": self._name(operation),
        }

    def _document(self) -> tuple[str, str]:
        """Type and number of the applicant's document; none is never made up."""
        number, told = self._text("id_no"), self._text("id_type")
        if number:
            return self._code("id_type", told or "111"), number
        placeholder = self._words.resolver.code("fixed", NO_ID)
        kind = self._words.resolver.code("id_type", _NO_ID_TYPE)
        if not placeholder or not kind:
            self._gaps.append(Gap("data", "id_no"))
        return kind, placeholder

    def _steps(self) -> list[Row | None]:
        rows, before = [], self._record.history[0].effective_at
        for effect in self._record.history:
            if effect.act in _STEPS:
                suffix = "p" + effect.operation.hex()[:17]
                rows.append(self._row(Place.PROCESS, suffix, partial(self._step, effect, before)))
                before = effect.effective_at
        return rows

    def _step(self, effect: Effect, before: int) -> dict[str, str]:
        operation = self._operation(effect)
        label = lifecycle.act_label("case", effect.act)
        return {
            "event_name": self._code("event_name", effect.act),
            "process_name": label,
            "event_start_time": stamp(min(before, effect.effective_at)),
            "event_end_time": stamp(effect.effective_at),
            "handle_user_name": self._name(operation),
            "handle_explain": self._said(operation) or label,
        }

    def _specials(self) -> list[Row | None]:
        """Procedures that are over: the table asks for the end."""
        rows: list[Row | None] = []
        begun: Effect | None = None
        for effect in self._record.history:
            if effect.act == "suspend":
                begun = effect
            elif begun is not None and effect.act in ("resume", "withdraw"):
                suffix = "s" + begun.operation.hex()[:17]
                tell = partial(self._special, begun, effect)
                rows.append(self._row(Place.SPECIAL, suffix, tell))
                begun = None
        return rows

    def _special(self, begun: Effect, over: Effect) -> dict[str, str]:
        operation, ended = self._operation(begun), self._operation(over)
        told = operation.data.get("procedure") if operation.has_data else None
        procedure = told if isinstance(told, str) else self._text("procedure")
        return {
            "special_type": self._code("special_type", procedure),
            "special_name": procedure,
            "special_reason": self._said(operation) or procedure,
            "special_time": stamp(begun.effective_at),
            "end_time": stamp(over.effective_at),
            "result": self._said(ended),
            "applyer_user_name": self._text("person_name"),
            "handle_user": self._name(operation),
        }

    def _materials(self) -> list[Row | None]:
        rows: list[Row | None] = []
        seen: dict[str, int] = {}
        told = self._fields.get("materials")
        for line in told if isinstance(told, list) else []:
            if not isinstance(line, dict) or line.get("present") is False:
                continue
            kind = f"{line.get('name')!r}\x1f{line.get('form')!r}"
            seen[kind] = seen.get(kind, 0) + 1
            named = hashlib.sha256(f"{kind}\x1f{seen[kind]}".encode()).hexdigest()
            tell = partial(self._material, line)
            rows.append(self._row(Place.MATERIAL, "m" + named[:17], tell))
        return rows

    def _material(self, line: Mapping[str, Value]) -> dict[str, str]:
        form, count = str(line.get("form") or ""), line.get("count")
        return {
            "material_name": str(line.get("name") or ""),
            "get_type": self._code("get_type", form) if form else "",
            "get_name": str(count) if isinstance(count, int) else "",
            "remark": str(line.get("remark") or ""),
        }

    def _result(self, closed: Effect) -> dict[str, str]:
        outcome = self._text("outcome") or "granted"
        kind = "withdrawn" if closed.act == "withdraw" else outcome
        level = self._case.level
        return {
            "result_type": self._code("result_type", kind),
            "result_date": stamp(closed.effective_at),
            "result_explain": self._text("result") or self._text("outcome_reason"),
            "is_delivery_results": self._code("fixed", "is_delivery_results"),
            "handle_user_name": self._name(self._operation(closed)),
            "satisfaction": self._code("satisfaction", str(level)) if level else "",
        }

    # ---- pieces

    def _row(self, place: Place, suffix: str, tell: Callable[[], dict[str, str]]) -> Row | None:
        """The row, cut to the widths of the table; None where a code or a field is missing."""
        known = len(self._gaps)
        told = tell()
        told["data_source"] = self._code("fixed", "data_source")
        columns = said_columns(place)
        values = tuple(told.get(one.name, "")[: one.width] for one in columns)
        if len(self._gaps) == known:
            pairs = zip(columns, values, strict=True)
            self._gaps += [Gap("data", c.name) for c, value in pairs if c.required and not value]
        if len(self._gaps) == known:
            return Row(suffix, values)
        self._left_out.append(suffix)
        return None

    def _code(self, section: str, local: str) -> str:
        found = self._words.resolver.code(section, local)
        if not found:
            self._gaps.append(Gap(section, local))
        return found

    def _item(self, section: str, item: str) -> str:
        found = self._words.resolver.item(section, item)
        if not found and section not in OPTIONAL:
            self._gaps.append(Gap(section, item))
        return found

    def _operation(self, effect: Effect) -> Operation:
        return self._case.entries[effect.operation].operation

    def _name(self, operation: Operation) -> str:
        author = operation.skeleton.author
        return self._words.names.get(author) or author.partition(":")[2] or author

    @staticmethod
    def _said(operation: Operation) -> str:
        if not operation.has_data:
            return ""
        said: Value = operation.data.get("reason") or operation.data.get("outcome_reason")
        return said if isinstance(said, str) else ""

    def _text(self, name: str) -> str:
        value = self._fields.get(name)
        return value if isinstance(value, str) else ""


def stamp(at: int) -> str:
    """Return an instant (Unix ms) as Beijing time to the second, 2026-10-31 08:15:00."""
    return datetime.fromtimestamp(at // 1000, BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def first_level(ratings: Sequence[Record]) -> int | None:
    """Return the level of the first rating that stands; nobody's silence is one."""
    for one in sorted(ratings, key=lambda rating: rating.id):
        level = one.fields.get("level")
        stands = one.state != "作废" and one.fields.get("practice") is not True
        if stands and isinstance(level, int):
            return level
    return None

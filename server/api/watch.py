"""The endpoints of supervision: the board, the lists, one matter, tablets, asking and answering."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from server import dunning, watch
from server.api.call import Call, Endpoint, Parameter, WrongParameter
from server.api.messages import Reason, RecordId
from server.console.render import day
from server.silence import Health
from server.storage.rows import WatchedRow
from server.storage.watched import Tally
from server.watch import Cut, Watched
from server.watching import TERMS, level_of
from shared import ids

Level = Annotated[int, Meta(description="0 正常 1 蓝 2 黄 3 红 4 黑")]


class WatchCounts(msgspec.Struct, frozen=True):
    """How many clocks one place has; what stands and was in time counts as paused alone."""

    key: str
    all: int
    none: int
    blue: int
    yellow: int
    red: int
    black: int
    paused: int
    asked: int


class WatchBoard(msgspec.Struct, frozen=True):
    """The board, the most pressed place first; `clean_months` (M24) as the last month closed it."""

    by: str
    at: int
    lines: list[WatchCounts]
    total: WatchCounts
    clean_month: str | None
    clean_months: dict[str, int]


class WatchClock(msgspec.Struct, frozen=True):
    """A clock that runs. `breach_*`: who held it, or will have, when it turns red; `*_at` Unix ms,
    null for a colour it does not take. `dunned`: 0 never asked after, 1 urged, 2 supervised."""

    record: RecordId
    kind: str
    term: str
    term_label: str
    level: Level
    level_label: str
    item: str
    due_on: str
    provisional: bool
    paused_on: str | None
    site: str
    holder: str
    breach_site: str
    breach_holder: str
    blue_at: int | None
    yellow_at: int | None
    red_at: int | None
    black_at: int | None
    dunned: int
    answer_by_on: str | None
    answered_on: str | None


class WatchLine(msgspec.Struct, frozen=True):
    """A clock in a list; `name` is masked."""

    clock: WatchClock
    state: str | None
    slip: str
    name: str
    paused_for: str


class WatchList(msgspec.Struct, frozen=True):
    """One page of clocks, the most urgent first."""

    items: list[WatchLine]
    total: int
    page: int
    pages: int


class WatchHolding(msgspec.Struct, frozen=True):
    """Who held a matter from when; an empty holder is nobody by name."""

    since: int
    holder: str
    site: str


class WatchAct(msgspec.Struct, frozen=True):
    """One urging, supervising or answer."""

    act: str
    at: int
    author: str
    text: str
    answer_by_on: str | None


class WatchStory(msgspec.Struct, frozen=True):
    """One matter under supervision; `clock` null: no clock runs on it."""

    record: RecordId
    clock: WatchClock | None
    held: list[WatchHolding]
    acts: list[WatchAct]
    may_urge: bool
    may_supervise: bool
    may_answer: bool


class WatchTablet(msgspec.Struct, frozen=True):
    """A tablet to ask after; `lag_ms`: how long its last work waited on it."""

    device: str
    short_code: str
    site: str
    last_seen_at: int | None
    silent: bool
    backlogged: bool
    wrong_clock: bool
    lag_ms: int | None


class WatchAsk(msgspec.Struct, forbid_unknown_fields=True):
    """Urge or supervise these records, to be answered in `days` working days (1, 2, 3 or 5)."""

    act: Literal["urge", "supervise"]
    records: Annotated[list[RecordId], Meta(min_length=1, max_length=dunning.AT_ONCE)]
    reason: Reason
    days: Literal[1, 2, 3, 5] = 2


class WatchSkipped(msgspec.Struct, frozen=True):
    """A record of which nothing was asked, and why."""

    record: RecordId
    sentence: str


class WatchAsked(msgspec.Struct, frozen=True):
    """What became of a selection."""

    asked: list[RecordId]
    skipped: list[WatchSkipped]


class WatchAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """The answer to what was asked."""

    answer: Reason


def _board(call: Call) -> WatchBoard:
    found = watch.board(call.desk, call.person, call.query.get("by", "township"), _cut(call))
    month = found.clean_month
    return WatchBoard(
        found.by, call.desk.county.now(), [_counts(one) for one in found.lines],
        _counts(found.total), None if month is None else f"{month:%Y-%m}",
        dict(found.clean_months),
    )  # fmt: skip


def _list(call: Call) -> WatchList:
    found = watch.listed(call.desk, call.person, _cut(call), _page(call))
    items = [_line(one) for one in found.items]
    return WatchList(items, found.total, found.page, found.pages)


def _story(call: Call) -> WatchStory:
    return _told(call, ids.parse_record(call.path["record"]))


def _ask(call: Call) -> WatchAsked:
    asked = call.body_as(WatchAsk)
    records = [ids.parse_record(one) for one in asked.records]
    done = dunning.ask(call.desk, call.person, asked.act, records, asked.reason, asked.days)
    return WatchAsked(
        [ids.record_text(one) for one in done.asked],
        [WatchSkipped(ids.record_text(one), why) for one, why in done.skipped],
    )


def _answer(call: Call) -> WatchStory:
    record = ids.parse_record(call.path["record"])
    dunning.answer(call.desk, call.person, record, call.body_as(WatchAnswer).answer)
    return _told(call, record)


def _tablets(call: Call) -> list[WatchTablet]:
    return [_tablet(one) for one in watch.unwell(call.desk, call.person)]


def _told(call: Call, record: bytes) -> WatchStory:
    found = dunning.story_of(call.desk, call.person, record)
    now = call.desk.county.now()
    return WatchStory(
        ids.record_text(record), None if found.clock is None else _clock(found.clock, now),
        [WatchHolding(*one) for one in found.held],
        [
            WatchAct(
                one.skeleton.act, one.skeleton.effective_at, one.skeleton.author,
                _text(one.data.get("supervision_answer")) or _text(one.data.get("reason")),
                _text(one.data.get("answer_by_on")) or None,
            )
            for one in found.asked
        ],
        found.may_urge, found.may_supervise, found.may_answer,
    )  # fmt: skip


def _cut(call: Call) -> Cut:
    query = call.query
    return Cut(
        query.get("kind", ""), query.get("township", ""), query.get("department"),
        query.get("site"), query.get("agent"), query.get("level", ""), query.get("state", ""),
    )  # fmt: skip


def _page(call: Call) -> int:
    text = call.query.get("page", "1")
    if not text.isdecimal() or not 1 <= int(text[:9]) <= 100_000:
        raise WrongParameter("参数 page 应为从 1 起的整数。")
    return int(text)


def _counts(tally: Tally) -> WatchCounts:
    return WatchCounts(*tally)


def _line(one: Watched) -> WatchLine:
    clock = _shown(one.row, int(one.level), one.level.label)
    return WatchLine(clock, one.record.state, one.record.slip, one.name, one.paused_for)


def _clock(row: WatchedRow, now: int) -> WatchClock:
    level = level_of(row, now)
    return _shown(row, int(level), level.label)


def _shown(row: WatchedRow, level: int, label: str) -> WatchClock:
    return WatchClock(
        record=ids.record_text(row.record), kind=row.kind, term=row.term,
        term_label=TERMS[row.term], level=level, level_label=label, item=row.item,
        due_on=day(row.due_on), provisional=bool(row.provisional), paused_on=_day(row.paused_on),
        site=row.site, holder=row.holder, breach_site=row.breach_site,
        breach_holder=row.breach_holder, blue_at=row.blue_at, yellow_at=row.yellow_at,
        red_at=row.red_at, black_at=row.black_at, dunned=row.dunned,
        answer_by_on=_day(row.answer_by_on), answered_on=_day(row.answered_on),
    )  # fmt: skip


def _tablet(one: Health) -> WatchTablet:
    device = one.device
    return WatchTablet(
        device.device.hex(), device.short_code, device.site, device.last_seen_at, one.is_silent,
        one.is_backlogged, one.has_wrong_clock, one.lag_ms,
    )  # fmt: skip


def _day(number: int | None) -> str | None:
    return None if number is None else day(number)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


_CUT = (
    Parameter("kind", "业务类型：case、proxy、complaint", schema={
        "type": "string", "enum": ["case", "proxy", "complaint"]}),
    Parameter("township", "乡镇站点编号"),
    Parameter("department", "主管部门，照事项目录；空串为未列部门"),
    Parameter("site", "承办站点；已超期的按超期时的站点"),
    Parameter("agent", "承办人，例如 agent:…；已超期的按超期时的承办人；空串为还没有承办人"),
    Parameter("level", "预警级别，0 到 4", schema={"type": "integer", "minimum": 0, "maximum": 4}),
    Parameter("state", "只看", schema={"type": "string", "enum": list(watch.STATE_WORDS)}),
)  # fmt: skip
_BY = Parameter("by", "按什么看", schema={"type": "string", "enum": list(watch.GROUPS)})
_PAGE = Parameter("page", "第几页，从 1 起", schema={"type": "integer", "minimum": 1})

ENDPOINTS = (
    Endpoint("GET", "/watch", "电子监察：各处的期限", WatchBoard, _board, parameters=(_BY, *_CUT)),
    Endpoint("GET", "/watch/list", "期限名单", WatchList, _list, parameters=(*_CUT, _PAGE)),
    Endpoint("GET", "/watch/tablets", "需要过问的平板", list[WatchTablet], _tablets),
    Endpoint("POST", "/watch/ask", "催办或督办", WatchAsked, _ask, body=WatchAsk),
    Endpoint("GET", "/records/{record}/watch", "一件的期限、承办和催办", WatchStory, _story),
    Endpoint(
        "POST", "/records/{record}/watch/answer", "答复催办或督办", WatchStory, _answer,
        body=WatchAnswer,
    ),
)  # fmt: skip

"""The endpoints of month close: months, sheets, steps, corrections, objections, bulletin, year."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec

from server import sight
from server.api.call import FLAG, Call, Endpoint, Parameter, WrongParameter
from server.api.messages import Ended
from server.bulletin.desk import BULLETIN_FORMS, YEAR_FORMS, bulletin_file, year_file, year_of
from server.bulletin.year import parse_through, parse_year
from server.months import closing, objecting
from server.months.corrections import Line
from server.months.sheets import Count, Objection, Sheet, parse_month, sums
from server.months.viewing import MonthView, listed, state_of, view

COUNTY_ONLY = frozenset({"M8"})
"""Figures a township's sheet does not show: a count of one would tell that somebody complained."""
MONTH: Mapping[str, object] = {"type": "string", "pattern": "^20[0-9]{2}-(0[1-9]|1[0-2])$"}


class MonthLine(msgspec.Struct, frozen=True):
    """A month with books, and how its sheet stands."""

    month: str
    state: str


class SheetCount(msgspec.Struct, frozen=True):
    """A frozen figure; `records` and `others` are SHA-256 over the ids behind it."""

    numerator: int
    denominator: int | None
    text: str
    records: str
    others: str


class CountParts(msgspec.Struct, frozen=True):
    """The counts of a figure; a plain count has no denominator."""

    numerator: int
    denominator: int | None


class ObjectionLine(msgspec.Struct, frozen=True):
    """An objection to a correction line; `answer` is upheld, dismissed, or '' (open)."""

    site: str
    figure: str
    on: str
    reason: str
    at: int
    answer: str
    answer_reason: str
    answered_at: int | None


class MonthSheet(msgspec.Struct, frozen=True):
    """A sheet, the county's (`site` '') or a township's; operations are hexadecimal ids."""

    site: str
    title: str
    state: str
    digest: str
    is_intact: bool
    frozen_at: int | None
    frozen_as: str
    signed_at: int | None
    signed_as: str
    published_at: int | None
    published_as: str
    figures: dict[str, SheetCount]


class MonthSum(msgspec.Struct, frozen=True):
    """A county's count beside the sum of its townships'."""

    figure: str
    label: str
    county: int
    townships: int
    agrees: bool


class MonthDetail(msgspec.Struct, frozen=True):
    """A month: what was frozen (`county` null: not closed) and what the ledger says today."""

    month: str
    state: str
    county: MonthSheet | None
    townships: list[MonthSheet]
    sums: list[MonthSum]
    today: dict[str, SheetCount]
    objections: list[ObjectionLine]


class CorrectionLine(msgspec.Struct, frozen=True):
    """How what arrived on a day changed a frozen figure."""

    figure: str
    label: str
    on: str | None
    before: CountParts
    after: CountParts
    records: int
    by_network: int
    is_proven: bool


class CloseMonth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Freeze a month that is over."""

    month: str


class SignMonth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sign the sheet of one's own township."""

    month: str
    note: str = ""


class PublishMonth(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Publish a month; `unsigned`: though townships have not signed."""

    month: str
    reason: str
    unsigned: bool = False


class ObjectToLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Object to a correction line of one's own township."""

    month: str
    figure: str
    on: str
    reason: str


class AnswerObjection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Answer a township's objection."""

    month: str
    site: str
    figure: str
    on: str
    reason: str
    upheld: bool


class PrintedPaper(msgspec.Struct, frozen=True):
    """A file; `content` is Base64."""

    name: str
    media_type: str
    content: bytes


class YearLine(msgspec.Struct, frozen=True):
    """A figure by month (null: not closed), its sum, the sum as corrected."""

    figure: str
    label: str
    months: list[CountParts | None]
    total: CountParts
    corrected: CountParts


class YearTownLine(msgspec.Struct, frozen=True):
    """A township's sums by figure, and its place by cases accepted (0: none accepted)."""

    site: str
    title: str
    place: int
    totals: dict[str, CountParts]


class YearSheet(msgspec.Struct, frozen=True):
    """January to `through` of a year from the closed months."""

    title: str
    year: int
    through: int
    missing: list[str]
    matters: int
    figures: list[YearLine]
    townships: list[YearTownLine]
    sums: list[MonthSum]


def _months(call: Call) -> list[MonthLine]:
    county = call.desk.county
    return [MonthLine(f"{one:%Y-%m}", state_of(county, one)) for one in listed(county)]


def _sheet(call: Call) -> MonthDetail:
    seen, month = _seen(call)
    by_county = call.person.role in sight.COUNTY_ROLES
    hidden = frozenset() if by_county else COUNTY_ONLY
    found = sums(seen.frozen, seen.parts) if seen.frozen else []
    return MonthDetail(
        month, seen.state, _shape(seen.frozen) if seen.frozen else None,
        [_shape(one, hidden) for one in seen.parts],
        [MonthSum(one.key, one.label, one.county, one.townships, one.agrees) for one in found],
        {key: _count(one) for key, one in seen.today.counts.items()},
        [_objection(sheet, one) for sheet, one in seen.objections],
    )  # fmt: skip


def _corrections(call: Call) -> list[CorrectionLine]:
    seen, _ = _seen(call)
    return [_line(one) for one in seen.block.lines]


def _close(call: Call) -> Ended:
    month = parse_month(call.body_as(CloseMonth).month)
    closing.freeze(call.desk.county, month, call.person)
    return Ended()


def _sign(call: Call) -> Ended:
    asked = call.body_as(SignMonth)
    closing.sign(call.desk.county, call.person, parse_month(asked.month), asked.note)
    return Ended()


def _publish(call: Call) -> Ended:
    asked = call.body_as(PublishMonth)
    month = parse_month(asked.month)
    closing.publish(
        call.desk.county, call.person, month, asked.reason, unsigned=asked.unsigned
    )  # fmt: skip
    return Ended()


def _object(call: Call) -> Ended:
    asked = call.body_as(ObjectToLine)
    objecting.raise_objection(
        call.desk.county, call.person, parse_month(asked.month), asked.figure, _day(asked.on),
        asked.reason,
    )  # fmt: skip
    return Ended()


def _answer(call: Call) -> Ended:
    asked = call.body_as(AnswerObjection)
    objecting.answer_objection(
        call.desk.county, call.person, parse_month(asked.month), asked.site, asked.figure,
        _day(asked.on), asked.reason, upheld=asked.upheld,
    )  # fmt: skip
    return Ended()


def _bulletin(call: Call) -> PrintedPaper:
    month = parse_month(call.query.get("month", ""))
    made = bulletin_file(
        call.desk.county, call.person, month, call.query.get("format", ""),
        draft=call.flag("draft"),
    )  # fmt: skip
    return PrintedPaper(made.title, made.media_type, made.content)


def _year(call: Call) -> YearSheet:
    table = year_of(call.desk.county, call.person, *_asked_year(call))
    return YearSheet(
        table.title, table.year, table.through, [f"{one:%Y-%m}" for one in table.missing],
        table.matters,
        [
            YearLine(row.key, row.label, [_pair(one) if one else None for one in row.cells],
                     _pair(row.total), _pair(row.corrected))
            for row in table.rows
        ],
        [
            YearTownLine(one.site, one.title, one.place,
                         {key: _pair(count) for key, count in one.totals.items()})
            for one in table.towns
        ],
        [MonthSum(one.key, one.label, one.county, one.townships, one.agrees) for one in table.sums],
    )  # fmt: skip


def _year_file(call: Call) -> PrintedPaper:
    year, through = _asked_year(call)
    form = call.query.get("format", "")
    made = year_file(call.desk.county, call.person, year, through, form)
    return PrintedPaper(made.title, made.media_type, made.content)


def _asked_year(call: Call) -> tuple[int, int]:
    year = parse_year(call.query.get("year", ""))
    return year, parse_through(call.query.get("through"), year, call.desk.county.today())


def _seen(call: Call) -> tuple[MonthView, str]:
    month = parse_month(call.query.get("month", ""))
    return view(call.desk.county, call.person, month), f"{month:%Y-%m}"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise WrongParameter("on 应为日期，例如 2026-11-05。") from error


def _shape(one: Sheet, hidden: frozenset[str] = frozenset()) -> MonthSheet:
    figures = {key: _count(count) for key, count in one.counts.items() if key not in hidden}
    return MonthSheet(
        one.site, one.title, one.state, one.digest, one.is_intact, one.closed_at, one.closed_as,
        one.signed_at, one.signed_as, one.published_at, one.published_as, figures,
    )  # fmt: skip


def _count(one: Count) -> SheetCount:
    return SheetCount(one.numerator, one.denominator, one.text, one.records, one.others)


def _pair(one: Count) -> CountParts:
    return CountParts(one.numerator, one.denominator)


def _line(one: Line) -> CorrectionLine:
    return CorrectionLine(
        one.key, one.label, one.on.isoformat() if one.on else None, _pair(one.before),
        _pair(one.after), len(one.records), one.by_network, one.is_proven,
    )  # fmt: skip


def _objection(sheet: Sheet, one: Objection) -> ObjectionLine:
    return ObjectionLine(
        sheet.site, one.key, one.on, one.reason, one.at, one.answer, one.answer_reason,
        one.answered_at,
    )  # fmt: skip


WHICH = Parameter("month", "月份，例如 2026-10", True, MONTH)
YEAR = (
    Parameter("year", "年份", True, {"type": "integer", "minimum": 2000, "maximum": 2099}),
    Parameter(
        "through", "截止月份，缺省为最近一个过完的月", schema={"type": "integer", "minimum": 1,
                                                               "maximum": 12},
    ),
)  # fmt: skip
DRAFT = Parameter("draft", "true：没有月结的月份给出带“草稿”字样的预览", schema=FLAG)


def _format(forms: tuple[str, ...]) -> Parameter:
    return Parameter("format", "文件格式", True, {"type": "string", "enum": list(forms)})


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("GET", "/months", "有账的月份", list[MonthLine], _months),
    Endpoint("GET", "/months/sheet", "一个月的月结表", MonthDetail, _sheet, parameters=(WHICH,)),
    Endpoint(
        "GET", "/months/corrections", "一个月的更正", list[CorrectionLine], _corrections,
        parameters=(WHICH,),
    ),
    Endpoint("POST", "/months/close", "冻结一个月", Ended, _close, CloseMonth),
    Endpoint("POST", "/months/sign", "本乡镇签字", Ended, _sign, SignMonth),
    Endpoint("POST", "/months/publish", "公布一个月", Ended, _publish, PublishMonth),
    Endpoint("POST", "/months/object", "对更正提出异议", Ended, _object, ObjectToLine),
    Endpoint("POST", "/months/answer", "答复异议", Ended, _answer, AnswerObjection),
    Endpoint(
        "GET", "/months/bulletin", "月通报文件", PrintedPaper, _bulletin,
        parameters=(WHICH, _format(BULLETIN_FORMS), DRAFT),
    ),
    Endpoint("GET", "/months/year", "年度考核表", YearSheet, _year, parameters=YEAR),
    Endpoint(
        "GET", "/months/year/file", "年度考核表文件", PrintedPaper, _year_file,
        parameters=(*YEAR, _format(YEAR_FORMS)),
    ),
)  # fmt: skip

"""Making a bulletin out of the frozen sheets of a month, or a draft out of today's ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from server.bulletin import words
from server.bulletin.content import (
    GROUPS,
    OTHERS,
    TOWN_KEYS,
    Bulletin,
    FigureGroup,
    FigureRow,
    LateRow,
    OverdueRow,
    SignRow,
    TownRow,
    cell_text,
    counts_text,
    group_of,
    places,
)
from server.county import County, Editions
from server.metrics.definitions import BY_KEY, DEFINITIONS, Definition, percent
from server.months import circumstances
from server.months.closing import NotClosed, require_kept
from server.months.sheets import (
    PUBLISHED,
    WAITING,
    Count,
    Sheet,
    frozen,
    last_day,
    report_of,
    sheet_of,
    sums,
)
from server.report import as_date
from server.storage import Tx
from shared.canonical import Value
from shared.civil import civil_date

DRAFT = "草稿"
FEN = "（分）"
NONE = "—"


def bulletin_of(county: County, month: date, *, draft: bool = False) -> Bulletin:
    """Return the bulletin of a frozen month. Raises NotClosed, MonthBeforeBooks.

    `draft`: of a month that is not frozen, from the ledger as it is now, without the townships.
    """
    with county.ledger.read() as tx:
        editions = county.editions(tx)
        require_kept(tx, month)
        whole, parts = frozen(tx, county, month, editions)
        if whole is None and not draft:
            raise NotClosed(
                f"{month:%Y-%m} 还没有月结，没有可通报的数字；请先月结，或下载带“草稿”字样的预览。"
            )
        if whole is None:
            whole = _now(tx, county, editions, month)
        return _made(whole, parts, month, _before(tx, county, editions, month, whole))


def _now(tx: Tx, county: County, editions: Editions, month: date) -> Sheet:
    """The county's sheet as the ledger has it now; nobody froze it. Raises NotClosed."""
    if month > county.today():
        raise NotClosed(f"{month:%Y-%m} 还没有开始，没有可预览的数字。")
    report = report_of(tx, county, editions, month, last_day(month))
    now = county.now()
    more = circumstances.gathered(tx, county, editions, month, report, now)
    sheet = sheet_of(report, county.home.config.name)
    return replace(sheet, counted_at=now, more=more)


def _before(
    tx: Tx, county: County, editions: Editions, month: date, whole: Sheet
) -> Mapping[str, Count] | None:
    """The month before, if it was frozen no later than this one: else a later freeze would change
    a paper that went out."""
    earlier = (month - timedelta(days=1)).replace(day=1)
    sheet, _ = frozen(tx, county, earlier, editions)
    if sheet is None or (whole.closed_at is not None and sheet.counted_at > whole.counted_at):
        return None
    return sheet.counts


def _made(
    whole: Sheet, parts: Sequence[Sheet], month: date, before: Mapping[str, Count] | None
) -> Bulletin:
    more, counts = whole.more, whole.counts
    named = _names(more)
    is_draft = not whole.closed_as
    issued = whole.published_at or whole.counted_at
    overdue, total = _overdue(more, counts)
    late = _late(more)
    return Bulletin(
        county=named.get("county", whole.title), office=named.get("office", whole.title),
        month=month, is_draft=is_draft, state=DRAFT if is_draft else _standing(whole),
        issued_on=civil_date(issued), made_at=whole.counted_at,
        digest=whole.digest, operation=whole.closed_as,
        summary=words.summary(month, counts, before, more),
        groups=_groups(counts, before), has_before=before is not None,
        towns=_towns(parts, named), whole={key: counts[key] for key in TOWN_KEYS if key in counts},
        sums=tuple(sums(whole, parts)) if parts else (), town_notes=_town_notes(parts),
        overdue=overdue, overdue_note=_overdue_note(len(overdue), total),
        complaints=words.complaints(counts),
        late=late, late_note=_late_note(more, late),
        signs=_signs(whole, parts, named), sign_note=_sign_note(whole, parts, named),
    )  # fmt: skip


def _standing(whole: Sheet) -> str:
    return "已公布" if whole.state == PUBLISHED else "已冻结，尚未公布"


def _names(more: Mapping[str, Value]) -> dict[str, str]:
    named = more.get("named")
    return {key: str(name) for key, name in named.items()} if isinstance(named, dict) else {}


def _lines(more: Mapping[str, Value], name: str) -> list[list[Value]]:
    found = more.get(name)
    return [one for one in found if isinstance(one, list)] if isinstance(found, list) else []


def _groups(
    counts: Mapping[str, Count], before: Mapping[str, Count] | None
) -> tuple[FigureGroup, ...]:
    rows: dict[str, list[FigureRow]] = {}
    for definition in DEFINITIONS:
        if definition.key in counts:
            row = _figure(definition, counts[definition.key], before)
            rows.setdefault(group_of(definition.key), []).append(row)
    order = [*(label for label, _ in GROUPS), OTHERS]
    return tuple(FigureGroup(label, tuple(rows[label])) for label in order if label in rows)


def _figure(
    definition: Definition, count: Count, before: Mapping[str, Count] | None
) -> FigureRow:  # fmt: skip
    below, then = count.denominator, before.get(definition.key) if before else None
    value: float | int | None = count.numerator
    if below is not None:
        value = count.numerator / below if below else None
    text = cell_text(definition, count)
    if text == NONE:  # over nothing, or what this county does not record
        value = None
    elif definition.show == "days" and below:
        value = float(text)  # its numerator is in another unit (milliseconds)
    if definition.label.endswith(FEN):
        return _money(definition, count, then)
    return FigureRow(
        definition.key, definition.label, text, counts_text(definition, count), value,
        count.numerator, below, definition.is_rate,
        before=cell_text(definition, then) if then else "",
        change=_change(definition, count, then) if then else "",
    )  # fmt: skip


def _money(definition: Definition, count: Count, then: Count | None) -> FigureRow:
    """A sum of money: papers say it in yuan."""
    change = count.numerator - then.numerator if then else 0
    return FigureRow(
        definition.key, definition.label.replace(FEN, "（元）"), _yuan(count.numerator), "",
        count.numerator / 100, count.numerator, None, is_rate=False,
        before=_yuan(then.numerator) if then else "",
        change=f"{'+' if change > 0 else ''}{_yuan(change) if change else 0}" if then else "",
    )  # fmt: skip


def _yuan(fen: int) -> str:
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def _change(definition: Definition, count: Count, then: Count) -> str:
    """The difference to the month before: counts as counts, rates in percentage points."""
    if NONE in (count.text, then.text):
        return ""
    if count.denominator is None and then.denominator is None:
        change = count.numerator - then.numerator
        return f"{change:+d}".replace("-", "−") if change else "0"
    if not definition.is_rate or not count.denominator or not then.denominator:
        return ""
    top = count.numerator * then.denominator - then.numerator * count.denominator
    below = count.denominator * then.denominator
    if not top:
        return "0"
    return f"{'+' if top > 0 else '−'}{percent(abs(top), below)[:-1]}个百分点"


def _towns(parts: Sequence[Sheet], named: Mapping[str, str]) -> tuple[TownRow, ...]:
    held = [one for one in parts if "M2" in one.counts]
    by_count = places([one.counts["M2"].numerator for one in held])
    return tuple(
        TownRow(
            one.site, named.get(one.site, one.title), place,
            {key: one.counts[key] for key in TOWN_KEYS if key in one.counts},
        )
        for one, place in zip(held, by_count, strict=True)
    )  # fmt: skip


def _town_notes(parts: Sequence[Sheet]) -> tuple[str, ...]:
    if not parts:
        return ("各乡镇的数字在月结时冻结，本表待月结后列出。",)
    ranking = "名次只按乡镇受理件数在县内排列，件数相同的并列，没有受理的不排；"
    ranking += "比例不排名次，件数少的乡镇差一件就相差很多。"
    return (ranking, "各乡镇含所辖村（社区）。办件与代办分开计，不相加。")


def _overdue(
    more: Mapping[str, Value], counts: Mapping[str, Count]
) -> tuple[tuple[OverdueRow, ...], int]:
    named = _names(more)
    rows = []
    for number, due, _, site, closed, record in _lines(more, "overdue"):
        due_on = as_date(due) if isinstance(due, int) and due else None
        rows.append(
            OverdueRow(str(number), str(record), named.get(str(site), str(site)), due_on,
                       closed is True)
        )  # fmt: skip
    both = counts.get("M4_open")
    total = (both.denominator or 0) - both.numerator if both else len(rows)
    return tuple(rows), total


def _overdue_note(listed: int, total: int) -> str:
    if not total:
        return "本月没有逾期办结的办件，月末也没有超期未办结的办件。"
    said = f"逾期办结和月末超期未办结的办件共{total}件，按期限先后列出。"
    if listed < total:
        said += f"此处列前{listed}件，其余在县级控制台“电子监察”中查看。"
    return said


def _late(more: Mapping[str, Value]) -> tuple[LateRow, ...]:
    found = []
    for month, key, on, before, after, records, network in _lines(more, "late"):
        definition = BY_KEY.get(str(key))
        if definition is None or key not in (*TOWN_KEYS, "M4_open", "M8"):
            continue  # the others change with these, and stand on the month's own page
        found.append(
            LateRow(
                str(month), definition.label, str(on) or "—", _pair(definition, before),
                _pair(definition, after), _int(records), _int(network),
            )
        )  # fmt: skip
    return tuple(found)


def _pair(definition: Definition, counts: Value) -> str:
    numerator, below = counts if isinstance(counts, list) else (0, None)
    top = _int(numerator)
    if not isinstance(below, int):
        return str(top)
    return f"{percent(top, below)}\n{top}/{below}" if definition.is_rate else f"{top}/{below}"


def _int(value: Value) -> int:
    return value if isinstance(value, int) else 0


def _late_note(more: Mapping[str, Value], late: Sequence[LateRow]) -> str:
    back = circumstances.LOOKED_BACK
    if "late" not in more:
        return "本表冻结时没有核对以前月份的更正。"
    if not late:
        return f"上次通报以来，前{back}个月的数字没有更正。"
    return (
        f"上次通报以来，前{back}个月有下列更正；已公布的数字不改，更正另列。"
        "“因网络迟到”指当月已经登记、因没有网络才晚到县里的，不是经办人补登。"
    )


def _signs(
    whole: Sheet, parts: Sequence[Sheet], named: Mapping[str, str]
) -> tuple[SignRow, ...]:  # fmt: skip
    """The acts that stand behind the paper; what came after it was published is not its matter."""
    if not whole.closed_as:
        return ()
    county = named.get("county", whole.title)
    rows = [SignRow(county, "冻结", whole.closed_at, whole.closed_as, whole.digest)]
    for one in parts:
        signed = one.signed_at is not None and _in_time(whole, one.signed_at)
        rows.append(
            SignRow(
                named.get(one.site, one.title), "签字确认" if signed else "未签字",
                one.signed_at if signed else None, one.signed_as if signed else "", one.digest,
            )
        )  # fmt: skip
    if whole.published_at is not None:
        rows.append(SignRow(county, "公布", whole.published_at, whole.published_as, whole.digest))
    return tuple(rows)


def _in_time(whole: Sheet, signed_at: int) -> bool:
    return whole.published_at is None or signed_at <= whole.published_at


def _sign_note(whole: Sheet, parts: Sequence[Sheet], named: Mapping[str, str]) -> str:
    if not whole.closed_as:
        return "草稿取自此刻的台账，没有冻结，没有签字，数字还会变，不得引用。"
    missing = [
        named.get(one.site, one.title)
        for one in parts
        if one.state == WAITING or (one.signed_at and not _in_time(whole, one.signed_at))
    ]
    if not missing:
        return "各乡镇均已签字确认。"
    some = "、".join(missing[:8]) + (f"等{len(missing)}个乡镇" if len(missing) > 8 else "")
    said = f"未签字：{some}。"
    return said + f"公布理由：{whole.reason}。" if whole.published_at else said

"""The sheets of a month: one of the county and one of every township, counted or frozen.

A frozen sheet is the data of a signed county operation on a record whose id follows from month and
site. Beside each count stands the SHA-256 of the sorted ids of the records behind it, so that what
was counted can be proven later though the list itself is not kept.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from server.cards import card_fields
from server.county import County, Editions
from server.metrics.definitions import BY_KEY, shown
from server.metrics.figure import Figure
from server.report import Report, make_report
from server.storage import Tx
from shared import canonical, ids
from shared.canonical import Value
from shared.errors import Misuse
from shared.fold import Entry, fold
from shared.operation import Operation
from shared.record import Effect
from shared.regions import Level
from shared.sites import Site

KIND = "month_close"
WAITING, SIGNED, PUBLISHED = "待签", "已签", "已公布"
SUMMED = ("M1", "M2", "M3", "M4", "M4_open", "M6", "M7")
"""Figures of which the townships' counts have to add up to the county's: each matter belongs to one
site below a township. A complaint may concern two townships (M8) and is shown, not required."""
OBJECTING = ("amend", "correct_record")
"""The acts an objection is written with: of an open sheet, and of a published one."""
OBJECTED, UPHELD, DISMISSED = "objected", "upheld", "dismissed"
ANSWERS = (UPHELD, DISMISSED)
_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")


class WrongMonth(Misuse):
    """A text that is no month."""


@dataclass(frozen=True, slots=True)
class Count:
    """A figure as it was frozen; `denominator` is None for a count."""

    numerator: int
    denominator: int | None
    records: str
    """SHA-256 (hex) over the ids behind the numerator, `others` over the rest of a denominator."""
    others: str
    extra: Mapping[str, int] = field(default_factory=dict)
    text: str = ""
    """How the report shows it; '' for what lies between two reports."""

    def plain(self) -> list[Value]:
        """Return the form in the operation."""
        return [
            self.numerator, self.denominator, self.records, self.others, dict(self.extra), self.text
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Objection:
    """A township objects to a correction line (`key`, arrived `on`) of its month: the network was
    late, not its people. `answer` is '' until the county has answered."""

    key: str
    on: str
    reason: str
    by: str
    at: int
    answer: str = ""
    answer_reason: str = ""
    answered_by: str = ""
    answered_at: int | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """The figures of one site for one month. `site` is '' for the county."""

    site: str
    title: str
    counts: Mapping[str, Count]
    state: str = ""
    """'' for a sheet that is not frozen."""
    signed_by: str = ""
    signed_at: int | None = None
    closed_by: str = ""
    closed_at: int | None = None
    published_by: str = ""
    published_at: int | None = None
    reason: str = ""
    """Why it was published, or published without a signature."""
    counted_at: int = 0
    """Unix ms; what reached the county later is a correction."""
    digest: str = ""
    closed_as: str = ""
    """The operation that froze it (hex), `signed_as` and `published_as` those that followed."""
    signed_as: str = ""
    published_as: str = ""
    is_intact: bool = True
    """The figures are those the digest was made over."""
    more: Mapping[str, Value] = field(default_factory=dict)
    """County only: what `server.months.circumstances` gathered, by name."""
    objections: tuple[Objection, ...] = ()


def parse_month(text: str) -> date:
    """Return the first day of a month such as 2026-10; raise WrongMonth."""
    if not _MONTH.fullmatch(text):
        raise WrongMonth("月份请写成 2026-10 的样子。")
    return date(int(text[:4]), int(text[5:]), 1)


def next_month(month: date) -> date:
    """Return the first day of the following month."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def last_day(month: date) -> date:
    """Return the last day of a month."""
    return next_month(month) - timedelta(days=1)


def months_between(first: date, last: date) -> list[date]:
    """Return the first days of these months, both ends included."""
    found = [first]
    while found[-1] < last:
        found.append(next_month(found[-1]))
    return found


def record_of(code: int, month: date, site: str = "") -> bytes:
    """Return the id of the month's record of a township, or of the county ('')."""
    parts = [code.to_bytes(4, "big"), month.isoformat().encode()]
    if site:
        parts.append(site.encode())
    return ids.uuid8(KIND, *parts)


def townships(editions: Editions) -> list[Site]:
    """Return the county's townships in the order of the roll."""
    return [site for site in editions.sites.sites if site.level is Level.TOWNSHIP]


def digest_of(records: Iterable[bytes]) -> str:
    """Return the fingerprint of a list of records, whatever its order."""
    return hashlib.sha256(b"".join(sorted(records))).hexdigest()


def count_of(key: str, figure: Figure) -> Count:
    """Return the figure of a key as it is frozen."""
    return Count(
        figure.numerator, figure.denominator, digest_of(figure.records), digest_of(figure.others),
        dict(figure.extra), shown(BY_KEY[key], figure),
    )  # fmt: skip


def report_of(
    tx: Tx, county: County, editions: Editions, from_on: date, to_on: date, site: str = ""
) -> Report:
    """Return what the ledger says now of a period."""
    return make_report(
        tx, editions.sites, from_on, to_on, fields=card_fields, today=county.today(),
        site=site or None,
    )  # fmt: skip


def sheet_of(report: Report, title: str) -> Sheet:
    """Return a report as a sheet that nobody froze."""
    counts = {key: count_of(key, figure) for key, figure in report.figures.items()}
    return Sheet(report.site.id if report.site else "", title, counts)


def figures_digest(figures: Value) -> str:
    """Return the digest over a sheet's figures."""
    return hashlib.sha256(canonical.encode(figures)).hexdigest()


def frozen(
    tx: Tx, county: County, month: date, editions: Editions
) -> tuple[Sheet | None, list[Sheet]]:
    """Return the county's frozen sheet (None: the month is not closed) and the townships'."""
    titles = {"": county.home.config.name}
    titles |= {site.id: site.title for site in townships(editions)}
    wanted = {site: record_of(county.code, month, site) for site in titles}
    entries = tx.operations_of(list(wanted.values()))
    sheets = [
        _read(titles[site], site, entries[record])
        for site, record in wanted.items()
        if entries[record]
    ]
    whole = next((one for one in sheets if not one.site), None)
    return whole, [one for one in sheets if one.site]


def _read(title: str, site: str, entries: Sequence[Entry]) -> Sheet:
    folded = fold(entries)
    done = {entry.operation.id: entry.operation for entry in entries}
    acts = {effect.act: done[effect.operation] for effect in folded.history}
    close, sign, publish = (acts.get(act) for act in ("freeze", "sign", "publish"))
    assert close is not None
    figures = close.data["figures"]
    assert isinstance(figures, dict)
    counted_at = figures.get("counted_at")
    return Sheet(
        site, title,
        _counts(figures),
        state=folded.state or "",
        signed_by=sign.skeleton.author if sign else "",
        signed_at=sign.skeleton.effective_at if sign else None,
        closed_by=close.skeleton.author,
        closed_at=close.skeleton.effective_at,
        published_by=publish.skeleton.author if publish else "",
        published_at=publish.skeleton.effective_at if publish else None,
        reason=str((publish.data.get("reason") if publish else "") or ""),
        counted_at=counted_at if isinstance(counted_at, int) else close.skeleton.effective_at,
        digest=str(close.data.get("digest") or ""),
        closed_as=close.id.hex(),
        signed_as=sign.id.hex() if sign else "",
        published_as=publish.id.hex() if publish else "",
        is_intact=figures_digest(figures) == close.data.get("digest"),
        more={name: value for name, value in figures.items() if name not in BY_KEY},
        objections=_objections(folded.history, done),
    )  # fmt: skip


def _objections(
    history: Iterable[Effect], done: Mapping[bytes, Operation]
) -> tuple[Objection, ...]:
    """What was objected and answered on a sheet, in the order of the acts."""
    found: dict[tuple[str, str], Objection] = {}
    for effect in history:
        act = done[effect.operation]
        parts = str(act.data.get("reason_code") or "").split(":")
        if effect.act not in OBJECTING or len(parts) != 3:
            continue
        what, key, on = parts
        reason, by = str(act.data.get("reason") or ""), act.skeleton.author
        at = act.skeleton.effective_at
        if what == OBJECTED:
            found.setdefault((key, on), Objection(key, on, reason, by, at))
        elif what in ANSWERS and (key, on) in found:
            found[key, on] = replace(
                found[key, on], answer=what, answer_reason=reason, answered_by=by, answered_at=at
            )
    return tuple(found.values())


def _counts(figures: Mapping[str, Value]) -> dict[str, Count]:
    return {key: _count(value) for key, value in figures.items() if key in BY_KEY}


def _count(value: Value) -> Count:
    assert isinstance(value, list)
    numerator, denominator, records, others, extra, text = value
    assert isinstance(numerator, int)
    assert denominator is None or isinstance(denominator, int)
    assert isinstance(extra, dict)
    kept = {name: number for name, number in extra.items() if isinstance(number, int)}
    return Count(numerator, denominator, str(records), str(others), kept, str(text))


@dataclass(frozen=True, slots=True)
class Sum:
    """One reconciliation line: the county's count beside the sum of its townships'."""

    key: str
    label: str
    county: int
    townships: int
    required: bool

    @property
    def agrees(self) -> bool:
        """Whether the sum is the county's count."""
        return self.county == self.townships


def sums(whole: Sheet, parts: Sequence[Sheet]) -> list[Sum]:
    """Return the reconciliation of townships and county; a rate is compared in both its counts."""
    found: list[Sum] = []
    for key in SUMMED:
        count = whole.counts.get(key)
        if count is None:
            continue
        label = BY_KEY[key].label
        theirs = [part.counts[key] for part in parts]
        below = [one.denominator or 0 for one in theirs]
        if count.denominator is None:
            found.append(Sum(key, label, count.numerator, _numerators(theirs), True))
        else:
            found.append(Sum(key, f"{label}·分子", count.numerator, _numerators(theirs), True))
            found.append(Sum(key, f"{label}·分母", count.denominator, sum(below), True))
    return found


def _numerators(counts: Iterable[Count]) -> int:
    return sum(one.numerator for one in counts)

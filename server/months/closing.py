"""Closing a month: freezing its figures, the townships' signatures, publishing.

Each step is an operation of the county. The core freezes on the fourth day of the next month by
itself (`server.due`); who may publish may freeze earlier, once the month is over. Frozen figures
never change: what arrives later stands beside them (`server.months.corrections`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from server import sight, steward
from server.accounts import Person
from server.county import County, Editions
from server.months import circumstances
from server.months.sheets import (
    KIND,
    SIGNED,
    WAITING,
    Sheet,
    count_of,
    figures_digest,
    frozen,
    last_day,
    next_month,
    record_of,
    report_of,
    sums,
    townships,
)
from server.report import Report
from server.steward import Draft
from server.storage import Tx
from shared.canonical import Value
from shared.civil import civil_date
from shared.errors import Misuse, Refused
from shared.permissions import Capability


class MonthRunning(Refused):
    """A month that is not over cannot be frozen."""


class MonthBeforeBooks(Refused):
    """The county kept no books yet in this month."""


class AlreadyClosed(Refused):
    """The month is frozen, signed or published already."""


class NotClosed(Refused):
    """The month is not frozen yet, or its sheet is not signed."""


class SumsDiffer(Refused):
    """What was frozen does not agree with itself, so it is not published."""


class ReasonMissing(Misuse):
    """Publishing is said with a reason."""


@dataclass(frozen=True, slots=True)
class Figures:
    """All sheets of a month as the operations will hold them; '' is the county."""

    by_site: Mapping[str, dict[str, Value]]


def begun(tx: Tx) -> date:
    """Return the first day of the month in which the county's books begin."""
    return civil_date(tx.county_head().created_at).replace(day=1)


def require_kept(tx: Tx, month: date) -> None:
    """Raise MonthBeforeBooks for a month before the county's books."""
    if month < begun(tx):
        raise MonthBeforeBooks(f"县库从 {begun(tx):%Y-%m} 起记账，{month:%Y-%m} 没有可月结的数据。")


def freeze(county: County, month: date, person: Person | None = None) -> bool:
    """Freeze the county's and every township's figures; False where the month is frozen.

    `person` None: the core itself. Raises NotAllowed, MonthRunning, MonthBeforeBooks; for a person
    AlreadyClosed instead of False.
    """
    with county.ledger.read() as tx:
        editions = county.editions(tx)
        if person is not None:
            _require(person, editions, Capability.PUBLISH_MONTH, editions.centre)
        _require_over(county, tx, month)
        whole, _ = frozen(tx, county, month, editions)
        figures = None if whole else _figures(tx, county, editions, month)
    done = figures is not None and county.ledger.writing(
        lambda tx: _write(tx, county, month, figures, person)
    )
    if not done and person is not None:
        raise AlreadyClosed(f"{month:%Y-%m} 已经月结，冻结的数字不再改变；迟到的记录见更正。")
    return done


def sign(county: County, person: Person, month: date, note: str = "") -> None:
    """Sign the sheet of the person's own township. Raises NotAllowed, NotClosed, AlreadyClosed.

    With the last township's signature the county's sheet counts as signed.
    """

    def step(tx: Tx) -> None:
        editions = county.editions(tx)
        site = editions.township_of(person.site)
        _require(person, editions, Capability.SIGN_MONTH, person.site)
        whole, parts = _locked(tx, county, month, editions)
        mine = next((one for one in parts if one.site == site), None)
        if mine is None:
            raise NotClosed(f"{month:%Y-%m} 没有您乡镇的月结表，请与县督查核对。")
        if mine.state != WAITING:
            raise AlreadyClosed(f"{mine.title} {month:%Y-%m} 的月结表已经签过字，不用再签。")
        data: dict[str, Value] = {"reason": note.strip() or "核对无误"}
        drafts = [
            _next(tx, record_of(county.code, month, site), "sign", data, person.author, person.site)
        ]
        others = [one for one in parts if one.site != site]
        if whole.state == WAITING and all(one.state != WAITING for one in others):
            said: dict[str, Value] = {"reason": "各乡镇均已签字"}
            drafts.append(_next(tx, record_of(county.code, month, ""), "sign", said, steward.SYSTEM,
                                editions.centre))  # fmt: skip
        steward.write(tx, county, drafts)

    county.ledger.writing(step)


def publish(
    county: County, person: Person, month: date, reason: str, *, unsigned: bool = False
) -> None:
    """Publish the county's sheet and every signed one.

    `unsigned`: publish though some townships have not signed; the bulletin names them. Raises
    NotAllowed, NotClosed, AlreadyClosed, SumsDiffer, ReasonMissing.
    """

    def step(tx: Tx) -> None:
        editions = county.editions(tx)
        _require(person, editions, Capability.PUBLISH_MONTH, editions.centre)
        if not reason.strip():
            raise ReasonMissing("请写明公布的理由或依据，它会记入操作。")
        whole, parts = _locked(tx, county, month, editions)
        if whole.state not in (WAITING, SIGNED):
            raise AlreadyClosed(f"{month:%Y-%m} 已经公布，不能再公布一次。")
        _require_sound(whole, parts)
        missing = [one.title for one in parts if one.state == WAITING]
        if missing and not unsigned:
            raise NotClosed(
                f"还有 {len(missing)} 个乡镇没有签字：{_some(missing)}。"
                "请等签字后再公布，或写明理由选择“缺签公布”。"
            )
        data: dict[str, Value] = {"reason": reason.strip()}
        if whole.state == WAITING:
            own = record_of(county.code, month)
            draft = _next(tx, own, "sign", data, person.author, editions.centre)
            steward.write(tx, county, [draft])
        sites = ["", *(one.site for one in parts if one.state == SIGNED)]
        steward.write(
            tx, county,
            [_next(tx, record_of(county.code, month, site), "publish", data, person.author,
                   editions.centre) for site in sites],
        )  # fmt: skip

    county.ledger.writing(step)


def may_publish(person: Person, editions: Editions) -> bool:
    """Whether the person may freeze and publish."""
    return sight.over_site(
        person, editions, Capability.PUBLISH_MONTH, editions.centre
    ).allowed  # fmt: skip


def may_sign(person: Person, editions: Editions) -> bool:
    """Whether the person may sign the sheet of the township of their own."""
    has_township = bool(editions.township_of(person.site))
    return (
        has_township
        and sight.over_site(person, editions, Capability.SIGN_MONTH, person.site).allowed
    )


def _require(person: Person, editions: Editions, capability: Capability, site: str) -> None:
    decision = sight.over_site(person, editions, capability, site)
    if not decision.allowed:
        raise sight.NotAllowed(decision.reason)


def _require_over(county: County, tx: Tx, month: date) -> None:
    if next_month(month) > county.today():
        raise MonthRunning(
            f"{month:%Y-%m} 还没有结束，请在 {next_month(month)} 及以后月结。"
        )  # fmt: skip
    require_kept(tx, month)


def _require_sound(whole: Sheet, parts: list[Sheet]) -> None:
    broken = [one.title for one in (whole, *parts) if not one.is_intact]
    if broken:
        raise SumsDiffer(f"{_some(broken)}的冻结数字与指纹不符，请先运行 bianmin county verify。")
    wrong = [one.label for one in sums(whole, parts) if one.required and not one.agrees]
    if wrong:
        raise SumsDiffer(f"各乡镇之和与全县不符：{_some(wrong)}。请核对站点名册后再公布。")


def _some(names: list[str]) -> str:
    return "、".join(names[:5]) + ("等" if len(names) > 5 else "")


def _figures(tx: Tx, county: County, editions: Editions, month: date) -> Figures:
    """Count every sheet of the month in one view of the ledger."""
    counted_at, last = county.now(), last_day(month)
    reports: dict[str, Report] = {
        site: report_of(tx, county, editions, month, last, site)
        for site in ("", *(one.id for one in townships(editions)))
    }
    by_site: dict[str, dict[str, Value]] = {}
    for site, report in reports.items():
        by_site[site] = {key: count_of(key, one).plain() for key, one in report.figures.items()}
        by_site[site]["counted_at"] = counted_at
    by_site[""] |= circumstances.gathered(tx, county, editions, month, reports[""], counted_at)
    return Figures(by_site)


def _write(
    tx: Tx, county: County, month: date, figures: Figures | None, person: Person | None
) -> bool:
    assert figures is not None
    editions = county.editions(tx)
    tx.lock_records([record_of(county.code, month)])
    if tx.operations_of([record_of(county.code, month)])[record_of(county.code, month)]:
        return False
    drafts = []
    for site, values in figures.by_site.items():
        data: dict[str, Value] = {
            "month": f"{month:%Y-%m}", "figures": values, "digest": figures_digest(values),
        }  # fmt: skip
        if site:
            data["site"] = site
        drafts.append(
            Draft(
                record_of(county.code, month, site), KIND, "freeze", data,
                author=person.author if person else steward.SYSTEM, site=editions.centre,
            )
        )  # fmt: skip
    steward.write(tx, county, drafts)
    return True


def _locked(
    tx: Tx, county: County, month: date, editions: Editions
) -> tuple[Sheet, list[Sheet]]:  # fmt: skip
    """Lock the month for this transaction and return its sheets; raise NotClosed."""
    tx.lock_records([record_of(county.code, month)])
    whole, parts = frozen(tx, county, month, editions)
    if whole is None:
        raise NotClosed(f"{month:%Y-%m} 还没有月结，请先冻结数字。")
    return whole, parts


def _next(
    tx: Tx, record: bytes, act: str, data: dict[str, Value], author: str, at_site: str
) -> Draft:
    entries = tx.operations_of([record])[record]
    heads = {entry.operation.id for entry in entries}
    for entry in entries:
        heads -= set(entry.operation.skeleton.parents)
    return Draft(record, KIND, act, data, tuple(sorted(heads)), author, at_site)

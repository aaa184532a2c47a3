"""The year before, new centres, joint and online work, people: M16, M29, M30, M33, M34, N1.

Choices where DOMAIN.md leaves one:
* M16: the same calendar days a year before; 可比口径 are the sites that held a region code on the
  first and last day of both; where nothing was counted a year before there is nothing to compare;
* M29: a centre is new in the calendar year of the period's last day, if its first region code
  began in it; the other centres are M2 and M3 less these;
* M30: 并联 are cases marked as such; 网上 is the channel online, at every level;
* M34: people with a posting on the period's last day (today, where it is not over).
What nobody records is said so and never guessed (`missing`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from server.county import day_number
from server.metrics.cases import Case
from server.metrics.counting import consultations
from server.metrics.facts import Facts
from server.metrics.figure import Figure, Scope, counted
from server.storage.rows import Posting
from shared.regions import Level
from shared.sites import Site, SiteEdition

ONLINE = "online"
NOTHING_BEFORE = "去年同期没有记录，无从比较"
UNRECORDED: Mapping[str, str] = {
    "M30_led": "没有“领办”的登记项",
    "M33": "系统不登记培训",
    "N1": "平板不上报未上传的件数；长时间没有联系的平板见设备页",
}


def compared(
    now: Iterable[Case], before: Iterable[Case], periods: Sequence[tuple[date, date]],
    standing: Collection[str],
) -> dict[str, Figure]:  # fmt: skip
    """Return M16 of received, accepted and closed; `periods` are this one and the year before."""
    mine, theirs = (
        _flows(some, day_number(first), day_number(last))
        for some, (first, last) in zip((now, before), periods, strict=True)
    )
    return {key: _difference(mine[key], theirs[key], standing) for key in mine}


def standing_sites(sites: SiteEdition, days: Sequence[date]) -> frozenset[str]:
    """Return the sites that held a region code on each of these days."""
    return frozenset(one.id for one in sites.sites if all(one.code_on(day) for day in days))


def centres_new(sites: SiteEdition, to_on: date) -> frozenset[str]:
    """Return the township centres that are new in the year of a day."""
    towns = (one for one in sites.sites if one.level is Level.TOWNSHIP)
    return frozenset(one.id for one in towns if _is_new(one, to_on))


def _flows(cases: Iterable[Case], from_on: int, to_on: int) -> dict[str, list[Case]]:
    found: dict[str, list[Case]] = {"M16": [], "M16_accepted": [], "M16_closed": []}
    for case in cases:
        for key, on in zip(
            found, (case.received_on, case.accepted_on, case.closed_on), strict=True
        ):
            if on is not None and from_on <= on <= to_on:
                found[key].append(case)
    return found


def _difference(now: list[Case], before: list[Case], standing: Collection[str]) -> Figure:
    below = tuple(case.record for case in before)
    extra = {"now": len(now), "before": len(before)}
    if not before:
        return Figure(0, 0, tuple(case.record for case in now), extra=extra, missing=NOTHING_BEFORE)
    alike = [sum(1 for case in some if case.site in standing) for some in (now, before)]
    return Figure(
        len(now) - len(before), None, tuple(case.record for case in now),
        extra={**extra, "comparable": alike[0] - alike[1]}, below=below,
    )  # fmt: skip


def new_centres(
    accepted: Iterable[Case], closed: Iterable[Case], fresh: Collection[str], scope: Scope
) -> dict[str, Figure]:
    """Return M29: accepted and closed at the centres that are new (`fresh`)."""
    extra = {"centres": sum(1 for one in fresh if scope.holds(one))}
    return {
        "M29": counted((case.record for case in accepted if case.site in fresh), extra),
        "M29_closed": counted((case.record for case in closed if case.site in fresh), extra),
    }


def _is_new(site: Site, to_on: date) -> bool:
    if not site.codes:
        return False
    first = min(code.valid_from for code in site.codes)
    return first.year == to_on.year and first <= to_on


def by_kind(facts: Facts, closed: Iterable[Case], scope: Scope) -> dict[str, Figure]:
    """Return M30: joint cases closed, consultations and complaints that came online."""

    def is_online(record: bytes) -> bool:
        return facts.fields.get(record, {}).get("channel") == ONLINE

    return {
        "M30": counted(case.record for case in closed if case.values.get("joint") is True),
        "M30_asked": counted(
            fact.record for fact in consultations(facts, scope) if is_online(fact.record)
        ),
        "M30_complained": counted(
            fact.record for fact in facts.complaints
            if scope.holds(fact.site) and is_online(fact.record)
            and scope.takes(facts.fields.get(fact.record, {}))
        ),
    }  # fmt: skip


def people(postings: Iterable[Posting], on: date, scope: Scope) -> Figure:
    """Return M34: who is posted on a day, each once, with the sites and departments they fill."""
    day = day_number(on)
    running = [
        one for one in postings
        if scope.holds(one.site) and one.from_on <= day and (one.to_on is None or day <= one.to_on)
    ]  # fmt: skip
    names = tuple(dict.fromkeys(one.person for one in running))
    extra = {
        "units": len({one.site for one in running}),
        "departments": len({one.department for one in running if one.department}),
    }
    return Figure(len(names), extra=extra, things=names)


def unrecorded() -> dict[str, Figure]:
    """Return the figures whose facts nobody records, each with its reason."""
    return {key: Figure(0, 0, missing=reason) for key, reason in UNRECORDED.items()}

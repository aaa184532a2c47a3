"""The county's figures once more, from a flat list of acts and nothing of the server.

Every question is answered the slow and plain way: the acts of each matter are put together and
looked at day by day. Where this and the server disagree, one of them misread DOMAIN.md §2.2.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from tests.tools.recompute_acts import (
    DAY_MS,
    ENDS,
    HOUR_MS,
    STARTS,
    Act,
    Case,
    Counts,
    Matter,
    Question,
)


def recompute(acts: Iterable[Act], question: Question) -> dict[str, Counts]:
    """Return (numerator, denominator) of each figure; of a mean the exact sum and the number."""
    lives: dict[str, list[Act]] = {}
    for act in acts:
        lives.setdefault(act["record"], []).append(act)
    matters = {name: Matter(life) for name, life in lives.items() if life[-1]["state"] != "作废"}
    matters = {n: m for n, m in matters.items() if m.values.get("practice") is not True}
    known = matters
    matters = {name: m for name, m in matters.items() if m.state != "已并入"}
    cases = [Case(m.acts, question) for m in matters.values() if m.kind == "case"]
    mine = [c for c in cases if c.level == "township" and question.at(c.site)]
    mine = [c for c in mine if question.of(c.values)]
    return {
        **_counters(list(matters.values()), question), **_flows(mine, question),
        **_speeds(mine, question), **_ratings(mine, known, question), **_visits(mine, question),
        **_services(list(matters.values()), known, question),
        **_compared(mine, question), **_kinds(list(matters.values()), mine, question),
        **_decisions(known, mine, question),
    }  # fmt: skip


def _counters(matters: list[Matter], q: Question) -> dict[str, Counts]:
    found = dict.fromkeys(("M1", "M6", "M7", "M8", "M8.received", "M8.closed", "M8.upheld"), 0)
    for m in matters:
        site, level = m.first["site"], m.first["level"]
        if not q.has(m.first["on"]) or not q.of(m.values):
            continue
        if m.kind == "consultation" and m.find("answer", "refer") and q.at(site):
            found["M1"] += level == "township"
            found["M6"] += level == "village"
        if m.kind == "proxy" and q.at(site):
            found["M7"] += level == "village"
        if m.kind == "complaint":
            # The level of the place complained of is told by the list that names it.
            about = m.values.get("target_site")
            if (level == "village" and q.at(site)) or (about and q.at(about)):
                found["M8"] += 1
                found["M8.received"] += 1
                found["M8.closed"] += m.state == "已办结"
                found["M8.upheld"] += m.values.get("finding") in ("upheld", "partly")
    return {key: (value, None) for key, value in found.items()}


def _flows(cases: list[Case], q: Question) -> dict[str, Counts]:
    received = [c for c in cases if q.has(c.received)]
    accepted = [c for c in cases if q.has(c.accepted)]
    closed = [c for c in cases if q.has(c.closed)]
    late = [c for c in closed if c.is_late()]
    hanging = [c for c in cases if c.hangs(min(q.last, q.today - timedelta(days=1)))]
    hanging = [c for c in hanging if not q.has(c.closed)]
    in_month = 0
    daily: dict[date, list[bool]] = {}
    for c in accepted:
        on, end = c.accepted, c.closed
        assert on is not None
        if end and end <= q.last and (end.year, end.month) == (on.year, on.month):
            in_month += 1
        if q.is_worked(on):
            daily.setdefault(on, []).append(end == on)
    same_day = sum(sum(marks) for marks in daily.values())
    touched = {(d.year, d.month) for d in _days(q.first, q.last)}
    told = [c for c in cases if any(q.has(a["on"]) for a in _corrections(c, q))]
    once = sum(1 for c in told if len(_corrections(c, q)) == 1)
    return {
        "M2": (len(accepted), None),
        "M3": (len(closed), None),
        "M4": (len(closed) - len(late), len(closed)),
        "M4_open": (len(closed) - len(late), len(closed) + len(hanging)),
        "M15": (len(received), None),
        "M15.not_accepted": (len(received) - sum(1 for c in received if q.has(c.accepted)), None),
        "M15_accepted": (len(accepted), None),
        "M15_accepted.carried": (sum(1 for c in accepted if c.received < q.first), None),
        "M15_closed": (len(closed), None),
        "M15_closed.open": (sum(1 for c in accepted if not c.closed or c.closed > q.last), None),
        "M17": (in_month, len(accepted)),
        "M18": (same_day, sum(len(marks) for marks in daily.values())),
        "M18.exact": (_mean([_mean(marks) for marks in daily.values()]), None),
        "M18.days": (len(daily), None),
        "M19": (len(closed), len(touched)),
        "M24": (_clean_months(cases, q), None),
        "M26": (len(closed), len(accepted)),
        "N6": (once, len(told)),
    }  # fmt: skip


def _corrections(case: Case, q: Question) -> list[Act]:
    return [a for a in case.acts if a["act"] == "request_correction" and a["on"] <= q.last]


def _clean_months(cases: list[Case], q: Question) -> int:
    """Months back from the last whole one until a bad one, or the first acceptance."""
    began = min((c.accepted for c in cases if c.accepted and c.accepted <= q.last), default=None)
    end = min(q.last + timedelta(days=1), q.today).replace(day=1) - timedelta(days=1)
    months = 0
    while began and end >= began:
        first = end.replace(day=1)
        late = (c.is_late() and c.closed and first <= c.closed <= end for c in cases)
        if any(late) or any(c.hangs(end) for c in cases):
            break
        months, end = months + 1, first - timedelta(days=1)
    return months


def _speeds(cases: list[Case], q: Question) -> dict[str, Counts]:
    accepted = [c for c in cases if q.has(c.accepted)]
    closed = [c for c in cases if q.has(c.closed)]
    promised = [c for c in accepted if c.is_promise]
    found: dict[str, Counts] = {}
    for key, some in (("M12_case", accepted), ("M13", promised)):
        told = [c for c in some if not c.natural and None not in (c.legal, c.promised)]
        legal = sum(c.legal or 0 for c in told)
        pledged = sum(c.promised or 0 for c in told)
        found[key] = (legal - pledged, legal)
        found[f"{key}.legal"], found[f"{key}.pledged"] = (legal, None), (pledged, None)
        found[f"{key}.cases"] = (len(told), None)
        found[f"{key}.left_out"] = (len(some) - len(told), None)
    told = [c for c in closed if not c.natural and None not in (c.legal, c.took())]
    legal = sum(c.legal or 0 for c in told)
    actual = sum(c.took() or 0 for c in told)
    found["M14"] = (legal - actual, legal)
    found["M14.legal"], found["M14.actual"] = (legal, None), (actual, None)
    found["M14.cases"] = (len(told), None)
    found["M14.left_out"] = (len(closed) - len(told), None)
    waits = []
    for c in promised:
        start = c.find(*STARTS)
        assert start is not None
        waits.append(start["at"] - c.first["at"])
    found["M20"] = (sum(waits), len(waits))
    found["M20.exact"] = (_mean([Fraction(wait, DAY_MS) for wait in waits]), None)
    days = [taken for c in closed if c.is_promise and (taken := c.took()) is not None]
    found["M21"] = (sum(days), len(days))
    found["M21.exact"] = (_mean(days), None)
    return found


def _ratings(cases: list[Case], matters: Mapping[str, Matter], q: Question) -> dict[str, Counts]:
    rated: dict[str, Matter] = {}
    given = [m for m in matters.values() if m.kind == "rating" and q.has(m.first["on"])]
    for m in sorted(given, key=lambda m: m.first["at"]):
        rated.setdefault(m.values["of"], m)
    counted = [
        m for of, m in rated.items() if q.at(m.first["site"]) and q.of(_about(of, matters))
    ]  # fmt: skip
    closed = [c for c in cases if q.has(c.closed)]
    return {
        "M5": (sum(1 for m in counted if m.values["level"] >= 3), len(counted)),
        "M22": (sum(1 for c in closed if c.first["record"] in rated), len(closed)),
    }


def _about(of: str, matters: Mapping[str, Matter]) -> Mapping[str, Any]:
    return matters[of].values if of in matters else {}


def _visits(cases: list[Case], q: Question) -> dict[str, Counts]:
    closed = [c for c in cases if q.has(c.closed)]
    on_spot = trips = told = 0
    for c in closed:
        end = c.find(*ENDS)
        assert end is not None
        visit = end["data"].get("visit")
        same = bool(visit) and visit == c.first["data"].get("visit")
        on_spot += c.values.get("channel") == "window" and (end["act"] == "close_on_spot" or same)
        visits = {
            a["data"]["visit"] for a in c.acts if a["data"].get("visit") and a["on"] <= q.last
        }  # fmt: skip
        if visits or c.values.get("proxy"):
            told, trips = told + 1, trips + len(visits)
    return {
        "M25": (on_spot, len(closed)),
        "N7": (trips, told),
        "N7.left_out": (len(closed) - told, None),
    }


def _services(
    alive: list[Matter], matters: Mapping[str, Matter], q: Question
) -> dict[str, Counts]:  # fmt: skip
    here = [m for m in alive if q.has(m.first["on"]) and q.at(m.first["site"])]
    charges = [m for m in here if m.kind == "charge" and q.of(_about(m.values["of"], matters))]
    fen = sum(m.values["amount_fen"] - m.values.get("refunded_fen", 0) for m in charges)
    found: dict[str, Counts] = {"M27": (fen, None), "M27.charges": (len(charges), None)}
    for key, mode in (("M28", "booked"), ("M28_extended", "extended"), ("M28_door", "door")):
        visits = [m for m in here if m.kind == "visit" and m.values.get("service_mode") == mode]
        found[key] = (sum(1 for m in visits if q.of(m.values)), None)
    kinds = {"consultation", "proxy", "complaint", "rating", "case"}
    delays = sorted(
        max(0, m.first["received"] - m.first["at"])
        for m in here if m.kind in kinds and q.of(m.values)
    )  # fmt: skip
    ranks = [math.ceil(len(delays) * percent / 100) - 1 for percent in (95, 50)]
    high, middle = (delays[rank] if delays else 0 for rank in ranks)
    found["N2"] = (high, len(delays))
    found["N2.exact"] = (Fraction(high, DAY_MS) * 24, None)
    found["N2.p50_minutes"] = (middle // 60_000, None)
    good = bad = 0
    for m in alive:
        back = m.find("result_out")
        if m.kind != "proxy" or back is None or not (q.has(back["on"]) and q.at(back["site"])):
            continue
        if not q.of(m.values):
            continue
        due, left = back["on"], 10
        while left:
            due += timedelta(days=1)
            left -= q.is_worked(due)
        given = m.day("deliver")
        if given is not None and given <= q.last:
            good, bad = good + (given <= due), bad + (given > due)
        else:
            bad += due < min(q.last + timedelta(days=1), q.today)
    found["N5"] = (good, good + bad)
    return found


def _compared(cases: list[Case], q: Question) -> dict[str, Counts]:
    """This period against the same dates a year before; nothing to compare counts as 0 of 0."""
    first, last = (
        date(day.year - 1, day.month, min(day.day, 28) if day.month == 2 else day.day)
        for day in (q.first, q.last)
    )
    found: dict[str, Counts] = {}
    for key, name in (("M16", "received"), ("M16_accepted", "accepted"), ("M16_closed", "closed")):
        days = [(c.site, getattr(c, name)) for c in cases if getattr(c, name)]
        now = [site for site, on in days if q.first <= on <= q.last]
        before = [site for site, on in days if first <= on <= last]
        found[f"{key}.now"], found[f"{key}.before"] = (len(now), None), (len(before), None)
        if not before:
            found[key] = (0, 0)
            continue
        found[key] = (len(now) - len(before), None)
        alike = [
            sum(1 for site in some if all(map(q.stood(site), (first, last, q.first, q.last))))
            for some in (now, before)
        ]
        found[f"{key}.comparable"] = (alike[0] - alike[1], None)
    return found


def _kinds(alive: list[Matter], cases: list[Case], q: Question) -> dict[str, Counts]:
    new = [site for site, began in q.began.items() if began.year == q.last.year and began <= q.last]
    closed = [c for c in cases if q.has(c.closed)]
    online = [m for m in alive if m.values.get("channel") == "online" and q.has(m.first["on"])]
    online = [m for m in online if q.at(m.first["site"]) and q.of(m.values)]
    asked = [m for m in online if m.kind == "consultation" and m.find("answer", "refer")]
    centres = [site for site in new if q.at(site)]
    return {
        "M29": (sum(1 for c in cases if q.has(c.accepted) and c.site in new), None),
        "M29.centres": (len(centres), None),
        "M29_closed": (sum(1 for c in closed if c.site in new), None),
        "M29_closed.centres": (len(centres), None),
        "M30": (sum(1 for c in closed if c.values.get("joint")), None),
        "M30_asked": (len(asked), None),
        "M30_complained": (sum(1 for m in online if m.kind == "complaint"), None),
        "M30_led": (0, 0), "M33": (0, 0), "N1": (0, 0),
    }  # fmt: skip


def _decisions(
    matters: Mapping[str, Matter], cases: list[Case], q: Question
) -> dict[str, Counts]:  # fmt: skip
    confirmed = 0
    for m in matters.values():
        last = m.acts[-1]
        if m.kind == "pair" and last["data"]["value"] == "same" and q.has(last["on"]):
            kept = matters.get(m.values["records"][0])
            while kept is not None and kept.state == "已并入":
                kept = matters.get(kept.values["merged_into"])
            confirmed += kept is not None and q.at(kept.first["site"]) and q.of(kept.values)
    spans: list[int] = []
    for m in matters.values():
        if m.state != "已并入" and q.at(m.first["site"]) and q.of(m.values):
            spans += [_open_for(m, act) for act in m.acts if act["act"] == "settle"
                      and q.has(act["on"]) and _sides(m, act)]  # fmt: skip
    spans.sort()
    middle = spans[math.ceil(len(spans) / 2) - 1] if spans else 0
    mean = Fraction(sum(spans), len(spans) * HOUR_MS) if spans else Fraction(0)
    return {
        "N3": (confirmed, sum(1 for c in cases if q.has(c.accepted))),
        "N4": (sum(spans), len(spans)),
        "N4.exact": (mean, None),
        "N4.p50_minutes": (middle // 60_000, None),
    }


def _sides(m: Matter, settling: Act) -> list[Act]:
    """The writers of the settled field of which none knew of the other; none where they agree."""
    (name,) = settling["data"]["values"]
    writers = [act for act in m.acts if name in act["data"] and act["op"] in _known(m, settling)]
    last = [one for one in writers
            if not any(one["op"] in _known(m, other) for other in writers)]  # fmt: skip
    return last if len({act["data"][name] for act in last}) > 1 else []


def _known(m: Matter, act: Act) -> set[str]:
    """What the writer of an act knew of, near and far."""
    by_name = {one["op"]: one for one in m.acts}
    known: set[str] = set()
    ahead = list(act["parents"])
    while ahead:
        name = ahead.pop()
        if name not in known:
            known.add(name)
            ahead += by_name[name]["parents"]
    return known


def _open_for(m: Matter, settling: Act) -> int:
    opened = max(int(act["at"]) for act in _sides(m, settling))
    return max(0, int(settling["at"]) - opened)


def posted(
    postings: Iterable[tuple[str, str, str, date, date | None]], q: Question
) -> dict[str, Counts]:
    """Return M34 of (person, site, department, first day, last day or None)."""
    on = min(q.last, q.today)
    here = [
        one for one in postings if q.at(one[1]) and one[3] <= on and not (one[4] and one[4] < on)
    ]
    return {
        "M34": (len({one[0] for one in here}), None),
        "M34.units": (len({one[1] for one in here}), None),
        "M34.departments": (len({one[2] for one in here} - {""}), None),
    }


def _mean(some: Collection[int | Fraction]) -> Fraction:
    return sum(map(Fraction, some), Fraction(0)) / len(some) if some else Fraction(0)


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def catalogue(rows: Iterable[Mapping[str, str]], item: str | None) -> dict[str, Counts]:
    """Return the figures of a list of items as the county wrote it (a CSV's rows)."""
    mine = [row for row in rows if item in (None, row["code"])]
    promises = [row for row in mine if row["kind"] == "承诺件"]
    legal = sum(int(row["statutory_workdays"]) for row in promises)
    promised = sum(int(row["promised_workdays"]) for row in promises)
    return {
        "M9": (len(mine), None),
        "M9.promised": (len(promises), None),
        "M9.licences": (sum(1 for row in mine if row["task_type"] == "行政许可"), None),
        "M11": (promised, legal),
        "M12": (legal - promised, legal),
        **{f"{key}.items": (len(promises), None) for key in ("M11", "M12")},
        **{f"{key}.left_out": (0, None) for key in ("M11", "M12")},  # no row is in natural days
    }

"""A varied county for the recomputation: a seeded year of acts, and the same as a flat list."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec

from server import reconcile
from server.cards import card_fields
from server.county import day_number
from server.report import Report, make_report
from server.storage.rows import Posting
from shared import ids
from shared.canonical import Value
from shared.civil import start_of_day
from shared.operation import Operation
from shared.regions import Level
from shared.sites import SiteEdition
from tests.server.seeding import Moment, Tablet, sample_county
from tests.tools.recompute_acts import Question

FIRST = date(2026, 7, 1)
SET_UP = date(2026, 3, 1)
TODAY = date(2026, 11, 20)
HOUR = 60 * 60 * 1000
ITEMS = ("BM-YB-001", "BM-YB-004", "BM-YB-002")
CHANNELS = ("window", "phone", "online")
LEVELS = {Level.COUNTY: "county", Level.TOWNSHIP: "township", Level.VILLAGE: "village"}
AFTER = {
    "receive": "已收件", "accept": "已受理", "deem_accepted": "已受理", "refuse": "不予受理",
    "request_correction": "待补正", "resubmit": "已收件", "lapse": "退件", "suspend": "特别程序",
    "resume": "办理中", "decide": "已决定", "close": "已办结", "hand_out": "已送达",
    "close_on_spot": "已办结", "withdraw": "已撤回", "void": "作废",
}  # fmt: skip
EXACT = {"M18.exact", "M20.exact", "M21.exact", "N2.exact", "N4.exact"}
AMENDABLE = ("已收件", "已受理", "办理中", "consultation register")
BY_HAND = {"M10"}
"""Of what the recomputation leaves out: verified in test_metrics.py."""


def _with_new_centre(edition: SiteEdition) -> SiteEdition:
    """The same sites, of which the second township's centre was set up in March 2026."""
    towns = [site.id for site in edition.sites if site.level is Level.TOWNSHIP]
    sites = [
        msgspec.structs.replace(
            site, codes=(msgspec.structs.replace(site.codes[0], valid_from=SET_UP),)
        ) if site.id == towns[1] else site
        for site in edition.sites
    ]  # fmt: skip
    return msgspec.structs.replace(edition, sites=tuple(sites))


class County:
    """Tablets at the county, two townships and a village of each; the flat list of their acts."""

    def __init__(self, root: Path, seed: int) -> None:
        self.dice = random.Random(seed)
        self.now = Moment(start_of_day(FIRST))
        self.county, _ = sample_county(root, self.now)
        with self.county.ledger.read() as tx:
            self.sites = _with_new_centre(self.county.editions(tx).sites)
        top = next(site for site in self.sites.sites if site.level is Level.COUNTY)
        towns = [site for site in self.sites.sites if site.level is Level.TOWNSHIP][:2]
        villages = [self.sites.children(site.id)[0] for site in towns]
        self.places = [top, *towns, *villages]
        self.top, self.towns = top.id, [site.id for site in towns]
        self.villages = [site.id for site in villages]
        self.levels = {site.id: LEVELS[site.level] for site in self.places}
        self.tablets = {
            site.id: Tablet(self.county, code * 4, site.id, f"AGENT{code}", code, rank=2)
            for site, code in zip(self.places, "ABCDE", strict=True)
        }
        self.acts: list[dict[str, Any]] = []
        self.postings: list[tuple[str, str, str, date, date | None]] = []

    def do(
        self, site: str, kind: str, act: str, on: date, data: dict[str, Value],
        after: Operation | None = None,
    ) -> Operation:  # fmt: skip
        """Do one act at some hour of a day, later than all before; it arrives some time after."""
        at = start_of_day(on) + 8 * HOUR + len(self.acts) * 7_000
        late = self.dice.choice([-60_000, self.dice.randrange(40 * HOUR)])
        self.now.ms = max(at, start_of_day(FIRST) + HOUR) + late
        done = self.tablets[site].act(
            kind, act, data, record=after.skeleton.record if after else None,
            parents=[after.id] if after else [], at=at,
        )  # fmt: skip
        self.note(done, on, AFTER.get(act, f"{kind} {act}"), data)
        return done

    def note(self, done: Operation, on: date, state: str, data: dict[str, Any]) -> None:
        """Enter an act into the flat list."""
        what = done.skeleton
        self.acts.append(
            {
                "record": ids.record_text(what.record), "kind": what.kind, "act": what.act,
                "site": what.site, "level": self.levels[what.site], "at": what.effective_at,
                "on": on, "received": self.now.ms, "state": state, "data": data,
                "op": done.id.hex(), "parents": [one.hex() for one in what.parents],
            }
        )  # fmt: skip

    def post(self, person: str, site: str, department: str, begun: date, end: date | None) -> None:
        """Post somebody at a site."""
        row = Posting(
            ids.uuid8("posting", str(len(self.postings)).encode()), person, site, "clerk",
            day_number(begun), day_number(end) if end else None, None, department,
        )  # fmt: skip
        self.county.ledger.writing(lambda tx: tx.put_posting(row))
        self.postings.append((person, site, department, begun, end))

    def report(self, q: Question, site: str | None) -> Report:
        """The server's answer."""
        with self.county.ledger.read() as tx:
            return make_report(
                tx, self.sites, q.first, q.last, fields=card_fields, today=self.county.today(),
                site=site, item=q.item, channel=q.channel,
            )  # fmt: skip


def _visit(county: County, site: str, on: date) -> dict[str, Value]:
    """A visit, of any way to come; at times nobody noted one."""
    if county.dice.random() < 0.4:
        return {}
    mode = county.dice.choice(["normal", "booked", "extended", "door"])
    values: dict[str, Value] = {
        "person_name": "测试甲", "service_mode": mode, "channel": county.dice.choice(CHANNELS),
    }  # fmt: skip
    done = county.do(site, "visit", "register", on, values)
    return {"visit": ids.record_text(done.skeleton.record)}


def _matter(county: County) -> dict[str, Value]:
    values: dict[str, Value] = {
        "person_name": "测试甲", "item": county.dice.choice(ITEMS),
        "channel": county.dice.choice(CHANNELS),
    }  # fmt: skip
    if county.dice.random() < 0.05:
        values["practice"] = True
    return values


def quarrel(county: County) -> None:
    """Two tablets give one record another phone each; at times the county decides."""
    dice = county.dice
    ends = {act["record"]: act for act in county.acts}
    still = [act for act in ends.values() if act["state"] in AMENDABLE and act["on"] >= FIRST]
    last = dice.choice(still)
    on = last["on"] + timedelta(days=dice.randrange(9))
    for number, site in enumerate(dice.sample(county.places, 2)):
        county.now.ms = start_of_day(on) + 10 * HOUR + len(county.acts)
        told: dict[str, Value] = {"phone": f"1380000{number}{len(county.acts):03d}"[:11]}
        done = county.tablets[site.id].act(
            last["kind"], "amend", told, record=ids.parse_record(last["record"]),
            parents=[bytes.fromhex(last["op"])], at=county.now.ms,
        )  # fmt: skip
        county.note(done, on, last["state"], told)
    if dice.random() < 0.7:
        later = on + timedelta(days=dice.randrange(9))
        county.now.ms = start_of_day(later) + 15 * HOUR
        chosen = str(county.acts[-1]["data"]["phone"])
        record = ids.parse_record(last["record"])
        settled = reconcile.settle(county.county, record, "phone", chosen, "电话核实", "S")
        county.note(settled, later, last["state"], {"values": {"phone": chosen}})


def judge_pairs(county: County) -> None:
    """The county says of pairs that the rules found that they are one matter, or not."""
    with county.county.ledger.read() as tx:
        found = tx.list_pairs()
    county.dice.shuffle(found)
    for row in found[:25]:
        on = FIRST + timedelta(days=county.dice.randrange(60, 120))
        county.now.ms = start_of_day(on) + 16 * HOUR
        same = county.dice.random() < 0.6
        acts = {name: [act for act in county.acts if act["record"] == name]
                for name in (ids.record_text(row.one), ids.record_text(row.other))}  # fmt: skip
        if any(life[-1]["state"] == "已并入" for life in acts.values()):
            continue
        try:
            done = reconcile.settle_pair(county.county, row.pair, same, "已核对", "S")
        except reconcile.NothingToSettle:  # one of them is closed
            continue
        data = {"records": list(acts), "value": "same" if same else "different"}
        county.note(done, on, "同一件" if same else "不是同一件", data)
        if same:
            goes = max(acts.values(), key=lambda life: (life[0]["at"], life[0]["record"]))
            (stays,) = (name for name in acts if name != goes[0]["record"])
            into = {"merged_into": stays}
            county.acts.append({**goes[-1], "act": "merge", "state": "已并入", "data": into})


def _limits(county: County) -> dict[str, Value]:
    promised = county.dice.choice([0, 3, 5, 8])
    values: dict[str, Value] = {
        "promised_days": promised, "statutory_days": county.dice.choice([10, 20, 45]),
        "days_unit": county.dice.choice(["workday"] * 5 + ["day"]),
    }  # fmt: skip
    if county.dice.random() < 0.5:
        values["item_kind"] = "promise" if promised else "instant"
    return values


def add_case(county: County, site: str, on: date) -> None:
    dice = county.dice
    values = {**_matter(county), **_limits(county), **(visit := _visit(county, site, on))}
    if dice.random() < 0.1:
        values["joint"] = True
    if dice.random() < 0.2:
        values["proxy"] = ids.record_text(ids.uuid7(county.now.ms, b"0123456789"))
    last = county.do(site, "case", "receive", on, values)
    ways = ["open", "spot", "spot", "spot", "lapse", "refuse", "void", "early", *["work"] * 8]
    way = dice.choice(ways)
    if way == "spot":
        last = county.do(site, "case", "close_on_spot", on, {**visit}, last)
        return _afterwards(county, site, on, last)
    if way in ("refuse", "early", "void"):
        act = {"refuse": "refuse", "early": "withdraw", "void": "void"}[way]
        county.do(site, "case", act, on + timedelta(days=2), {"reason": "误登"}, last)
        return None
    for _ in range(dice.choice([0, 0, 1, 2]) or (way == "lapse")):
        last = county.do(site, "case", "request_correction", on, {"missing": ["户口簿"]}, last)
        if way != "lapse":
            on += timedelta(days=dice.randrange(4))
            last = county.do(site, "case", "resubmit", on, _visit(county, site, on), last)
        else:
            break
    if way == "lapse":
        county.do(site, "case", "lapse", on + timedelta(days=30), {}, last)
    elif way == "work":
        on += timedelta(days=dice.choice([0, 0, 1, 3]))
        if site != county.top and dice.random() < 0.15:
            last = county.do(county.top, "case", "deem_accepted", on, {}, last)
        else:
            last = county.do(site, "case", "accept", on, {}, last)
        _work(county, site, on, last, visit)
    return None


def _work(
    county: County, site: str, on: date, last: Operation, visit: dict[str, Value]
) -> None:  # fmt: skip
    dice = county.dice
    if dice.random() < 0.3:
        on += timedelta(days=dice.randrange(3))
        last = county.do(site, "case", "suspend", on, {"procedure": "鉴定"}, last)
        if dice.random() < 0.2:
            return
        on += timedelta(days=dice.randrange(9))
        last = county.do(site, "case", "resume", on, {}, last)
    on += timedelta(days=dice.choice([0, 0, 1, 2, 5, 9, 40]))
    way = dice.choice(["open", "withdraw", *["close"] * 6])
    if way == "withdraw":
        county.do(site, "case", "withdraw", on, _visit(county, site, on), last)
    elif way == "close":
        last = county.do(site, "case", "decide", on, {"outcome": "granted"}, last)
        now = visit if dice.random() < 0.4 else _visit(county, site, on)
        last = county.do(site, "case", "close", on, {**now}, last)
        _afterwards(county, site, on, last)


def _afterwards(county: County, site: str, on: date, case: Operation) -> None:
    """Handing out, ratings and charges; those of practice are practice too."""
    dice = county.dice
    about: dict[str, Value] = {"of": (name := ids.record_text(case.skeleton.record))}
    first = next(act for act in county.acts if act["record"] == name)
    if first["data"].get("practice"):
        about["practice"] = True
    if dice.random() < 0.5:
        later = on + timedelta(days=dice.randrange(5))
        visit = _visit(county, site, later)
        county.do(site, "case", "hand_out", later, {"handed_to": "本人", **visit}, case)
    for _ in range(dice.choice([0, 1, 1, 2])):
        level = dice.randint(1, 5)
        where = dice.choice([site, site, county.top])
        rating = county.do(where, "rating", "rate", on, {**about, "level": level})
        if dice.random() < 0.2:
            county.do(where, "rating", "rate_again", on, {"level": dice.randint(1, 5)}, rating)
    if dice.random() < 0.4:
        amount = dice.randrange(1, 9000)
        charge = county.do(site, "charge", "collect", on, {**about, "amount_fen": amount})
        if dice.random() < 0.3:
            county.do(site, "charge", "refund", on, {"refunded_fen": amount // 2}, charge)


def add_other(county: County, site: str, on: date) -> None:
    dice = county.dice
    kind = dice.choice(["consultation", "complaint", "proxy", "proxy"])
    later = on + timedelta(days=dice.randrange(25))
    values = _matter(county)
    if kind == "consultation":
        last = county.do(site, kind, "register", on, {"question": "怎么办", **values})
        act = dice.choice(["", "answer", "refer", "void"])
        data: dict[str, Value] = {"answer": "可以", "refer_to": "民政办", "reason": "误登"}
        if act:
            county.do(site, kind, act, later, data, last)
    elif kind == "complaint":
        target: dict[str, Value] = {}
        if dice.random() < 0.4:
            target = {"target_site": county.villages[0]}
        values |= {"target_kind": "site", "content": "门没开", **target}
        last = county.do(site, kind, "register", on, values)
        finding = dice.choice(["upheld", "partly", "unfounded"])
        for act, more in (("triage", {"triage_result": "accept"}), ("assign", {}),
                          ("investigate", {}), ("reply", {"finding": finding, "reply": "已处理"}),
                          ("call_back", {}), ("close", {}))[: dice.choice([0, 4, 6])]:  # fmt: skip
            last = county.do(site, kind, act, on, dict(more), last)
    else:
        last = county.do(site, kind, "entrust", on, {**values, "route": "a"})
        if dice.random() < 0.7:
            for act, more in (("check", {"check_result": "complete"}), ("hand_over", {}),
                              ("receive", {}), ("result_out", {})):  # fmt: skip
                last = county.do(site, kind, act, on, dict(more), last)
            if dice.random() < 0.7:
                county.do(site, kind, "deliver", later, {"delivered_to": "本人"}, last)

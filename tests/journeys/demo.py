"""`make demo`: the main job without a person or a display.

Three village tablets and a township record a morning without a network. Two bring their work over
HTTP, the township too, one village hands over a bundle. A conflict and a possible double filing
arise and are settled through the console's API. The counts of the last line come from the tablets'
logs and the county's ledger (`recount`), not from this script.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from shared.identity import check_character
from tests.journeys.commands import bianmin, free_port, serving
from tests.journeys.recount import recount

PIN = "246810"
ID_NO = "519901194803120" + "02"
"""A made-up number: prefix 5199xx belongs to no place."""


@dataclass(frozen=True, slots=True)
class Tablet:
    """One enrolled home, used through the command line alone."""

    name: str
    home: Path

    def run(self, command: str, *arguments: str) -> Any:
        """Run one `bianmin agent` command on this home."""
        return bianmin("agent", command, "--home", str(self.home), *arguments, "--pin", PIN)

    def record(self, kind: str, **data: object) -> str:
        """Record one matter; return its id."""
        made = self.run("record", kind, "--data", json.dumps(data, ensure_ascii=False))
        return str(made["record"])

    def seal_complaint(self, **data: object) -> str:
        """Record a complaint about a person; all that remains here is its query code."""
        made = self.run("record", "complaint", "--data", json.dumps(data, ensure_ascii=False))
        if set(made) != {"query_code"}:
            raise AssertionError(f"a sealed complaint left {sorted(made)} behind")
        return str(made["query_code"])

    def act(self, record: str, act: str, **data: object) -> dict[str, Any]:
        """Do one act on a record."""
        done: dict[str, Any] = self.run(
            "act", record, act, "--data", json.dumps(data, ensure_ascii=False)
        )
        return done


class Api:
    """The console's JSON interface, as a program of the county would use it."""

    def __init__(self, url: str, name: str, password: str) -> None:
        self._url = f"{url}/api/v1"
        self._session = requests.Session()
        token = self.post("session", {"name": name, "password": password})["token"]
        self._session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str) -> Any:
        """Return what a resource answers."""
        answer = self._session.get(f"{self._url}/{path}", timeout=30)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Return what an act answers."""
        answer = self._session.post(f"{self._url}/{path}", json=body, timeout=30)
        if not answer.ok:
            raise AssertionError(f"POST {path}: {answer.status_code} {answer.text}")
        return answer.json()


def main(folder: Path) -> dict[str, Any]:
    """Live the morning in `folder` (new) and return the counts."""
    county = folder / "county"
    say("建县：富顺县（示范目录）")
    born = bianmin("county", "init", "--home", str(county), "--county", "510322", "--sample")
    port = free_port()
    with serving(county, port) as url:
        tablets = enrol_all(folder, county, url)
    a, b, c, township = tablets
    say("断网：四台设备照常办理")
    proxy = morning_before(a, b, county, port)
    a.act(proxy, "amend", phone="13800000021")
    b.act(proxy, "amend", phone="13800000022")
    morning(a, b, c, township)
    with serving(county, port) as url:
        say("通网：两个村和乡镇同步")
        for tablet in (a, b, township):
            tablet.run("sync")
        say("没有网的村：用 U 盘或聊天软件带一个文件")
        carry_bundle(c, county, folder)
        api = Api(url, "admin", born["password"])
        found = settle_all(api)
        for tablet in (a, b, township, c):
            tablet.run("sync")
        require_agreement(a, b, proxy)
        left = len(api.get("conflicts"))
    homes = {tablet.name: tablet.home for tablet in tablets}
    counted = recount(homes, county, PIN)
    proved = bianmin("county", "verify", "--home", str(county))
    if not proved["ok"]:
        raise AssertionError(f"verify: {proved['violations']}")
    return {
        "operations_recorded": counted.recorded,
        "operations_merged": counted.merged,
        "lost": counted.lost,
        "duplicated": counted.duplicated,
        "conflicts_found": found,
        "conflicts_settled": found - left,
        "console": f"http://127.0.0.1:{port}/",
        "homes": {name: str(home) for name, home in [*homes.items(), ("county", county)]},
    }


def enrol_all(folder: Path, county: Path, url: str) -> list[Tablet]:
    """Invite and enrol: two agents of one village, one of another, the township's clerk."""
    tablets: list[Tablet] = []
    for name, site, agent in (
        ("village-a", "510322100201", "周全"), ("village-b", "510322100201", "吴敏"),
        ("village-c", "510322100206", "郑和"), ("township", "510322100000", "陈静"),
    ):  # fmt: skip
        invited = bianmin("county", "invite", "--home", str(county), "--site", site)
        tablet = Tablet(name, folder / name)
        bianmin(
            "agent", "enrol", "--home", str(tablet.home), "--server", url,
            "--code", invited["code"], "--name", agent, "--pin", PIN,
        )  # fmt: skip
        tablet.run("sync")
        tablets.append(tablet)
    return tablets


def morning_before(a: Tablet, b: Tablet, county: Path, port: int) -> str:
    """One matter that both tablets of a village know before the line goes."""
    proxy = a.record("proxy", person_name="李婠", item="BM-YB-001", phone="13800000020")
    with serving(county, port):
        a.run("sync")
        b.run("sync")
    return proxy


def morning(a: Tablet, b: Tablet, c: Tablet, township: Tablet) -> None:
    """Work of a morning without a network."""
    for number in range(1, 6):
        a.record("consultation", question=f"第{number}位：医保今年交多少？", answer="每人400元。")
    b.record("consultation", item="BM-YB-001", person_name="王小明", question="异地就医怎么备案？")
    b.record("appointment", person_name="𠮷田", item="BM-YB-001", slot="2026-12-01 09:00")
    b.record("complaint", target_kind="equipment", content="叫号机坏了三天")
    b.seal_complaint(target_kind="person", content="办事时态度不好")
    id_no = with_check_character(ID_NO)
    c.record(
        "proxy", person_name="张桂芳", item="BM-MZ-001", id_no=id_no, id_type="111",
        id_assurance="seen",
    )  # fmt: skip
    c.record("consultation", question="高龄津贴几岁可以领？", answer="八十岁起。")
    township.record(
        "case", person_name="张桂芳", item="BM-MZ-001", id_no=id_no, id_type="111",
        id_assurance="read",
    )  # fmt: skip
    case = township.record("case", person_name="刘强", item="BM-YB-001")
    township.act(case, "close_on_spot")


def with_check_character(first_17: str) -> str:
    """Return a made-up identity number with its check character (GB 11643)."""
    return first_17 + check_character(first_17)


def carry_bundle(tablet: Tablet, county: Path, folder: Path) -> None:
    """One sealed file up, one back: what a memory stick or a chat app carries."""
    up, reply = folder / "village-c.bundle", folder / "village-c-reply.bundle"
    tablet.run("export", str(up))
    bianmin("county", "import", "--home", str(county), str(up), "--reply", str(reply))
    tablet.run("import", str(reply))


def settle_all(api: Api) -> int:
    """Settle every conflict and pair the county found; return the number of conflicts."""
    conflicts = api.get("conflicts")
    for conflict in conflicts:
        say(f"县里裁定冲突：{conflict['field']} 有 {len(conflict['values'])} 个值")
        api.post(
            "conflicts/settle",
            {
                "record": conflict["record"],
                "field": conflict["field"],
                "value": conflict["values"][-1]["value"],
                "reason": "电话核实",
            },
        )
    pairs = api.get("pairs")
    if not pairs:
        raise AssertionError("the double filing was not found")
    for pair in pairs:
        say(f"县里裁定疑似重复：{pair['reason']}")
        api.post("pairs/settle", {"pair": pair["id"], "value": "same", "reason": "同一人同一事项"})
    return len(conflicts)


def require_agreement(a: Tablet, b: Tablet, record: str) -> None:
    """Both tablets show the settled record alike, with nothing left open."""
    one, other = a.run("show", record), b.run("show", record)
    if one["fields"] != other["fields"] or one["conflicts"] or other["conflicts"]:
        raise AssertionError(f"two tablets show {record} differently")


def say(line: str) -> None:
    """Tell the person who watches what happens."""
    print(line, flush=True)


if __name__ == "__main__":
    place = Path("demo") / time.strftime("%Y%m%d-%H%M%S")
    place.mkdir(parents=True)
    result = main(place.resolve())
    say(json.dumps(result, ensure_ascii=False))
    healthy = result["lost"] == 0 and result["duplicated"] == 0
    sys.exit(0 if healthy and result["operations_recorded"] else 1)

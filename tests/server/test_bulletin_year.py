"""The year's months side by side, objections to late corrections, and the doors to all of it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import date
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import typst
from python_calamine import CalamineWorkbook

from server import report_files
from server.admin import accounts_of
from server.api import months
from server.api.openapi import PREFIX
from server.bulletin.desk import year_file, year_of
from server.bulletin.year import WrongYear, parse_through, parse_year
from server.console.app import console_app
from server.months import closing, objecting
from server.months.sheets import DISMISSED, UPHELD
from server.opening import close_county
from server.sight import NotAllowed
from sync.command import GROUP, Parts, run
from tests.server.browser import Browser
from tests.server.test_api import Client
from tests.server.test_console import form, log_in
from tests.server.test_months import OCTOBER, World, _person, _sign_all

NOVEMBER = date(2026, 11, 1)
LATE_ON = date(2026, 11, 5)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Eight cases of October, frozen; then a drawer gives back five, two of them late."""
    made = World(tmp_path / "county")
    for number in range(8):
        made.case(made.window, date(2026, 10, 9 + number % 5), date(2026, 10, 15))
    made.go(date(2026, 11, 2))
    closing.freeze(made.county, OCTOBER, made.supervisor)
    made.go(LATE_ON)
    for number in range(5):
        made.case(made.drawer, date(2026, 10, 9), date(2026, 10, 29 if number < 2 else 14))
    yield made
    made.county.ledger.engine.dispose()


def test_months_stand_side_by_side_and_townships_add_up(world: World) -> None:
    world.case(world.window, date(2026, 11, 9), date(2026, 11, 10))
    world.go(date(2026, 12, 4))
    closing.freeze(world.county, NOVEMBER)
    table = year_of(world.county, world.supervisor, 2026, 11)
    assert [f"{one.month:%m}" for one in table.columns if one.state] == ["10", "11"]
    assert len(table.missing) == 9
    rows = {row.key: row for row in table.rows}
    assert [one and one.numerator for one in rows["M2"].cells[-2:]] == [8, 1]
    assert (rows["M2"].total.numerator, rows["M2"].corrected.numerator) == (9, 14)
    rate = rows["M4"]
    assert (rate.total.numerator, rate.total.denominator) == (9, 9)
    assert (rate.corrected.numerator, rate.corrected.denominator) == (12, 14)
    assert (rows["M5"].total.numerator, rows["M5"].total.denominator) == (0, 0)
    assert len(table.sums) == 7
    assert [one for one in table.sums if not one.agrees] == []
    assert sum(town.totals["M2"].numerator for town in table.towns) == 9
    assert table.matters == 9
    assert table.title == "富顺县2026年1—11月便民服务工作考核表"

    made = year_file(world.county, world.supervisor, 2026, 11, "xlsx")
    book = CalamineWorkbook.from_filelike(io.BytesIO(made.content))
    county = {row[0]: row for row in book.get_sheet_by_name("全县").to_python()[3:]}
    assert county["乡镇受理"][10:16] == [8, 1, 9, 9, "", 14]
    assert county["满意率"][12] == "—"
    towns = book.get_sheet_by_name("乡镇受理").to_python()
    assert towns[3][9:13] == ["—", 8, 1, 9]
    assert towns[-1][9:13] == ["—", 8, 1, 9]
    for kind in ("xlsx", "pdf"):
        again = [year_file(world.county, None, 2026, 11, kind).content for _ in range(2)]
        assert again[0] == again[1]


def test_a_year_is_asked_for_in_numbers() -> None:
    today = date(2026, 11, 25)
    assert parse_through(None, 2026, today) == 10  # the ten months
    assert parse_through("", 2025, today) == 12
    assert parse_through("3", 2026, today) == 3
    for year, through in (("2０26", None), ("x", None), ("1999", None), ("2026", "13"),
                          ("2026", "x")):  # fmt: skip
        with pytest.raises(WrongYear):
            parse_through(through, parse_year(year), today)


def test_a_township_objects_to_what_the_network_held_up(world: World) -> None:
    late_work = date(2026, 11, 6)  # closed in November: it is no matter of the network
    world.go(late_work)
    world.case(world.drawer, date(2026, 10, 9), date(2026, 11, 4))
    head = _person("head", world.town, "HEAD1")
    other = _person("head", world.village.site, "HEAD2")
    before = world.sheets()[0].counts
    say = ("M4", LATE_ON, "塘边村断网三天，当月已登记")
    for who in (_person("clerk", world.town), world.supervisor):
        with pytest.raises(NotAllowed):
            objecting.raise_objection(world.county, who, OCTOBER, *say)
    with pytest.raises(objecting.ObjectionReasonMissing):
        objecting.raise_objection(world.county, head, OCTOBER, "M4", LATE_ON, " ")
    with pytest.raises(objecting.NoSuchLine):
        objecting.raise_objection(world.county, head, OCTOBER, "M2", late_work, "x")
    with pytest.raises(objecting.NoSuchLine, match="还没有月结"):
        objecting.raise_objection(world.county, head, NOVEMBER, *say)
    objecting.raise_objection(world.county, head, OCTOBER, *say)
    with pytest.raises(objecting.AlreadyObjected):
        objecting.raise_objection(world.county, other, OCTOBER, *say)
    answer = (OCTOBER, world.town, "M4", LATE_ON)
    with pytest.raises(NotAllowed):
        objecting.answer_objection(world.county, head, *answer, "是", upheld=True)
    with pytest.raises(objecting.NoSuchLine):
        objecting.answer_objection(
            world.county, world.supervisor, OCTOBER, world.town, "M2", LATE_ON, "x", upheld=True
        )
    objecting.answer_objection(world.county, world.supervisor, *answer, "属实", upheld=True)
    with pytest.raises(objecting.AlreadyObjected):
        objecting.answer_objection(world.county, world.supervisor, *answer, "x", upheld=False)
    whole, parts = world.sheets()
    (mine,) = [one for one in parts if one.site == world.town]
    (said,) = mine.objections
    assert (said.reason, said.by, said.answer) == (say[2], "staff:HEAD1", UPHELD)
    assert (said.answer_reason, said.answered_by) == ("属实", world.supervisor.author)
    assert whole.counts == before
    assert mine.is_intact
    # A published sheet takes an objection too.
    _sign_all(world)
    closing.publish(world.county, world.supervisor, OCTOBER, "审定")
    objecting.raise_objection(world.county, head, OCTOBER, "M2", LATE_ON, "断网")
    objecting.answer_objection(
        world.county, world.supervisor, OCTOBER, world.town, "M2", LATE_ON, "不是", upheld=False
    )
    (mine,) = [one for one in world.sheets()[1] if one.site == world.town]
    assert [one.answer for one in mine.objections] == [UPHELD, DISMISSED]
    assert mine.state == "已公布"


def test_pages_hand_out_files_and_take_objections(world: World) -> None:
    accounts = accounts_of(world.county)
    supervisor, password = accounts.add("李督查", "supervisor", world.editions.centre)
    head, secret = accounts.add("王主任", "head", world.town)
    county, township = (Browser(console_app(world.county)) for _ in range(2))
    log_in(county, supervisor.name, password)
    log_in(township, head.name, secret)
    page = county.get("/months/2026-10").text
    assert "/months/2026-10/bulletin.docx" in page
    assert "本乡镇的更正" not in page
    for kind in ("pdf", "docx", "xlsx"):
        made = township.get(f"/months/2026-10/bulletin.{kind}")
        assert (made.status_code, "attachment" in made.headers["content-disposition"]) == (
            200,
            True,
        )
    assert "/months/2026-11/bulletin.pdf?draft=1" in county.get("/months/2026-11").text
    refused = county.get("/months/2026-11/bulletin.pdf")
    assert (refused.status_code, "还没有月结" in refused.text) == (409, True)
    assert county.get("/months/2026-10/bulletin.exe").status_code == 422
    sent = form(township, "/months/2026-10", "/months/object") | {"reason": "断网三天"}
    assert township.post("/months/object", data=sent).status_code == 303
    assert township.post("/months/object", data=sent).status_code == 409
    assert township.post("/months/object", data=sent | {"on": "昨天"}).status_code == 422
    wanted = form(county, "/months/2026-10", "/months/answer")
    sent = wanted | {"reason": "属实", "answer": UPHELD}
    assert township.post("/months/answer", data=sent | {"token": form(
        township, "/months/2026-10", "/months/object")["token"]}).status_code == 403  # fmt: skip
    assert county.post("/months/answer", data=sent).status_code == 303
    for browser in (county, township):
        shown = browser.get("/months?month=2026-10").text
        assert "断网三天" in shown
        assert "采纳" in shown
    year = county.get("/months/year/2026?through=10&figure=M7").text
    for shown in ("年度考核表", "登记事项合计", "相符", "没有月结的月份不计入合计：2026-01"):
        assert shown in year
    assert county.get("/months/year/2026/table.xlsx?through=10").status_code == 200
    for wrong in ("/months/year/26", "/months/year/2026?through=x", "/months/year/2026?figure=M5"):
        assert county.get(wrong).status_code == 422


def test_the_interface_closes_signs_publishes_and_hands_out(world: World) -> None:
    accounts = accounts_of(world.county)
    supervisor, password = accounts.add("李督查", "supervisor", world.editions.centre)
    head, secret = accounts.add("王主任", "head", world.town)
    client = Client(Browser(console_app(world.county)))
    tokens = {
        one: client.ask("POST", "/session", {"name": one, "password": word})["token"]
        for one, word in ((supervisor.name, password), (head.name, secret))
    }

    def call(method: str, path: str, who: str, body: Any = None, status: int = 200) -> Any:
        client.token = tokens[who]
        path, _, query = path.partition("?")
        return client.ask(method, path, body, status=status, **dict(parse_qsl(query)))

    county, township, month = supervisor.name, head.name, {"month": "2026-10"}
    assert call("GET", "/months", county) == [
        {"month": "2026-11", "state": "进行中"}, {"month": "2026-10", "state": "待签"},
    ]  # fmt: skip
    call("POST", "/months/close", county, month, 409)
    call("POST", "/months/close", county, {"month": "2026-11"}, 409)
    call("POST", "/months/close", county, {"month": "2026-13"}, 422)
    call("POST", "/months/sign", township, month)
    publish = month | {"reason": "按期", "unsigned": True}
    call("POST", "/months/publish", township, publish, 403)
    call("POST", "/months/publish", county, publish)
    sheet = call("GET", "/months/sheet?month=2026-10", county)
    assert (sheet["state"], sheet["county"]["figures"]["M2"]["numerator"]) == ("已公布", 8)
    assert sheet["today"]["M2"]["numerator"] == 13
    assert all(one["agrees"] for one in sheet["sums"])
    assert "M8" in sheet["townships"][0]["figures"]
    theirs = call("GET", "/months/sheet?month=2026-10", township)
    assert not any("M8" in one["figures"] for one in theirs["townships"])
    lines = call("GET", "/months/corrections?month=2026-10", county)
    rate = next(one for one in lines if one["figure"] == "M4")
    assert rate["before"] == {"numerator": 8, "denominator": 8}
    assert rate["after"] == {"numerator": 11, "denominator": 13}
    assert rate["by_network"] == 5
    said = month | {"figure": "M4", "on": "2026-11-05", "reason": "断网"}
    call("POST", "/months/object", township, said)
    call("POST", "/months/answer", county, said | {"site": world.town, "upheld": False})
    objections = call("GET", "/months/sheet?month=2026-10", township)["objections"]
    assert [one["answer"] for one in objections] == [DISMISSED]
    made = call("GET", "/months/bulletin?month=2026-10&format=docx", township)
    assert made["name"] == "富顺县便民服务月通报2026年10月.docx"
    call("GET", "/months/bulletin?month=2026-11&format=pdf", county, status=409)
    year = call("GET", "/months/year?year=2026&through=10", county)
    assert (year["matters"], len(year["missing"])) == (8, 9)
    assert call("GET", "/months/year/file?year=2026&through=10&format=pdf", county)["content"]
    # A closed month is not closed twice over the interface; a new one is.
    world.go(date(2026, 12, 2))
    tokens[county] = client.ask("POST", "/session", {"name": county, "password": password})["token"]
    call("POST", "/months/close", county, {"month": "2026-11"})
    assert client.seen >= {(one.method, PREFIX + one.path) for one in months.ENDPOINTS}


def test_commands_close_a_month_and_write_its_papers(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = world.county.home.root
    close_county(world.county)

    def call(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        code = run(Parts(entry_points(group=GROUP)), ["county", words[0], "--home", str(root),
                                                       *words[1:]])  # fmt: skip
        shown = capsys.readouterr()
        assert len((shown.out or shown.err).splitlines()) == 1
        return code, shown.out or shown.err

    month = ("--month", "2026-10")
    code, said = call("close-month", *month)
    assert (code, "已经月结" in said) == (1, True)
    assert call("close-month", "--month", "2026-13")[0] == 2
    code, said = call("close-month", *month, "--as", "没有这个人")
    assert code == 1
    for kind in ("pdf", "docx", "xlsx"):
        target = tmp_path / f"bulletin.{kind}"
        code, said = call("bulletin", *month, "--format", kind, str(target), "--json")
        assert (code, json.loads(said)["bytes"]) == (0, target.stat().st_size)
    assert call("bulletin", *month, "--format", "doc", str(tmp_path / "x"))[0] == 2
    code, said = call("bulletin", "--month", "2026-09", "--format", "pdf", str(tmp_path / "x"))
    assert (code, "记账" in said) == (1, True)
    assert not (tmp_path / "x").exists()
    year = ("year-table", "--year", "2026", "--through", "10", "--format", "xlsx")
    assert call(*year, str(tmp_path / "y.xlsx"))[0] == 0


def test_rare_characters_are_in_the_papers_own_font(tmp_path: Path) -> None:
    """Each draws something of its own; a character the font lacks draws the same box as another."""
    fonts = Path(report_files.__file__).parents[1] / "shared" / "data" / "fonts"

    def drawn(character: str) -> bytes:
        page = tmp_path / "page.typ"
        page.write_text(
            "#set page(width: 20pt, height: 20pt, margin: 2pt)\n"
            '#set text(font: "Noto Sans CJK SC", fallback: false)\n' + character,
            encoding="utf-8",
        )
        made = typst.compile(
            str(page), format="svg", font_paths=[str(fonts)], ignore_system_fonts=True
        )
        assert isinstance(made, bytes)  # one page
        return made

    missing = drawn("\U0010fffd")
    shown = [drawn(one) for one in "婠㛃𠅤䶮"]
    assert missing not in shown
    assert len(set(shown)) == len(shown)

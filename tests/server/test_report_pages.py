"""The report's pages: every number opens its list, in the visitor's rights; bad input is told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.admin import accounts_of
from server.console.app import console_app
from server.console.charts import Point, bar_chart, line_chart
from server.console.pages import report
from server.metrics.definitions import DEFINITIONS, Lists
from server.metrics.figure import DENOMINATOR, NUMERATOR
from shared.canonical import Value
from tests.server.browser import Browser
from tests.server.test_console import log_in
from tests.server.test_report import FIRST, PROMISE, World, fill

PERIOD = "from=2026-09-01&to=2026-11-20"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("report") / "county")
    fill(made, 7)
    sealed: dict[str, Value] = {
        "target_kind": "person",
        "target_name": "李某",
        "content": "态度不好",
    }
    made.do(made.villages[0], "complaint", "register", FIRST, sealed)
    yield made
    made.county.ledger.engine.dispose()


def _visitor(world: World, name: str, role: str, site: str) -> Browser:
    staff, password = accounts_of(world.county).add(name, role, site)
    browser = Browser(console_app(world.county))
    log_in(browser, staff.name, password)
    return browser


@pytest.fixture(scope="module")
def browser(world: World) -> Browser:
    return _visitor(world, "李督查", "supervisor", "s0001")


@pytest.fixture(scope="module")
def head(world: World) -> Browser:
    return _visitor(world, "王主任", "head", world.towns[0])


def _listed(browser: Browser, key: str, part: str, more: str = PERIOD) -> tuple[int, int, int]:
    """(the total it tells, the records it shows on all its pages, those it hides)."""
    address = f"/report/list?metric={key}&part={part}&{more}"
    shown = hidden = total = 0
    for page in range(1, 9):
        answer = browser.get(f"{address}&page={page}")
        assert answer.status_code == 200, (key, part)
        shown += len(re.findall(r'<td class="tight"><a href="/records/', answer.text))
        found = re.search(r"共 (\d+) [条项人]", answer.text)
        assert found is not None, (key, part)
        total = int(found[1])
        unseen = re.search(r"本页另有 (\d+) 条", answer.text)
        hidden += int(unseen[1]) if unseen else 0
        if "下一页" not in answer.text:
            break
    return total, shown, hidden


@pytest.mark.parametrize("where", ["", "town"])
def test_the_list_behind_a_number_is_as_long_as_it(
    world: World, browser: Browser, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "PAGE", 9)
    site = world.towns[0] if where else None
    more = PERIOD + (f"&site={site}" if site else "")
    figures = world.report(date(2026, 9, 1), date(2026, 11, 20), site).figures
    long = 0
    for one in DEFINITIONS:
        figure = figures[one.key]
        if one.lists is not Lists.RECORDS:
            continue
        parts = {NUMERATOR: figure.numerator, DENOMINATOR: figure.denominator}
        for part, number in parts.items():
            if number is not None:
                assert _listed(browser, one.key, part, more) == (number, number, 0), one.key
                long = max(long, number)
        if figure.others:
            assert _listed(browser, one.key, "rest", more)[0] == len(figure.others)
    assert long > 9, "a list of several pages is among them"


def test_what_a_visitor_may_not_see_is_counted_and_not_listed(
    browser: Browser, world: World
) -> None:
    administrator = _visitor(world, "赵管理", "administrator", "s0001")
    clerk = _visitor(world, "孙窗口", "clerk", world.towns[0])
    total, shown, hidden = _listed(clerk, "M8", NUMERATOR)
    assert (hidden > 0, shown) == (True, total - hidden)
    assert _listed(browser, "M8", NUMERATOR, f"{PERIOD}&site={world.towns[0]}") == (total, total, 0)
    seen = administrator.get(f"/report/list?metric=M8&part=numerator&{PERIOD}").text
    assert "李某" not in seen


def test_a_township_asks_for_its_own_figures_alone(head: Browser, world: World) -> None:
    own = head.get(f"/report?{PERIOD}").text
    assert "富世镇便民服务中心" in own
    assert f'value="{world.villages[1]}"' not in own, "another township's village is no choice"
    for path in ("/report", "/report/list", "/report/charts", "/report.xlsx"):
        for site in (world.towns[1], world.villages[1]):
            refused = head.get(f"{path}?metric=M2&part=numerator&{PERIOD}&site={site}")
            assert (refused.status_code, "本乡镇" in refused.text) == (403, True), path
    assert head.get(f"/report?{PERIOD}&site={world.villages[0]}").status_code == 200
    tiles = re.findall(r'<li><a class="third-', head.get(f"/report/charts?{PERIOD}").text)
    assert len(tiles) == 1


def test_over_an_empty_period_nothing_is_nought_or_full(browser: Browser) -> None:
    empty = "from=2026-01-05&to=2026-01-09"
    page = browser.get(f"/report?{empty}").text
    values = re.findall(r'class="value number">(?:<a [^>]*>)?([^<]+)<', page)
    assert len(values) == len(DEFINITIONS)
    cells = re.findall(
        r'id="m-([^"]+)".*?class="value number">(?:<a [^>]*>)?([^<]+)<', page, re.DOTALL
    )
    rates = {key: text for key, text in cells if "%" in text}
    assert rates.keys() <= {"M10", "M11", "M12"}, "only the catalogue has rates in it"
    charts = browser.get(f"/report/charts?metric=M4&{empty}")
    assert charts.status_code == 200
    assert "期内没有办结的承诺件" in charts.text
    assert "NaN" not in charts.text
    assert "期内没有记录" in browser.get(f"/report/list?metric=M4&part=denominator&{empty}").text


def test_one_late_case_shows_counts_beside_its_rate(tmp_path: Path) -> None:
    small = World(tmp_path / "county")
    for number in range(3):
        last = small.do(small.towns[0], "case", "receive", FIRST, {**PROMISE})
        last = small.do(small.towns[0], "case", "accept", FIRST, {}, last)
        on = date(2026, 9, 20 if number == 0 else 2)
        last = small.do(small.towns[0], "case", "decide", on, {"outcome": "granted"}, last)
        small.do(small.towns[0], "case", "close", on, {}, last)
    page = _visitor(small, "李督查", "supervisor", "s0001").get(f"/report?{PERIOD}").text
    cell = re.search(r'id="m-M4".*?</article>', page, re.DOTALL)
    assert cell is not None
    for told in (">66.67%<", ">2</a> / ", ">3</a>", "未达到 1"):
        assert told in cell[0], told
    small.county.ledger.engine.dispose()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/report/list?metric=M99&part=numerator", 422), ("/report/list?metric=M4&part=x", 422),
        ("/report/list?metric=M4&part=numerator&page=0", 422), ("/report/M99", 422),
        ("/report/list?metric=M4&part=numerator&page=-1", 422),
        ("/report/list?metric=M21&part=numerator&days=a-b", 422),
        ("/report/charts?metric=" + quote("<script>alert(1)</script>"), 422),
        ("/report?from=2026-10-02&to=2026-10-01", 422), ("/report?site=nowhere", 404),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused_in_a_sentence(
    browser: Browser, path: str, status: int
) -> None:
    answer = browser.get(path)
    assert (answer.status_code, "<script>alert" in answer.text) == (status, False)
    assert "。" in answer.text


def test_an_item_nobody_has_shows_as_text_and_counts_nothing(browser: Browser) -> None:
    nasty = quote("'\"><script>alert(1)</script>")
    answer = browser.get(f"/report?{PERIOD}&item={nasty}&channel={nasty}")
    assert (answer.status_code, "<script>alert" in answer.text) == (200, False)


def test_charts_tell_their_numbers_in_words_and_tables(browser: Browser) -> None:
    page = browser.get(f"/report/charts?metric=M2&{PERIOD}").text
    assert len(re.findall(r'<li><a class="third-[0-3]"', page)) == 26
    assert page.count("<details") == 2
    assert {"高", "无数据"} & set(re.findall(r">(高|中|低|无数据)</span>", page))
    assert page.count('role="img" aria-label="') == 2


def test_a_line_is_broken_where_nothing_was_counted() -> None:
    points = [Point(str(n), value, "", "#") for n, value in enumerate([0.98, None, 0.99, 1.0])]
    chart = line_chart(points, is_rate=True)
    assert [len(path.split()) for path in chart.paths] == [2]
    assert [tick.text for tick in chart.ticks][0::99] == ["90%"]
    assert chart.ticks[-1].text == "100%"
    bars = bar_chart([Point("0", 0, "0", "#"), Point("1", 7, "7", "#")])
    assert (bars.marks[0].height, bars.marks[1].height > 100) == (0, True)


@given(st.lists(st.none() | st.floats(-1e6, 1e6) | st.floats(0, 1), max_size=12), st.booleans())
def test_every_value_finds_its_place_in_the_drawing(
    values: list[float | None], is_rate: bool
) -> None:
    chart = line_chart([Point("", value, "", "#") for value in values], is_rate=is_rate)
    assert all(0 <= mark.y <= chart.base + 1e-6 for mark in chart.marks)
    assert 2 <= len(chart.ticks) <= 12

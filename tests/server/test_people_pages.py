"""The pages of people and of the log in the browser: forms, previews, filters, files, bad input."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from server import staff_desk, staff_log
from server.console.app import console_app
from server.staff_desk import NewPerson
from server.staff_log import LogFilter, TooMuch, WrongPeriod, as_csv
from server.storage.rows import AuditEntry
from shared.civil import DAY_MS
from tests.server.browser import Browser
from tests.server.test_api import World
from tests.server.test_console import NASTY, form, log_in
from tests.server.test_overseeing import _desk, person_of
from tests.server.test_people_api import posted


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("pages") / "county")
    for tablet in (made.one, made.other):
        posted(made, tablet)
    yield made
    made.county.ledger.engine.dispose()


@pytest.fixture(scope="module")
def browser(world: World) -> Browser:
    made = Browser(console_app(world.county))
    log_in(made, "admin", world.password)
    return made


# ---- people


def test_a_move_is_previewed_confirmed_and_shown(world: World, browser: Browser) -> None:
    who, new = f"/staff/agent:{world.other.agent}", world.towns[0]
    with world.county.ledger.read() as tx:
        near = world.county.editions(tx).sites.children(new)[1].id
    asked = form(browser, who, f"{who}/change")
    query = f"posting={asked['posting']}&what=move&on=2026-11-20&site={near}"
    page = browser.get(f"{who}/change?{query}")
    assert page.status_code == 200
    for shown in ("确认变动", "2026-11-19", "2026-11-20", "等乡镇主任确认"):
        assert shown in page.text
    sent = form(browser, f"{who}/change?{query}", f"{who}/change")
    unsaid = browser.post(f"{who}/change", data=sent)
    assert unsaid.status_code == 422
    assert "请写明理由" in unsaid.text
    done = browser.post(f"{who}/change", data=sent | {"reason": "工作调动"})
    assert done.headers["location"] == f"{who}?done=posting"
    text = browser.get(f"{who}?done=posting").text
    for shown in ("任职已记入台账", "2026-11-19", "未到任"):
        assert shown in text
    again = browser.post(f"{who}/change", data=sent | {"reason": "工作调动"})
    assert again.status_code == 409


def test_who_still_holds_work_is_not_moved_by_mistake(world: World, browser: Browser) -> None:
    who = f"/staff/agent:{world.one.agent}"
    query = "what=end&on=2026-11-30"
    page = browser.get(f"{who}/change?{query}")
    assert "手里还有 1 件未办结，请先移交" in page.text
    sent = form(browser, f"{who}/change?{query}", f"{who}/change") | {"reason": "离任"}
    answer = browser.post(f"{who}/change", data=sent)
    assert answer.status_code == 422
    assert "seen_held" in answer.text
    listed = browser.get(f"{who}/handover")
    assert "欧**明" in listed.text
    assert "欧阳小明" not in listed.text, "masked like everywhere"
    assert browser.post(f"{who}/handover", data=form(browser, f"{who}/handover", f"{who}/handover")
                        ).status_code == 422  # fmt: skip


@pytest.mark.parametrize(
    "path", ["/staff/x", "/staff/agent:", "/staff/staff:'--", "/staff/agent:AAAA"]
)
def test_nobody_is_one_clear_page(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 404
    assert "没有这个人员" in answer.text


@pytest.mark.parametrize(
    "query",
    ["on=昨天", "on=2026-02-30", "posting=x&on=2026-11-20", "what=move&on=2026-11-20",
     "what=move&on=2026-11-20&site=999", "on=1900-01-01&what=end"],
)  # fmt: skip
def test_a_wrong_change_is_said_on_the_page(world: World, browser: Browser, query: str) -> None:
    answer = browser.get(f"/staff/agent:{world.one.agent}/change?{query}")
    assert answer.status_code in {404, 422}
    assert re.search('role="alert"|<h1>', answer.text)


def test_what_people_type_is_text_everywhere(world: World, browser: Browser) -> None:
    desk, boss = _desk(world), person_of(world, "admin")
    new = NewPerson(NASTY, "clerk", world.towns[0], reason=NASTY)
    made = staff_desk.add(desk, boss, new)
    for path in (
        "/staff",
        f"/staff/{made.person}",
        "/audit",
        f"/staff?text={NASTY}",
        "/audit?about=x",
    ):
        text = browser.get(path).text
        assert NASTY not in text
        assert "<script>alert" not in text


def test_a_password_reset_is_shown_once(world: World, browser: Browser) -> None:
    made = staff_desk.add(
        _desk(world), person_of(world, "admin"),
        NewPerson("窗口丑", "clerk", world.towns[0], reason="到任"),
    )  # fmt: skip
    path = f"/staff/{made.person}"
    sent = form(browser, path, f"{path}/account") | {"act": "password", "reason": "忘记密码"}
    page = browser.post(f"{path}/account", data=sent)
    (password,) = re.findall(r"[A-Z2-9]{4}(?:-[A-Z2-9]{4}){2}", page.text)
    assert password not in browser.get(path).text
    assert password not in browser.get("/audit").text
    other = Browser(console_app(world.county))
    log_in(other, "窗口丑", password)
    assert browser.post(f"{path}/account", data=sent | {"act": "burn"}).status_code == 422
    assert browser.post(f"{path}/account", data=sent | {"reason": ""}).status_code == 422


# ---- the log


def test_the_log_is_filtered_by_person_sort_period_and_object(world: World) -> None:
    desk, boss = _desk(world), person_of(world, "admin")
    start = world.now.ms
    desk.accounts.note(boss, "reveal", "K7Q2", "一")
    world.now.ms += 3 * DAY_MS
    desk.accounts.note(boss, "reveal", "M3XA", "二")
    desk.accounts.note(boss, "open_attachment", "M3XA", "三")
    world.now.ms = start + 3 * DAY_MS + 1
    first, last = date(2026, 11, 18), date(2026, 11, 21)

    def said(which: LogFilter) -> set[str]:
        found = staff_log.log_page(desk, boss, which).entries
        return {one.detail for one in found} & {"一", "二", "三"}

    assert said(LogFilter()) == {"一", "二", "三"}
    assert said(LogFilter(what="reveal")) == {"一", "二"}
    assert said(LogFilter(about="M3XA")) == {"二", "三"}
    assert said(LogFilter(what="reveal", about="M3XA")) == {"二"}
    assert said(LogFilter(from_on=first, to_on=first)) == {"一"}
    assert said(LogFilter(from_on=last)) == {"二", "三"}
    assert said(LogFilter(to_on=date(2026, 11, 20))) == {"一"}
    assert said(LogFilter(who="nobody")) == set()
    with pytest.raises(WrongPeriod):
        LogFilter(from_on=last, to_on=first)


def test_the_files_hold_what_the_page_shows_and_the_taking_is_logged(
    world: World, browser: Browser
) -> None:
    log_in(browser, "admin", world.password)
    boss = person_of(world, "admin")
    _desk(world).accounts.note(boss, "read", "K7Q2", '=HYPERLINK("http://x")')
    before = world.audit("export_audit")
    got = browser.get("/audit.csv?what=read")
    assert got.headers["content-disposition"].endswith('.csv"')
    rows = list(csv.reader(io.StringIO(got.content.decode("utf-8-sig"))))
    assert rows[0] == list(staff_log.HEAD)
    assert rows[1][1:] == ["admin", "查看", "K7Q2", '\'=HYPERLINK("http://x")']
    book = browser.get("/audit.xlsx?what=read")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_index(0)
    assert [str(cell) for cell in sheet.to_python()[1]][1:] == [
        "admin", "查看", "K7Q2", "=HYPERLINK(\"http://x\")",
    ]  # fmt: skip
    assert len(world.audit("export_audit")) == len(before) + 2
    with world.county.ledger.read() as tx:
        assert tx.audit_entries(what="export_audit")[0].detail == "what=read"
    assert browser.get("/audit.csv?from=x").status_code == 422


def test_a_clerks_file_holds_the_clerks_entries_alone(world: World) -> None:
    clerk = Browser(console_app(world.county))
    log_in(clerk, "抄录", world.staff("抄录", "clerk", world.towns[0]))
    rows = list(csv.reader(io.StringIO(clerk.get("/audit.csv").content.decode("utf-8-sig"))))
    assert {row[1] for row in rows[1:]} == {"抄录"}


def test_a_file_has_an_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staff_log, "FILE_ROWS_MAX", 2)
    with pytest.raises(TooMuch, match="分几次导出"):
        staff_log.log_lines(_desk(world), person_of(world, "admin"), LogFilter())


@given(st.text(max_size=40))
def test_no_cell_of_the_file_is_a_formula(text: str) -> None:
    entry = AuditEntry(b"", 0, "", "read", "", text)
    raw = as_csv([entry], lambda one: (text, text, text)).decode("utf-8-sig")
    for row in csv.reader(io.StringIO(raw, newline="")):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


# ---- the table of rights


def test_the_table_of_rights_is_for_everybody_at_a_desk(world: World) -> None:
    clerk = Browser(console_app(world.county))
    log_in(clerk, "问权限", world.staff("问权限", "clerk", world.towns[0]))
    page = clerk.get("/staff/rights")
    assert page.status_code == 200
    for shown in ("查看完整证件号码和银行账号", "写明理由并留痕", "本乡镇", "第二人确认"):
        assert shown in page.text
    assert clerk.get("/staff").status_code == 403

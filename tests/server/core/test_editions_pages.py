"""目录与日历 as a browser and a program meet it: forms, uploads, forged approvals, rights."""

from __future__ import annotations

import html
import re
from typing import Any

import httpx
import pytest

from server.admin import accounts_of
from server.api.editions import ENDPOINTS
from server.api.openapi import PREFIX
from server.console.app import console_app
from server.county import County
from server.editions import drafts, recounting
from server.editions.table import catalogue_xlsx
from shared import ids
from shared.item_rows import cells_of
from tests.server.browser import Browser
from tests.server.core.editing import DOC_NO, TODAY, Office, accepted
from tests.server.core.test_editions_refunds import PAID, charge, without_fee
from tests.server.core.world import Tablet, township_of, villages
from tests.server.test_api import Client

ONE = "BM-MZ-001"
NASTY = "<script>alert(1)</script>\"'&"


class Desk:
    """Somebody at a browser of their own."""

    def __init__(self, county: County, name: str, role: str = "administrator", site: str = ""):
        with county.ledger.read() as tx:
            centre = county.editions(tx).centre
        _, self.password = accounts_of(county).add(name, role, site or centre)
        self.name = name
        self.browser = Browser(console_app(county))
        done = self.browser.post("/login", data={"name": name, "password": self.password})
        assert done.status_code == 303

    def get(self, path: str, status: int = 200) -> str:
        """A page, which must answer so."""
        answer = self.browser.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def send(self, path: str, page: str, **words: Any) -> httpx.Response:
        """A form with the token and the revision of a page."""
        found = {
            name: value
            for name in ("token", "revision")
            if (value := hidden(page, name)) is not None
        }
        return self.browser.post(path, data={**found, **words})

    def api(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A request of a program that logged in as this person."""
        with_token = self.browser.post(
            "/api/v1/session", json={"name": self.name, "password": self.password}
        )
        head = {"authorization": f"Bearer {with_token.json()['token']}"}
        return self.browser.request(method, f"/api/v1{path}", headers=head, **more)


def hidden(page: str, name: str) -> str | None:
    found = re.search(f'name="{name}" value="([^"]*)"', page)
    return found and html.unescape(found[1])


@pytest.fixture
def maker(county: County) -> Desk:
    return Desk(county, "周明")


@pytest.fixture
def second(county: County) -> Desk:
    return Desk(county, "林静")


@pytest.fixture
def draft(maker: Desk) -> str:
    """The address of a draft the maker began."""
    done = maker.send("/editions/drafts", maker.get("/editions"), kind="catalogue")
    assert done.status_code == 303
    return done.headers["location"]


def change(desk: Desk, draft: str, **cells: str) -> httpx.Response:
    """Change one item on its form."""
    page = desk.get(f"{draft}/item?code={ONE}")
    shown = dict(re.findall(r'<input type="text" name="(\w+)" value="([^"]*)"', page))
    chosen = dict(re.findall(r'<select name="(\w+)".*?<option value="([^"]*)" selected', page))
    long = dict(re.findall(r'<textarea name="(\w+)"[^>]*>\n?([^<]*)</textarea>', page))
    typed = {name: html.unescape(text) for name, text in {**shown, **chosen, **long}.items()}
    return desk.send(f"{draft}/item", page, old=ONE, **{**typed, **cells})


def test_from_a_draft_to_a_published_edition(county: County, maker: Desk, second: Desk) -> None:
    begun = maker.send("/editions/drafts", maker.get("/editions"), kind="catalogue")
    draft = begun.headers["location"]
    wrong = change(maker, draft, promised_workdays="x", name="")
    assert wrong.status_code == 422
    assert 'aria-describedby="fault-promised_workdays"' in wrong.text
    assert "「x」应为 0 到 999 的整数" in wrong.text
    assert change(maker, draft, name=NASTY, fee_yuan="5.50").status_code == 303
    page = maker.get(draft)
    assert (
        html.escape(NASTY, quote=True).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in page
    )
    assert NASTY not in page
    assert "收费改变" in page
    assert "5.50" in page
    early = maker.send(f"{draft}/propose", page)
    assert (early.status_code, "请先填写文号" in early.text) == (422, True)
    done = maker.send(
        f"{draft}/head", page, document="新目录", doc_no=DOC_NO, effective_on=TODAY.isoformat()
    )
    assert done.status_code == 303
    stale = maker.send(f"{draft}/propose", page)
    assert (stale.status_code, "刚刚由他人改过" in stale.text) == (409, True)
    assert maker.send(f"{draft}/propose", maker.get(draft)).status_code == 303
    page = maker.get(draft)
    assert "批准并公布" not in page
    forged = maker.send(f"{draft}/approve", page)
    assert (forged.status_code, "第二个人" in forged.text) == (403, True)
    assert maker.api("POST", f"/editions/drafts/{draft[-36:]}/approve").status_code == 403
    with county.ledger.read() as tx:
        assert county.editions(tx).catalogue.number == 1
    page = second.get(draft)
    assert "批准并公布" in page
    assert second.browser.post(f"{draft}/approve", data={"token": "0"}).status_code == 409
    assert second.send(f"{draft}/approve", page).headers["location"] == "/editions?done=published"
    page = second.get("/editions")
    assert "第 2 版" in page
    assert DOC_NO in page
    assert second.get("/editions/compare").count("5.50") == 1
    assert second.get(draft, 404)


def test_a_table_goes_out_and_comes_back_and_a_bad_one_changes_nothing(
    county: County, maker: Desk, draft: str
) -> None:
    def upload(name: str, content: bytes) -> httpx.Response:
        page = maker.get(draft)
        words = {"token": hidden(page, "token"), "revision": hidden(page, "revision")}
        return maker.browser.post(f"{draft}/table", data=words, files={"file": (name, content)})

    table = maker.browser.get(f"{draft}/table.xlsx")
    assert table.headers["content-disposition"].endswith('.xlsx"')
    assert upload("items.xlsx", table.content).status_code == 303
    with county.ledger.read() as tx:
        edition = county.editions(tx).catalogue
    assert table.content[:2] == catalogue_xlsx(edition)[:2] == b"PK"
    seen = drafts.opened(county, Office(county).maker, ids.parse_record(draft[-36:]))
    assert seen.content.catalogue.items == edition.items
    for name, content, said in (
        ("items.exe", b"MZ", "只收 xlsx 或 csv"),
        ("items.xlsx", b"no table", "不是完好的 .xlsx"),
        ("items.csv", "事项编码,事项名称\nA,甲\n".encode(), "缺少这一列"),
    ):
        refused = upload(name, content)
        assert refused.status_code in (409, 422)
        assert said in refused.text
        assert str(county.home.run) not in refused.text
    assert maker.send(f"{draft}/table", maker.get(draft)).status_code == 422
    again = drafts.opened(county, Office(county).maker, ids.parse_record(draft[-36:]))
    assert again.row.revision == seen.row.revision


def test_nobody_sends_a_file_without_a_log_in(county: County, draft: str) -> None:
    stranger = Browser(console_app(county))
    answer = stranger.post(f"{draft}/table", files={"file": ("a.csv", b"x" * 100)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2F")


def test_a_calendar_is_made_and_its_recount_shown(
    county: County, maker: Desk, second: Desk
) -> None:
    clerk = Tablet(county, township_of(villages()[0]), role="clerk")
    accepted(clerk, TODAY)
    clerk.sync()
    done = maker.send("/editions/drafts", maker.get("/editions"), kind="calendar")
    draft = done.headers["location"]
    page = maker.get(draft)
    assert "暂定" in page
    refused = maker.send(f"{draft}/days", page, first="2027-02-30", worked="0")
    assert refused.status_code == 422
    days = {"first": "2027-01-04", "last": "2027-01-08", "worked": "0"}
    assert maker.send(f"{draft}/days", page, **days).status_code == 303
    page = maker.get(draft)
    assert maker.send(f"{draft}/year", page, year="2027").status_code == 303
    page = maker.get(draft)
    assert "已有放假通知，不再暂定" in page
    head = {"document": "工作日历", "doc_no": DOC_NO, "effective_on": TODAY.isoformat()}
    maker.send(f"{draft}/head", page, **head)
    maker.send(f"{draft}/propose", maker.get(draft))
    second.send(f"{draft}/approve", second.get(draft))
    link = re.search(r"/editions/recounts/[0-9a-f]{64}", second.get("/editions"))
    assert link is not None
    report = second.get(link[0])
    assert "1 件的到期日改变" in report
    assert "2027-01-05" in report
    assert "2027-01-12" in report
    assert "其中 1 件推后" in report
    (line,) = second.api("GET", "/editions/recounts").json()
    assert (line["looked"], line["changed"], line["done"]) == (1, 1, True)
    (moved,) = second.api("GET", f"/editions/recounts/changes?recount={line['recount']}").json()
    assert (moved["before"], moved["after"]) == ("2027-01-05", "2027-01-12")


def test_a_refund_is_done_on_the_page_and_masked(county: County, maker: Desk) -> None:
    office, tablet = Office(county), Tablet(county, villages()[0])
    office.publish_catalogue(without_fee)
    late = charge(tablet, TODAY)
    page = maker.get("/editions/refunds")
    assert "待退 1 笔，共 20 元" in page
    assert "李婠" not in page
    (line,) = maker.api("GET", "/editions/refunds").json()
    assert (line["back_fen"], line["item"]) == (2000, PAID)
    charged = ids.record_text(late.skeleton.record)
    assert maker.send("/editions/refunds", page, charge=charged).status_code == 422
    done = maker.send("/editions/refunds", page, charge=charged, reason="已退")
    assert done.status_code == 303
    page = maker.get("/editions/refunds?done=1")
    assert "没有待退的收费" in page
    assert "已退 1 笔" in page
    again = maker.api("POST", "/editions/refunds", json={"charge": charged, "reason": "再退"})
    assert again.status_code == 409


def test_who_has_no_part_in_drafts_sees_published_editions_only(
    county: County, maker: Desk, draft: str
) -> None:
    clerk = Desk(county, "窗口", "clerk", township_of(villages()[0]))
    page = clerk.get("/editions")
    assert "第 1 版" in page
    assert "起草新版" not in page
    assert draft not in page
    assert clerk.get("/editions/catalogue/1")
    assert clerk.get("/editions/calendar/1")
    clerk.get(draft, 404)
    assert clerk.api("GET", "/editions/drafts").json() == []
    assert clerk.send("/editions/drafts", page, kind="catalogue").status_code == 403
    for path in ("/editions/catalogue/9", "/editions/sites/1", "/editions/catalogue/x"):
        clerk.get(path, 404)
    assert clerk.get("/editions/compare?kind=calendar")
    assert clerk.api("GET", "/editions/difference?kind=x&from=1&to=1").status_code == 422


class Program(Client):
    """A program whose every answer is held against the OpenAPI document."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.browser)
        self.token = self.ask("POST", "/session", {"name": desk.name, "password": desk.password})[
            "token"
        ]

    def _template(self, path: str) -> str:
        return PREFIX + re.sub("^/editions/drafts/[^/]+", "/editions/drafts/{draft}", path)


def test_every_endpoint_answers_as_the_document_says(
    county: County, maker: Desk, second: Desk
) -> None:
    one, other = Program(maker), Program(second)
    begun = one.ask("POST", "/editions/drafts", {"kind": "catalogue"})
    path = f"/editions/drafts/{begun['draft']}"
    with county.ledger.read() as tx:
        cells = cells_of(county.editions(tx).catalogue.by_code[ONE])
    item = {"revision": 1, "code": ONE, "cells": {**cells, "promised_workdays": "3"}}
    assert one.ask("POST", f"{path}/item", item)["revision"] == 2
    item = {"revision": 2, "code": ONE, "cells": {**cells, "name": ""}}
    wrong = one.ask("POST", f"{path}/item", item, status=422)
    assert "「事项名称」不能为空" in wrong["sentence"]
    one.ask("POST", f"{path}/drop", {"revision": 2, "code": PAID})
    one.ask("POST", f"{path}/rebase", {"revision": 3})
    head = {"revision": 3, "document": "目录", "doc_no": DOC_NO, "effective_on": str(TODAY)}
    assert one.ask("POST", f"{path}/head", {**head, "effective_on": "2026-02-30"}, status=422)
    one.ask("POST", f"{path}/head", head)
    whole = one.ask("GET", path)
    assert [group["group"] for group in whole["difference"]["groups"]] == ["取消", "时限改变"]
    one.ask("POST", f"{path}/propose", {"revision": 4})
    one.ask("POST", f"{path}/withdraw")
    one.ask("POST", f"{path}/propose", {"revision": 6})
    other.ask("POST", f"{path}/reject", {"reason": "日期不对"})
    (line,) = one.ask("GET", "/editions/drafts")
    assert (line["state"], line["note"]) == ("draft", "日期不对")
    one.ask("POST", f"{path}/propose", {"revision": line["revision"]})
    assert "第二个人" in one.ask("POST", f"{path}/approve", status=403)["sentence"]
    done = other.ask("POST", f"{path}/approve")
    newest = next(e for e in other.ask("GET", "/editions") if e["kind"] == "catalogue")
    assert (newest["number"], newest["state"], newest["doc_no"]) == (2, "in_force", DOC_NO)
    assert newest["operation"] == done["operation"]
    assert newest["made_by"] != newest["second_signer"]
    named: dict[str, Any] = {"kind": "catalogue", "from": "1", "to": "2"}
    sheet = other.ask("GET", "/editions/difference", **named)
    assert {entry["code"] for group in sheet["groups"] for entry in group["entries"]} == {ONE, PAID}
    late = charge(Tablet(county, villages()[0]), TODAY)
    (task,) = one.ask("GET", "/editions/refunds")
    assert task["charge"] == ids.record_text(late.skeleton.record)
    one.ask("POST", "/editions/refunds", {"charge": task["charge"], "reason": "已退"})
    one.ask("POST", "/editions/refunds", {"charge": task["charge"], "reason": "再退"}, status=409)
    assert [one["back_fen"] for one in one.ask("GET", "/editions/refunds", done="true")] == [2000]
    path = f"/editions/drafts/{one.ask('POST', '/editions/drafts', {'kind': 'calendar'})['draft']}"
    days = {"revision": 1, "first": "2027-01-04", "last": "2027-01-08", "worked": False}
    one.ask("POST", f"{path}/days", days)
    one.ask("POST", f"{path}/year", {"revision": 2, "year": 2027, "provisional": False})
    assert one.ask("GET", path)["difference"]["years"][0]["year"] == 2027
    published = Office(county).publish_free_days(TODAY, TODAY)
    recounting.run(county)
    (recount,) = one.ask("GET", "/editions/recounts")
    assert recount["recount"] == published.id.hex()
    assert one.ask("GET", "/editions/recounts/changes", recount=recount["recount"]) == []
    asked = {each for each in one.seen | other.seen if each[1] != f"{PREFIX}/session"}
    assert asked == {(one.method, PREFIX + one.path) for one in ENDPOINTS}

"""Who may carry files to the province and back; the page and the command line that do it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from server.admin import accounts_of
from server.bridge import desk
from server.console.app import console_app
from server.sight import NotAllowed
from server.verify import verify
from shared.ids import record_text
from sync.command import GROUP, Parts, run
from tests.server.bridging import PERSON, Office, an_office, answer_to, keys_of, person
from tests.server.browser import Browser
from tests.server.core.world import Mould
from tests.server.test_console import form, log_in


@pytest.fixture(scope="module")
def mould(tmp_path_factory: pytest.TempPathFactory) -> Mould:
    """A county that was born once, to be copied."""
    return Mould(tmp_path_factory.mktemp("mould"))


@pytest.fixture
def office(mould: Mould) -> Iterator[Office]:
    with an_office(mould) as made:
        yield made
        assert verify(made.county).violations == ()


def test_only_the_countys_administrator_carries_files(office: Office, tmp_path: Path) -> None:
    office.closed()
    county = office.county
    for role in ("village", "clerk", "head", "department"):
        with pytest.raises(NotAllowed):
            desk.overview(county, person(office, role))
    supervisor = person(office, "supervisor")
    assert not desk.overview(county, supervisor).may
    for act in (
        lambda: desk.export(county, supervisor, "last", tmp_path / "x.json"),
        lambda: desk.again(county, supervisor, "1", tmp_path / "x.json"),
        lambda: desk.answer(county, supervisor, tmp_path / "x.json"),
        lambda: desk.load_mapping(county, supervisor, tmp_path / "x.json"),
        lambda: desk.resend(county, supervisor, office.cases[0]),
    ):
        with pytest.raises(NotAllowed, match="县管理员"):
            act()
    clerk = person(office, "administrator")
    assert desk.export(county, clerk, "last", tmp_path / "x.json").batch is not None
    desk.again(county, clerk, "1", tmp_path / "y.xlsx")
    with county.ledger.read() as tx:
        told = [(row.person, row.what, row.about, row.detail) for row in tx.audit_entries()]
    assert [row[1] for row in told[:2]] == ["bridge_download", "bridge_export"]
    for who, _, about, detail in told[:2]:
        assert (who, about) == (clerk.author, "510322-01-000001")
        assert "省政务服务平台" in detail
        assert "测试" not in detail


def test_the_page_hands_out_takes_in_and_shows_what_came_back(office: Office) -> None:
    record = office.closed(**PERSON)
    with office.county.ledger.read() as tx:
        centre = office.county.editions(tx).centre
    row, password = accounts_of(office.county).add("县办", "administrator", centre)
    browser = Browser(console_app(office.county))
    log_in(browser, row.name, password)
    sent = form(browser, "/bridge", "/bridge/export")
    out = browser.post("/bridge/export", data={**sent, "format": "json", "since": "last"})
    assert (out.status_code, out.headers["content-type"]) == (200, "application/json")
    told = json.loads(out.content)
    again = browser.post("/bridge/again", data={**sent, "batch": told["batch"], "format": "json"})
    assert again.content == out.content
    assert browser.post("/bridge/export", data=sent).headers["location"] == "/bridge?done=none"
    answer = json.dumps(answer_to(told, reject=keys_of(told, "result"))).encode()
    token = {"token": sent["token"]}
    up = browser.post("/bridge/answer", data=token, files={"file": ("回执.json", answer)})
    assert up.status_code == 303, up.text
    page = browser.get(up.headers["location"]).text
    for shown in (
        "退回 1 行",
        "申请人证件号码校验不通过",
        f"/records/{record_text(record)}",
        "再报一次",
    ):
        assert shown in page
    waiting = browser.get("/todo?kind=returned").text
    assert "省平台退回 1" in waiting
    assert "申请人证件号码校验不通过" in waiting
    for name, number in (("测试甲", PERSON["id_no"]),):
        assert name not in page
        assert number not in page
    found = browser.get(f"/records?slip=SC-{told['tables']['accept'][0]['project_no']}").text
    assert f"/records/{record_text(record)}" in found
    bad = browser.post("/bridge/answer", data=token, files={"file": ("x.json", b"{}")})
    assert (bad.status_code, "没有作任何改动" in bad.text) == (409, True)
    assert browser.post("/bridge/answer", data=token).status_code == 422
    stale = browser.post("/bridge/answer", data={"token": "x"}, files={"file": ("x.json", answer)})
    assert stale.status_code == 409
    codes = browser.get("/bridge/mapping.xlsx")
    with CalamineWorkbook.from_filelike(io.BytesIO(codes.content)) as book:
        assert book.get_sheet_by_index(0).to_python()[0][:4] == [
            "类别", "本县代码", "含义", "省平台代码",
        ]  # fmt: skip
    loaded = browser.post("/bridge/mapping", data=token, files={"file": ("c.xlsx", codes.content)})
    assert loaded.headers["location"] == "/bridge?done=mapping"
    resent = browser.post("/bridge/resend", data={**token, "record": record_text(record)})
    assert resent.headers["location"] == "/bridge?done=resend"
    assert "省平台退回 0" in browser.get("/todo").text
    assert browser.post("/bridge/export", data=sent).status_code == 200


def test_the_command_line_says_what_it_did(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home, out = tmp_path / "county", tmp_path / "batch.xlsx"
    parts = Parts(entry_points(group=GROUP))

    def call(*words: str) -> tuple[int, str, str]:
        code = run(parts, ["county", *words])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    assert call("init", "--home", str(home), "--county", "510322", "--sample")[0] == 0
    code, said, _ = call("bridge", "export", "--home", str(home), "--since", "last", str(out))
    assert (code, "没有变化" in said, out.exists()) == (0, True, False)
    code, _, said = call("bridge", "export", "--home", str(home), str(tmp_path / "batch.txt"))
    assert (code, ".xlsx 或 .json" in said) == (2, True)
    code, _, said = call("bridge", "export", "--home", str(home), "--since", "昨天", str(out))
    assert (code, "--since" in said) == (2, True)
    code, _, said = call("bridge", "export", "--home", str(home), "--again", "7", str(out))
    assert (code, "没有批次 510322-01-000007" in said) == (1, True)
    code, _, said = call("bridge", "import", "--home", str(home), str(tmp_path / "none.json"))
    assert (code, "打不开文件" in said) == (1, True)
    codes = tmp_path / "codes.xlsx"
    code, said, _ = call("bridge", "mapping", "--home", str(home), "--write", str(codes))
    assert (code, "随产品的建议值" in said, codes.exists()) == (0, True, True)
    code, said, _ = call("bridge", "mapping", "--home", str(home), "--load", str(codes))
    assert (code, "本县第 1 版" in said) == (0, True)

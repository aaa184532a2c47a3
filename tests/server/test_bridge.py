"""The bridge to the province as a county uses it: rows, codes, answers, aliases, rights, page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.bridge import desk
from server.bridge.answers import Answered, WrongAnswer, take_answer
from server.bridge.batch import WrongBatch
from server.bridge.files import BatchGone
from server.bridge.mapping import WrongMapping
from server.bridge.tables import TABLES
from server.finding import row_by_number
from server.rebuild import rebuild
from server.spreadsheet import Unreadable
from server.verify import verify
from shared import numbered
from shared.canonical import Value
from tests.server.bridging import (
    PERSON,
    Office,
    an_office,
    answer_to,
    fill_codes,
    id_no,
    keys_of,
    laid,
    person,
)
from tests.server.core.world import ITEM, Mould, pass_days


@pytest.fixture(scope="module")
def mould(tmp_path_factory: pytest.TempPathFactory) -> Mould:
    """A county that was born once, to be copied."""
    return Mould(tmp_path_factory.mktemp("mould"))


@pytest.fixture
def office(mould: Mould) -> Iterator[Office]:
    with an_office(mould) as made:
        yield made
        assert verify(made.county).violations == ()


def sent_back(office: Office, told: dict[str, Any], *keys: str) -> Answered:
    with laid(answer_to(told, reject=keys)) as path:
        return take_answer(office.county, path)


# ---- what a file says


def test_a_case_fills_the_five_tables_in_the_fields_of_the_nation(office: Office) -> None:
    papers = [
        {"name": "户口簿", "form": "copy", "count": 2, "present": True},
        {"name": "照片", "form": "original", "count": 1, "present": False},
    ]
    record = office.receive("测试甲", **PERSON, materials=papers)  # type: ignore[arg-type]
    office.act(record, "accept")
    office.act(record, "suspend", procedure="公示", reason="公示七天")
    pass_days(office.county, 3)
    office.act(record, "resume")
    office.act(record, "decide", outcome="granted")
    office.act(record, "close", result="已登记")
    office.rate(record, 4)
    office.export_all()
    (told,) = office.files
    tables = told["tables"]
    for table in TABLES:
        for row in tables[table.name]:
            assert list(row) == [column.name for column in table.columns]
            for column in table.columns:
                assert len(row[column.name]) <= column.width
                assert row[column.name] or not column.required, column.name
    (accept,) = tables["accept"]
    assert (accept["applyer_name"], accept["applyer_page_code"]) == ("测试甲", id_no(1))
    assert (accept["contact_mobile"], accept["local_task_code"]) == ("13800000000", ITEM)
    assert accept["promise_date"] > accept["accept_date"] >= accept["apply_date"]
    events = [row["process_name"] for row in tables["process"]]
    assert events == ["收件", "受理", "进入特别程序", "特别程序结束", "作出决定", "办结"]
    (special,) = tables["special_procedure"]
    assert (special["special_name"], special["special_reason"]) == ("公示", "公示七天")
    assert special["special_time"] < special["end_time"]
    assert [row["material_name"] for row in tables["material"]] == ["户口簿"]
    (result,) = tables["result"]
    assert (result["result_type"], result["satisfaction"]) == ("1", "4")
    assert len({row["row_guid"] for rows in tables.values() for row in rows}) == told["rows"]
    assert {row["row_version"] for row in tables["process"]} == {str(told["row_version"])}


def test_nothing_is_told_before_acceptance_and_practice_never(office: Office) -> None:
    office.receive()
    practice = office.receive(practice=True)
    office.act(practice, "accept")
    assert office.export().batch is None


def test_what_changed_is_an_update_and_what_is_void_is_taken_back(office: Office) -> None:
    record = office.closed(**PERSON)
    office.export_all()
    office.act(record, "correct_record", person_name="测试乙", id_type="111", id_no=id_no(1))
    office.export_all()
    changed = office.files[-1]
    assert [row["cd_operation"] for row in changed["tables"]["accept"]] == ["U"]
    assert keys_of(changed, "accept") == keys_of(office.files[0], "accept")
    assert changed["row_version"] > office.files[0]["row_version"]
    assert changed["tables"]["result"] == []
    office.act(record, "void", reason="登记错误")
    office.export_all()
    rows = [row for some in office.files[-1]["tables"].values() for row in some]
    assert {row["cd_operation"] for row in rows} == {"D"}
    assert office.province.rows == {}


def test_from_a_day_on_everything_is_told_again(office: Office) -> None:
    office.closed()
    pass_days(office.county, 5)
    late = office.closed(name="测试乙")
    office.export_all()
    known = dict(office.province.rows)
    day = office.county.today()
    assert office.export(day).batch is not None
    again = office.files[-1]
    assert {key[:32] for key in keys_of(again, "accept")} == {late.hex()}
    assert {row["cd_operation"] for row in again["tables"]["accept"]} == {"U"}
    assert office.export("all").batch is not None
    assert len(office.files[-1]["tables"]["accept"]) == 2
    assert office.province.rows == known
    assert office.export().batch is None


def test_a_purged_person_leaves_the_batches_and_stays_told(office: Office) -> None:
    record = office.closed(**PERSON)
    office.export_all()
    number = office.files[0]["batch"]
    now = office.folded(record)
    first: dict[str, Value] = {"id": now.history[0].operation.hex(), "fields": ["person", "phone"]}
    office.act(record, "purge", operations=[first], reason="保存期满")
    assert office.export().batch is None
    assert len(office.province.rows) > 0
    with pytest.raises(BatchGone, match="清除"):
        desk.again_bytes(office.county, person(office, "administrator"), number, ".json")


def test_a_restored_county_outranks_what_it_forgot(office: Office) -> None:
    from tests.server.core.test_numbering import restored

    office.closed()
    office.export_all()
    restored(office.county)
    office.closed(name="测试乙")
    office.export_all()
    first, second = office.files
    assert second["batch"] == "510322-02-000001"
    assert second["row_version"] > first["row_version"]
    assert office.province.rows == office.due()


# ---- codes


def test_a_code_without_mapping_is_listed_and_its_row_waits(office: Office) -> None:
    record = office.receive(item="BM-YB-004")
    office.act(record, "accept")
    odd = office.receive()
    office.act(odd, "accept")
    office.act(odd, "suspend", procedure="民主评议", reason="村民代表评议")
    office.act(odd, "resume")
    assert office.export().batch is not None
    assert [key[:32] for key in keys_of(office.files[0], "accept")] == [odd.hex()]
    assert office.files[0]["tables"]["special_procedure"] == []
    with office.county.ledger.read() as tx:
        gaps = desk.gaps_of(tx, office.county.editions(tx))
    assert {(gap.section, gap.local, gap.cases) for gap in gaps} == {
        ("item_catalog", "BM-YB-004", 1), ("item_task", "BM-YB-004", 1),
        ("special_type", "民主评议", 1),
    }  # fmt: skip
    assert office.export().batch is None
    fill_codes(
        office.county, item_catalog={"BM-YB-004": "000117000004"},
        item_task={"BM-YB-004": "11510322008888888X4000117000004"}, special_type={"民主评议": "90"},
    )  # fmt: skip
    office.export_all()
    assert office.province.rows == office.due()
    with office.county.ledger.read() as tx:
        assert desk.gaps_of(tx, office.county.editions(tx)) == []


def test_nobody_is_given_a_number_they_do_not_have(office: Office) -> None:
    fill_codes(office.county, fixed={"no_id_no": ""})
    record = office.receive("测试甲")
    office.act(record, "accept")
    assert office.export().batch is None
    with office.county.ledger.read() as tx:
        (gap,) = desk.gaps_of(tx, office.county.editions(tx))
    assert (gap.local, gap.meaning) == ("id_no", "申请人没有证件号码")
    office.act(record, "amend", person_name="测试甲", id_type="111", id_no=id_no(7))
    assert office.export().batch is not None


def test_the_table_of_codes_goes_out_and_comes_back_the_same(
    office: Office, tmp_path: Path
) -> None:
    county, clerk = office.county, person(office, "administrator")
    for ending in (".xlsx", ".json"):
        path = tmp_path / f"codes{ending}"
        path.write_bytes(desk.mapping_file(county, None, ending))
        before = {line[:2] + line[3:4] for line in desk.mapping_lines(county, clerk)}
        desk.load_mapping(county, None, path)
        assert {line[:2] + line[3:4] for line in desk.mapping_lines(county, clerk)} == before
    told = json.loads((tmp_path / "codes.json").read_bytes())
    for change, said in (
        ({"county": "450222"}, "不是本县"), ({"format": "x"}, "不是代码对照表"),
        ({"entries": [*told["entries"], told["entries"][0]]}, "重复"),
        ({"entries": [{**told["entries"][0], "code": "12345"}]}, "超过 2 个字符"),
        ({"entries": [{**told["entries"][0], "section": "nothing"}]}, "没有“nothing”"),
    ):  # fmt: skip
        (tmp_path / "bad.json").write_text(json.dumps({**told, **change}))
        with pytest.raises(WrongMapping, match=said):
            desk.load_mapping(county, None, tmp_path / "bad.json")
    (tmp_path / "bad.json").write_bytes((tmp_path / "codes.json").read_bytes()[:-40])
    with pytest.raises(WrongMapping, match="不完整"):
        desk.load_mapping(county, None, tmp_path / "bad.json")


# ---- the answer


def test_an_accepted_case_is_found_by_the_number_of_the_province(office: Office) -> None:
    record = office.closed(**PERSON)
    office.export_all()
    done = sent_back(office, office.files[0])
    assert (done.rejected, done.numbers) == (0, 1)
    number = "SC-" + office.files[0]["tables"]["accept"][0]["project_no"]
    with office.county.ledger.read() as tx:
        for typed in (number, f" {number.lower()} ", number[3:]):
            found = row_by_number(tx, typed)
            assert found is not None
            assert found.record == record
        kinds = [row.kind for row in tx.numbers_of(record)]
        alias = numbered.alias_record(record, number)
        (entry,) = tx.operations_of([alias])[alias]
    assert sorted(kinds) == ["platform", "project"]
    assert entry.operation.data["number"] == number
    assert office.export().batch is None  # a number of theirs is no news to them
    rebuild(office.county)
    with office.county.ledger.read() as tx:
        assert tx.record_of_number(numbered.PLATFORM, number) == record
    office.window.pull()
    assert alias in office.window.records()


def test_a_rejected_row_stays_until_it_is_corrected_and_told_again(office: Office) -> None:
    record = office.closed(**PERSON)
    office.export_all()
    (key,) = keys_of(office.files[0], "accept")
    assert sent_back(office, office.files[0], key).rejected == 1

    def rejections() -> list[tuple[bytes, list[tuple[str, str]]]]:
        with office.county.ledger.read() as tx:
            return [(one.record, one.rows) for one in desk.open_rejections(tx)]

    assert rejections() == [(record, [("受理", "申请人证件号码校验不通过")])]
    assert office.export().batch is None
    assert rejections()
    corrected = {"person_name": "测试甲", "id_type": "111", "id_no": id_no(9)}
    office.act(record, "correct_record", **corrected)
    office.export_all()
    assert keys_of(office.files[1], "accept") == [key]
    assert rejections() == []
    late = sent_back(office, office.files[0], key)  # the old answer once more
    assert (late.rejected, late.outdated) == (0, 1)
    assert rejections() == []
    sent_back(office, office.files[1], key)
    clerk = person(office, "administrator")
    desk.resend(office.county, clerk, record)
    with pytest.raises(desk.NothingRejected):
        desk.resend(office.county, clerk, record)
    assert office.export().batch is not None
    assert keys_of(office.files[2], "accept") == [key]
    assert rejections() == []


def test_an_answer_that_is_wrong_anywhere_changes_nothing(office: Office, tmp_path: Path) -> None:
    one, two = office.closed(), office.closed(name="测试乙")
    office.export_all()
    told = office.files[0]
    good = answer_to(told)
    twice = [{**good["rows"][0], "platform_no": "X1"}, {**good["rows"][1], "platform_no": "X1"}]
    twice[1]["row_guid"] = next(k for k in keys_of(told, "accept") if k != twice[0]["row_guid"])
    strange = {**good["rows"][0], "row_guid": "0" * 32 + "a"}
    row = good["rows"][0]
    for change, error, said in (
        ({"county": "450222"}, WrongAnswer, "不是本县的"),
        ({"batch": "450222-01-000001"}, WrongBatch, "不是本县"),
        ({"batch": "510322-01-000009"}, WrongAnswer, "没有报送过"),
        ({"batch": "x"}, WrongBatch, "不是批次号"),
        ({"count": 3}, WrongAnswer, "应有 3 行"),
        ({"format": "other"}, WrongAnswer, "不是省平台的回执"),
        ({"rows": [], "count": 0}, WrongAnswer, "没有一行"),
        ({"rows": [row, row], "count": 2}, WrongAnswer, "重复"),
        ({"rows": [strange], "count": 1}, WrongAnswer, "不在这一批里"),
        ({"rows": [{**row, "row_guid": "'; drop"}], "count": 1}, WrongAnswer, "不是本县报送"),
        ({"rows": [{**row, "answer": "也许"}], "count": 1}, WrongAnswer, "接收”或“退回"),
        ({"rows": [{**row, "platform_no": "9" * 51}], "count": 1}, WrongAnswer, "超过 50"),
        ({"rows": twice, "count": 2}, WrongAnswer, "两个办件"),
    ):  # fmt: skip
        with laid({**good, **change}) as path:
            before = _books(office)
            with pytest.raises(error, match=said):
                take_answer(office.county, path)
            assert _books(office) == before
    for name, raw in (
        ("a.json", json.dumps(good).encode()[:-30]), ("a.xlsx", b"PK\x03\x04 cut"),
        ("a.csv", "什么,都不是\n1,2\n".encode()), ("a.json", b"\xff\xfe"),
    ):  # fmt: skip
        (tmp_path / name).write_bytes(raw)
        before = _books(office)
        with pytest.raises((WrongAnswer, Unreadable)):
            take_answer(office.county, tmp_path / name)
        assert _books(office) == before
    take_answer(office.county, _csv(tmp_path, good))
    with office.county.ledger.read() as tx:
        states = {case.state for case in tx.bridge_cases([one, two]).values()}
    assert states == {"accepted"}


def _csv(folder: Path, answer: dict[str, Any]) -> Path:
    lines = ["批次号,记录唯一标识,处理结果,原因,省平台办件号"]
    lines += [f"{answer['batch']},{r['row_guid']},接收,,{r['platform_no']}" for r in answer["rows"]]
    path = folder / "answer.csv"
    path.write_text("\n".join(lines), encoding="gb18030")
    return path


def _books(office: Office) -> object:
    with office.county.ledger.read() as tx:
        return tx.county_head(), tx.bridge_batches(9), tx.bridge_cases(office.cases)

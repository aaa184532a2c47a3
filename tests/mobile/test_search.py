"""Finding records by what a person remembers of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mobile import tables
from mobile.desk import Recorded
from mobile.documents import shown
from mobile.tablet import Tablet
from shared import numbered, operation
from shared.ids import record_text
from shared.verdict import Status, Verdict
from sync.page import Page, Received, cursor_mark
from tests.mobile.kit import COUNTY, NOW, unlocked

PEOPLE = ("王芳", "欧阳小明", "单晓", "阿依古丽·买买提", "𠮷田测", "王小芳")


@pytest.fixture(scope="module")
def tablet(tmp_path_factory: pytest.TempPathFactory) -> Tablet:
    made = unlocked(Path(tmp_path_factory.mktemp("search")) / "home")
    for number, name in enumerate(PEOPLE):
        done = made.desk.record(
            "proxy",
            {"person_name": name, "item": "BM-YB-001", "phone": f"1380013800{number}"},
        )
        assert isinstance(done, Recorded)
    made.desk.record("consultation", {"question": "高龄补贴100%怎么领_"})
    return made


def found(tablet: Tablet, text: str) -> set[str]:
    return {row.name for row in tablet.desk.search(text)}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("王芳", {"王芳"}),
        ("王", {"王芳", "王小芳"}),
        ("芳", {"王芳", "王小芳"}),
        ("小芳", {"王小芳"}),
        ("wf", {"王芳"}),
        ("WXF", {"王小芳"}),
        ("oyxm", {"欧阳小明"}),
        ("sx", {"单晓"}),
        ("wangfang", {"王芳"}),
        ("WangX", {"王小芳"}),
        ("ouyang", {"欧阳小明"}),
        ("shanxiao", {"单晓"}),
        ("danxiao", {"单晓"}),
        ("fang", set()),
        ("𠮷", {"𠮷田测"}),
        ("古丽·买", {"阿依古丽买买提"}),
        ("古丽买", {"阿依古丽买买提"}),
        ("8003", {"阿依古丽买买提"}),
        ("13800138001", {"欧阳小明"}),
        ("李", set()),
        ("", set()),
        ("  ", set()),
        ("%", {""}),
        ("_", {""}),
        ("高龄", {""}),
        ("' OR 1=1 --", set()),
    ],
)
def test_a_search_finds_exactly(tablet: Tablet, text: str, names: set[str]) -> None:
    assert found(tablet, text) == names


def test_a_slip_number_is_found_with_and_without_hyphens(tablet: Tablet) -> None:
    row = next(row for row in tablet.desk.records() if row.name == "王芳")
    for text in (row.slip, row.slip.replace("-", ""), row.slip.lower()):
        assert found(tablet, text) == {"王芳"}


def give(tablet: Tablet, record: bytes, number: str, seq: int) -> None:
    """Bring down a number that the county gave."""
    made = operation.build(
        stream=b"county-s-stream.", seq=seq, author="system", site="", session=None,
        record=numbered.record_of(record), kind=numbered.KIND, act=numbered.ACT, parents=(),
        clock=NOW << 16, quality=3, effective_at=NOW, salt=bytes(16),
        data={"of": record_text(record), "number_kind": "project", "number": number},
    )  # fmt: skip
    page = Page(
        COUNTY, 1, tablet.device_key.id, cursor_mark(tablet.intake.cursor()), b"%d" % seq, False,
        NOW, None, [Received(made, Verdict(1, seq, Status.ADMITTED, None, NOW, 5))],
    )  # fmt: skip
    assert tablet.intake.page(page).pulled == 0


def test_an_official_number_is_shown_and_found(tmp_path: Path) -> None:
    tablet = unlocked(tmp_path / "home")
    done = tablet.desk.record("case", {"person_name": "王芳", "item": "BM-YB-001"})
    assert isinstance(done, Recorded)
    tablet.desk.record("case", {"person_name": "王小芳", "item": "BM-YB-001"})
    assert shown(tablet.desk.show(done.record))["numbers"] == []
    before = tablet.desk.records()
    number, alias = "510322100000261123000073", "510322100000261123050012"
    give(tablet, done.record, alias, 9)
    give(tablet, done.record, number, 7)
    expected = [{"kind": "project", "number": number}, {"kind": "project", "number": alias}]
    for _ in range(2):
        assert shown(tablet.desk.show(done.record))["numbers"] == expected
        for text in (number, alias, "5103 2210 0000 2611 2300 0073", "000073"):
            assert found(tablet, text) == {"王芳"}
        assert done.slip_number is not None
        assert found(tablet, done.slip_number) == {"王芳"}
        assert found(tablet, "510322100000") == set()
        assert tablet.desk.records() == before
        tablet.rebuild()


def test_a_home_of_before_finds_by_pinyin_after_its_migration(tmp_path: Path) -> None:
    tablet = unlocked(tmp_path / "home")
    tablet.desk.record("proxy", {"person_name": "单晓", "item": "BM-YB-001"})
    store = tablet.store
    with store.write():
        store.execute("UPDATE records SET initials = ' sx dx'")
    assert found(tablet, "shanxiao") == set()
    with store.write():
        store.execute("DROP TABLE numbers")
        tables.MIGRATIONS[3](store)
    assert found(tablet, "shanxiao") == found(tablet, "sx") == {"单晓"}

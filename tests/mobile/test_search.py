"""Finding records by what a person remembers of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mobile.desk import Recorded
from mobile.tablet import Tablet
from tests.mobile.kit import unlocked

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

"""The main job, end to end: what `make demo` does, with its claims recounted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journeys import demo
from tests.journeys.commands import attempt, bianmin
from tests.journeys.plaintext import files_that_say

SAID = ("李婠", "王小明", "张桂芳", "𠮷田", "刘强", "13800000021", "态度不好", "5199011948")


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """The demo, once for all tests of this module."""
    return demo.main(tmp_path_factory.mktemp("demo"))


def home(morning: dict[str, object], name: str) -> Path:
    homes = morning["homes"]
    assert isinstance(homes, dict)
    return Path(homes[name])


def test_nothing_is_lost_or_doubled(morning: dict[str, object]) -> None:
    assert morning["operations_recorded"] == morning["operations_merged"] == 16
    assert (morning["lost"], morning["duplicated"]) == (0, 0)


def test_the_conflict_is_found_and_settled(morning: dict[str, object]) -> None:
    assert morning["conflicts_found"] == morning["conflicts_settled"] == 1


def test_no_file_on_the_way_says_a_citizens_name(morning: dict[str, object]) -> None:
    county = home(morning, "county")
    folders = [
        *(home(morning, name) for name in ("village-a", "village-b", "village-c", "township")),
        *county.parent.glob("*.bundle"),
        *county.parent.glob("*.log"),
        county / "front",
        county / "core.db",
    ]
    assert files_that_say(SAID, folders) == []


def test_the_search_for_names_finds_them_where_they_are(tmp_path: Path) -> None:
    """The positive control of the test above."""
    (tmp_path / "leak.txt").write_text("王小明", encoding="utf-16-be")
    assert files_that_say(SAID, [tmp_path]) == ["leak.txt: 王小明"]


def test_no_file_of_a_tablet_is_an_open_database(morning: dict[str, object]) -> None:
    for name in ("village-a", "township", "county"):
        for path in home(morning, name).rglob("*"):
            assert not path.is_file() or path.read_bytes()[:15] != b"SQLite format 3"


def test_the_sealed_complaint_shows_nowhere_on_its_tablet(morning: dict[str, object]) -> None:
    shown = bianmin("agent", "list", "--home", str(home(morning, "village-b")), "--pin", demo.PIN)
    complaints = [row["title"] for row in shown if row["kind"] == "complaint"]
    assert complaints == ["叫号机坏了三天"]


def test_the_figures_count_the_morning(morning: dict[str, object]) -> None:
    report = bianmin(
        "county", "report", "--home", str(home(morning, "county")),
        "--from", "2026-01-01", "--to", "2030-12-31",
    )  # fmt: skip
    values = {name: metric["value"] for name, metric in report["metrics"].items()}
    assert values["M6"] == 6, "five and one answered; the one nobody answered yet is not counted"
    assert values["M7"] == 2
    assert values["M8"] == 2, "the sealed complaint counts too"
    assert values["M2"] == 1, "a merged case counts once, at the side that stands"


def test_a_wrong_pin_opens_nothing(morning: dict[str, object]) -> None:
    done = attempt(
        "agent", "list", "--home", str(home(morning, "village-a")), "--pin", "000000", "--json"
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1

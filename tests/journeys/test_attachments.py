"""A photo's way: taken in a village, over a line that keeps breaking, to township and console."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.journeys.commands import attempt, bianmin, free_port, serving
from tests.journeys.cutting import Line, bad_line
from tests.journeys.demo import PIN, Api, Tablet

PHOTO = b"\xff\xd8\xff\xe0" + random.Random(7).randbytes(300_000)
VILLAGE, TOWNSHIP = "510322100201", "510322100000"


@dataclass
class Morning:
    """What the tests of this module look at."""

    folder: Path
    county: Path
    village: Tablet
    township: Tablet
    line: Line
    url: str
    record: str
    paper: str
    cuts_up: int
    synced: dict[str, object]
    watch: str
    """The supervisor's one-time password."""

    def api(self, name: str, password: str) -> Api:
        return Api(self.url, name, password)


def enrol(folder: Path, county: Path, url: str, name: str, site: str) -> Tablet:
    tablet = Tablet(name, folder / name)
    invited = bianmin("county", "invite", "--home", str(county), "--site", site)
    bianmin(
        "agent", "enrol", "--home", str(tablet.home), "--server", url,
        "--code", invited["code"], "--name", name, "--pin", PIN,
    )  # fmt: skip
    return tablet


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Morning]:
    folder = tmp_path_factory.mktemp("photo")
    county = folder / "county"
    bianmin("county", "init", "--home", str(county), "--county", "510322", "--sample")
    watch = bianmin(
        "county", "staff", "add", "--home", str(county), "督查",
        "--role", "supervisor", "--site", "510322000000",
    )  # fmt: skip
    port = free_port()
    with serving(county, port) as url, bad_line(port) as line:
        village = enrol(folder, county, line.url, "village", VILLAGE)
        township = enrol(folder, county, line.url, "township", TOWNSHIP)
        record = village.record("proxy", person_name="李婠", item="BM-YB-001")
        (folder / "身份证.jpg").write_bytes(PHOTO)
        paper = village.run("attach", record, str(folder / "身份证.jpg"))["record"]
        line.be_bad(cuts=4, bytes_each=90_000)
        synced = village.run("sync")
        cuts_up = line.cuts
        township.run("sync")
        yield Morning(
            folder, county, village, township, line, url, record, paper, cuts_up, synced,
            watch["password"],
        )  # fmt: skip


def test_the_photo_arrives_over_a_line_that_breaks(morning: Morning) -> None:
    assert morning.cuts_up == 4, "no connection carried more than 90 KB of its 300 KB"
    assert morning.synced["attachments_left"] == 0
    assert morning.synced["notices"] == []
    (stored,) = (path for path in (morning.county / "attachments").rglob("*") if path.is_file())
    (own,) = (morning.village.home / "attachments").iterdir()
    assert stored.name == own.name
    assert stored.read_bytes() == own.read_bytes()


def test_the_township_fetches_it_on_over_the_same_line(morning: Morning, tmp_path: Path) -> None:
    (listed,) = morning.township.run("show", morning.record)["attachments"]
    assert listed == {
        "record": morning.paper, "file_name": "身份证.jpg", "media_type": "image/jpeg",
        "bytes": len(PHOTO), "here": False,
    }  # fmt: skip
    before = morning.line.cuts
    morning.line.be_bad(cuts=3, bytes_each=80_000)
    here = tmp_path / "here.jpg"
    done = morning.township.run("attach", morning.record, str(here), "--get")
    assert done["bytes"] == len(PHOTO)
    assert here.read_bytes() == PHOTO
    assert morning.line.cuts == before + 3
    (listed,) = morning.township.run("show", morning.record)["attachments"]
    assert listed["here"]
    again = attempt(
        "agent", "attach", "--home", str(morning.township.home), morning.paper, str(here),
        "--get", "--pin", PIN,
    )  # fmt: skip
    assert (again.returncode, "已经存在" in again.stderr) == (1, True)


def test_the_console_opens_it_for_whom_may_see_it(morning: Morning) -> None:
    api = morning.api("督查", morning.watch)
    (listed,) = api.get(f"records/{morning.record}/attachments")
    assert listed["arrived"]
    opened = api.post(
        f"records/{morning.record}/attachments",
        {"attachment": listed["attachment"], "reason": "核查"},
    )
    assert base64.b64decode(opened["content"]) == PHOTO
    assert opened["media_type"] == "image/jpeg"


def test_no_file_of_county_or_tablet_holds_the_photo_open(morning: Morning) -> None:
    pieces = [PHOTO[at : at + 32] for at in range(0, len(PHOTO) - 32, 10_000)]
    files = [
        path
        for root in (morning.county, morning.village.home, morning.township.home)
        for path in root.rglob("*")
        if path.is_file()
    ]
    assert len(files) > 20
    for path in files:
        raw = path.read_bytes()
        assert not any(piece in raw for piece in pieces), path


def test_the_countys_books_agree(morning: Morning) -> None:
    assert bianmin("county", "verify", "--home", str(morning.county))["ok"]

"""A county is restored from the same old backup twice: nothing that was recorded is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mobile.streams import SEALED, all_streams
from mobile.tablet import Locked, Machine
from server.opening import close_county, open_county
from tests.journeys.commands import attempt, bianmin, free_port, serving
from tests.journeys.demo import PIN, Tablet
from tests.journeys.recount import recount

VILLAGE = "510322100201"
COMPLAINT = {"target_kind": "person", "content": "态度不好"}


def county(command: str, home: Path, *arguments: str) -> Any:
    return bianmin("county", command, "--home", str(home), *arguments)


def enrol(tablet: Tablet, home: Path, url: str) -> None:
    code = county("invite", home, "--site", VILLAGE)["code"]
    bianmin(
        "agent", "enrol", "--home", str(tablet.home), "--server", url, "--code", code,
        "--name", tablet.name, "--pin", PIN,
    )  # fmt: skip


def sealed_on(tablets: list[Tablet]) -> dict[bytes, int]:
    """Each sealed stream of these tablets and its length."""
    found: dict[bytes, int] = {}
    for one in tablets:
        tablet = Locked(one.home, Machine.real()).unlock(PIN)
        found |= {row.id: row.seq for row in all_streams(tablet.store) if row.purpose == SEALED}
        tablet.lock()
    return found


def sealed_at(home: Path) -> dict[bytes, int]:
    """Each sealed stream of the ledger and its length."""
    opened = open_county(home)
    try:
        with opened.ledger.read() as tx:
            return {row.stream: row.seq for row in tx.streams() if row.purpose == SEALED}
    finally:
        close_county(opened)


def test_a_county_restored_twice_from_one_backup_gets_everything_back(tmp_path: Path) -> None:
    first, port, backup = tmp_path / "county", free_port(), tmp_path / "backup"
    county("init", first, "--county", "510322", "--sample")
    anna, late = Tablet("安娜", tmp_path / "anna"), Tablet("晚来", tmp_path / "late")
    with serving(first, port) as url:
        enrol(anna, first, url)  # enrolled, and nothing sent yet
        assert county("backup", first, str(backup))["outside"] is False
        enrol(late, first, url)
        for tablet in (anna, late):
            tablet.record("consultation", question="备份之后")
            tablet.seal_complaint(**COMPLAINT)
            tablet.run("sync")
    for again in ("second", "third"):
        home = tmp_path / again
        assert county("restore", home, str(backup))["epoch"] == 2
        with serving(home, port) as url:
            anna.run("sync")
            # This county has never heard of the later tablet.
            refused = attempt("agent", "sync", "--home", str(late.home), "--pin", PIN, "--json")
            assert (refused.returncode, "信封未被接收" in refused.stderr) == (1, True)
            enrol(late, home, url)
            late.run("sync")
            anna.record("consultation", question="恢复之后")
            done = anna.run("sync")
            assert (done["pushed"], done["pending"], done["round_trips"]) == (1, 0, 1)
        counted = recount({"anna": anna.home, "late": late.home}, home, PIN)
        assert (counted.lost, counted.duplicated) == (0, 0)
        assert counted.merged == counted.recorded
        assert sealed_at(home) == sealed_on([anna, late])
        found = county("verify", home)
        assert (found["ok"], found["violations"]) == (True, [])

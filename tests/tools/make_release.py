"""Make the samples of a release in tests/fixtures/v0_1_0/. Run once; later versions must read them.

    .venv/bin/python -m tests.tools.make_release

A small county and two tablets, made with the real commands: one tablet's work is in the ledger,
the other's lies sealed in its outbox and in a bundle. `expected.json` says what has to be read
from them. The keys in there belong to this sample alone.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from tests.journeys.commands import bianmin, free_port, serving
from tests.journeys.demo import PIN, Tablet

FOLDER = Path("tests/fixtures/v0_1_0")


def main(folder: Path) -> None:
    """Make the samples in a folder that does not exist yet."""
    county = folder / "county"
    bianmin("county", "init", "--home", str(county), "--county", "510322", "--sample")
    with serving(county, free_port()) as url:
        delivered, waiting = (
            _enrol(folder, county, url, name) for name in ("delivered", "waiting")
        )
        proxy = delivered.record("proxy", person_name="李婠", item="BM-YB-001", phone="13800000020")
        delivered.seal_complaint(target_kind="person", content="办事时态度不好")
        delivered.run("sync")
        waiting.run("sync")
    delivered.act(proxy, "amend", phone="13800000021")
    waiting.act(proxy, "amend", phone="13800000022")
    waiting.record("consultation", question="医保今年交多少？", answer="每人400元。")
    with serving(county, free_port()):
        delivered.run("sync", "--server", _address(county))
    bundle = folder / "waiting.bundle"
    waiting.run("export", str(bundle))
    expected = {
        "pin": PIN,
        "record": proxy,
        "delivered": delivered.run("list"),
        "waiting": waiting.run("list"),
        "report": bianmin(
            "county", "report", "--home", str(county), "--from", "2026-01-01", "--to", "2030-12-31"
        )["metrics"],
        "verify": bianmin("county", "verify", "--home", str(county)),
    }
    text = json.dumps(expected, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / "expected.json").write_text(text + "\n", encoding="utf-8")
    for leftover in (*folder.glob("*.log"), county / "run"):
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()


def _enrol(folder: Path, county: Path, url: str, name: str) -> Tablet:
    tablet = Tablet(name, folder / name)
    invited = bianmin("county", "invite", "--home", str(county), "--site", "510322100201")
    bianmin(
        "agent", "enrol", "--home", str(tablet.home), "--server", url,
        "--code", invited["code"], "--name", f"代办员{name}", "--pin", PIN,
    )  # fmt: skip
    tablet.run("sync")
    return tablet


def _address(county: Path) -> str:
    return (county / "run" / "address").read_text(encoding="utf-8").strip()


if __name__ == "__main__":
    if FOLDER.exists():
        sys.exit(f"{FOLDER} is there already: samples of a release are never made again")
    FOLDER.mkdir(parents=True)
    main(FOLDER)

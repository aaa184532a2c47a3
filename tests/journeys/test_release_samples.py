"""What version 0.1.0 wrote is read for ever: stores, ledger, envelopes, bundle."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from sync import envelope
from tests.journeys.commands import bianmin

SAMPLES = Path(__file__).parents[1] / "fixtures" / "v0_1_0"
EXPECTED: dict[str, Any] = json.loads((SAMPLES / "expected.json").read_text(encoding="utf-8"))


@pytest.fixture
def homes(tmp_path: Path) -> Path:
    """A copy of the samples that may be written to."""
    return Path(shutil.copytree(SAMPLES, tmp_path / "samples"))


@pytest.mark.parametrize("name", ["delivered", "waiting"])
def test_a_tablets_store_opens_and_lists_the_same(homes: Path, name: str) -> None:
    listed = bianmin("agent", "list", "--home", str(homes / name), "--pin", EXPECTED["pin"])
    assert listed == EXPECTED[name]


def test_the_ledger_still_proves_itself(homes: Path) -> None:
    assert bianmin("county", "verify", "--home", str(homes / "county")) == EXPECTED["verify"]
    assert EXPECTED["verify"]["ok"]


def test_the_figures_are_the_same(homes: Path) -> None:
    report = bianmin(
        "county", "report", "--home", str(homes / "county"),
        "--from", "2026-01-01", "--to", "2030-12-31",
    )  # fmt: skip
    known = {key: report["metrics"][key] for key in EXPECTED["report"]}  # later ones are not in it
    assert known == EXPECTED["report"]


def test_sealed_envelopes_of_the_outbox_are_read() -> None:
    frozen = sorted((SAMPLES / "waiting" / "outbox").glob("*.env"))
    assert frozen, "the sample has work that was never delivered"
    for path in frozen:
        assert envelope.parse(path.read_bytes()).header.county == 510322


def test_a_bundle_written_then_arrives_now_and_its_conflict_is_found(homes: Path) -> None:
    county, reply = homes / "county", homes / "reply.bundle"
    bianmin(
        "county", "import", "--home", str(county), str(homes / "waiting.bundle"),
        "--reply", str(reply),
    )  # fmt: skip
    found = bianmin("county", "conflicts", "--home", str(county))
    assert [(one["record"], one["field"]) for one in found] == [(EXPECTED["record"], "phone")]
    home = str(homes / "waiting")
    bianmin("agent", "import", "--home", home, str(reply), "--pin", EXPECTED["pin"])
    status = bianmin("agent", "status", "--home", home, "--pin", EXPECTED["pin"])
    assert status["pending"] == 0
    assert bianmin("county", "verify", "--home", str(county))["ok"]

"""Every benchmark does its work at tiny size and says its ratio. No times: machines differ."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from benchmarks import work
from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.figures import HEADINGS, Better, Figure, line
from mobile.drafts import is_sealed
from shared.kinds import kind_of
from shared.validation import validate

TINY = "24"


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_prints_its_ratio(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    main([name, "--count", TINY])
    machine, headings, _, *rows = capsys.readouterr().out.splitlines()
    assert "cores" in machine
    assert headings.count("|") == len(HEADINGS) + 1
    assert rows
    for row in rows:
        cells = dict(zip(HEADINGS, (cell.strip() for cell in row.split("|")[1:-1]), strict=True))
        assert cells["figure"].startswith(name)
        assert float(cells["ratio"]) > 0
        assert cells["verdict"] in {"met", "not met", "–"}


def test_one_json_document_holds_machine_and_figures(capsys: pytest.CaptureFixture[str]) -> None:
    main(["fold", "codec", "--quick", "--count", TINY, "--json"])
    document = json.loads(capsys.readouterr().out)
    assert document["machine"]["cores"] >= 1
    assert {figure["name"].partition(",")[0] for figure in document["figures"]} == {"fold", "codec"}
    assert all(figure["ratio"] > 0 for figure in document["figures"])


def test_an_unknown_name_says_which_there_are() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "nothing"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "nothing" in done.stderr
    assert "push" in done.stderr


@pytest.mark.parametrize(
    ("better", "value", "met"),
    [(Better.HIGHER, 10.0, True), (Better.HIGHER, 9.9, False), (Better.LOWER, 10.1, False)],
)
def test_a_verdict_follows_value_and_ratio(better: Better, value: float, met: bool) -> None:
    assert Figure("x", value, "u", better, 5.0, "floor", goal=10).is_met is met
    assert Figure("x", value, "u", better, 5.0, "floor", goal_ratio=2).is_met is met
    assert Figure("x", value, "u", better, 5.0, "floor").is_met is None
    assert ("| met |" in line(Figure("x", value, "u", better, 5.0, "floor", goal=10))) is met


def test_the_work_is_what_the_tables_declare_and_the_same_for_the_same_seed() -> None:
    made = list(work.matters(200))
    assert made == list(work.matters(200))
    assert made != list(work.matters(200, seed=1))
    assert {matter.kind for matter in made} == {"consultation", "proxy", "complaint"}
    for matter in made:
        clean = validate(matter.kind, kind_of(matter.kind).default_act, matter.data)
        assert not is_sealed(matter.kind, clean), "a sealed complaint leaves nothing to measure"

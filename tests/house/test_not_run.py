"""`not_run` is counted, printed and a failure in CI; proved by starting pytest on small suites."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

ABSENT = """
import pytest

@pytest.fixture(scope="module")
def database(not_run):
    not_run("PostgreSQL")

def test_needs_a_database(database): ...
def test_needs_it_too(database): ...
def test_needs_a_display(not_run): not_run("display")
def test_needs_nothing(): ...
"""
PRESENT = "def test_needs_nothing(): ...\n"
BARE = """
import pytest

def test_left_out(): pytest.skip("no time")
"""


def run_suite(
    folder: Path, source: str, *options: str, ci: bool
) -> subprocess.CompletedProcess[str]:
    """Run one test file under this house's conftest, in a process of its own."""
    (folder / "conftest.py").write_text(
        (ROOT / "tests" / "conftest.py").read_text("utf-8"), encoding="utf-8"
    )
    (folder / "test_small.py").write_text(source, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    environment["PYTHONPATH"] = str(ROOT)
    if ci:
        environment["CI"] = "true"
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options, str(folder)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("options", [(), ("-n", "2", "--dist", "loadfile")])
def test_what_did_not_run_is_named_and_counted(tmp_path: Path, options: tuple[str, ...]) -> None:
    done = run_suite(tmp_path, ABSENT, *options, ci=False)
    assert done.returncode == 0, done.stdout
    assert "NOT RUN: PostgreSQL (2)" in done.stdout
    assert "NOT RUN: display (1)" in done.stdout


@pytest.mark.parametrize("options", [(), ("-n", "2", "--dist", "loadfile")])
def test_in_ci_it_is_a_failure(tmp_path: Path, options: tuple[str, ...]) -> None:
    done = run_suite(tmp_path, ABSENT, *options, ci=True)
    assert done.returncode == 1, done.stdout
    assert "NOT RUN: PostgreSQL (2)" in done.stdout


def test_a_whole_run_passes_in_ci(tmp_path: Path) -> None:
    done = run_suite(tmp_path, PRESENT, ci=True)
    assert done.returncode == 0, done.stdout
    assert "NOT RUN" not in done.stdout


def test_a_plain_skip_fails_everywhere(tmp_path: Path) -> None:
    done = run_suite(tmp_path, BARE, ci=False)
    assert done.returncode == 1, done.stdout
    assert "SKIPPED WITHOUT not_run: no time (1)" in done.stdout

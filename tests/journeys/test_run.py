"""`make run` as a newcomer meets it: it starts, it can be used, and a signal ends all of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import requests

from tests.journeys.commands import free_port

ROOT = Path(__file__).parents[2]
IN_BACKGROUND = ("sh", "-c", """trap '' INT; exec "$@" """, "sh")
"""A shell starts what it puts in the background with SIGINT ignored."""


def launch(folder: Path, port: int) -> subprocess.Popen[str]:
    """Start the run in a folder of its own, without a display."""
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return subprocess.Popen(
        [*IN_BACKGROUND, sys.executable, "-m", "tests.journeys.run"], cwd=folder, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment | {"PORT": str(port), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def start(folder: Path, port: int) -> subprocess.Popen[str]:
    """Start the run; return once it says how to stop."""
    process = launch(folder, port)
    assert process.stdout is not None
    for line in process.stdout:
        if "没有显示器" in line:
            return process
    raise AssertionError("the run ended before it was ready")


def test_it_serves_until_a_signal_and_goes_on_where_it_was(tmp_path: Path) -> None:
    port = free_port()
    for number in (signal.SIGTERM, signal.SIGINT):
        process = start(tmp_path, port)
        page = requests.get(f"http://127.0.0.1:{port}/", timeout=30)
        assert page.ok
        assert "便民" in page.text
        if number == signal.SIGTERM:
            second = launch(tmp_path, port)
            _, said = second.communicate(timeout=60)
            assert second.returncode == 1
            assert "已在运行" in said
            assert said.count("\n") == 1
        process.send_signal(number)
        process.communicate(timeout=60)
        assert process.returncode == 0
    homes = sorted(path.name for path in (tmp_path / "run").iterdir() if path.is_dir())
    assert homes == ["county", "tablet"]

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


def start(folder: Path, port: int) -> subprocess.Popen[str]:
    """Start the run in a folder of its own, without a display; return once it says how to stop."""
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.journeys.run"], cwd=folder, stdout=subprocess.PIPE, text=True,
        stdin=subprocess.DEVNULL, env=environment | {"PORT": str(port), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
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
        process.send_signal(number)
        assert process.wait(timeout=60) == 0
        assert process.stdout is not None
        process.stdout.close()
    homes = sorted(path.name for path in (tmp_path / "run").iterdir() if path.is_dir())
    assert homes == ["county", "tablet"]

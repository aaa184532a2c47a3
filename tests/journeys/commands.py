"""Calling the one command `bianmin` as a person or script would, and a county that serves."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BIANMIN = str(Path(sys.executable).parent / "bianmin")


class CommandFailed(AssertionError):
    """A command that should have worked did not; the message is what it said."""


def bianmin(*arguments: str, stdin: str | None = None) -> Any:
    """Run one command with --json and return what it printed; raise CommandFailed."""
    done = attempt(*arguments, "--json", stdin=stdin)
    if done.returncode != 0:
        raise CommandFailed(f"bianmin {' '.join(arguments)}: {done.stderr.strip()}")
    return json.loads(done.stdout) if done.stdout.strip() else None


def attempt(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run one command, whatever it answers."""
    return subprocess.run(
        [BIANMIN, *arguments],
        input=stdin if stdin is not None else "",
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def free_port() -> int:
    """Return a port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(home: Path, port: int) -> Iterator[str]:
    """Serve a county in processes of its own until the block ends; give its address."""
    with (home.parent / f"{home.name}.log").open("ab") as log:
        process = subprocess.Popen(
            [BIANMIN, "county", "serve", "--home", str(home), "--port", str(port)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip
        assert process.stdout is not None
        try:
            if not process.stdout.readline():  # it prints its address once both processes answer
                process.wait(timeout=60)
                raise CommandFailed(_last_line(Path(log.name)))
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=30)
            process.stdout.close()


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8").splitlines()
    return lines[-1] if lines else f"the county did not start; see {log}"

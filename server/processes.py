"""The two processes of `county serve`, as they run inside their own interpreter.

Each enters the folder `run` first: the path of a unix socket may have 107 bytes only, and a home
may lie deeper. Each ends when its parent is gone (its standard input closes).
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from server.home import CountyHome
from server.log import log, to_standard_error

GRACE_S = 10


def run_front(root: Path, listener: int) -> None:
    """Run the front on the listening socket of this file descriptor, until told to stop."""
    from server.front.app import front_app
    from server.opening import wall_clock

    home = CountyHome.open(root)
    os.chdir(home.run)
    to_standard_error("front")
    _serve(front_app(home, uds=home.socket.name, now=wall_clock), socket.socket(fileno=listener))


def run_core(root: Path) -> None:
    """Run the core on the unix socket of its home, until told to stop."""
    from server.core_app import core_app
    from server.opening import close_county, open_county

    county = open_county(root)
    os.chdir(county.home.run)
    to_standard_error("core")
    listener = socket.socket(socket.AF_UNIX)
    Path(county.home.socket.name).unlink(missing_ok=True)
    listener.bind(county.home.socket.name)
    Path(county.home.socket.name).chmod(0o600)
    listener.listen(128)
    app = core_app(county)
    _collect_seldom()
    _serve(app, listener)
    Path(county.home.socket.name).unlink(missing_ok=True)
    close_county(county)


def _collect_seldom() -> None:
    """Taking in a batch makes thousands of objects without a cycle; looking for cycles at every
    700th of them cost an eighth of the core's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


class SteadyServer(uvicorn.Server):
    """uvicorn raises a signal again once it has stopped; then sockets would not be tidied away."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.handle_exit)
        yield


def _serve(app: Starlette, listener: socket.socket) -> None:
    config = uvicorn.Config(
        app,
        lifespan="on",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = SteadyServer(config)
    threading.Thread(target=_end_with_parent, args=(server,), daemon=True).start()
    server.run([listener])
    log.info("stopped")


def _end_with_parent(server: uvicorn.Server) -> None:
    sys.stdin.buffer.read()
    server.should_exit = True


def main(arguments: list[str]) -> None:
    """`python -m server.processes front HOME FD` or `… core HOME`: started by `county serve`."""
    match arguments:
        case ["front", root, listener]:
            run_front(Path(root), int(listener))
        case ["core", root]:
            run_core(Path(root))


if __name__ == "__main__":
    main(sys.argv[1:])

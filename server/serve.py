"""`county serve`: starts core and front, starts a crashed one again, stops both cleanly.

The parent binds the port and keeps it, so a front that is started again takes over the same queue
of connections. A file lock keeps a second server off the same home; the children inherit it, so it
holds until the last of them is gone.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import IO

import httpx

from server import files
from server.first_start import is_unfinished
from server.home import CountyHome
from server.processes import GRACE_S
from server.wizard import run_first_start
from shared.errors import BianminError, Refused

READY_S = 60.0
ARENAS = "1"
"""glibc gives each thread a heap of its own, and a long backlog leaves holes in every one; here
only one thread runs at a time anyway."""
CRASHES_MAX = 5
CRASHES_WITHIN_S = 60.0
_LOOK_EVERY_S = 0.1


class AlreadyServed(Refused):
    """Another `county serve` runs on this home."""


class PortTaken(Refused):
    """The address cannot be listened on."""


class NotReady(BianminError):
    """A process did not answer in time after the start, or crashed again and again."""


class Child:
    """One of the two processes."""

    def __init__(self, name: str, arguments: list[str], keep: tuple[int, ...]) -> None:
        self.name = name
        self._arguments = arguments
        self._keep = keep
        self._crashes: deque[float] = deque(maxlen=CRASHES_MAX)
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "server.processes", self.name, *self._arguments],
            stdin=subprocess.PIPE,
            pass_fds=self._keep,
            env={"MALLOC_ARENA_MAX": ARENAS, **os.environ},
            start_new_session=True,  # Ctrl-C is for the parent, which stops both in order
        )

    def revive(self) -> None:
        """Start the process again if it ended; raise NotReady if it keeps crashing."""
        if self.process.poll() is None:
            return
        now = time.monotonic()
        if len(self._crashes) == CRASHES_MAX and now - self._crashes[0] < CRASHES_WITHIN_S:
            raise NotReady(
                f"进程 {self.name} 一分钟内多次退出，已停止服务；请查看上面的日志后重新启动。"
            )
        self._crashes.append(now)
        _close(self.process.stdin)
        self.process = self._start()

    def stop(self) -> None:
        """Ask the process to end, wait, and end it if it does not."""
        if self.process.poll() is None:
            self.process.terminate()
        _close(self.process.stdin)
        try:
            self.process.wait(GRACE_S + 5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def serve(
    root: Path, host: str, port: int, say: Callable[[str], None],
    say_start: Callable[[str, str], None] = lambda _address, _code: None,
) -> None:  # fmt: skip
    """Serve the county until SIGTERM or SIGINT; `say` gets the address once both answer.

    On an empty folder the first start comes before: `say_start` gets its address and start code.
    Port 0 takes a free one. Raises AlreadyServed, PortTaken, NotReady, NoHome.
    """
    if is_unfinished(root):
        with _listen(host, port) as listener:
            port = listener.getsockname()[1]
            if not run_first_start(root, _address(host, listener), listener, say_start):
                return
    home = CountyHome.open(root)
    stopped = _Stopped()
    with _lock(home) as lock, _listen(host, port) as listener:
        address = _address(host, listener)
        children: list[Child] = []
        try:
            children.append(Child("core", [str(home.root)], (lock.fileno(),)))
            children.append(
                Child(
                    "front",
                    [str(home.root), str(listener.fileno())],
                    (lock.fileno(), listener.fileno()),
                )
            )
            _wait_until_ready(_local(address), children, stopped)
            if not stopped:
                files.write(home.address_file, address.encode())
                say(address)
            while not stopped:
                for child in children:
                    child.revive()
                stopped.wait(_LOOK_EVERY_S)
        finally:
            home.address_file.unlink(missing_ok=True)
            for child in reversed(children):
                child.stop()


class _Stopped:
    """Whether SIGTERM or SIGINT has come."""

    def __init__(self) -> None:
        self._come = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._take)

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        self._come = True

    def __bool__(self) -> bool:
        return self._come

    def wait(self, seconds: float) -> None:
        """Wait so long, unless a signal has come already."""
        if not self._come:
            time.sleep(seconds)


def _lock(home: CountyHome) -> IO[bytes]:
    file = home.lock.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise AlreadyServed(
            f"{home.root} 的县级服务已在运行，请直接使用，或先停止它再启动。"
        ) from error
    return file


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=1024)
    except (OSError, OverflowError) as error:
        raise PortTaken(
            f"地址 {host}:{port} 用不了（{_why(error)}），请换一个 --port，或停掉占用它的程序。"
        ) from error


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno) if error.errno > 0 else str(error.strerror)
    return str(error)


def _address(host: str, listener: socket.socket) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listener.getsockname()[1]}"


def _local(address: str) -> str:
    """The address by which this machine reaches itself when it listens everywhere."""
    return address.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


def _wait_until_ready(address: str, children: list[Child], stopped: _Stopped) -> None:
    deadline = time.monotonic() + READY_S
    while not stopped and not _is_ready(address):
        for child in children:
            child.revive()
        if time.monotonic() > deadline:
            raise NotReady("县级服务一分钟内没有启动完成，请查看上面的日志。")
        stopped.wait(_LOOK_EVERY_S)


def _is_ready(address: str) -> bool:
    try:
        answer = httpx.get(f"{address}/healthz", timeout=5, trust_env=False)
    except httpx.TransportError:
        return False
    return answer.status_code == httpx.codes.OK and answer.json()["core"] == "up"


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        pipe.close()

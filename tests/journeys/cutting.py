"""A bad line: a TCP proxy on this machine that cuts connections under way."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

_CHUNK = 8 << 10


@dataclass
class Line:
    """The line and its temper: while `cuts_left`, a connection breaks after `bytes_each` bytes."""

    host: str
    port: int
    target: int
    bytes_each: int = 1 << 40
    cuts_left: int = 0
    cuts: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """Where a tablet finds the county through this line."""
        return f"http://{self.host}:{self.port}"

    def be_bad(self, cuts: int, bytes_each: int) -> None:
        """Cut the next connections, so many, each after so many bytes in either direction."""
        with self._lock:
            self.cuts_left, self.bytes_each = cuts, bytes_each

    def breaks(self, carried: int) -> bool:
        """Whether a connection that has carried so much breaks now."""
        with self._lock:
            if not self.cuts_left or carried < self.bytes_each:
                return False
            self.cuts_left -= 1
            self.cuts += 1
            return True


@contextlib.contextmanager
def bad_line(target: int) -> Iterator[Line]:
    """Stand between a tablet and the county at port `target` until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()[:2]
        line = Line(host, port, target)
        thread = threading.Thread(target=_accept, args=(listener, line), daemon=True)
        thread.start()
        try:
            yield line
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _accept(listener: socket.socket, line: Line) -> None:
    joined: list[threading.Thread] = []
    while True:
        try:
            near, _ = listener.accept()
        except OSError:  # the block has ended
            break
        joined.append(threading.Thread(target=_join, args=(near, line), daemon=True))
        joined[-1].start()
    for thread in joined:
        thread.join()


def _join(near: socket.socket, line: Line) -> None:
    """Carry one connection both ways until it ends or breaks."""
    address = (line.host, line.target)
    with near, contextlib.suppress(ConnectionError), socket.create_connection(address) as far:
        carried = [0]
        back = threading.Thread(target=_carry, args=(far, near, line, carried), daemon=True)
        back.start()
        _carry(near, far, line, carried)
        back.join()


def _carry(source: socket.socket, sink: socket.socket, line: Line, carried: list[int]) -> None:
    try:
        while chunk := source.recv(_CHUNK):
            carried[0] += len(chunk)
            if line.breaks(carried[0]):
                break
            sink.sendall(chunk)
    except OSError:  # the other direction was cut
        pass
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)

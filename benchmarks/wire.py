"""Wire: bytes up for each operation, counted by a proxy between tablet and county.

Everything a tablet sends is counted: envelopes, keys, tags, signatures, padding, HTTP heads, and
requests that only ask for news. TLS and TCP are apart. Every batch is one sync of its own.
"""

from __future__ import annotations

import socket
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import work
from benchmarks.county import Failed, operation_rows, record_all, served, synchronise
from benchmarks.figures import Better, Figure
from mobile.tablet import Tablet

BATCHES = (100, 20, 1)
UPDATES = 100
GOAL = {100: 230.0}
_CHUNK = 64 << 10


class Meter:
    """Bytes that went from the tablet to the county."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._up = 0

    def take(self) -> int:
        """Return the bytes since the last call."""
        up, self._up = self._up, 0
        return up

    def join(self, near: socket.socket, far: socket.socket) -> None:
        """Pass on what comes on a connection, both ways, until both sides have closed."""
        with near, far:
            down = threading.Thread(target=self._carry, args=(far, near))
            down.start()
            self._carry(near, far, is_up=True)
            down.join()

    def _carry(self, source: socket.socket, target: socket.socket, *, is_up: bool = False) -> None:
        with suppress(OSError):  # cut off: the other side learns it from its own socket
            while piece := source.recv(_CHUNK):
                self._up += len(piece) if is_up else 0
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)


@contextmanager
def metered(url: str) -> Iterator[Meter]:
    """Give an address on this machine that leads to `url` and counts."""
    target = (urlsplit(url).hostname, urlsplit(url).port)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        meter = Meter(f"http://127.0.0.1:{listener.getsockname()[1]}")
        threads: list[threading.Thread] = []

        def accept() -> None:
            with suppress(OSError):  # shut down: no more connections
                while True:
                    near, far = listener.accept()[0], socket.create_connection(target)
                    threads.append(threading.Thread(target=meter.join, args=(near, far)))
                    threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield meter
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for thread in threads:
                thread.join()


def measure(folder: Path, count: int) -> Iterator[Figure]:
    """Send about `count` operations in batches of each size."""
    matters = work.matters(10 * count)
    with served(folder) as county, metered(county.url) as meter:
        tablet = county.tablet("tablet")
        made = _settle(tablet, meter, [next(matters)])
        for size in BATCHES:
            before = len(operation_rows(tablet))
            sent = 0
            rounds = max(count // size, 1) if size > 1 else min(count, 50)
            for _ in range(rounds):
                made += record_all(tablet, (next(matters) for _ in range(size)))
                synchronise(tablet, meter.url)
                sent += meter.take()
            yield _figure(f"wire, batches of {size}", tablet, before, sent, size, GOAL.get(size))
        before, sent = len(operation_rows(tablet)), 0
        changes = list(zip(made, work.updates(count), strict=False))
        for first in range(0, len(changes), UPDATES):
            with tablet.store.write():
                for record, data in changes[first : first + UPDATES]:
                    tablet.desk.act(record, "amend", data)
            synchronise(tablet, meter.url)
            sent += meter.take()
        yield _figure(f"wire, updates in {UPDATES}", tablet, before, sent, UPDATES, None)
        tablet.lock()


def _settle(tablet: Tablet, meter: Meter, first: list[work.Matter]) -> list[bytes]:
    """Let the session's opening and what a new device asks for pass before counting."""
    made = record_all(tablet, first)
    synchronise(tablet, meter.url)
    synchronise(tablet, meter.url)
    meter.take()
    return made


def _figure(
    name: str, tablet: Tablet, before: int, sent: int, size: int, goal: float | None
) -> Figure:
    rows = operation_rows(tablet)[before:]
    data = [row[5] for row in rows if isinstance(row[5], bytes)]
    if not data or not sent:
        raise Failed(f"{name}: {len(data)} operations, {sent} bytes")
    floor = sum(
        len(zlib.compress(b"".join(data[at : at + size]), 6)) for at in range(0, len(data), size)
    )
    return Figure(
        name, sent / len(data), "bytes up each", Better.LOWER, floor / len(data),
        "zlib-6 over the batch's data alone: no ids, salts, seal or HTTP", goal=goal,
    )  # fmt: skip

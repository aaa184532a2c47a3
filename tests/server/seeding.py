"""A sample county in a folder, and tablets that act on it without keys or wires.

Operations go into the ledger as the core would land them; what judges and carries them has tests of
its own.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from server.birth import init_county
from server.county import County
from server.landing import Landing
from server.opening import open_county
from server.storage import Tx
from server.storage.rows import Agent, Device, StoredOperation
from shared import chain, clock, ids, operation
from shared.canonical import Value
from shared.clock import Quality
from shared.operation import Operation
from shared.verdict import Status, Verdict

COUNTY = 510322


@dataclass
class Moment:
    """A clock the test moves (Unix ms)."""

    ms: int

    def __call__(self) -> int:
        return self.ms


def sample_county(root: Path, now: Callable[[], int]) -> tuple[County, str]:
    """Return the open sample county at `root` and the one-time password of `admin`."""
    born = init_county(root, COUNTY, database=None, sample=True, now=now, entropy=os.urandom)
    assert born.password is not None
    return open_county(root, now=now), born.password


@dataclass
class Tablet:
    """A device with one agent; every act is landed at once with the verdict named."""

    county: County
    code: str
    site: str
    agent: str
    name: str
    rank: int = 1
    seq: int = 0
    head: bytes = b""
    stream: bytes = field(default=b"")
    device: bytes = field(default=b"")

    def __post_init__(self) -> None:
        self.stream = hashlib.sha256(self.code.encode()).digest()[:16]
        self.device = hashlib.sha256(self.stream).digest()[:8]
        self.head = chain.genesis(self.county.code, self.stream)
        now = self.county.now()
        device = Device(
            self.device, self.name, self.code, self.site, self.stream * 2, self.stream * 2,
            "active", now, now, "0.1.0", None, "",
        )  # fmt: skip

        def step(tx: Tx) -> None:
            tx.put_device(device)
            tx.put_agent(Agent(self.agent, self.device, self.name, b"", "active", now))
            tx.lock_stream(self.stream, device=self.device)

        self.county.ledger.writing(step)

    def act(
        self,
        kind: str,
        act: str,
        data: dict[str, Value],
        *,
        record: bytes | None = None,
        parents: Iterable[bytes] = (),
        at: int | None = None,
        status: Status = Status.ADMITTED,
        reason: str = "",
        quality: Quality = Quality.GOOD,
        author: str = "",
        believed: int | None = None,
    ) -> Operation:
        """Do one act and let the county land it; `believed` is the time it counts at."""
        when = self.county.now() if at is None else at
        self.seq += 1
        done = operation.build(
            stream=self.stream, seq=self.seq, author=author or f"agent:{self.agent}",
            site=self.site, session=None, record=record or ids.uuid7(when, os.urandom(10)),
            kind=kind, act=act, parents=parents, clock=clock.at(when), quality=quality,
            effective_at=when, data=data, salt=os.urandom(16),
        )  # fmt: skip
        self.head = chain.extend(self.head, done.id)
        self.county.ledger.writing(lambda tx: self._land(tx, done, status, reason, believed))
        return done

    def _land(
        self, tx: Tx, done: Operation, status: Status, reason: str, believed: int | None
    ) -> None:
        skeleton, now = done.skeleton, self.county.now()
        row = tx.lock_stream(self.stream, device=self.device)
        landing = Landing(tx, self.county.editions(tx))
        landing.load([skeleton.record])
        tx.append_operations(
            [
                StoredOperation(
                    self.stream, 0, skeleton.seq, done.id, skeleton.record, skeleton.kind,
                    skeleton.act, done.skeleton_bytes, done.salt, done.data_bytes, now, None,
                )
            ]
        )  # fmt: skip
        # Of an epoch before the county's own: what people decide comes later.
        at = skeleton.effective_at if believed is None else believed
        verdict = Verdict(0, self.seq, status, now + clock.CAP_MS, at, self.rank, reason)
        landing.land(done, verdict)
        landing.finish()
        tx.put_stream(row._replace(seq=self.seq, head=self.head))

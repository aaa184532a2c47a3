"""Ledgers, operations and judgements for the tests of the storage."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Engine, event

from server.schema import metadata
from server.storage import Ledger
from server.storage.rows import CountyHead, FeedEntry, Judgement, RecordRow, StoredOperation
from shared import chain, ids
from shared.canonical import Value
from shared.operation import Operation, build
from shared.verdict import Status

COUNTY = 510322
FILE_KEY = bytes(range(32))
DATA_KEY = bytes(range(32, 64))
STREAM = b"stream-000000001"
DEVICE = b"device01"
NOW = 1_793_000_000_000

_T = TypeVar("_T")
_TABLES = re.compile(rf"\b({'|'.join(metadata.tables)})\b")
_FORBIDDEN = re.compile(
    r"\b(now\(\)|current_timestamp|nextval|merge into|advisory|notify|xmin|rollup|grouping sets)\b",
    re.IGNORECASE,
)


def begun(engine: Engine, county: int = COUNTY) -> Ledger:
    """Return the ledger of a county that has just begun."""
    ledger = Ledger(engine, county, DATA_KEY)
    stream = b"county-stream-01"
    head = CountyHead(1, 0, stream, 0, chain.genesis(county, stream), 0, NOW)
    with ledger.write() as tx:
        tx.put_county(head)
    return ledger


@contextmanager
def watched(engine: Engine) -> Iterator[None]:
    """Hold every statement against the rules of the schema that metadata cannot show."""
    broken: list[str] = []

    def watch(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        is_rows = not statement.lstrip().startswith(("CREATE", "PRAGMA"))
        touches = is_rows and _TABLES.search(statement)
        if _FORBIDDEN.search(statement) or (touches and "county" not in statement):
            broken.append(statement)

    event.listen(engine, "before_cursor_execute", watch)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", watch)
    assert broken == []


def record_id(number: int) -> bytes:
    """Return the id of a record: later numbers sort later."""
    return ids.uuid7(NOW + number, number.to_bytes(10, "big"))


def operation(
    seq: int,
    *,
    record: bytes | None = None,
    stream: bytes = STREAM,
    act: str = "receive",
    parents: tuple[bytes, ...] = (),
    **data: Value,
) -> Operation:
    """Return an operation of a case."""
    return build(
        stream=stream, seq=seq, author="agent:ABCDEFGH", site="s0001", session=None,
        record=record or record_id(seq), kind="case", act=act, parents=parents,
        clock=(NOW + seq) << 16, quality=3, effective_at=NOW + seq,
        data=data or {"person_name": "王小二", "item": "BM-YB-001"}, salt=bytes(16),
    )  # fmt: skip


def stored(one: Operation, branch: int = 0) -> StoredOperation:
    """Return the row of an operation."""
    s = one.skeleton
    return StoredOperation(
        s.stream, branch, s.seq, one.id, s.record, s.kind, s.act, one.skeleton_bytes, one.salt,
        one.data_bytes, NOW, b"e" * 32,
    )  # fmt: skip


def judgement(
    one: Operation, *, county_seq: int = 1, epoch: int = 1, status: Status = Status.ADMITTED
) -> Judgement:
    """Return a verdict on an operation."""
    s = one.skeleton
    return Judgement(
        s.record, one.id, s.kind, s.act, s.site, s.author, epoch, county_seq, status.value,
        NOW, s.effective_at, 20261026, 1, "",
    )  # fmt: skip


def row(record: bytes, *, position: int = 0, site: str = "s0001", **changes: Any) -> RecordRow:
    """Return a folded record."""
    return RecordRow(
        record, "case", "已受理", site, "s0100", "BM-YB-001", "", 20261026, None, 20261101,
        b"d" * 32, "王小二".encode(), 0, 0, position,
    )._replace(**changes)  # fmt: skip


def entry(one: Operation, scope: str = "s0001", county_seq: int = 1) -> FeedEntry:
    """Return an entry of the feed."""
    return FeedEntry(scope, one.id, 1, county_seq)


def at_once(count: int, work: Callable[[int], _T]) -> list[_T]:
    """Run `work(0…count-1)` in as many threads, all let go together; return the results."""
    gate = threading.Barrier(count)

    def run(number: int) -> _T:
        gate.wait(timeout=30)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))

"""A county with one busy month in its books, landed through the product's own way.

The mix is that of a real county: of a hundred records 40 are consultations, 21 proxies,
20 cases (82 of 100 即办件) and 19 ratings. Acts are made and landed as the core lands them, a few
hundred records in one transaction, so that judgements, sealed cards and indexes are the real ones.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from benchmarks import work
from benchmarks.county import COUNTY
from server.birth import init_county
from server.county import County
from server.landing import Landing
from server.opening import close_county, open_county
from server.storage import Tx
from server.storage.rows import StoredOperation
from shared import chain, clock, ids, operation
from shared.canonical import Value
from shared.civil import DAY_MS, start_of_day
from shared.clock import Quality
from shared.operation import Operation
from shared.regions import Level
from shared.verdict import Status, Verdict

MONTH = date(2026, 10, 1)
TODAY = date(2026, 11, 20)
DAYS = 28
"""Every month has as many."""
A_TRANSACTION = 400
STREAM, DEVICE = b"s" * 16, b"d" * 8
HOUR_MS = DAY_MS // 24
_KINDS = ("consultation", "proxy", "case", "rating")
_TAKEN = ("person_name", "id_type", "id_no", "phone", "item", "channel", "remark")
_WEIGHTS = (40, 21, 20, 19)
_INSTANT: tuple[tuple[str, dict[str, Value]], ...] = (("close_on_spot", {}),)
_WORKED: tuple[tuple[str, dict[str, Value]], ...] = (
    ("accept", {}), ("decide", {"outcome": "granted"}), ("close", {}),
    ("hand_out", {"handed_to": "本人"}),
)  # fmt: skip
_CARRIED: tuple[tuple[str, dict[str, Value]], ...] = (
    ("check", {"check_result": "complete"}), ("hand_over", {}), ("receive", {}),
    ("result_out", {}), ("deliver", {"delivered_to": "本人"}),
)  # fmt: skip


class Books:
    """Writes records of October 2026 into an open county."""

    def __init__(self, county: County, seed: int = work.SEED) -> None:
        self.county = county
        self._draw = random.Random(seed)
        with county.ledger.read() as tx:
            sites = county.editions(tx).sites.sites
        self._towns = [site.id for site in sites if site.level is Level.TOWNSHIP]
        self._villages = [site.id for site in sites if site.level is Level.VILLAGE]
        self._month = MONTH
        self._seq = 0
        self._cases: list[bytes] = []

    def write(self, count: int, month: date = MONTH) -> None:
        """Land `count` records of a month with all their acts."""
        self._month = month
        for start in range(0, count, A_TRANSACTION):
            many = min(A_TRANSACTION, count - start)
            self._write([self._record() for _ in range(many)])

    def _write(self, made: list[list[Operation]]) -> None:
        self.county.ledger.writing(lambda tx: self._land(tx, made))

    def _record(self) -> list[Operation]:
        draw = self._draw
        (kind,) = draw.choices(_KINDS, _WEIGHTS)
        at = (
            start_of_day(self._month)
            + draw.randrange(DAYS) * DAY_MS
            + draw.randrange(8, 17) * HOUR_MS
        )
        at += draw.randrange(HOUR_MS)
        in_village = kind == "proxy" or draw.random() < 0.5
        village = in_village and kind != "case"
        site = draw.choice(self._villages if village else self._towns)
        record = ids.uuid7(at, draw.randbytes(10))
        if kind == "rating" and self._cases:
            return self._acts("rating", record, site, at, [("rate", self._rating())])
        matter = next(work.matters(1, draw.getrandbits(60)))
        values: dict[str, Value] = {name: str(matter.data[name]) for name in _TAKEN}
        if kind == "case":
            return self._case(record, site, at, values)
        if kind == "proxy":
            steps = [("entrust", {**values, "route": "a"}), *_CARRIED]
            return self._acts("proxy", record, site, at, steps)
        asked: dict[str, Value] = {**values, "question": "怎么办理，要带什么材料？"}
        return self._acts(
            "consultation", record, site, at, [("register", asked), ("answer", {"answer": "可以"})]
        )

    def _rating(self) -> dict[str, Value]:
        of = ids.record_text(self._draw.choice(self._cases))
        return {"of": of, "level": self._draw.choice((5, 5, 5, 4, 3, 2))}

    def _case(self, record: bytes, site: str, at: int, values: dict[str, Value]) -> list[Operation]:
        self._cases.append(record)
        is_instant = self._draw.random() < 0.82
        visit = ids.record_text(ids.uuid7(at, self._draw.randbytes(10)))
        limits: dict[str, Value] = {
            "item_kind": "instant" if is_instant else "promise", "days_unit": "workday",
            "promised_days": 0 if is_instant else self._draw.choice((3, 5, 10)),
            "statutory_days": 20, "visit": visit,
        }  # fmt: skip
        steps = [("receive", {**values, **limits}), *(_INSTANT if is_instant else _WORKED)]
        gap = 60_000 if is_instant else self._draw.randrange(1, 60) * HOUR_MS
        return self._acts("case", record, site, at, steps, gap)

    def _acts(
        self, kind: str, record: bytes, site: str, at: int,
        steps: list[tuple[str, dict[str, Value]]], gap: int = 60_000,
    ) -> list[Operation]:  # fmt: skip
        made: list[Operation] = []
        for number, (act, data) in enumerate(steps):
            self._seq += 1
            when = at + number * gap
            made.append(
                operation.build(
                    stream=STREAM, seq=self._seq, author="agent:BENCH", site=site, session=None,
                    record=record, kind=kind, act=act, parents=[made[-1].id] if made else [],
                    clock=clock.at(when), quality=Quality.GOOD, effective_at=when, data=data,
                    salt=self._draw.randbytes(16),
                )
            )  # fmt: skip
        return made

    def _land(self, tx: Tx, made: list[list[Operation]]) -> None:
        now = self.county.now()
        row = tx.lock_stream(STREAM, device=DEVICE)
        head = row.head if row.seq else chain.genesis(self.county.code, STREAM)
        landing = Landing(tx, self.county.editions(tx))
        landing.load(acts[0].skeleton.record for acts in made)
        for done in (one for acts in made for one in acts):
            skeleton = done.skeleton
            head = chain.extend(head, done.id)
            tx.append_operations(
                [
                    StoredOperation(
                        STREAM, 0, skeleton.seq, done.id, skeleton.record, skeleton.kind,
                        skeleton.act, done.skeleton_bytes, done.salt, done.data_bytes,
                        skeleton.effective_at + HOUR_MS, None,
                    )
                ]
            )  # fmt: skip
            verdict = Verdict(
                1, skeleton.seq, Status.ADMITTED, now + clock.CAP_MS, skeleton.effective_at, 2
            )
            landing.land(done, verdict)
        landing.finish()
        tx.put_stream(row._replace(seq=self._seq, head=head))


@contextmanager
def busy_month(folder: Path, count: int) -> Iterator[tuple[County, Books]]:
    """Yield an open sample county with `count` records in October 2026; it is 20 November."""
    home = folder / "county"
    now = start_of_day(TODAY) + 12 * HOUR_MS
    draw = random.Random(work.SEED)
    init_county(
        home, COUNTY, database=None, sample=True, now=lambda: now, entropy=draw.randbytes
    )  # fmt: skip
    county = open_county(home, now=lambda: now)
    books = Books(county)
    books.write(count)
    try:
        yield county, books
    finally:
        close_county(county)

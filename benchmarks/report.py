"""The month report of a busy month: read cold, kept warm, after an operation, its map and trend.

`count` is the records of the one month; a county of 400,000 records in ten months has 40,000 in
each. The floor of the cold report is reading and opening the cards of the same records, in the
same run, through the same storage.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from benchmarks.books import MONTH, Books, busy_month
from benchmarks.county import Failed
from benchmarks.figures import Better, Figure
from server import reporting
from server.accounts import Person
from server.cards import card_fields
from server.county import County
from server.reporting import Question

WHO = Person(
    staff="BENCH", name="BENCH", role="supervisor", site="s0001", must_change=False,
    form_token="", session=b"",
)  # fmt: skip
LAST = (MONTH + timedelta(days=32)).replace(day=1) - timedelta(days=1)
ASKED = Question(MONTH, LAST)
TIMES = 3


def measure(folder: Path, count: int) -> Iterator[Figure]:
    """Ask for the month; each figure is the best of three."""
    with busy_month(folder, count) as (county, books):
        with county.ledger.read() as tx:
            records = list(tx.all_record_ids())
        floor = min(_timed(lambda: _cards(county, records)) for _ in range(TIMES))
        cold = min(_after(county, books, lambda: _report(county)) for _ in range(TIMES))
        warm = min(_timed(lambda: _report(county)) for _ in range(TIMES))
        tiles = _timed(lambda: reporting.map_of(county, WHO, ASKED, "M4"))
        first = _timed(lambda: reporting.trend_of(county, WHO, ASKED, "M4"))
        again = _timed(lambda: reporting.trend_of(county, WHO, ASKED, "M4"))
        found = reporting.report(county, WHO, ASKED).figures
    if not (found["M2"].numerator and found["M4"].numerator):
        raise Failed("the month counts nothing: its report measures nothing")
    note = f"{count:,} records in the month"
    cards = "reading and opening the cards of the same records"
    for name, spent, goal in (
        ("report, cold", cold, 2000.0), ("report, warm", warm, 200.0),
        ("report, map of townships", tiles, None),
        ("report, trend, first", first, None), ("report, trend, again", again, 200.0),
    ):  # fmt: skip
        yield Figure(
            name, spent * 1e3, "ms", Better.LOWER, floor * 1e3, cards, goal=goal, note=note
        )


def _report(county: County) -> None:
    reporting.report(county, WHO, ASKED)


def _after(county: County, books: Books, work: Callable[[], None]) -> float:
    """Land one more record first, so that nothing that was kept may be used."""
    books.write(1)
    return _timed(work)


def _cards(county: County, records: list[bytes]) -> None:
    with county.ledger.read() as tx:
        for _ in card_fields(tx, records):
            pass


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun

"""Whether the clocks of open matters follow from the ledger, for `server.verify`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from server.county import CALENDAR
from server.storage import Tx
from server.storage.rows import WatchedRow


def faults(tx: Tx, expected: Mapping[bytes, WatchedRow | None]) -> Iterator[str]:
    """Compare the clocks of folded records; `expected` None: no clock runs.

    Days follow the calendar in force when the record was folded: where the county has had more
    than one, only what is written in the ledger is compared.
    """
    standing = tx.watched_of(list(expected))
    is_only_calendar = tx.next_edition_number(CALENDAR) == 2
    for record, row in expected.items():
        stands = standing.get(record)
        if _told(row, stands, is_only_calendar) != stands:
            yield f"记录 {record.hex()[:12]} 的期限与台账重算的结果不符"


def _told(
    row: WatchedRow | None, stands: WatchedRow | None, is_only_calendar: bool
) -> WatchedRow | None:
    """The row as it compares: the township follows the sites that were in force, too."""
    if row is None or stands is None:
        return row
    if is_only_calendar:
        return row._replace(township=stands.township)
    return row._replace(
        township=stands.township, due_on=stands.due_on, provisional=stands.provisional,
        blue_at=stands.blue_at, yellow_at=stands.yellow_at, red_at=stands.red_at,
        black_at=stands.black_at, breach_site=stands.breach_site,
        breach_holder=stands.breach_holder,
    )  # fmt: skip

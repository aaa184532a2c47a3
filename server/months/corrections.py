"""What the ledger says of a frozen month today, minus what was frozen: dated correction lines.

Nothing of it is stored: it follows from the ledger and the frozen operation, so it is the same
after a rebuild and on the second look. Which records came in late is known from the instants their
operations reached the county; that they explain the whole difference is proven by taking them off
today's list and comparing with the fingerprint that was frozen (`is_proven`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import select

from server.metrics.definitions import BY_KEY, Lists
from server.metrics.figure import Figure
from server.months.sheets import Count, Sheet, count_of, digest_of
from server.report import Report, as_number
from server.schema import judgements, operations
from server.storage import Tx
from shared.civil import civil_date

UNASKED = frozenset({"M24", "M34", "N2"})
"""Never corrected. What comes in late lengthens the delay (N2) by coming, and the months without
overrun (M24) and the people posted (M34) are of a day, not of the records of a month."""
_PAGE = 500
_o, _j = operations.c, judgements.c


class Arrival(NamedTuple):
    """How a record came to the county after its month was frozen."""

    record: bytes
    first_at: int
    """Unix ms: when the county first heard of it."""
    late_at: int
    """Unix ms: when the first of what came after the freeze arrived."""
    in_month: bool
    """What came late was done by the end of the month: the network was late, not the clerk."""


@dataclass(frozen=True, slots=True)
class Line:
    """One dated line of one figure: how the records that arrived on a day changed it."""

    key: str
    label: str
    on: date | None
    """None: the day cannot be told (records left the figure)."""
    before: Count
    after: Count
    records: tuple[bytes, ...] = ()
    """Added to the numerator, then to the rest of the denominator."""
    by_network: int = 0
    """How many of `records` were registered in time and held up by the network."""
    is_proven: bool = False
    """Today's list without `records` is the one that was frozen."""

    @property
    def change(self) -> int:
        """The numerator's change."""
        return self.after.numerator - self.before.numerator


@dataclass(frozen=True, slots=True)
class Block:
    """All corrections of one sheet."""

    site: str
    lines: tuple[Line, ...]

    @property
    def dates(self) -> list[date]:
        """The days on which corrections arrived, in order."""
        return sorted({line.on for line in self.lines if line.on is not None})


def corrections(tx: Tx, sheet: Sheet, today: Report) -> Block:
    """Return the correction lines of a frozen sheet; none where the ledger still says the same."""
    changed = {
        key: (count, today.figures[key])
        for key, count in sheet.counts.items()
        if key in today.figures
        and key not in UNASKED
        and count != count_of(key, today.figures[key])
    }
    behind = {one for _, figure in changed.values() for one in (*figure.records, *figure.others)}
    came = arrivals(tx, behind, sheet.counted_at, as_number(today.to_on))
    lines: list[Line] = []
    for key, (count, figure) in changed.items():
        lines += _lines(key, count, figure, came)
    lines.sort(key=lambda line: (line.on or date.max, list(BY_KEY).index(line.key)))
    return Block(sheet.site, tuple(lines))


def arrivals(
    tx: Tx, records: Collection[bytes], since: int, through: int
) -> dict[bytes, Arrival]:  # fmt: skip
    """Return those of these records of which something reached the county after `since`."""
    first: dict[bytes, int] = {}
    late: dict[bytes, list[tuple[int, int]]] = {}
    for record, received_at, on in _received(tx, records):
        first[record] = min(received_at, first.get(record, received_at))
        if received_at > since:
            late.setdefault(record, []).append((received_at, on))
    return {
        record: Arrival(
            record, first[record], min(at for at, _ in acts), all(on <= through for _, on in acts)
        )
        for record, acts in late.items()
    }


def _received(tx: Tx, records: Collection[bytes]) -> Iterator[tuple[bytes, int, int]]:
    wanted = sorted(records)
    for start in range(0, len(wanted), _PAGE):
        statement = (
            select(_o.record, _o.received_at, _j.effective_on)
            .join_from(
                operations, judgements,
                (_j.county == _o.county) & (_j.record == _o.record) & (_j.operation == _o.id),
            )
            .where(
                _o.county == tx.county, _j.county == tx.county,
                _o.record.in_(wanted[start : start + _PAGE]),
            )
        )  # fmt: skip
        yield from (tuple(row) for row in tx.connection.execute(statement))


def _lines(
    key: str, frozen: Count, figure: Figure, came: dict[bytes, Arrival]
) -> list[Line]:  # fmt: skip
    """One line per day of arrival where the fingerprint proves them; else one line in all.

    A mean, a sum or a difference has one line, from the frozen value to today's: what lies between
    is no number of records.
    """
    definition = BY_KEY[key]
    is_counted = definition.lists is Lists.RECORDS and figure.below is None
    is_counted = is_counted and figure.exact is None
    guesses = list(_guesses(figure, frozen, came))
    for added in guesses if is_counted else ():
        if lines := _by_day(key, frozen, figure, {one: came[one] for one in added}):
            return lines
    inside = guesses[0] if guesses else came.keys()
    touched = tuple(one for one in (*figure.records, *figure.others) if one in inside)
    network = sum(came[one].in_month for one in touched)
    last = max((civil_date(came[one].late_at) for one in touched), default=None)
    after = count_of(key, figure)
    return [
        Line(key, definition.label, last, frozen, after, touched, network, is_proven=bool(guesses))
    ]


def _by_day(
    key: str, frozen: Count, figure: Figure, added: dict[bytes, Arrival]
) -> list[Line]:  # fmt: skip
    lines: list[Line] = []
    before = frozen
    for on in sorted({civil_date(one.late_at) for one in added.values()}):
        up, down = (
            [one for one in part if one in added and civil_date(added[one].late_at) == on]
            for part in (figure.records, figure.others)
        )
        below = frozen.denominator is not None
        then = Count(
            before.numerator + len(up),
            (before.denominator or 0) + len(up) + len(down) if below else None, "", "",
        )  # fmt: skip
        network = sum(added[one].in_month for one in (*up, *down))
        label = BY_KEY[key].label
        lines.append(Line(key, label, on, before, then, (*up, *down), network, is_proven=True))
        before = then
    return lines


def _guesses(
    figure: Figure, frozen: Count, came: dict[bytes, Arrival]
) -> Iterator[frozenset[bytes]]:
    """Sets of records without which today's lists are exactly those that were frozen."""
    inside = frozenset(one for one in (*figure.records, *figure.others) if one in came)
    new = frozenset(one for one in inside if came[one].first_at == came[one].late_at)
    in_month = frozenset(one for one in inside if came[one].in_month)
    for added in dict.fromkeys((new, inside, in_month)):
        if (
            added
            and _without(figure.records, added) == frozen.records
            and (_without(figure.others, added) == frozen.others)
        ):
            yield added


def _without(records: Iterable[bytes], added: frozenset[bytes]) -> str:
    return digest_of(one for one in records if one not in added)

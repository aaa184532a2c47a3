"""The clocks that run on open matters: written beside the records, counted and listed in SQL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select

from server.schema import watched
from server.storage.access import Access
from server.storage.rows import WatchedRow

_w = watched.c
_ROW = tuple(column for column in _w if column.name != "county")
GROUPS = ("township", "item", "site", "holder")


class Wanted(NamedTuple):
    """Which clocks a board counts or a list shows; None leaves a column open.

    `site` and `holder` mean whose it was when it turned red, before that whose it is. `level`: 0 to
    4. `state`: one of STATES: clocks that stand, what is late, late and never asked after, where an
    answer is owed, to 催办 or to 督办. `hidden` are records that are left out.
    """

    kinds: Collection[str] | None = None
    townships: Collection[str] | None = None
    items: Collection[str] | None = None
    site: str | None = None
    holder: str | None = None
    holders: Collection[str] | None = None
    level: int | None = None
    state: str = ""
    hidden: Collection[bytes] = ()


class Tally(NamedTuple):
    """How many clocks one place has; `none` and the colours leave out what stands before red."""

    key: str
    all: int
    none: int
    blue: int
    yellow: int
    red: int
    black: int
    paused: int
    asked: int


class Watched(Access):
    """The clocks of a county."""

    def put_watched(self, rows: Iterable[WatchedRow]) -> None:
        """Write the clocks of records."""
        self._upsert(watched, rows)

    def forget_watched(self, records: Collection[bytes]) -> None:
        """Remove the clocks of records on which none runs any more."""
        if records:
            self.connection.execute(self._delete(watched).where(self._among(_w.record, records)))

    def watched_of(self, records: Collection[bytes]) -> dict[bytes, WatchedRow]:
        """Return the clocks of these records, by record."""
        found = (WatchedRow(*row) for row in self._found(_ROW, _w.record, records))
        return {row.record: row for row in found}

    def tally_watched(self, by: str, now: int, which: Wanted) -> list[Tally]:
        """Return how many clocks there are of each colour at `now` (Unix ms), by one of GROUPS."""
        key = _key(by, now).label("place")
        shown = (_has(1, now), _has(2, now), _w.red_at <= now, _w.black_at <= now, _stands(now),
                 _owed())  # fmt: skip
        sums = [func.sum(case((one, literal(1)), else_=literal(0))) for one in shown]
        statement = select(key, func.count(), *sums).where(*self._where(now, which))
        told: list[Tally] = []
        for name, *counts in self.connection.execute(statement.group_by("place").order_by("place")):
            every, blue, yellow, late, black, paused, asked = map(int, counts)
            none = every - blue - yellow - late - paused
            told.append(
                Tally(str(name), every, none, blue, yellow, late - black, black, paused, asked)
            )
        return told

    def list_watched(
        self, now: int, which: Wanted, *, offset: int = 0, limit: int = 50
    ) -> list[WatchedRow]:
        """Return clocks, the most urgent first: by colour, then due day, then record."""
        chosen = select(_w.record).where(*self._where(now, which))
        ordered = chosen.order_by(_level(now).desc(), _w.due_on, _w.record)
        found = self.connection.execute(ordered.offset(offset).limit(limit))
        names = [row[0] for row in found]
        rows = self.watched_of(names)
        return [rows[name] for name in names]

    def count_watched(self, now: int, which: Wanted) -> int:
        """Return how many clocks there are."""
        return self._count(watched, *self._where(now, which))

    def _where(self, now: int, which: Wanted) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = [_w.county == self.county]
        for column, values in (
            (_w.kind, which.kinds), (_w.township, which.townships), (_w.item, which.items),
            (_key("holder", now), which.holders),
        ):  # fmt: skip
            if values is not None:
                found.append(self._among(column, values))
        for by, value in (("site", which.site), ("holder", which.holder)):
            if value is not None:
                found.append(_key(by, now) == value)
        if which.level is not None:
            found.append(_has(which.level, now))
        if which.state in _STATES:
            found.append(_STATES[which.state](now))
        if which.hidden:
            found.append(~self._among(_w.record, which.hidden))
        return found


def _key(by: str, now: int) -> ColumnElement[str]:
    """The column of a grouping; a breach counts where it happened, at whom it happened."""
    if by not in ("site", "holder"):
        return _w[by]
    breached = _w.breach_site if by == "site" else _w.breach_holder
    return case((_w.red_at <= now, breached), else_=_w[by])


# Each colour comes after the one before it, and a clock that runs takes yellow and red some day.
# A comparison with a colour that is never taken is neither true nor false, which chooses no row.


def _level(now: int) -> ColumnElement[int]:
    return case(
        (_w.black_at <= now, 4), (_w.red_at <= now, 3), (_w.yellow_at <= now, 2),
        (_w.blue_at <= now, 1), else_=0,
    )  # fmt: skip


def _has(level: int, now: int) -> ColumnElement[bool]:
    """Whether a clock has this colour; one that stands and was in time has none."""
    if level == 4:
        return _w.black_at <= now
    if level == 3:
        return and_(_w.red_at <= now, or_(_w.black_at.is_(None), _w.black_at > now))
    runs = _w.paused_on.is_(None)
    if level == 2:
        return and_(runs, _w.yellow_at <= now, _w.red_at > now)
    if level == 1:
        return and_(runs, _w.blue_at <= now, _w.yellow_at > now)
    return and_(runs, _w.yellow_at > now, or_(_w.blue_at.is_(None), _w.blue_at > now))


def _stands(now: int) -> ColumnElement[bool]:
    """A clock that stands and was in time when it was stopped."""
    return and_(_w.paused_on.is_not(None), or_(_w.red_at.is_(None), _w.red_at > now))


def _owed(_now: int = 0) -> ColumnElement[bool]:
    return and_(_w.dunned > 0, _w.answered_on.is_(None))


_STATES: Mapping[str, Callable[[int], ColumnElement[bool]]] = {
    "paused": _stands,
    "late": lambda now: _w.red_at <= now,
    "fresh": lambda now: and_(_w.dunned == 0, _w.red_at <= now),
    "asked": _owed,
    "urged": lambda now: and_(_w.dunned == 1, _owed()),
    "supervised": lambda now: and_(_w.dunned == 2, _owed()),
}
STATES = tuple(_STATES)

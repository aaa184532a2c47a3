"""Complaints as a list asks for them, newest first, through the index that holds nothing else."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select
from sqlalchemy import text as sql

from server.schema import records
from server.storage import Tx
from server.storage.rows import RecordRow
from shared import lifecycle

_r = records.c
_site, _township, _slip = (func.coalesce(one, "") for one in (_r.site, _r.township, _r.slip))
_due_on = func.coalesce(_r.due_on, 99_999_999)
"""Written so that no other index offers itself: each of those holds every kind of record."""
_ENDS = [one for one in lifecycle.states_of("complaint") if lifecycle.is_end("complaint", one)]


class Which(NamedTuple):
    """Which complaints; None leaves a column open. `due_through` is a day (20261031), inclusive.

    `is_open`: what is not at an end of its life cycle (called back is not yet closed).
    `without_slip`: what was told without a number, as everything sealed is.
    """

    states: Collection[str] | None = None
    site: str | None = None
    """A site; a township with its villages."""
    township: str | None = None
    due_through: int | None = None
    is_open: bool = False
    without_slip: bool = False


def complaint_rows(
    tx: Tx, which: Which, *, before: bytes | None = None, limit: int
) -> list[RecordRow]:  # fmt: skip
    """Return the newest complaints, or the next ones `before` a record."""
    statement = statement_of(tx, which)
    if before is not None:
        statement = statement.where(_r.record < before)
    statement = statement.order_by(_r.record.desc()).limit(limit)
    found = [row[0] for row in tx.connection.execute(statement)]
    rows = tx.records(found)
    return [rows[one] for one in found if one in rows]


def statement_of(tx: Tx, which: Which) -> Select[Any]:
    """Return the query for the ids of these complaints, in no order."""
    statement = select(_r.record).where(
        _r.county == tx.county,
        sql("records.kind = 'complaint'"),  # as the partial index says it
    )
    if which.states is not None:
        statement = statement.where(tx.among(_r.state, which.states))
    if which.site is not None:
        statement = statement.where((_site == which.site) | (_township == which.site))
    if which.township is not None:
        statement = statement.where(_township == which.township)
    if which.due_through is not None:
        statement = statement.where(_due_on <= which.due_through)
    if which.is_open:
        statement = statement.where(_r.state.not_in(_ENDS))
    if which.without_slip:
        statement = statement.where(_slip == "")
    return statement

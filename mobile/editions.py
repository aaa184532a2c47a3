"""Catalogue and calendar in force on this tablet: the editions the county has sent down.

An edition is read from its publication; the proposal that came before carries no content.
An edition of a newer version that cannot be read here is passed over: work goes on with the one
before, and the county judges by its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import TypeVar

from mobile.composite import Catalogue
from mobile.database import Store
from mobile.log import held
from shared.calendars import CalendarEdition, calendar_in_force
from shared.canonical import Value
from shared.case_dates import due_of
from shared.catalogue import CatalogueEdition, in_force
from shared.deadlines import DueDate
from shared.editions import InvalidEdition
from shared.record import Record
from shared.verdict import Status

_T = TypeVar("_T")
_CATALOGUE, _CALENDAR = "catalogue_edition", "calendar_edition"
_PUBLISH = "publish"
_PUBLISHED = "SELECT record FROM records WHERE kind = ?"


def catalogue(store: Store, on: date) -> Catalogue | None:
    """Return the catalogue edition in force on a day, None before the first exchange."""
    edition = in_force(_published(store, _CATALOGUE, CatalogueEdition.from_data), on)
    return None if edition is None else Catalogue(edition)


def calendar(store: Store, on: date) -> CalendarEdition | None:
    """Return the calendar that is counted by on a day, None before the first exchange."""
    return calendar_in_force(_published(store, _CALENDAR, CalendarEdition.from_data), on)


def due(store: Store, record: Record, on: date) -> DueDate | None:
    """Return when an accepted case is due, as the county counts it by the same calendar."""
    edition = calendar(store, on)
    return None if edition is None else due_of(edition, record)


def _published(store: Store, kind: str, read: Callable[[Value], _T]) -> Iterator[_T]:
    for (record,) in store.rows(_PUBLISHED, (kind,)):
        for entry in held(store, record, 0).entries:
            verdict, act = entry.verdict, entry.operation.skeleton.act
            if act != _PUBLISH or verdict is None or verdict.status is not Status.ADMITTED:
                continue
            try:
                yield read(entry.operation.data.get("content"))
            except InvalidEdition:
                continue

"""The catalogue in force on this tablet: the newest edition the county has sent down."""

from __future__ import annotations

from datetime import date

from mobile.composite import Catalogue
from mobile.database import Store
from mobile.log import held
from shared.catalogue import CatalogueEdition, in_force
from shared.editions import InvalidEdition
from shared.fold import Entry
from shared.verdict import Status

_KIND = "catalogue_edition"
_PUBLISHED = "SELECT record FROM records WHERE kind = ?"


def catalogue(store: Store, on: date) -> Catalogue | None:
    """Return the catalogue edition in force on a day, None before the first exchange.

    An edition of a newer version that cannot be read here is passed over: work goes on with the
    one before, and the county judges by its own.
    """
    published = [
        found
        for (record,) in store.rows(_PUBLISHED, (_KIND,))
        for entry in held(store, record, 0).entries
        if entry.verdict is not None
        and entry.verdict.status is Status.ADMITTED
        and (found := _read(entry)) is not None
    ]
    edition = in_force(published, on)
    return None if edition is None else Catalogue(edition)


def _read(entry: Entry) -> CatalogueEdition | None:
    try:
        return CatalogueEdition.from_data(entry.operation.data.get("content"))
    except InvalidEdition:
        return None

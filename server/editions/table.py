"""A catalogue edition as a spreadsheet: what is downloaded is what an upload takes back.

Every cell is text, so that no code loses its zeros; each field of an item has its column
(`shared.item_rows`).
"""

from __future__ import annotations

import io

import xlsxwriter

from shared.catalogue import CatalogueEdition
from shared.item_rows import ITEM_COLUMNS, cells_of

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDTHS = {"name": 36, "department": 20, "materials": 40, "legal_basis": 40, "material_rules": 36}
_WIDTH = 14


def catalogue_xlsx(edition: CatalogueEdition) -> bytes:
    """Return the edition as .xlsx; raise NotForTable for an item that no row can carry."""
    rows = [cells_of(item) for item in edition.items]
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    head = book.add_format({"bold": True, "bg_color": "#DCF0EC", "num_format": "@"})
    optional = book.add_format({"bg_color": "#F2F2F2", "num_format": "@"})
    text = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
    sheet = book.add_worksheet("事项")
    sheet.freeze_panes(1, 2)
    for place, column in enumerate(ITEM_COLUMNS):
        sheet.set_column(place, place, _WIDTHS.get(column.name, _WIDTH), text)
        sheet.write_string(0, place, column.heading, head if column.required else optional)
        for number, cells in enumerate(rows, 1):
            if cells[column.name]:
                sheet.write_string(number, place, cells[column.name], text)
    sheet.autofilter(0, 0, max(len(rows), 1), len(ITEM_COLUMNS) - 1)
    book.close()
    return out.getvalue()

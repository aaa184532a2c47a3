"""An edition written as a spreadsheet and taken back is the same list, whatever it says."""

from __future__ import annotations

import csv
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.editions.table import catalogue_xlsx
from server.load import read_items
from shared.catalogue import CatalogueEdition
from shared.item_rows import ITEM_COLUMNS, cells_of
from shared.sample import sample_catalogue
from tests.shared.catalogues import edition_pairs


def of_xlsx(edition: CatalogueEdition, folder: Path) -> object:
    path = folder / "items.xlsx"
    path.write_bytes(catalogue_xlsx(edition))
    return read_items(path)


def of_csv(edition: CatalogueEdition, folder: Path, encoding: str) -> object:
    path = folder / "items.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column.heading for column in ITEM_COLUMNS])
        for item in edition.items:
            cells = cells_of(item)
            writer.writerow([cells[column.name] for column in ITEM_COLUMNS])
    return read_items(path)


@given(editions=edition_pairs(), encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030"]))
@settings(
    max_examples=40, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
def test_a_table_read_back_is_the_list_it_was_written_from(
    tmp_path: Path, editions: tuple[CatalogueEdition, CatalogueEdition], encoding: str
) -> None:
    for edition in editions:
        if edition.items:
            assert of_xlsx(edition, tmp_path) == edition.items
            assert of_csv(edition, tmp_path, encoding) == edition.items


def test_the_sample_list_comes_back_whole(tmp_path: Path) -> None:
    assert of_xlsx(sample_catalogue(), tmp_path) == sample_catalogue().items

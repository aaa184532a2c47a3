"""`county load`: the tables of an own county become editions, postings and accounts."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.admin import decide_device, invite
from server.county import County, NoEdition
from server.handover import Handed, HandOver
from server.load import LoadRefused
from server.loading import OtherCounty, load_county
from server.take_in import take_in
from server.verify import verify
from tests.server.counties import VILLAGE, a_county, a_tablet

SITES = [
    ["区划代码（12位）", "名称", "类别", "上级区划代码", "站点类型"],
    ["510322000000", "富顺县", "县", "", ""],
    ["510322100000", "富世镇", "镇", "", ""],
    ["510322100221", "海棠村委会", "村委会", "", ""],
]
STAFF = [
    ["name", "staff_no", "role", "code12", "phone", "from", "to"],
    ["甲某", "0001", "administrator", "510322000000", "", "", ""],
    ["乙某", "0002", "clerk", "510322100000", "", "", ""],
    ["丙某", "0003", "village", "510322100221", "", "2026-01-01", ""],
]
ITEMS = [
    ["code", "name", "department", "kind", "statutory_workdays", "promised_workdays",
     "village_proxy", "fee_yuan", "materials", "legal_basis"],
    ["FS-001", "高龄津贴申请", "县民政局", "承诺件", "20", "10", "yes", "0", "身份证", "省规定"],
]  # fmt: skip


def table(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def tables(
    folder: Path, staff: list[list[str]] = STAFF, sites: list[list[str]] = SITES
) -> tuple[Path, Path, Path]:
    return (
        table(folder / "sites.csv", sites),
        table(folder / "staff.csv", staff),
        table(folder / "items.csv", ITEMS),
    )


@pytest.fixture
def county(tmp_path: Path) -> Iterator[County]:
    with a_county(tmp_path / "county", sample=False) as county:
        yield county


def test_an_empty_county_says_what_it_lacks_until_it_is_loaded(
    county: County, tmp_path: Path
) -> None:
    with pytest.raises(NoEdition, match="county load"):
        invite(county, VILLAGE)
    done = load_county(county, *tables(tmp_path))
    assert (done.sites, done.items, done.postings) == (3, 1, 2)
    assert {name for name, _, _ in done.accounts} == {"甲某", "乙某"}
    assert invite(county, VILLAGE).role == "village"
    assert verify(county).violations == ()


def test_an_invitation_by_name_hands_out_the_posting_of_the_table(
    county: County, tmp_path: Path
) -> None:
    load_county(county, *tables(tmp_path))
    tablet = a_tablet(county, invite(county, VILLAGE, agent="丙某").code)
    with county.ledger.read() as tx:
        (posting,) = tx.postings(person=f"agent:{tablet.agent}")
    assert posting.from_on == 20260101


def test_loading_again_adds_only_what_is_new(county: County, tmp_path: Path) -> None:
    load_county(county, *tables(tmp_path))
    with county.ledger.read() as tx:
        before = county.editions(tx).sites
    more = [*STAFF, ["丁某", "0004", "village", "510322100221", "", "", ""]]
    done = load_county(county, *tables(tmp_path, more))
    assert (done.postings, done.accounts) == (1, ())
    with county.ledger.read() as tx:
        after = county.editions(tx).sites
        assert len(tx.postings()) == 3
        assert len(tx.staff_list()) == 2
    assert after.number == before.number + 1
    assert [one.id for one in after.sites] == [one.id for one in before.sites]


def test_one_bad_row_loads_nothing(county: County, tmp_path: Path) -> None:
    bad = [*STAFF, ["", "x y", "king", "1", "", "", ""]]
    with pytest.raises(LoadRefused):
        load_county(county, *tables(tmp_path, bad))
    with pytest.raises(NoEdition):
        invite(county, VILLAGE)
    with county.ledger.read() as tx:
        assert tx.counts().operations == 0


def test_another_countys_tables_are_refused(tmp_path: Path) -> None:
    with a_county(tmp_path / "sample") as sample:
        sample.code = 510300
        with pytest.raises(OtherCounty, match="510322"):
            load_county(sample, *tables(tmp_path))


MERGED = [
    [*SITES[0], "状态", "原区划代码", "继任代码"],
    ["510322000000", "富顺县", "县", "", "", "", "", ""],
    ["510322001000", "富世街道", "街道", "", "", "", "510322100000", ""],
    ["510322001221", "海棠社区居委会", "居委会", "", "", "", "510322100221", ""],
]


def test_a_posting_at_a_recoded_village_stays_valid(county: County, tmp_path: Path) -> None:
    load_county(county, *tables(tmp_path))
    tablet = a_tablet(county, invite(county, VILLAGE, agent="丙某").code)
    decide_device(county, "approve", tablet.device_key.id.hex(), "甲某")
    with county.ledger.read() as tx:
        postings, before = tx.postings(), county.editions(tx).sites
    staff = [
        [cell.replace("510322100221", "510322001221").replace("510322100000", "510322001000")
         for cell in row]
        for row in STAFF
    ]  # fmt: skip
    done = load_county(county, *tables(tmp_path, staff, MERGED))
    assert (done.sites, done.postings) == (3, 0)
    assert not any("已撤销" in doubt for doubt in done.doubts)
    with county.ledger.read() as tx:
        assert tx.postings() == postings
        after = county.editions(tx).sites
    assert {site.id for site in after.sites} == {site.id for site in before.sites}
    assert after.by_code("510322001221", county.today()).id == tablet.site
    asked = tablet.ask("换了代码以后")
    answer = take_in(
        county, HandOver(tablet.device_key.id, [Handed(tablet.envelope(1), county.now())],
                         tablet.stream, b"", 1 << 20),
    )  # fmt: skip
    assert answer.outcomes[0].refusal is None
    with county.ledger.read() as tx:
        assert tx.judgements_of([asked.id])[asked.id].status == "admitted"
    assert verify(county).violations == ()


def test_sites_that_end_without_a_word_are_told(county: County, tmp_path: Path) -> None:
    load_county(county, *tables(tmp_path))
    merged = [[*row[:6], "", ""] for row in MERGED[1:]]
    staff = [row for row in STAFF if row[3] != "510322100221" and row[3] != "510322100000"]
    done = load_county(county, *tables(tmp_path, staff, [MERGED[0], *merged]))
    assert any("有 2 个站点已撤销而没有继任代码" in doubt for doubt in done.doubts)

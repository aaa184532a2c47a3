"""A county's own tables come in whole or not at all, with every bad row named."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from importlib.resources import as_file, files
from pathlib import Path

import pytest
import xlsxwriter

from server.files import NotWritten
from server.load import CountyData, LoadRefused, Problem, read_county
from server.load_template import write_template
from server.staff_rows import StaffRow
from shared.rights import Role
from shared.sample import sample_catalogue, sample_sites
from shared.sites import Site, SiteStatus

DAY = date(2026, 1, 1)
FIXTURES = Path(__file__).parent.parent / "fixtures"
Rows = list[list[str]]
SITES: Rows = [
    ["区划代码（12位）", "名称", "类别", "上级区划代码", "站点类型"],
    ["450222000000", "柳城县", "县", "", ""],
    ["450222100000", "大埔镇", "镇", "", ""],
    ["450222100201", "中回村委会", "村委会", "", ""],
    ["450222100001", "西门社区居委会", "居委会", "", ""],
]
STAFF: Rows = [
    ["姓名", "工号", "角色", "站点区划代码（12位）", "电话", "任职起", "任职止"],
    ["甲某", "0001", "管理员", "450222000000", "13800000000", "2026-01-01", ""],
    ["乙某", "0002", "窗口人员", "450222100000", "", "", ""],
    ["丙某", "0003", "村代办员", "450222100201", "0772-7600000", "2026年1月1日", "2026/12/31"],
    ["丙某", "0003", "village", "450222100001", "0772-7600000", "", ""],
]
ITEMS: Rows = [
    [
        *("事项编码", "事项名称", "主管部门", "办件类型", "法定时限", "承诺时限", "可否村代办"),
        *("收费（元）", "材料", "设定依据"),
    ],
    [
        "LC-001",
        "高龄津贴申请",
        "县民政局",
        "承诺件",
        "20",
        "10",
        "是",
        "0",
        "身份证;申请表",
        "省规定",
    ],
    ["LC-002", "生育登记", "县卫健局", "即办件", "5", "0", "是", "", "身份证", "省规定"],
]


def as_csv(path: Path, rows: Rows, encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def as_xlsx(path: Path, rows: Rows) -> Path:
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        sheet.write_row(number, 0, [int(c) if c.isdigit() and c[0] != "0" else c for c in row])
    book.close()
    return path


def load(folder: Path, sites: Rows = SITES, staff: Rows = STAFF, items: Rows = ITEMS) -> CountyData:
    return read_county(
        as_csv(folder / "sites.csv", sites),
        as_csv(folder / "staff.csv", staff),
        as_csv(folder / "items.csv", items),
    )


def changed(rows: Rows, row: int, column: int, cell: str) -> Rows:
    copy = [list(line) for line in rows]
    copy[row][column] = cell
    return copy


def problems(folder: Path, **tables: Rows) -> tuple[Problem, ...]:
    with pytest.raises(LoadRefused) as refused:
        load(folder, **tables)
    return refused.value.problems


def test_a_good_county_is_read_whole(tmp_path: Path) -> None:
    county = load(tmp_path)
    assert county.county == "450222"
    assert county.doubts == ()
    assert [row.name for row in county.sites] == [
        "柳城县",
        "大埔镇",
        "中回村委会",
        "西门社区居委会",
    ]
    assert county.staff[0] == StaffRow(
        "甲某", "0001", Role.ADMINISTRATOR, "450222000000", "13800000000", DAY
    )
    assert county.staff[2].to_on == date(2026, 12, 31)
    assert county.staff[3].role is Role.VILLAGE
    assert [item.code for item in county.items] == ["LC-001", "LC-002"]


def test_a_good_county_makes_its_editions(tmp_path: Path) -> None:
    county = load(tmp_path)
    sites = county.site_edition(number=1, document="", published_on=DAY, valid_from=DAY)
    assert sites.by_code("450222100201", DAY).id == "s0004"
    assert sites.by_id("s0001").name == "柳城县"
    catalogue = county.catalogue_edition(
        number=1, document="柳政发〔2026〕1号", published_on=DAY, effective_on=DAY
    )
    assert catalogue.item("LC-001").promised_days == 10


def test_every_form_of_the_same_tables_gives_the_same_county(tmp_path: Path) -> None:
    expected = load(tmp_path)
    tables = {"sites": SITES, "staff": STAFF, "items": ITEMS}
    for encoding in ("utf-8-sig", "gb18030"):
        paths = [as_csv(tmp_path / f"{n}.csv", rows, encoding) for n, rows in tables.items()]
        assert read_county(*paths) == expected
    paths = [as_xlsx(tmp_path / f"{name}.xlsx", rows) for name, rows in tables.items()]
    assert read_county(*paths) == expected


def test_the_sample_tables_go_through_the_same_door(tmp_path: Path) -> None:
    staff = [STAFF[0], ["甲某", "0001", "管理员", "510322000000", "", "", ""]]
    folder = files("shared").joinpath("data", "fushun_510322")
    with (
        as_file(folder.joinpath("sites.csv")) as sites,
        as_file(folder.joinpath("items.csv")) as items,
    ):
        county = read_county(sites, as_csv(tmp_path / "staff.csv", staff), items)
    assert county.items == sample_catalogue().items
    begun = date(2016, 7, 31)
    edition = county.site_edition(number=1, document="", published_on=begun, valid_from=begun)
    assert edition.sites == sample_sites().sites


def _plain(name: str) -> str:
    """A region's name without what the reform changed: 文庙社区居委会, 富世镇 → 富世街道."""
    return re.sub("(社区|村)?(村民|居民)?(委员会|委会|居委会)$|(镇|乡|街道)$", "", name)


def test_most_sites_of_the_sample_county_live_through_its_merger(tmp_path: Path) -> None:
    before, on = sample_sites(), date(2026, 12, 1)
    by_name: dict[tuple[str, str], list[Site]] = defaultdict(list)
    for site in before.sites:
        above = before.township_of(site.id)
        if above is not None:
            where = "" if above is site else _plain(above.name)
            by_name[where, _plain(site.name)].append(site)
    with (FIXTURES / "fushun_510322_2023.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    towns = {row["code12"]: _plain(row["name"]) for row in rows if row["level"] == "township"}
    table, recoded, stayed = [["code12", "name", "kind", "parent12", "old12"]], {}, set()
    for row in rows:
        meant = by_name.get((towns.get(row["parent12"], ""), _plain(row["name"])), [])
        (old,) = meant[0].codes if len(meant) == 1 else (None,)
        if old is not None:
            by_name.pop((towns.get(row["parent12"], ""), _plain(row["name"])))
            recoded[meant[0].id] = row["code12"]
        elif any(code.code12 == row["code12"] for site in before.sites for code in site.codes):
            stayed.add(row["code12"])
        table.append([*(row[name] for name in table[0][:4]), old.code12 if old else ""])
    centre = ["510322000000", "富顺县", "县", "", ""]
    staff = [STAFF[0], ["甲某", "0001", "管理员", "510322000000", "", "", ""]]
    after = load(tmp_path, [table[0], centre, *table[1:]], staff).site_edition(
        number=2, document="", published_on=on, valid_from=on, previous=before
    )
    assert len(recoded) > 150
    for site_id, code12 in recoded.items():
        found = after.by_code(code12, on)
        assert found.id == site_id
        assert before.by_id(site_id).codes[0].code12 == found.codes[0].code12
        assert found.status is not SiteStatus.CLOSED
    kept = {site.id for site in after.sites if site.status is not SiteStatus.CLOSED}
    assert len(kept & {site.id for site in before.sites}) >= len(recoded) + len(stayed)
    assert {site.id for site in before.sites} <= {site.id for site in after.sites}


def test_columns_stand_in_any_order_and_may_be_named_as_in_code(tmp_path: Path) -> None:
    sites = [[row[2], row[1], row[0]] for row in SITES]
    sites[0] = ["kind", " 名 称 ", "区划代码(12位)"]
    assert load(tmp_path, sites=sites).sites == load(tmp_path).sites


@pytest.mark.parametrize(
    ("row", "column", "cell", "heading", "sentence"),
    [
        (2, 0, "", "区划代码（12位）", "不能为空"),
        (2, 0, "45022210", "区划代码（12位）", "12 位区划代码"),
        (2, 0, "450223100000", "区划代码（12位）", "不属于本县"),
        (3, 0, "450222100001", "区划代码（12位）", "重复"),
        (2, 1, "", "名称", "不能为空"),
        (2, 2, "市场", "类别", "镇、乡、街道"),
        (3, 3, "450222199000", "上级区划代码", "不在表中"),
        (3, 3, "450222000000", "上级区划代码", "村站的上级不能是县中心"),
        (2, 3, "450222100201", "上级区划代码", "乡镇中心的上级不能是村站"),
        (2, 4, "村站", "站点类型", "应为「乡镇中心」"),
    ],
)
def test_every_kind_of_bad_site(
    tmp_path: Path, row: int, column: int, cell: str, heading: str, sentence: str
) -> None:
    found = problems(tmp_path, sites=changed(SITES, row, column, cell))
    assert any(
        problem.file == "sites.csv"
        and problem.row in {row + 1, row + 2}
        and problem.column == heading
        and sentence in problem.sentence
        for problem in found
    ), found


@pytest.mark.parametrize(
    ("row", "column", "cell", "heading", "sentence"),
    [
        (1, 0, "", "姓名", "不能为空"),
        (1, 0, "\u200b", "姓名", "看得见"),
        (2, 1, "", "工号", "不能为空"),
        (2, 1, "二号", "工号", "只能用字母"),
        (2, 1, "0001", "工号", "与第 2 行相同"),
        (2, 2, "保安", "角色", "村代办员、窗口人员"),
        (2, 2, "citizen", "角色", "村代办员、窗口人员"),
        (2, 2, "村代办员", "角色", "应在村站"),
        (3, 2, "督查", "角色", "应在县中心"),
        (2, 3, "大埔镇", "站点区划代码（12位）", "12 位区划代码"),
        (2, 3, "450222199000", "站点区划代码（12位）", "站点表里没有"),
        (2, 4, "12345", "电话", "电话号码不对"),
        (2, 5, "去年", "任职起", "不是日期"),
        (3, 6, "2025-12-31", "任职止", "早于任职起"),
        (4, 3, "450222100201", "工号", "同一任职"),
    ],
)
def test_every_kind_of_bad_posting(
    tmp_path: Path, row: int, column: int, cell: str, heading: str, sentence: str
) -> None:
    staff = changed(STAFF, row, column, cell)
    found = problems(tmp_path, staff=staff)
    expected = [p for p in found if (p.file, p.row, p.column) == ("staff.csv", row + 1, heading)]
    assert any(sentence in problem.sentence for problem in expected), found


@pytest.mark.parametrize("role", ["窗口人员", "主任", "部门审批", "督查"])
def test_who_may_sit_at_the_county_centre(tmp_path: Path, role: str) -> None:
    assert load(tmp_path, staff=changed(STAFF, 1, 2, role)).staff[0].code12 == "450222000000"


@pytest.mark.parametrize(
    ("row", "column", "cell", "heading", "sentence"),
    [
        (2, 0, "LC-001", "事项编码", "与第 2 行的编码重复"),
        (1, 3, "缓办件", "办件类型", "即办件、承诺件"),
        (1, 5, "21", "承诺时限", "多于法定"),
        (2, 5, "1", "承诺时限", "即办件"),
        (1, 7, "免费", "收费（元）", "金额"),
    ],
)
def test_bad_items(
    tmp_path: Path, row: int, column: int, cell: str, heading: str, sentence: str
) -> None:
    (problem,) = problems(tmp_path, items=changed(ITEMS, row, column, cell))
    assert (problem.file, problem.row, problem.column) == ("items.csv", row + 1, heading)
    assert sentence in problem.sentence


def test_all_faults_of_all_tables_are_told_at_once_and_nothing_is_half_loaded(
    tmp_path: Path,
) -> None:
    found = problems(
        tmp_path,
        sites=changed(SITES, 2, 1, ""),
        staff=changed(changed(STAFF, 1, 0, ""), 2, 4, "12"),
        items=changed(ITEMS, 1, 7, "免费"),
    )
    assert [(p.file, p.row) for p in found] == [
        ("sites.csv", 3),
        ("staff.csv", 2),
        ("staff.csv", 3),
        ("items.csv", 2),
    ]
    refused = LoadRefused(found)
    assert str(refused).startswith("表中有 4 处需要更正，一行也没有装入")
    assert "sites.csv 第 3 行「名称」：不能为空，请填写。" in str(refused)


def test_a_faulty_site_table_raises_no_false_alarm_in_the_staff_table(tmp_path: Path) -> None:
    found = problems(tmp_path, sites=changed(SITES, 3, 1, ""))
    assert [p.file for p in found] == ["sites.csv"]


def test_the_message_stays_readable_when_every_row_is_bad() -> None:
    refused = LoadRefused([Problem("a.csv", n, "", "坏") for n in range(1, 400)])
    assert len(refused.problems) == 399
    assert str(refused).count("\n") == 51
    assert str(refused).endswith("……还有 349 处。")


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        (["区划代码（12位）", "名称"], "缺少这一列"),
        (["区划代码（12位）", "名称", "类别", "备注"], "没有这一列"),
        (["区划代码（12位）", "名称", "类别", "名称"], "出现了两次"),
    ],
)
def test_a_header_that_does_not_fit(tmp_path: Path, header: Sequence[str], sentence: str) -> None:
    (problem,) = problems(tmp_path, sites=[list(header), *SITES[1:]])
    assert problem.row == 1
    assert sentence in problem.sentence


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, items=ITEMS[:1])
    assert "没有一行数据" in problem.sentence


def test_unreadable_files_are_told_together(tmp_path: Path) -> None:
    broken = tmp_path / "items.xlsx"
    broken.write_bytes(b"junk")
    with pytest.raises(LoadRefused) as refused:
        read_county(tmp_path / "none.csv", as_csv(tmp_path / "staff.csv", STAFF), broken)
    assert [(p.file, p.row) for p in refused.value.problems] == [("none.csv", 0), ("items.xlsx", 0)]


def test_two_centres_are_refused(tmp_path: Path) -> None:
    sites = [*SITES, ["450223000000", "鹿寨县", "县", "", ""]]
    (problem,) = problems(tmp_path, sites=sites)
    assert "现有 2 行" in problem.sentence


def test_a_table_of_the_statistics_bureau_without_the_county_gets_a_centre_and_a_doubt(
    tmp_path: Path,
) -> None:
    county = load(tmp_path, sites=[SITES[0], *SITES[2:]])
    assert county.sites[0].code12 == "450222000000"
    assert [doubt.row for doubt in county.doubts] == [0]
    assert "名称暂为“本县”" in county.doubts[0].sentence


def test_odd_village_codes_are_loaded_with_a_doubt(tmp_path: Path) -> None:
    sites = [*SITES, ["450222100501", "白阳村委会", "村委会", "", ""]]
    county = load(tmp_path, sites=sites)
    assert len(county.sites) == 5
    assert [doubt.row for doubt in county.doubts] == [6]
    assert "501" in county.doubts[0].sentence


def test_a_county_without_administrator_is_loaded_with_a_doubt(tmp_path: Path) -> None:
    county = load(tmp_path, staff=[STAFF[0], *STAFF[2:]])
    assert ["staff add" in doubt.sentence for doubt in county.doubts] == [True]


def test_an_enterprise_centre_shares_the_code_of_its_township(tmp_path: Path) -> None:
    park = ["450222100000", "工业园", "镇", "", "企业中心"]
    sites = load(tmp_path, sites=[*SITES, park]).site_edition(
        number=1, document="", published_on=DAY, valid_from=DAY
    )
    assert sites.by_code("450222100000", DAY).name == "大埔镇"
    (problem,) = problems(tmp_path, sites=[*SITES, park, park])
    assert "重复" in problem.sentence


def test_the_templates_load_as_they_are_and_say_that_they_are_examples(tmp_path: Path) -> None:
    paths = write_template(tmp_path / "new")
    assert [path.name for path in paths] == ["sites.xlsx", "staff.xlsx", "items.xlsx"]
    county = read_county(*paths)
    assert (len(county.sites), len(county.staff), len(county.items)) == (1, 1, 1)
    assert ["示例行" in doubt.sentence for doubt in county.doubts] == [True]
    assert county.staff[0].staff_no == "0001"


def test_a_filled_in_table_is_never_overwritten_by_a_template(tmp_path: Path) -> None:
    as_csv(tmp_path / "staff.xlsx", STAFF)
    before = (tmp_path / "staff.xlsx").read_bytes()
    with pytest.raises(NotWritten, match="换一个目录"):
        write_template(tmp_path)
    assert (tmp_path / "staff.xlsx").read_bytes() == before
    assert not (tmp_path / "sites.xlsx").exists()


def test_a_template_into_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(NotWritten, match="换一个目录"):
        write_template(tmp_path / "file")

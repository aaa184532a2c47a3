"""Month close from the command line: freezing, the bulletin and the yearly table as files."""

from __future__ import annotations

from pathlib import Path

import click

from server.commands.common import FILE, as_json, county_at, home, show

_MONTH = click.option("--month", "text", required=True, help="月份，例如 2026-10。")
_STAFF = click.option("--as", "staff", help="以哪位工作人员的名义（姓名）；不给则由系统办理。")


@click.command("close-month")
@home
@_MONTH
@_STAFF
@as_json
def close_month(home: Path, text: str, staff: str | None, as_json: bool) -> None:
    """冻结一个过完的月份的数字。"""
    from server.deciding import desk_for
    from server.months.closing import AlreadyClosed, freeze
    from server.months.sheets import frozen, parse_month

    month = parse_month(text)
    with county_at(home) as county:
        person = desk_for(county, staff)[1] if staff else None
        if not freeze(county, month, person):
            raise AlreadyClosed(f"{text} 已经月结，冻结的数字不再改变；迟到的记录见更正。")
        with county.ledger.read() as tx:
            whole, parts = frozen(tx, county, month, county.editions(tx))
    assert whole is not None
    document = {
        "month": text,
        "state": whole.state,
        "operation": whole.closed_as,
        "digest": whole.digest,
        "townships": len(parts),
    }
    show(document, as_json, [f"{text} 已冻结，等 {len(parts)} 个乡镇签字。指纹 {whole.digest}"])


@click.command("bulletin")
@home
@_MONTH
@click.option("--format", "form", required=True, help="文件格式：pdf、docx 或 xlsx。")
@click.option("--draft", is_flag=True, help="还没有月结时，给出带“草稿”字样的预览。")
@click.argument("file", type=FILE)
@as_json
def bulletin(home: Path, text: str, form: str, draft: bool, file: Path, as_json: bool) -> None:
    """把一个月的通报写成文件。"""
    from server.bulletin.desk import bulletin_file
    from server.files import write
    from server.months.sheets import parse_month

    month = parse_month(text)
    with county_at(home) as county:
        made = bulletin_file(county, None, month, form, draft=draft)
    write(file, made.content)
    document = {"month": text, "file": str(file), "bytes": len(made.content), "title": made.title}
    show(document, as_json, [f"已写出 {made.title}：{file}"])


@click.command("year-table")
@home
@click.option("--year", "year_text", required=True, help="年份，例如 2026。")
@click.option("--through", help="截止月份，1 到 12；不给则到最近一个过完的月。")
@click.option("--format", "form", required=True, help="文件格式：pdf 或 xlsx。")
@click.argument("file", type=FILE)
@as_json
def year_table(
    home: Path, year_text: str, through: str | None, form: str, file: Path, as_json: bool
) -> None:
    """把一年各月的考核表写成文件。"""
    from server.bulletin.desk import year_file
    from server.bulletin.year import parse_through, parse_year
    from server.files import write

    year = parse_year(year_text)
    with county_at(home) as county:
        last = parse_through(through, year, county.today())
        made = year_file(county, None, year, last, form)
    write(file, made.content)
    document = {"year": year, "through": last, "file": str(file), "bytes": len(made.content)}
    show(document, as_json, [f"已写出 {made.title}：{file}"])

"""`bianmin county bridge`: files for the provincial platform and back."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from server.accounts import Person
from server.commands.common import FILE, a_date, as_json, county_at, home, show
from server.county import County
from shared.errors import Misuse

_STAFF = click.option("--as", "staff", help="以哪位工作人员的名义（姓名）；不给则记为本机。")


@click.group("bridge")
def bridge() -> None:
    """省平台对接：导出办件、装入回执、代码对照表。"""


@bridge.command("export")
@home
@click.option(
    "--since", default="last", show_default=True,
    help="last 只报变化；日期 从那天起重报；all 全部重报。",
)  # fmt: skip
@click.option("--again", help="原样重发这个批次，一个字节也不差。")
@click.argument("file", type=FILE)
@_STAFF
@as_json
def export(
    home: Path, since: str, again: str | None, file: Path, staff: str | None, as_json: bool
) -> None:  # fmt: skip
    """把变化写成一个文件（.xlsx 或 .json）；没有变化就不写。"""
    from server.bridge import desk
    from server.bridge.batch import batch_text
    from server.bridge.making import Made

    with county_at(home) as county:
        person = _person(county, staff)
        made = (
            desk.export(county, person, _since(since), file)
            if again is None
            else Made(desk.again(county, person, again, file), is_again=True)
        )
        batch = made.batch
        with county.ledger.read() as tx:
            gaps = desk.gaps_of(tx, county.editions(tx))
        number = batch_text(county.code, batch.batch) if batch is not None else None
    lines = []
    if batch is None:
        lines.append("没有变化，没有写文件。")
    else:
        how = "原样重发批次" if made.is_again else "已导出批次"
        lines.append(f"{how} {number}：{batch.cases} 件 {batch.rows} 行，{file}。")
        lines.append("文件含个人信息，只能报给省平台；用后请删除。")
    if made.is_full:
        lines.append("还有变化没有报完，请再导出一次。")
    if gaps:
        lines.append(f"以下 {len(gaps)} 项没有省平台代码或资料不全，有关的行没有报，补上后自动报：")
        lines += [f"  {one.label} {one.local}（{one.meaning}）：{one.cases} 件" for one in gaps]
    document = {
        "batch": number,
        "file": str(file) if batch is not None else None,
        "cases": batch.cases if batch is not None else 0,
        "rows": batch.rows if batch is not None else 0,
        "again": made.is_again,
        "more": made.is_full,
        "missing": [
            {"section": one.section, "code": one.local, "meaning": one.meaning, "cases": one.cases}
            for one in gaps
        ],
    }
    show(document, as_json, lines)


@bridge.command("import")
@home
@click.argument("file", type=FILE)
@_STAFF
@as_json
def import_(home: Path, file: Path, staff: str | None, as_json: bool) -> None:
    """装入省平台的回执（.xlsx、.csv 或 .json）；重复装入没有影响。"""
    from server.bridge import desk

    with county_at(home) as county:
        done = desk.answer(county, _person(county, staff), file)
    document = {
        "batch": done.batch, "accepted": done.accepted, "rejected": done.rejected,
        "known": done.known, "outdated": done.outdated, "numbers": done.numbers,
    }  # fmt: skip
    counts = f"接收 {done.accepted} 行，退回 {done.rejected} 行，省平台办件号 {done.numbers} 个"
    lines = [f"批次 {done.batch}：{counts}。"]
    if done.known:
        lines.append(f"{done.known} 行以前装过，没有变化。")
    if done.outdated:
        lines.append(f"{done.outdated} 行说的是以前的版本，后面的批次已经重报，没有采用。")
    if done.rejected:
        lines.append("退回的行和原因在“省平台对接”页；更正后下次导出会再报。")
    show(document, as_json, lines)


@bridge.command("mapping")
@home
@click.option("--write", "out", type=FILE, help="把代码对照表写成文件，填好后再装。")
@click.option("--load", "source", type=FILE, help="装入填好的代码对照表。")
@_STAFF
@as_json
def mapping(
    home: Path, out: Path | None, source: Path | None, staff: str | None, as_json: bool
) -> None:  # fmt: skip
    """本县代码与省平台代码的对照表：取出、装入、查看缺哪些。"""
    from server.bridge import desk
    from server.bridge.files import require_format
    from server.bridge.mapping import has_to_be, in_force, lines_of
    from server.bridge.sheets import write_mapping

    if out is not None and source is not None:
        raise Misuse("--write 和 --load 请分两次做。")
    with county_at(home) as county:
        person = _person(county, staff)
        if source is not None:
            desk.load_mapping(county, person, source)
        if out is not None:
            write_mapping(out, desk.mapping_file(county, person, require_format(out.name)))
        with county.ledger.read() as tx:
            codes = in_force(tx, county)
            found = list(lines_of(codes, county.editions(tx)))
    empty = [line for line in found if not line.code and has_to_be(line)]
    filled = sum(bool(line.code) for line in found)
    document = {
        "edition": codes.number, "title": codes.title, "codes": filled,
        "empty": len(empty), "file": str(out) if out is not None else None,
    }  # fmt: skip
    which = (
        f"本县第 {codes.number} 版" if codes.is_own else "随产品的建议值（本县还没有装入自己的）"
    )
    lines = [f"代码对照表：{which}，已填 {filled} 个，还缺 {len(empty)} 个。"]
    if out is not None:
        lines.append(f"已写出 {out}，填好“省平台代码”一列后用 --load 装入。")
    if source is not None:
        lines.append("已装入，下次导出会重新核对全部办件。")
    show(document, as_json, lines)


def _since(text: str) -> date | str:
    return text if text in ("last", "all") else a_date(text, "--since")


def _person(county: County, staff: str | None) -> Person | None:
    from server.deciding import desk_for

    return desk_for(county, staff)[1] if staff else None

"""The county's daily work: bundles, conflicts, pairs, held work, devices, settling, reports."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from server.commands.common import (
    FILE,
    a_date,
    a_value,
    as_json,
    as_staff,
    county_at,
    home,
    reason,
    show,
)
from shared.errors import Misuse


@click.command("import")
@home
@click.argument("file", type=FILE)
@click.option("--reply", type=FILE, help="把回执和下发内容写成数据包。")
@as_json
def import_(home: Path, file: Path, reply: Path | None, as_json: bool) -> None:
    """导入平板导出的数据包。"""
    from server.importing import UnreadableBundle, import_bundle

    with county_at(home) as county:
        done = import_bundle(county, file, reply)
    counts = f"入账 {done.opened}，待前件 {done.waiting}，未收 {done.refused}"
    lines = [f"信封 {done.envelopes} 个：{counts}。"]
    document = {
        "envelopes": done.envelopes,
        "opened": done.opened,
        "waiting": done.waiting,
        "refused": done.refused,
        "attachment_parts": done.attachment_parts,
        "enrolled": done.enrolled,
        "reply": str(reply) if reply else None,
        "damaged": done.damaged,
    }
    show(document, as_json, lines)
    if done.damaged:  # the good part is in the books and answered; the rest has to come again
        raise UnreadableBundle(done.damaged)


@click.command("conflicts")
@home
@as_json
def conflicts(home: Path, as_json: bool) -> None:
    """列出未处理的冲突。"""
    from server.api import shapes

    with county_at(home) as county, county.ledger.read() as tx:
        found = shapes.conflicts(tx)
    lines = []
    for one in found:
        lines.append(f"{one.record} {one.kind} {one.field}（现显示 {_text(one.shown)}）")
        lines += [
            f"    {_text(side.value)} — {side.agent} 设备 {side.device}" for side in one.values
        ]
    show(found, as_json, lines or ["没有未处理的冲突。"])


@click.command("pairs")
@home
@as_json
def pairs(home: Path, as_json: bool) -> None:
    """列出疑似重复的记录。"""
    from server.api import shapes

    with county_at(home) as county, county.ledger.read() as tx:
        found = shapes.pairs(tx)
    lines = [f"{one.id} {' 与 '.join(one.records)}：{one.reason}" for one in found]
    show(found, as_json, lines or ["没有疑似重复的记录。"])


@click.command("held")
@home
@as_json
def held(home: Path, as_json: bool) -> None:
    """列出待核的操作。"""
    from server.api import shapes

    with county_at(home) as county, county.ledger.read() as tx:
        found = shapes.held(tx)
    lines = [f"{one.operation} {one.kind} {one.act}：{one.reason}" for one in found]
    show(found, as_json, lines or ["没有待核的操作。"])


@click.command("devices")
@home
@as_json
def devices(home: Path, as_json: bool) -> None:
    """列出设备。"""
    from server.admin import STATE_WORDS
    from server.admin import devices as listed

    with county_at(home) as county:
        found = listed(county)
    lines = [
        f"{one['short_code']} {one['device']} 站点 {one['site_code'] or one['site']} "
        f"{STATE_WORDS.get(str(one['state']), one['state'])} 已入账到第 {one['seq']} 号"
        for one in found
    ]
    show(found, as_json, lines or ["还没有设备。"])


@click.command("settle")
@home
@click.argument("record", required=False)
@click.option("--field", help="冲突的字段；状态用 state。")
@click.option("--pair", help="疑似重复的编号。")
@click.option("--value", required=True, help="选定的值（JSON）；对 --pair 为 same 或 different。")
@reason
@as_staff
@as_json
def settle(
    home: Path,
    *,
    record: str | None,
    field: str | None,
    pair: str | None,
    value: str,
    reason: str,
    staff: str,
    as_json: bool,
) -> None:
    """裁定一个冲突，或一对疑似重复。"""
    from server.api import messages
    from server.deciding import desk_for

    if pair is None and (record is None or field is None):
        raise Misuse("请给出记录和 --field，或用 --pair 给出疑似重复的编号。")
    if pair is not None and value not in ("same", "different"):
        raise Misuse("对 --pair，--value 只能是 same（同一件）或 different（不是同一件）。")
    with county_at(home) as county:
        desk, person = desk_for(county, staff)
        if pair is not None:
            same = "same" if value == "same" else "different"
            done = desk.settle_pair(person, messages.SettlePair(pair, same, reason, again=True))  # type: ignore[arg-type]
        else:
            asked = messages.Settle(record or "", field or "", reason, a_value(value), again=True)
            done = desk.settle(person, asked)
    show({"operation": done.id.hex()}, as_json, [f"已裁定，操作 {done.id.hex()}。"])


@click.command("judge")
@home
@click.argument("operation")
@click.argument("decision", type=click.Choice(["admit", "refuse"]))
@reason
@as_staff
@as_json
def judge(
    home: Path, operation: str, decision: str, reason: str, staff: str, as_json: bool
) -> None:
    """对一条待核操作作出决定。"""
    from server.api import messages
    from server.deciding import desk_for

    with county_at(home) as county:
        desk, person = desk_for(county, staff)
        asked = messages.Judge(operation, "admit" if decision == "admit" else "refuse", reason)
        done = desk.judge(person, asked)
    show({"operation": done.id.hex()}, as_json, [f"已记录决定，操作 {done.id.hex()}。"])


@click.command("report")
@home
@click.option("--from", "from_on", required=True, help="起始日期（含）。")
@click.option("--to", "to_on", required=True, help="截止日期（含）。")
@click.option("--site", help="站点的 12 位区划代码（或站点编号）；不给则全县。")
@click.option(
    "--format", "form", type=click.Choice(["json", "xlsx", "pdf"]), help="文件格式，写到标准输出。"
)
@as_json
def report(
    home: Path, from_on: str, to_on: str, site: str | None, form: str | None, as_json: bool
) -> None:
    """一段时间的指标。"""
    from server.cards import card_fields
    from server.report import make_report

    period = a_date(from_on, "--from"), a_date(to_on, "--to")
    with county_at(home) as county, county.ledger.read() as tx:
        sites, name = county.editions(tx).sites, county.home.config.name
        made = make_report(tx, sites, *period, fields=card_fields, today=county.today(), site=site)
    if form in ("xlsx", "pdf"):
        from server.report_files import report_pdf, report_xlsx

        raw = report_xlsx(made, name) if form == "xlsx" else report_pdf(made, name)
        sys.stdout.buffer.write(raw)
        return
    lines = [f"{from_on} 至 {to_on}"]
    lines += [f"{key}：{_figure(figure.value)}" for key, figure in made.figures.items()]
    show(made.plain(), as_json or form == "json", lines)


@click.command("run-due")
@home
@click.option("--now", "now_text", help="当作此刻的时间（Unix 毫秒，或 2026-10-31）。")
@as_json
def run_due(home: Path, now_text: str | None, as_json: bool) -> None:
    """处理到期事项：期限、提醒、月结。"""
    from server.due import run_due as run

    with county_at(home) as county:
        if now_text is not None:
            at = _instant(now_text)
            county.now = lambda: at
        document = run(county)
    show(document, as_json, [f"{key}：{value}" for key, value in document.items()])


def _instant(text: str) -> int:
    from shared.civil import start_of_day

    return int(text) if text.isdigit() else start_of_day(a_date(text, "--now"))


def _figure(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1%}"
    return "—" if value is None else str(value)


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()

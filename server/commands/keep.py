"""Keeping a county: verify, rebuild, export, backup, restore."""

from __future__ import annotations

import os
from pathlib import Path

import click

from server.commands.common import FILE, as_json, county_at, home, show


@click.command("verify")
@home
@as_json
@click.pass_context
def verify(ctx: click.Context, home: Path, as_json: bool) -> None:
    """核验签名、链、折叠与合计；有不符则退出码为 1。"""
    from server.verify import verify as check

    with county_at(home) as county:
        found = check(county)
    document = {
        "ok": found.ok,
        "operations": found.operations,
        "devices": found.devices,
        "records": found.records,
        "violations": list(found.violations),
    }
    lines = [f"操作 {found.operations}，设备 {found.devices}，记录 {found.records}。"]
    lines += found.violations or ["全部相符。"]
    show(document, as_json, lines)
    if not found.ok:
        ctx.exit(1)


@click.command("rebuild")
@home
@as_json
def rebuild(home: Path, as_json: bool) -> None:
    """从台账重建全部投影。"""
    from server.rebuild import rebuild as build

    with county_at(home) as county:
        records = build(county)
    show({"records": records}, as_json, [f"已重建 {records} 条记录。"])


@click.command("export")
@home
@click.argument("file", type=FILE)
@as_json
def export(home: Path, file: Path, as_json: bool) -> None:
    """导出供外部核查的台账骨架（不含个人信息）。"""
    from server.exporting import export_ledger

    with county_at(home) as county:
        done = export_ledger(county, file)
    document = {"operations": done.operations, "streams": done.streams, "bytes": done.bytes}
    show(document, as_json, [f"已导出 {done.streams} 条流、{done.operations} 个操作到 {file}。"])


@click.command("backup")
@home
@click.argument("file", type=FILE)
@click.option("--outside", is_flag=True, help="FILE 在本机以外（例如认不出来的网络共享）。")
@as_json
def backup(home: Path, file: Path, outside: bool, as_json: bool) -> None:
    """备份到一个文件：数据库、密钥、附件；请存到本机以外并妥善保管。"""
    from server.backup import backup as make

    with county_at(home) as county:
        done = make(county, file, outside=outside)
    document = {
        "operations": done.operations, "bytes": done.bytes, "file": str(file),
        "outside": done.outside,
    }  # fmt: skip
    lines = [f"已备份 {done.operations} 个操作到 {file}，里面有全部密钥，请锁好。"]
    if not done.outside:
        click.echo(_ON_THE_SAME_DISK, err=True)
    show(document, as_json, lines)


_ON_THE_SAME_DISK = (
    "注意：这份备份和县级数据在同一块盘上，本机坏了或丢了就一起没了，不算数。请再备份到U盘或"
    "另一台机器；如果这里其实是另一台机器的共享目录，请加 --outside 再备份一次。"
)


@click.command("restore")
@home
@click.argument("file", type=FILE)
@as_json
def restore(home: Path, file: Path, as_json: bool) -> None:
    """从备份恢复到一个空目录；各平板会把自己之后的记录自动交回。"""
    from server.backup import restore as make
    from server.opening import wall_clock

    epoch = make(home, file, now=wall_clock, entropy=os.urandom)
    show({"epoch": epoch}, as_json, [f"已恢复，现为第 {epoch} 纪元。"])

"""Beginning and running a county: init, load, serve, invite, devices, staff."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from server.commands.common import as_json, as_staff, county_at, home, show
from shared.errors import Misuse

F = TypeVar("F", bound=Callable[..., Any])
ROLES = ("village", "clerk", "head", "department", "supervisor", "administrator")


def _deciding(command: F) -> F:
    """Add the reason, and the second person whom a tablet long silent takes to be revoked."""
    for option in (
        click.option("--code", default="", help="第二个人的两步验证码（开启了才要）。"),
        click.option("--password", default="", envvar="BIANMIN_SECOND_PASSWORD",
                     help="第二个人的密码；- 为从标准输入读一行。"),
        click.option("--second", default="", help="一同确认的第二个人（姓名）。"),
        click.option("--reason", default="", help="理由，记入操作。"),
    ):  # fmt: skip
        command = option(command)
    return command


@click.command("init")
@home
@click.option("--county", "code", required=True, type=click.IntRange(100_000, 999_999))
@click.option("--database", help="PostgreSQL 地址；不给则用内置数据库。")
@click.option("--name", default="", help="县名。")
@click.option("--sample", is_flag=True, help="装入示范县富顺县（510322）的站点、目录和日历。")
@as_json
def init(
    home: Path, code: int, database: str | None, name: str, sample: bool, as_json: bool
) -> None:
    """建一个县：密钥、站点、目录、日历。"""
    from server.birth import ADMIN, init_county
    from server.opening import wall_clock

    born = init_county(
        home, code, database=database, sample=sample, name=name, now=wall_clock,
        entropy=os.urandom,
    )  # fmt: skip
    document: dict[str, object] = {"county": str(born.county), "fingerprint": born.fingerprint}
    lines = [f"已建 {born.county} 县，指纹 {born.fingerprint}。"]
    if born.password is not None:
        document |= {"staff": ADMIN, "password": born.password}
        lines.append(f"管理员 {ADMIN}，一次性密码 {born.password}（只显示这一次）。")
    show(document, as_json, lines)


@click.command("load")
@home
@click.option("--sites", type=click.Path(path_type=Path), help="站点表（xlsx 或 csv）。")
@click.option("--staff", type=click.Path(path_type=Path), help="人员表（xlsx 或 csv）。")
@click.option("--items", type=click.Path(path_type=Path), help="事项表（xlsx 或 csv）。")
@click.option("--template", type=click.Path(path_type=Path), help="把空白表格写到这个目录。")
@as_json
def load(
    home: Path,
    sites: Path | None,
    staff: Path | None,
    items: Path | None,
    template: Path | None,
    as_json: bool,
) -> None:
    """装入本县的站点、人员、事项：全部通过才装。"""
    if template is not None:
        from server.load_template import write_template

        written = [str(path) for path in write_template(template)]
        show({"written": written}, as_json, [f"已写出空白表格：{path}" for path in written])
        return
    if sites is None or staff is None or items is None:
        raise Misuse("请同时给出 --sites、--staff、--items 三张表，或用 --template 取空白表格。")
    from server.loading import load_county

    with county_at(home) as county:
        done = load_county(county, sites, staff, items)
    document = {
        "sites": done.sites,
        "items": done.items,
        "postings": done.postings,
        "staff": [
            {"name": name, "role": role, "password": password}
            for name, role, password in done.accounts
        ],
        "doubts": list(done.doubts),
    }
    lines = [
        f"已装入 {done.sites} 个站点、{done.items} 个事项、{done.postings} 项任职。",
        *done.doubts,
    ]
    lines += [f"{name}（{role}）一次性密码 {password}" for name, role, password in done.accounts]
    show(document, as_json, lines)


@click.command("serve")
@home
@click.option("--host", default="127.0.0.1", show_default=True, help="监听地址。")
@click.option(
    "--port", default=8710, show_default=True, type=click.IntRange(0, 65535), help="端口；0 任选。"
)
@as_json
def serve(home: Path, host: str, port: int, as_json: bool) -> None:
    """启动县级服务，直到 Ctrl-C。"""
    from server.serve import serve as run

    def first(url: str, code: str) -> None:
        words = [f"首次使用：请用浏览器打开 {url}", f"从另一台电脑打开时要输入启动码 {code}"]
        show({"setup": url, "start_code": code}, as_json, words)

    def begun(url: str) -> None:
        show({"url": url}, as_json, [f"县级服务已启动：{url}"])

    run(home, host, port, begun, first)


@click.command("invite")
@home
@click.option("--site", required=True, help="站点的 12 位区划代码（或站点编号）。")
@click.option("--agent", default="", help="被邀请人的姓名。")
@click.option("--role", type=click.Choice(["head"]), help="岗位；不给则随站点级别。")
@click.option("--url", help="平板连接的地址。")
@as_json
def invite(
    home: Path, site: str, agent: str, role: str | None, url: str | None, as_json: bool
) -> None:
    """发一个一次性注册码，24 小时有效。"""
    from server.admin import invite as make
    from server.home import CountyHome

    found = CountyHome.open(home)
    address = (url or found.address()).rstrip("/")
    with county_at(home) as county:
        made = make(county, site, agent=agent, head=role == "head")
    qr_text = made.qr_text(address, found.config.county, found.config.fingerprint)
    document = {
        "code": made.code,
        "url": address,
        "expires_at": made.expires_at,
        "qr_text": qr_text,
        "site": made.site.id,
        "role": made.role,
    }
    lines = [f"{made.site.title} 注册码 {made.code}（24 小时内用一次），地址 {address}"]
    if not as_json:
        lines += ["", _qr(qr_text)]
    show(document, as_json, lines)


@click.command("approve")
@home
@click.argument("device")
@as_staff
@_deciding
@as_json
def approve(home: Path, device: str, **words: Any) -> None:
    """批准设备启用（设备编号或短码）。"""
    _decide(home, "approve", device, **words)


@click.command("suspend")
@home
@click.argument("device")
@as_staff
@_deciding
@as_json
def suspend(home: Path, device: str, **words: Any) -> None:
    """停用设备。"""
    _decide(home, "suspend", device, **words)


@click.command("revoke")
@home
@click.argument("device")
@as_staff
@_deciding
@as_json
def revoke(home: Path, device: str, **words: Any) -> None:
    """撤销设备：已入账的保留，之后到达的待人核对。"""
    _decide(home, "revoke", device, **words)


@click.group("staff")
def staff() -> None:
    """工作人员。"""


@staff.command("add")
@home
@click.argument("name")
@click.option("--role", required=True, type=click.Choice(ROLES), help="岗位。")
@click.option("--site", required=True, help="站点的 12 位区划代码（或站点编号）。")
@as_json
def add(home: Path, name: str, role: str, site: str, as_json: bool) -> None:
    """添加工作人员，显示一次性密码。"""
    from server.admin import add_staff

    with county_at(home) as county:
        member, password = add_staff(county, name, role, site)
    document = {"staff": member, "name": name, "role": role, "password": password}
    show(document, as_json, [f"已添加 {name}，一次性密码 {password}（只显示这一次）。"])


def _decide(
    home: Path, act: str, device: str, *,
    staff: str, reason: str, second: str, password: str, code: str, as_json: bool,
) -> None:  # fmt: skip
    from server.admin import STATE_WORDS
    from server.deciding import HERE, decide_device
    from server.device_desk import Second

    typed = sys.stdin.readline().strip() if password == "-" else password  # noqa: S105 - stdin
    other = Second(second, typed, HERE, code) if second.strip() else None
    with county_at(home) as county:
        row = decide_device(county, act, device, staff, reason, other)
    document = {"device": row.device.hex(), "short_code": row.short_code, "state": row.state}
    show(document, as_json, [f"设备 {row.short_code} 现为“{STATE_WORDS[row.state]}”。"])


def _qr(text: str) -> str:
    """The QR as half blocks, two rows to a line."""
    import segno

    rows = [list(row) for row in segno.make(text, error="m").matrix_iter(border=2)]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    glyphs = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
    return "\n".join(
        "".join(glyphs[bool(above), bool(below)] for above, below in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    )

"""`bianmin agent …`: the whole tablet without a window; and `bianmin tablet`, which opens it."""

from __future__ import annotations

import time
from pathlib import Path

import click
import requests

from mobile import attachments, carrying, documents, editions, enrolment, lists
from mobile.desk import RATING
from mobile.enrolment import Invitation
from mobile.lane import Lane
from mobile.options import Access, access, exchange_to, read_data, unlock_other
from mobile.outbox import DAMAGED
from mobile.synchronise import Synced, Synchroniser, deliver, follow
from shared.civil import civil_date
from shared.errors import Misuse
from shared.ids import parse_record, record_text

_QR_PARTS = 6


@click.group()
def agent() -> None:
    """村级、乡镇窗口：登记、办理、同步。"""


@agent.command()
@access
@click.option("--server", help="县级地址；二维码内容里已有时可不给。")
@click.option("--code", required=True, help="一次性邀请码，或二维码的全部内容。")
@click.option("--name", required=True, help="用户姓名。")
def enrol(given: Access, server: str | None, code: str, name: str) -> None:
    """登记入网；在同一目录再次运行则添加一位用户。"""
    if given.pin is None:
        raise Misuse("请用 --pin 设定新用户的 PIN。")
    locked = given.locked()
    session = requests.Session()
    by = None
    if given.agent is not None and given.agent != name:
        by = unlock_other(locked, given.agent)
    done = enrolment.enrol(
        locked, _invitation(server, code), name=name, pin=given.pin,
        exchange=exchange_to, session=session, by=by,
    )  # fmt: skip
    given.show(
        {"device": done.device, "site": done.site, "state": done.state, "agent": done.agent,
         "role": done.role, "digits": done.digits},
        [
            "已入网，可以使用。"
            if done.state == "active"
            else "已申请，等县里批准；批准后运行 agent sync 即可使用。",
            f"请核对两边屏幕上的六位数：{done.digits}",
        ],
    )  # fmt: skip


@agent.command()
@access
@click.argument("kind")
@click.option("--data", help="字段与值，一个 JSON 对象。")
@click.option("--file", type=click.Path(path_type=Path, dir_okay=False), help="同上，放在文件里。")
def record(given: Access, kind: str, data: str | None, file: Path | None) -> None:
    """登记一条记录：consultation、proxy、case、complaint、appointment、rating 等。"""
    fields = read_data(data, file)
    with given.unlocked() as tablet:
        if kind == RATING and not tablet.card.sample:
            fields["practice"] = True  # the citizen's own hand rates, at the tablet's screen
        done = tablet.desk.record(kind, fields)
    document = documents.recorded(done)
    given.show(document, (f"{name}: {value!s}" for name, value in document.items() if value))


@agent.command()
@access
@click.argument("record_id", metavar="RECORD")
@click.argument("act_name", metavar="ACT")
@click.option("--data", help="字段与值，一个 JSON 对象。")
@click.option("--file", type=click.Path(path_type=Path, dir_okay=False), help="同上，放在文件里。")
def act(given: Access, record_id: str, act_name: str, data: str | None, file: Path | None) -> None:
    """对一条记录办理一步，例如 answer、accept、amend、confirm_held。"""
    fields = read_data(data, file)
    of = parse_record(record_id)
    with given.unlocked() as tablet:
        done = tablet.desk.act(of, act_name, fields)
    given.show(documents.acted(done), [f"已存本机，状态：{done.state or '无'}"])


@agent.command()
@access
@click.argument("record_id", metavar="RECORD")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--get", "is_get", is_flag=True,
    help="取回：RECORD 是附件（或只有一个附件的记录），写到 FILE；断线后再运行会接着取。",
)  # fmt: skip
def attach(given: Access, record_id: str, file: Path, is_get: bool) -> None:
    """给一条记录添加附件（先加密，再存本机）；加 --get 则取回附件。"""
    of = parse_record(record_id)
    with given.unlocked() as tablet:
        if is_get:
            paper = attachments.choose(tablet, of)
            if not attachments.is_here(tablet, paper):
                Lane(tablet, exchange_to(tablet.locked.device.server), time.sleep).fetch(paper)
            size = attachments.save(tablet, paper, file)
            document: documents.Document = {
                "record": record_text(paper.record), "file": str(file), "bytes": size,
                "media_type": paper.media_type, "content_hash": paper.content_hash,
            }  # fmt: skip
            lines = [f"附件已核对无误，写到「{file}」。"]
        else:
            document = documents.acted(attachments.attach(tablet, of, file))
            lines = ["附件已加密存本机，随后分块送出。"]
    given.show(document, lines)


@agent.command("list")
@access
def list_(given: Access) -> None:
    """列出记录，最近的在前。"""
    with given.unlocked() as tablet:
        rows = lists.everything(tablet.store)
    given.show([documents.listed(row) for row in rows], map(documents.listed_line, rows))


@agent.command()
@access
@click.argument("text")
def search(given: Access, text: str) -> None:
    """按姓名、拼音首字母、受理号或电话尾号查找。"""
    with given.unlocked() as tablet:
        rows = tablet.desk.search(text)
    given.show([documents.listed(row) for row in rows], map(documents.listed_line, rows))


@agent.command()
@access
@click.argument("record_id", metavar="RECORD")
def show(given: Access, record_id: str) -> None:
    """显示一条记录：内容、冲突、经过。"""
    of = parse_record(record_id)
    with given.unlocked() as tablet:
        found = tablet.desk.show(of)
        papers = attachments.of_record(tablet, of)
        due = editions.due(tablet.store, found.record, civil_date(tablet.read_clock().at))
        row = {
            **documents.shown(found), **documents.due(due),
            "attachments": [documents.attached(p) for p in papers],
        }  # fmt: skip
    fields = [f"{name}: {value!s}" for name, value in found.record.fields.items()]
    listed = map(documents.attached_line, papers)
    given.show(row, [f"状态: {found.record.state}", *fields, *listed])


@agent.command()
@access
def status(given: Access) -> None:
    """待送、待确认、退回的件数，上次送达时间。不给 PIN 时只看待送数据。"""
    if given.pin is None:
        now = given.locked().status()
    else:
        with given.unlocked() as tablet:
            now = tablet.status()
    given.show(
        documents.status(now),
        [f"待送 {now.pending} 件，待确认 {now.held} 件，未通过 {now.refused} 件"],
    )


@agent.command()
@access
@click.option("--server", help="县级换了地址：核对指纹后跟随。")
def sync(given: Access, server: str | None) -> None:
    """与县级交换数据。不给 PIN 时只送出已封好的数据。"""
    locked = given.locked()
    exchange = exchange_to(server or locked.device.server)
    if server is not None:
        follow(locked, exchange, server)
    if given.pin is None:
        done = deliver(locked, exchange)
    else:
        enrolment.ask_again(
            locked, given.agent, given.pin, exchange=exchange_to, session=requests.Session()
        )
        with given.unlocked() as tablet:
            done = Synchroniser(tablet, exchange, time.sleep).run()
    given.show(documents.synced(done), _synced_lines(done))


@agent.command()
@access
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def export(given: Access, file: Path) -> None:
    """把待送数据写成一个加密数据包，可用U盘或聊天软件带走。"""
    if given.pin is None:
        done = carrying.export(given.locked(), file, None)
    else:
        with given.unlocked() as tablet:
            done = carrying.export(tablet.locked, file, tablet)
    given.show(
        {"file": str(file), "operations": done.operations, "envelopes": done.envelopes,
         "left": done.left, "bytes": done.size, "damaged": done.damaged},
        [f"已写出 {done.operations} 件，{done.size} 字节；内容已加密，可以放心转发。"]
        + ([f"还有 {done.left} 个信封放不下，请送到后再导出一次。"] if done.left else [])
        + ([DAMAGED] if done.damaged else []),
    )  # fmt: skip


@agent.command("import")
@access
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def import_(given: Access, file: Path) -> None:
    """收下县里的回复数据包。不给 PIN 时内容留到解锁后再读。"""
    if given.pin is None:
        done = carrying.take_in(given.locked(), file, None)
    else:
        with given.unlocked() as tablet:
            done = carrying.take_in(tablet.locked, file, tablet)
    given.show(documents.synced(done), _synced_lines(done))


@click.command()
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    help="本机数据目录；不给则用本用户的应用目录。",
)
def tablet(home: Path | None) -> None:
    """打开窗口终端。"""
    from mobile.app import main

    main(home or Path(click.get_app_dir("bianmin")))


def _synced_lines(done: Synced) -> list[str]:
    return [
        f"送达 {done.pushed} 件，收到 {done.pulled} 件，待送 {done.pending} 件。",
        *done.notices,
    ]


def _invitation(server: str | None, code: str) -> Invitation:
    if not code.strip():
        raise Misuse("注册码不能空着，请把县里给的注册码写在 --code 后。")
    parts = code.strip().split("|")
    if parts[0] == "BM1" and len(parts) == _QR_PARTS:
        _, url, _, fingerprint, one_time, _ = parts
        return Invitation(server or url, one_time, fingerprint)
    if server is None:
        raise Misuse("请用 --server 给出县级地址，或把二维码的全部内容给 --code。")
    return Invitation(server, code.strip())

"""操作日志: who looked at what and who did what at the console, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute

from server.console.names import Names
from server.console.web import Site, Visit, WrongForm, route
from server.staff_desk import log_page
from server.storage.rows import AuditEntry
from shared.ids import InvalidId, parse_record

WORDS = {
    "log_in": "登录",
    "log_in_failed": "登录失败",
    "log_out": "退出",
    "change_password": "修改密码",
    "reveal": "查看个人信息",
    "read": "查看",
    "open_attachment": "打开附件",
    "open_complaint": "开启密封投诉",
    "unseal": "用投诉密钥开启密封件",
    "unsealed": "密封件开启完成",
    "query_failed": "进度查询未通过",
    "add_staff": "添加工作人员",
    "approve_device": "批准设备",
    "suspend_device": "停用设备",
    "revoke_device": "撤销设备",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry; `record` is empty where it is about something else."""

    entry: AuditEntry
    word: str
    record: str
    about: str


def routes(site: Site) -> list[BaseRoute]:
    """Return the route of the log."""
    return [route(site, "/audit", show)]


def show(visit: Visit) -> Response:
    """A page of the log."""
    who = visit.query.get("who", "")
    found = log_page(visit.site.desk, visit.who, who=who, before=_before(visit))
    names = Names(visit)
    more = ""
    if found.more is not None:
        more = "/audit?" + urlencode({"who": who, "before": found.more.hex()})
    return visit.page(
        "audit.html",
        lines=[_line(one, names) for one in found.entries],
        people=found.people,
        who=who,
        more=more,
        names=names,
    )


def _line(entry: AuditEntry, names: Names) -> Line:
    word = WORDS.get(entry.what, entry.what)
    try:
        parse_record(entry.about)
    except InvalidId:
        about = entry.about.removeprefix("name:").removeprefix("query:")
        if about.startswith("staff:"):
            about = names.person(about)
        return Line(entry, word, "", about)
    return Line(entry, word, entry.about, "")


def _before(visit: Visit) -> bytes | None:
    text = visit.query.get("before", "")
    try:
        return bytes.fromhex(text) or None
    except ValueError as error:
        raise WrongForm("翻页地址不对，请从操作日志的第一页重新打开。") from error

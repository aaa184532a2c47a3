"""操作日志: who looked at what and who did what at the console, newest first, and as a file."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute

from server import staff_log
from server.console.names import Names
from server.console.pages.staff import day_of
from server.console.web import Site, Visit, WrongForm, route
from server.staff_desk import sees_staff
from server.staff_log import LogFilter, log_page
from server.storage.rows import AuditEntry
from shared.ids import InvalidId, parse_record

WORDS = {
    "log_in": "登录",
    "log_in_failed": "登录失败",
    "code_failed": "验证码错误",
    "recovery_code": "用恢复码登录",
    "log_out": "退出",
    "end_session": "退出别处的登录",
    "change_password": "修改密码",
    "factor_on": "开启两步验证",
    "factor_off": "关闭两步验证",
    "factor_codes": "换恢复码",
    "reveal": "查看个人信息",
    "read": "查看",
    "open_attachment": "打开附件",
    "export_audit": "导出操作日志",
    "open_complaint": "开启密封投诉",
    "unseal": "用投诉密钥开启密封件",
    "unsealed": "密封件开启完成",
    "query_failed": "进度查询未通过",
    "add_staff": "添加工作人员",
    "appoint": "增加任职",
    "move_posting": "调动",
    "end_posting": "结束任职",
    "give_grant": "登记授权",
    "end_grant": "收回授权",
    "hand_over": "移交",
    "reset_password": "重置密码",
    "lock_staff": "锁定账号",
    "unlock_staff": "解锁账号",
    "reset_factor": "重置两步验证",
    "invite_device": "发注册码",
    "end_invitation": "作废注册码",
    "approve_device": "批准设备",
    "wrong_digits": "六位数不一致",
    "suspend_device": "停用设备",
    "revoke_device": "撤销设备",
    "bridge_export": "导出给省平台",
    "bridge_download": "再次下载省平台批次",
    "bridge_answer": "装入省平台回执",
    "bridge_mapping": "装入代码对照表",
    "bridge_resend": "让省平台退回的办件再报",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry; `record` is empty where it is about something else."""

    entry: AuditEntry
    word: str
    record: str
    about: str
    person: str = ""
    """Whom it is about, where that is somebody with a page."""


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of the log and of taking it away."""
    return [
        route(site, "/audit", show),
        route(site, "/audit.xlsx", as_xlsx),
        route(site, "/audit.csv", as_csv),
    ]


def show(visit: Visit) -> Response:
    """A page of the log."""
    which = _asked(visit)
    found = log_page(visit.site.desk, visit.who, which, before=_before(visit))
    names = Names(visit)
    asked = {
        name: visit.query[name]
        for name in ("who", "what", "about", "from", "to")
        if visit.query.get(name)
    }
    more = ""
    if found.more is not None:
        more = "/audit?" + urlencode(asked | {"before": found.more.hex()})
    return visit.page(
        "audit.html",
        lines=[_line(one, names) for one in found.entries],
        people=found.people,
        words=WORDS,
        asked=asked,
        is_first="before" not in visit.query,
        first="/audit?" + urlencode(asked),
        taken="?" + urlencode(asked),
        more=more,
        sees_staff=sees_staff(visit.who),
        names=names,
    )


def as_xlsx(visit: Visit) -> Response:
    """The filtered log as a spreadsheet."""
    entries = staff_log.log_lines(visit.site.desk, visit.who, _asked(visit))
    return _file(visit, staff_log.as_xlsx(entries, _words(visit)), staff_log.XLSX, "xlsx")


def as_csv(visit: Visit) -> Response:
    """The filtered log as CSV."""
    entries = staff_log.log_lines(visit.site.desk, visit.who, _asked(visit))
    return _file(visit, staff_log.as_csv(entries, _words(visit)), staff_log.CSV, "csv")


def _file(visit: Visit, content: bytes, kind: str, ending: str) -> Response:
    name = f"audit-{visit.site.county.today():%Y%m%d}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, 200, headers, kind)


def _words(visit: Visit) -> staff_log.Words:
    names = Names(visit)

    def words(entry: AuditEntry) -> tuple[str, str, str]:
        line = _line(entry, names)
        return names.person(entry.person), visit.say(line.word), line.record or line.about

    return words


def _asked(visit: Visit) -> LogFilter:
    query = visit.query
    return LogFilter(
        query.get("who", ""), query.get("what", ""), query.get("about", "")[:100],
        day_of(query, "from"), day_of(query, "to"),
    )  # fmt: skip


def _line(entry: AuditEntry, names: Names) -> Line:
    word = WORDS.get(entry.what, entry.what)
    try:
        parse_record(entry.about)
    except InvalidId:
        about = entry.about.removeprefix("name:").removeprefix("query:")
        if about.startswith("code:"):
            about = "staff:" + about.removeprefix("code:")
        if about.startswith(("staff:", "agent:")):
            return Line(entry, word, "", names.person(about), about)
        return Line(entry, word, "", names.site(about) if _is_site(names, about) else about)
    return Line(entry, word, entry.about, "")


def _is_site(names: Names, about: str) -> bool:
    return bool(about) and names.sites.knows(about)


def _before(visit: Visit) -> bytes | None:
    text = visit.query.get("before", "")
    try:
        return bytes.fromhex(text) or None
    except ValueError as error:
        raise WrongForm("翻页地址不对，请从操作日志的第一页重新打开。") from error

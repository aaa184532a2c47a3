"""省平台对接: the next batch out, the province's answer in, what it sent back, the codes."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute

from server.api.call import WrongParameter
from server.bridge import desk
from server.bridge.batch import batch_text
from server.bridge.files import MEDIA_TYPES, NOTICE, require_format
from server.bridge.sheets import BYTES_MAX as MAPPING_MAX
from server.console.names import Names, record_text
from server.console.uploads import Upload, upload_route
from server.console.web import Site, Visit, route
from shared import ids

BROWSER_CASES = 2_000
"""Cases in a file made while a browser waits; more are left for the next."""
ANSWER_MAX = 40 << 20
SHOWN_GAPS = 30
COUNTS = ("accepted", "rejected", "known", "outdated", "numbers")
"""What became of an answer, as the address of the page after it says."""
WORDS = (
    "业务动作", "办结结果", "特别程序种类", "证件类型", "申请类型", "办理类型", "材料收取方式",
    "满意度", "固定值", "事项基本编码", "事项实施编码", "业务办理项编码", "受理部门编码", "记录",
    "申请人没有证件号码", "还没有办件编号", "申请人姓名是空的", "材料名称是空的",
    "受理", "过程", "特别程序", "材料", "结果", NOTICE,
)  # fmt: skip
"""What this page hands to its template beside the words of the county's own tables."""


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of the page, its files and its forms."""
    return [
        route(site, "/bridge", show),
        route(site, "/bridge/export", export, post=True),
        route(site, "/bridge/again", again, post=True),
        route(site, "/bridge/resend", resend, post=True),
        route(site, "/bridge/mapping.{ending}", mapping_file),
        upload_route(site, "/bridge/answer", take_answer, ANSWER_MAX),
        upload_route(site, "/bridge/mapping", load_mapping, MAPPING_MAX),
    ]


def show(visit: Visit) -> Response:
    """How the bridge stands."""
    county = visit.site.county
    found = desk.overview(county, visit.who)
    rejections = [(record_text(one.record), one) for one in found.rejections]
    told = {name: _count(visit, name) for name in COUNTS}
    return visit.page(
        "bridge.html",
        found=found,
        rejections=rejections,
        batch_text=lambda batch: batch_text(county.code, batch),
        gaps=found.gaps[:SHOWN_GAPS],
        more_gaps=len(found.gaps) - SHOWN_GAPS,
        done=visit.query.get("done", ""),
        told=told,
        notice=NOTICE,
        today=county.today(),
        names=Names(visit),
    )


def export(visit: Visit) -> Response:
    """The next batch as a file; back to the page where nothing differs."""
    suffix = _suffix(visit)
    made, name, content = desk.export_bytes(
        visit.site.county, visit.who, _since(visit), suffix, cases_max=BROWSER_CASES
    )
    if made.batch is None:
        return visit.go("/bridge?done=none")
    return _file(name, content, suffix)


def again(visit: Visit) -> Response:
    """A batch once more, byte by byte."""
    suffix = _suffix(visit)
    _, name, content = desk.again_bytes(
        visit.site.county, visit.who, visit.field("batch"), suffix
    )  # fmt: skip
    return _file(name, content, suffix)


def resend(visit: Visit) -> Response:
    """Tell the province a case again that it sent back."""
    desk.resend(visit.site.county, visit.who, ids.parse_record(visit.field("record")))
    return visit.go("/bridge?done=resend")


def take_answer(visit: Visit, upload: Upload) -> Response:
    """The province's answer."""
    done = desk.answer_bytes(visit.site.county, visit.who, upload.name, upload.content)
    told = {
        "done": "answer", "accepted": done.accepted, "rejected": done.rejected,
        "known": done.known, "outdated": done.outdated, "numbers": done.numbers,
    }  # fmt: skip
    return visit.go("/bridge?" + urlencode(told))


def mapping_file(visit: Visit) -> Response:
    """The table of codes, to be edited."""
    suffix = require_format("x." + visit.request.path_params["ending"])
    content = desk.mapping_file(visit.site.county, visit.who, suffix)
    return _file(f"bridge-codes-{visit.site.county.code}{suffix}", content, suffix)


def load_mapping(visit: Visit, upload: Upload) -> Response:
    """The table of codes, filled in."""
    desk.load_mapping_bytes(visit.site.county, visit.who, upload.name, upload.content)
    return visit.go("/bridge?done=mapping")


def _since(visit: Visit) -> date | str:
    which = visit.form.get("since", "last")
    if which != "date":
        return "all" if which == "all" else "last"
    try:
        return date.fromisoformat(visit.form.get("from", ""))
    except ValueError as error:
        raise WrongParameter("请选择从哪一天起重报。") from error


def _suffix(visit: Visit) -> str:
    return require_format("x." + visit.form.get("format", "xlsx"))


def _count(visit: Visit, name: str) -> int:
    text = visit.query.get(name, "")
    return int(text[:9]) if text.isascii() and text.isdigit() else 0


def _file(name: str, content: bytes, suffix: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, 200, headers, MEDIA_TYPES[suffix])

"""One member of staff: postings with their dates, grants, account, tablets, work in hand."""

from __future__ import annotations

from datetime import date, timedelta

from starlette.responses import Response
from starlette.routing import BaseRoute

from server import staff_changes, staff_desk
from server.console.names import Names, masked_name
from server.console.pages.staff import ROLES, TONES, day_of, site_options
from server.console.web import Site, Visit, WrongForm, route
from server.county import day_number
from server.staff_changes import Change
from server.staff_desk import REASON_MAX, departments, person_page
from server.staff_handover import Held
from server.staff_people import STATES, Someone, everybody
from server.staff_postings import Post, Power
from server.storage import Tx
from server.storage.rows import Posting
from shared import ids
from shared.errors import BianminError
from shared.kind_table.county import POWERS

REASONS = ("工作调动", "换届调整", "借调支援", "退休", "辞职", "站点撤并", "岗位调整")
ACCOUNT_REASONS = ("忘记密码", "离岗", "返岗", "账号疑似被盗用", "手机遗失或更换")
DONE = {
    "posting": "任职已记入台账，会随同步送到平板。",
    "grant": "授权已记入台账。",
    "taken": "授权已收回，记入台账。",
    "lock": "账号已锁定，所有登录都已退出。",
    "unlock": "账号已解锁。",
    "factor": "两步验证已重置，本人登录后可以重新开启。",
    "handover": "已移交，记入每件的经过。",
}
STAGES = CALLED_OFF, COMING, RUNNING, OVER = ("已取消", "未到任", "在任", "已结束")
CHOSEN_MAX = 150
"""More matters than a form may have fields are handed over whole."""


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of one person."""
    return [
        route(site, "/staff/{person}", show),
        route(site, "/staff/{person}/change", show_change),
        route(site, "/staff/{person}/change", change, post=True),
        route(site, "/staff/{person}/posting", add_posting, post=True),
        route(site, "/staff/{person}/grant", give, post=True),
        route(site, "/staff/{person}/grant/{grant}/end", take_back, post=True),
        route(site, "/staff/{person}/account", account, post=True),
        route(site, "/staff/{person}/handover", show_handover),
        route(site, "/staff/{person}/handover", hand_over, post=True),
    ]


def show(visit: Visit) -> Response:
    """The person's page."""
    return _page(visit)


def show_change(visit: Visit) -> Response:
    """What a change would mean, before anybody confirms it."""
    who, query = _who(visit), visit.query
    asked = _change(visit, dict(query))
    try:
        found = staff_changes.effect(visit.site.desk, visit.who, who, asked)
    except BianminError as error:
        return _page(visit, status=422, problem=str(error), typed=dict(query))
    return _effect_page(visit, found, asked)


def change(visit: Visit) -> Response:
    """Move somebody, change their role, or end a posting."""
    who = _who(visit)
    person_page(visit.site.desk, visit.who, who)  # whom it does not concern is told so first
    asked = _change(visit, dict(visit.form))
    try:
        staff_changes.make(visit.site.desk, visit.who, who, asked)
    except (staff_changes.StillHolds, staff_desk.ReasonMissing) as error:
        found = staff_changes.effect(visit.site.desk, visit.who, who, asked)
        return _effect_page(visit, found, asked, status=422, problem=str(error))
    return visit.go(f"/staff/{who}?done=posting")


def add_posting(visit: Visit) -> Response:
    """One more posting beside those there are."""
    form, who = visit.form, _who(visit)
    post = Post(
        who, "", form.get("site", ""), form.get("role", ""), _day(visit, "from_on"),
        day_of(form, "to_on"), form.get("department", "").strip(),
    )  # fmt: skip
    staff_changes.add_posting(visit.site.desk, visit.who, post, form.get("reason", ""))
    return visit.go(f"/staff/{who}?done=posting")


def give(visit: Visit) -> Response:
    """Write a grant."""
    form, who = visit.form, _who(visit)
    power = Power(
        who, form.get("department", "").strip(),
        tuple(word for word, _ in POWERS if form.get(f"power_{word}")),
        tuple(form.get("items", "").replace(",", " ").replace("，", " ").split()),
        _day(visit, "from_on"), day_of(form, "to_on"), form.get("doc_no", "").strip(),
    )  # fmt: skip
    staff_changes.lend(visit.site.desk, visit.who, power, form.get("reason", ""))
    return visit.go(f"/staff/{who}?done=grant")


def take_back(visit: Visit) -> Response:
    """Take a grant back."""
    who = _who(visit)
    staff_changes.end_grant(
        visit.site.desk, visit.who, who, visit.request.path_params["grant"],
        _day(visit, "to_on"), visit.form.get("reason", ""),
    )  # fmt: skip
    return visit.go(f"/staff/{who}?done=taken")


def account(visit: Visit) -> Response:
    """Reset the password (shown once, here), lock, unlock, reset the second factor."""
    who, act = _who(visit), visit.form.get("act", "")
    reason = visit.form.get("reason", "")
    desk, person = visit.site.desk, visit.who
    if act == "password":
        password = staff_desk.reset_password(desk, person, who, reason)
        return _page(visit, password=password)
    acts = {
        "lock": staff_desk.lock,
        "unlock": staff_desk.unlock,
        "factor": staff_desk.reset_factor,
    }
    if act not in acts:
        person_page(desk, person, who)
        raise WrongForm("请选择要办理的事项。")
    acts[act](desk, person, who, reason)
    return visit.go(f"/staff/{who}?done={act}")


def show_handover(visit: Visit) -> Response:
    """The hand-over list: printable, to be counted and signed on paper."""
    return _handover_page(visit)


def hand_over(visit: Visit) -> Response:
    """Put the chosen matters into a successor's hands."""
    who, form = _who(visit), visit.form
    chosen = [] if form.get("all") else [n[2:] for n in form if n.startswith("m-")]
    staff_changes.hand_over_page(visit.site.desk, visit.who, who)
    if not chosen and not form.get("all"):
        return _handover_page(visit, status=422, problem="请勾选要移交的办件。")
    try:
        staff_changes.hand_over(
            visit.site.desk, visit.who, who, chosen, form.get("to", ""), form.get("reason", "")
        )
    except staff_desk.ReasonMissing as error:
        return _handover_page(visit, status=422, problem=str(error))
    return visit.go(f"/staff/{who}?done=handover")


# ---- pages


def _page(
    visit: Visit, *, status: int = 200, problem: str = "", password: str = "",
    typed: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    found = person_page(visit.site.desk, visit.who, _who(visit))
    names, county = Names(visit), visit.site.county
    with county.ledger.read() as tx:
        offered = departments(county.editions(tx)) if found.may_administer else []
    today = county.today()
    return visit.page(
        "person.html",
        status=status,
        found=found,
        one=found.one,
        today=today,
        day=day_number(today),
        postings=list(reversed(found.one.postings)),
        changeable=[one for one in found.one.postings if one.to_on is None],
        stage=lambda posting: _stage(posting, day_number(today)),
        roles=ROLES,
        role_word=dict(ROLES),
        states=STATES,
        tones=TONES,
        powers=POWERS,
        power_word=dict(POWERS),
        reasons=REASONS,
        account_reasons=ACCOUNT_REASONS,
        reason_max=REASON_MAX,
        departments=offered,
        sites=site_options(names, today) if found.may_move or found.may_administer else [],
        problem=problem,
        password=password,
        typed=typed or {},
        done=DONE.get(visit.query.get("done", ""), ""),
        id_of=ids.record_text,
        names=names,
    )


def _effect_page(
    visit: Visit, found: staff_changes.Effect, asked: Change, *, status: int = 200,
    problem: str = "",
) -> Response:  # fmt: skip
    return visit.page(
        "person_change.html",
        status=status,
        found=found,
        asked=asked,
        last=asked.from_on - timedelta(days=1),
        on=asked.from_on - timedelta(days=int(asked.ends)),
        held=[_line(one) for one in found.held],
        role_word=dict(ROLES),
        reasons=REASONS,
        reason_max=REASON_MAX,
        problem=problem,
        names=Names(visit),
    )


def _handover_page(visit: Visit, *, status: int = 200, problem: str = "") -> Response:
    found = staff_changes.hand_over_page(visit.site.desk, visit.who, _who(visit))
    names = Names(visit)
    with visit.site.county.ledger.read() as tx:
        people = {one.person: one.name for one in _named(visit, tx, found.successors)}
    return visit.page(
        "person_handover.html",
        status=status,
        found=found,
        held=[_line(one) for one in found.held],
        can_choose=len(found.held) <= CHOSEN_MAX,
        people=people,
        role_word=dict(ROLES),
        reasons=REASONS,
        reason_max=REASON_MAX,
        problem=problem,
        names=names,
    )


def _named(visit: Visit, tx: Tx, postings: list[Posting]) -> list[Someone]:
    wanted = {one.person for one in postings}
    day = day_number(visit.site.county.today())
    return [one for one in everybody(tx, day) if one.person in wanted]


def _line(held: Held) -> dict[str, object]:
    """One matter as the lists show it, the citizen's name masked."""
    row = held.row
    return {
        "id": ids.record_text(row.record), "row": row,
        "name": masked_name(row.kind, dict(held.fields)), "item": row.item,
    }  # fmt: skip


def _stage(posting: Posting, day: int) -> str:
    if posting.to_on is not None and posting.to_on < posting.from_on:
        return CALLED_OFF
    if posting.from_on > day:
        return COMING
    return RUNNING if posting.to_on is None or day <= posting.to_on else OVER


def _who(visit: Visit) -> str:
    return str(visit.request.path_params["person"])


def _day(visit: Visit, name: str) -> date:
    found = day_of(visit.form, name)
    return found or visit.site.county.today()


def _change(visit: Visit, typed: dict[str, str]) -> Change:
    """The form asks for the last day of a posting that ends; what follows counts from the next."""
    ends = typed.get("what") == "end"
    day = day_of(typed, "on") or visit.site.county.today()
    return Change(
        typed.get("posting", ""), day + timedelta(days=1) if ends else day, ends,
        "" if ends else typed.get("site", "").strip(), "" if ends else typed.get("role", ""),
        "" if ends else typed.get("department", "").strip(), typed.get("reason", ""),
        bool(typed.get("seen_held")),
    )  # fmt: skip

"""设备: every tablet and the invitations still out; one tablet, its acts, what it holds."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from server import invitations
from server.console.names import Names
from server.console.pages.account import qr
from server.console.pages.staff import ROLES, site_options
from server.console.web import Site, Visit, client_of, route
from server.device_desk import DevicePage, Second, device_page
from server.device_desk import decide as decide_device
from server.device_holding import KEPT_DAYS, SPOOLED_MAX, holding_of
from server.silence import SILENT_DAYS, is_silent
from shared import lifecycle
from shared.operation import Operation

ACT_WORDS = {"approve": "批准启用", "suspend": "停用", "revoke": "撤销"}
AGENT_STATES = {"waiting": "待批准", "active": "在用"}
REASONS = ("设备遗失", "设备更换", "人员离岗", "站点撤并", "核对无误")
DONE = {"1": "已办理，记入台账。", "called-off": "注册码已作废。"}


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of the list, of invitations, of one tablet, and of deciding about it."""
    return [
        route(site, "/devices", show),
        route(site, "/devices/invitations", send, post=True),
        route(site, "/devices/invitations/{invitation}/end", call_off, post=True),
        route(site, "/devices/{device}", show_one),
        route(site, "/devices/{device}/decide", decide, post=True),
    ]


def show(visit: Visit) -> Response:
    """All tablets, those in use and silent first."""
    county = visit.site.county
    now = county.now()
    found = visit.site.desk.devices(visit.who)
    silent = {one.device for one in found if is_silent(one, now)}
    order = {"waiting": 0, "active": 1}
    found.sort(key=lambda one: (order.get(one.state, 2), one.device not in silent, one.site))
    names, may_send = Names(visit), invitations.may_send(visit.site.desk, visit.who)
    with county.ledger.read() as tx:
        versions = {row.device.hex(): row.app_version for row in tx.devices()}
    return visit.page(
        "devices.html",
        found=found,
        silent=silent,
        silent_days=SILENT_DAYS,
        versions=versions,
        out=invitations.still_out(visit.site.desk, visit.who),
        may_send=may_send,
        sites=site_options(names, county.today()) if may_send else [],
        role_word=dict(ROLES),
        done=DONE.get(visit.query.get("done", ""), ""),
        names=names,
    )


def send(visit: Visit) -> Response:
    """Make a one-time code; it stands on this page, with its QR, and nowhere else."""
    form = visit.form
    sent = invitations.send(
        visit.site.desk, visit.who, form.get("site", ""), form.get("name", ""),
        head=form.get("head") == "1",
    )  # fmt: skip
    return visit.page(
        "invitation.html", sent=sent, qr=qr(sent.qr_text), role_word=dict(ROLES)
    )  # fmt: skip


def call_off(visit: Visit) -> Response:
    """Let an invitation lapse at once."""
    invitations.call_off(visit.site.desk, visit.who, visit.request.path_params["invitation"])
    return visit.go("/devices?done=called-off")


def show_one(visit: Visit) -> Response:
    """One tablet: whose it is, what was done with it, what it holds, what may be done now."""
    device = visit.request.path_params["device"]
    found = device_page(visit.site.desk, visit.who, device)
    return visit.page(
        "device.html",
        found=found,
        one=found.device,
        device=found.device.device.hex(),
        holding=holding_of(visit.site.desk, visit.who, device),
        kept_days=KEPT_DAYS,
        spooled_max=SPOOLED_MAX,
        words=ACT_WORDS,
        agent_states=AGENT_STATES,
        open_doors=[door for door in found.doors if door.decision.allowed or door.takes_two],
        shut=[door for door in found.doors if not (door.decision.allowed or door.takes_two)],
        reasons=REASONS,
        label=_label,
        said=_said,
        is_silent=_is_silent(found, visit),
        silent_days=SILENT_DAYS,
        done=DONE.get(visit.query.get("done", ""), ""),
        names=Names(visit),
    )


def decide(visit: Visit) -> Response:
    """Approve, suspend or revoke it."""
    device = visit.request.path_params["device"]
    form = visit.form
    second = Second(
        form.get("name", ""), form.get("password", ""), client_of(visit), form.get("code", "")
    )
    decide_device(
        visit.site.desk, visit.who, device, form.get("act", ""), form.get("reason", ""), second,
        digits=form.get("digits", ""),
    )  # fmt: skip
    return visit.go(f"/devices/{device}?done=1")


def _is_silent(found: DevicePage, visit: Visit) -> bool:
    return is_silent(found.device, visit.site.county.now())


def _label(operation: Operation) -> str:
    return lifecycle.act_label("device", operation.skeleton.act)


def _said(operation: Operation) -> str:
    reason = operation.data.get("reason")
    return reason if isinstance(reason, str) else ""

"""设备: every tablet, how far its stream has come, who has gone silent; one tablet and its acts."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import BaseRoute

from server.console.names import Names
from server.console.web import Site, Visit, client_of, route
from server.device_desk import DevicePage, Second, device_page
from server.device_desk import decide as decide_device
from server.silence import SILENT_DAYS, is_silent
from shared import lifecycle
from shared.operation import Operation

ACT_WORDS = {"approve": "批准启用", "suspend": "停用", "revoke": "撤销"}
AGENT_STATES = {"waiting": "待批准", "active": "在用"}
REASONS = ("设备遗失", "设备更换", "人员离岗", "站点撤并", "核对无误")


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of the list, of one tablet, and of deciding about it."""
    return [
        route(site, "/devices", show),
        route(site, "/devices/{device}", show_one),
        route(site, "/devices/{device}/decide", decide, post=True),
    ]


def show(visit: Visit) -> Response:
    """All tablets, those in use and silent first."""
    now = visit.site.county.now()
    found = visit.site.desk.devices(visit.who)
    silent = {one.device for one in found if is_silent(one, now)}
    order = {"waiting": 0, "active": 1}
    found.sort(key=lambda one: (order.get(one.state, 2), one.device not in silent, one.site))
    return visit.page(
        "devices.html", found=found, silent=silent, silent_days=SILENT_DAYS, names=Names(visit)
    )


def show_one(visit: Visit) -> Response:
    """One tablet: whose it is, what was done with it, what may be done now."""
    found = device_page(visit.site.desk, visit.who, visit.request.path_params["device"])
    return visit.page(
        "device.html",
        found=found,
        one=found.device,
        device=found.device.device.hex(),
        words=ACT_WORDS,
        agent_states=AGENT_STATES,
        open_doors=[door for door in found.doors if door.decision.allowed or door.takes_two],
        shut=[door for door in found.doors if not (door.decision.allowed or door.takes_two)],
        reasons=REASONS,
        label=_label,
        said=_said,
        is_silent=_is_silent(found, visit),
        silent_days=SILENT_DAYS,
        done=visit.query.get("done") == "1",
        names=Names(visit),
    )


def decide(visit: Visit) -> Response:
    """Approve, suspend or revoke it."""
    device = visit.request.path_params["device"]
    form = visit.form
    second = Second(form.get("name", ""), form.get("password", ""), client_of(visit))
    decide_device(
        visit.site.desk, visit.who, device, visit.field("act"), form.get("reason", ""), second
    )
    return visit.go(f"/devices/{device}?done=1")


def _is_silent(found: DevicePage, visit: Visit) -> bool:
    return is_silent(found.device, visit.site.county.now())


def _label(operation: Operation) -> str:
    return lifecycle.act_label("device", operation.skeleton.act)


def _said(operation: Operation) -> str:
    reason = operation.data.get("reason")
    return reason if isinstance(reason, str) else ""

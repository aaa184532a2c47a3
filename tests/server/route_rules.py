"""Who may use which route: every form of the console and every endpoint of the API, by hand.

A route that stands in neither table fails `test_permission_matrix`: whoever adds one says here whom
it is for. People are of the township of the seeded records; the county's two are at the centre.
"""

from __future__ import annotations

from dataclasses import dataclass, field

V, C, H, D, S, A = "village", "clerk", "head", "department", "supervisor", "administrator"
ROLES = (V, C, H, D, S, A)
NOBODY: frozenset[str] = frozenset()
EVERYBODY = frozenset(ROLES)
"""What is one's own, or a list that each one sees cut to what is theirs."""


@dataclass(frozen=True)
class Rule:
    """For whom, and a form or body that is right but for who sends it. `{…}` is filled in."""

    roles: frozenset[str]
    form: dict[str, object] = field(default_factory=dict)
    is_public: bool = False
    ends_log_in: bool = False
    """Sent by nobody here: it would end the log-in that the others need."""
    proven: str = ""
    """The test that proves for whom it is, where this world lacks what it is about."""


def _for(*roles: str, **form: object) -> Rule:
    return Rule(frozenset(roles), form)


def _proven(test: str) -> Rule:
    return Rule(EVERYBODY, proven=test)


PUBLIC = Rule(NOBODY, is_public=True)
OWN = Rule(EVERYBODY)
LEAVING = Rule(EVERYBODY, ends_log_in=True)

SETTLE: dict[str, object] = {"record": "{record}", "field": "phone", "reason": "电话核实"}
HELD: dict[str, object] = {"operation": "{held}", "decision": "admit", "reason": "核实"}
PAIR: dict[str, object] = {"pair": "{pair}", "value": "different", "reason": "两件事"}
MOVE: dict[str, object] = {"what": "end", "on": "{today}", "reason": "退休"}
POSTING: dict[str, object] = {
    "site": "{town}", "role": "clerk", "from_on": "{today}", "reason": "兼职",
}  # fmt: skip
GRANT: dict[str, object] = {"department": "县民政局", "from_on": "{today}", "reason": "授权"}
NEW: dict[str, object] = {"name": "新人", "role": "clerk", "site": "{town}", "reason": "到任"}

DRAFTS = _proven("core/test_editions.py")
DESK = _proven("test_complaints_rights.py")
EXCHANGE = _proven("test_bridge_desk.py")
MONTHS = _proven("test_months.py")
DUNNING = _proven("test_watch_dunning.py")

CONSOLE: dict[str, Rule] = {
    "/login": PUBLIC,
    "/login/code": PUBLIC,
    "/q": PUBLIC,
    "/logout": LEAVING,
    "/password": OWN,
    "/account/sessions": LEAVING,
    "/account/factor": OWN,
    "/account/factor/off": OWN,
    "/account/factor/codes": OWN,
    "/todo/reveal": Rule(EVERYBODY, {"key": "{record}"}),
    "/todo/decide": _for(H, A, key="held.{held}", choice="admit", reason="核实"),
    "/todo/again": _proven("test_todo_again.py"),
    "/todo/apply": _proven("test_todo_again.py"),
    "/bridge/again": _for(A, batch="1", format="json"),
    "/bridge/answer": EXCHANGE,
    "/bridge/export": _for(A, format="json", since="last"),
    "/bridge/mapping": EXCHANGE,
    "/bridge/resend": _for(A, record="{record}"),
    "/complaints/unseal": _for(S, key="0" * 64, reason="核实"),
    "/complaints/{record}/open": DESK,
    "/complaints/{record}/release": DESK,
    "/complaints/{record}/take": DESK,
    "/editions/drafts": DRAFTS,
    "/editions/recounts": DRAFTS,
    "/editions/refunds": DRAFTS,
    **{
        f"/editions/drafts/{{draft}}/{step}": DRAFTS
        for step in (
            "approve",
            "days",
            "discard",
            "drop",
            "head",
            "item",
            "propose",
            "rebase",
            "reject",
            "table",
            "withdraw",
            "year",
        )
    },
    "/watch/ask": DUNNING,
    "/watch/{record}/answer": DUNNING,
    "/watch/{record}/ask": DUNNING,
    "/months/answer": MONTHS,
    "/months/object": MONTHS,
    "/months/freeze": _for(S, month="2026-10"),
    "/months/sign": _for(H, month="2026-10", reason="核对无误"),
    "/months/publish": _for(S, month="2026-10", reason="公布"),
    "/records/{record}/reveal": _for(V, C, H, S, A, reason="核实"),
    "/records/{record}/attachments": _for(S, attachment="{paper}", reason="核查"),
    "/devices/invitations": _for(A, site="{town}"),
    "/devices/invitations/{invitation}/end": _for(A),
    "/devices/{device}/decide": _for(A, act="suspend", reason="遗失"),
    "/staff": _for(A, **NEW),
    "/staff/{person}/change": _for(H, A, **MOVE),
    "/staff/{person}/posting": _for(A, **POSTING),
    "/staff/{person}/grant": _for(A, **GRANT, power_decide="1"),
    "/staff/{person}/grant/{grant}/end": _for(A, to_on="{today}", reason="到期"),
    "/staff/{person}/account": _for(A, act="lock", reason="离岗"),
    "/staff/{person}/handover": _for(H, A, all="1", to="x", reason="离任"),
}

API: dict[tuple[str, str], Rule] = {
    ("POST", "/session"): PUBLIC,
    ("DELETE", "/session"): LEAVING,
    ("POST", "/password"): OWN,
    ("GET", "/conflicts"): OWN,
    ("POST", "/conflicts/settle"): _for(C, H, A, **SETTLE, value="13908136666"),
    ("GET", "/pairs"): OWN,
    ("POST", "/pairs/settle"): _for(H, A, **PAIR),
    ("GET", "/held"): OWN,
    ("POST", "/held/judge"): _for(H, A, **HELD),
    ("GET", "/devices"): OWN,
    ("GET", "/records"): OWN,
    ("GET", "/records/{record}"): _for(V, C, H, S, A),
    ("GET", "/records/{record}/attachments"): _for(V, C, H, S, A),
    ("POST", "/records/{record}/attachments"): _for(S, attachment="{paper}", reason="核查"),
    ("GET", "/report"): OWN,
    **{
        ("GET", path): OWN
        for path in (
            "/complaints",
            "/editions",
            "/editions/difference",
            "/editions/drafts",
            "/editions/recounts",
            "/editions/recounts/changes",
            "/editions/refunds",
            "/months",
            "/months/bulletin",
            "/months/corrections",
            "/months/sheet",
            "/months/year",
            "/months/year/file",
            "/report/definitions",
            "/report/list",
            "/report/map",
            "/report/times",
            "/report/trend",
            "/sealed",
            "/todo",
            "/todo/decided",
            "/todo/entry",
            "/todo/rules",
            "/watch",
            "/watch/list",
            "/watch/tablets",
        )
    },
    ("GET", "/complaints/{record}"): DESK,
    ("POST", "/complaints/{record}/open"): DESK,
    ("POST", "/complaints/{record}/release"): DESK,
    ("POST", "/complaints/{record}/steps"): DESK,
    ("POST", "/sealed/open"): DESK,
    ("GET", "/editions/drafts/{draft}"): DRAFTS,
    ("POST", "/editions/drafts"): DRAFTS,
    ("POST", "/editions/refunds"): DRAFTS,
    **{
        ("POST", f"/editions/drafts/{{draft}}/{step}"): DRAFTS
        for step in (
            "approve",
            "days",
            "drop",
            "head",
            "item",
            "propose",
            "rebase",
            "reject",
            "withdraw",
            "year",
        )
    },
    ("GET", "/bridge"): _for(S, A),
    ("GET", "/bridge/codes"): _for(S, A),
    ("POST", "/bridge/answers"): EXCHANGE,
    ("POST", "/bridge/batches"): _for(A, since="last", format="json"),
    ("POST", "/bridge/batches/again"): _for(A, batch="1", format="json"),
    ("POST", "/bridge/codes"): EXCHANGE,
    ("POST", "/bridge/resend"): _for(A, record="{record}"),
    ("POST", "/months/answer"): MONTHS,
    ("POST", "/months/close"): _for(S, month="2026-10"),
    ("POST", "/months/object"): MONTHS,
    ("POST", "/months/publish"): MONTHS,
    ("POST", "/months/sign"): MONTHS,
    ("GET", "/records/{record}/watch"): _for(V, C, H, S, A),
    ("POST", "/records/{record}/watch/answer"): DUNNING,
    ("POST", "/watch/ask"): DUNNING,
    ("POST", "/todo/decide"): _for(H, A, key="held.{held}", choice="admit", reason="核实"),
    ("POST", "/todo/rules"): _proven("test_todo_again.py"),
    ("GET", "/today"): _for(S, A),
    ("GET", "/me"): OWN,
    ("GET", "/me/sessions"): OWN,
    ("DELETE", "/me/sessions"): LEAVING,
    ("DELETE", "/me/sessions/{key}"): LEAVING,
    ("POST", "/me/factor/setup"): OWN,
    ("POST", "/me/factor"): OWN,
    ("POST", "/me/factor/off"): OWN,
    ("POST", "/me/factor/codes"): OWN,
    ("GET", "/rights"): OWN,
    ("GET", "/staff"): _for(H, S, A),
    ("POST", "/staff"): _for(A, **NEW),
    ("GET", "/staff/{person}"): _for(H, S, A),
    ("POST", "/staff/{person}/effect"): _for(H, A, **MOVE),
    ("POST", "/staff/{person}/change"): _for(H, A, **MOVE),
    ("POST", "/staff/{person}/postings"): _for(A, **POSTING),
    ("POST", "/staff/{person}/grants"): _for(A, **GRANT, powers=["decide"]),
    ("POST", "/staff/{person}/grants/{grant}/end"): _for(A, to_on="{today}", reason="到期"),
    ("POST", "/staff/{person}/account"): _for(A, act="unlock", reason="返岗"),
    ("GET", "/staff/{person}/handover"): _for(H, S, A),
    ("POST", "/staff/{person}/handover"): _for(H, A, to="x", reason="离任"),
    ("GET", "/devices/invitations"): OWN,
    ("POST", "/devices/invitations"): _for(A, site="{town}"),
    ("POST", "/devices/invitations/{invitation}/end"): _for(A),
    ("GET", "/devices/{device}"): _for(V, C, H, D, S, A),
    ("POST", "/devices/{device}/decide"): _for(A, act="suspend", reason="遗失"),
    ("GET", "/audit"): OWN,
}

"""Rules version 1: the plain lives of everything around a matter.

PUBLISHED: never edit; a change is version 2. `sealed` and `verdict` have no life cycle: their
operations change no state.
"""

from __future__ import annotations

from shared.cycle_table.step import NEW, OPEN, Cycle, Step, make_cycle
from shared.cycle_table.v1_common import common_steps

_VALID = "有效"


def _plain(kind: str, act: str, label: str, *more: Step, ends: str = "") -> Cycle:
    """A record that is valid from its first act until it is voided (or one of `ends`)."""
    closed = tuple(ends.split())
    return make_cycle(
        kind,
        f"{_VALID} {ends} 作废",
        f"{ends} 作废",
        (Step(act, label, (NEW,), _VALID), *more, *common_steps((_VALID, *closed))),
    )


_VISIT = make_cycle(
    "visit",
    "进行中 已结束 作废",
    "已结束 作废",
    (
        Step("register", "登记到访", (NEW,), "进行中", by="ended_at", given="已结束"),
        Step("finish", "结束到访", ("进行中",), "已结束"),
        *common_steps(("已结束",)),
    ),
)

_CUSTODY = make_cycle(
    "custody",
    "已交出 有差异 已签收 已退回 作废",
    "已签收 已退回 作废",
    (
        Step("hand_over", "交出原件", (NEW,), "已交出"),
        Step("acknowledge", "签收原件", ("已交出", "有差异"), "已签收"),
        Step("receive_with_difference", "有差异签收", ("已交出",), "有差异"),
        Step("refuse", "拒收退回", ("已交出", "有差异"), "已退回"),
        *common_steps(("已签收", "已退回")),
    ),
)

_CHARGE = make_cycle(
    "charge",
    "已收 已退 作废",
    "已退 作废",
    (
        Step("collect", "收费", (NEW,), "已收"),
        Step("refund", "退费", ("已收",), "已退", irreversible=True),
        *common_steps(("已退",)),
    ),
)

_BRANCH = make_cycle(
    "branch",
    "待启动 办理中 同意 不同意 需补正 默许 撤回 作废",
    "同意 不同意 默许 撤回 作废",
    (
        Step("open", "设立分支", (NEW,), "待启动"),
        Step("start", "启动办理", ("待启动",), "办理中"),
        Step("agree", "同意", ("办理中",), "同意", irreversible=True),
        Step("disagree", "不同意", ("办理中",), "不同意", irreversible=True),
        Step("request_correction", "需补正", ("办理中",), "需补正"),
        Step("resubmit", "补正后继续", ("需补正",), "办理中"),
        Step("deem_agreed", "超时默许", ("办理中",), "默许", irreversible=True),
        Step("withdraw", "撤回", (OPEN,), "撤回"),
        *common_steps(("同意", "不同意", "默许", "撤回")),
    ),
)

_PAIR = make_cycle(
    "pair",
    "待判断 同一件 不是同一件 作废",
    "作废",
    (
        Step("suspect", "提示疑似重复", (NEW,), "待判断"),
        Step(
            "decide",
            "判断是否同一件",
            (NEW, "待判断", "同一件", "不是同一件"),
            by="value",
            ends=(("same", "同一件"), ("different", "不是同一件")),
        ),
        *common_steps(()),
    ),
)

_DEVICE = make_cycle(
    "device",
    "waiting active suspended lost cut revoked",
    "cut revoked",
    (
        Step("enrol", "申请启用设备", (NEW,), "waiting"),
        Step("approve", "批准启用", ("waiting", "suspended", "lost"), "active"),
        Step("suspend", "停用", ("waiting", "active"), "suspended"),
        Step("report_lost", "挂失", ("active", "suspended"), "lost"),
        Step("cut", "截断分叉流水", ("active", "suspended", "lost"), "cut"),
        Step("revoke", "撤销设备", ("waiting", "active", "suspended", "lost", "cut"), "revoked"),
        Step("amend", "修改", (OPEN,), "="),
    ),
)

_MONTH_CLOSE = make_cycle(
    "month_close",
    "待签 已签 已公布 作废",
    "已公布 作废",
    (
        Step("freeze", "月结", (NEW,), "待签"),
        Step("sign", "签字确认", ("待签",), "已签"),
        Step("publish", "公布", ("已签",), "已公布", irreversible=True),
        *common_steps(("已公布",)),
    ),
)


def _edition(kind: str, label: str) -> Cycle:
    return make_cycle(
        kind,
        "草案 已公布 作废",
        "已公布 作废",
        (
            Step("draft", f"起草{label}", (NEW,), "草案"),
            Step("publish", f"公布{label}", (NEW, "草案"), "已公布", irreversible=True),
            *common_steps(("已公布",)),
        ),
    )


_SESSION = make_cycle(
    "session",
    "已开班 已收班",
    "已收班",
    (
        Step("open", "开班", (NEW,), "已开班"),
        Step("open_citizen", "开启群众评价", (NEW,), "已开班"),
        Step("close", "收班", ("已开班",), "已收班"),
    ),
)

PAPERS: tuple[Cycle, ...] = (
    _plain("person", "register", "登记人员"),
    _VISIT,
    _plain(
        "entrustment",
        "entrust",
        "签订委托",
        Step("revoke", "撤销委托", (OPEN,), "已撤销"),
        ends="已撤销",
    ),
    _CUSTODY,
    _plain("notice", "give", "出具告知"),
    _CHARGE,
    _BRANCH,
    _plain(
        "attachment",
        "add",
        "添加附件",
        Step("replace", "更换附件", (OPEN,), "已替换"),
        ends="已替换",
    ),
    _plain("person_companion", "register", "登记受限信息"),
    _plain("complaint_companion", "register", "登记受限信息"),
    _plain("case_companion", "register", "登记受限信息"),
    _PAIR,
    _SESSION,
    _plain("number", "assign", "编发正式编号"),
    _plain("posting", "appoint", "任职", Step("end", "离任", (OPEN,), "已离任"), ends="已离任"),
    _plain("grant", "give", "授权", Step("end", "收回授权", (OPEN,), "已收回"), ends="已收回"),
    _DEVICE,
    _MONTH_CLOSE,
    _edition("catalogue_edition", "事项目录"),
    _edition("calendar_edition", "工作日历"),
    _edition("site_edition", "站点名册"),
    _edition("bridge_edition", "省平台代码对照"),
)

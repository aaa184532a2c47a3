"""Rules version 1: consultation, proxy, case, complaint, appointment, rating (DOMAIN §3.3).

PUBLISHED: operations in the field are folded by these rows. Never edit; a change is version 2.

Counted limits: handlers object once, a complaint is reopened once, a case extended once, a rating
amended once. A count runs along the ancestors of an act: two made apart, unseen by each other, both
stand, and fold shows where they differ.

Beyond the letter of §3.3, so that no record is stuck: a case may be withdrawn as long as it is
undecided (also before acceptance and in 流转中); papers that were incomplete, refused or received
with a difference are checked or received again; an errand (route c) goes from 材料齐 to 待领取
without the township; a proxy decided to be the same matter as another record is 已并入.
"""

from __future__ import annotations

from shared.cycle_table.step import NEW, OPEN, SAME, Cycle, Step, When, make_cycle
from shared.cycle_table.v1_common import DUNNING, common_steps

CONSULTATION = make_cycle(
    "consultation",
    "已登记 已转 已答复 转代办 转办件 转投诉 作废",
    "转代办 转办件 转投诉 作废",
    (
        Step("register", "登记咨询", (NEW,), "已登记", by="answer", given="已答复"),
        Step("answer", "答复", ("已登记", "已转"), "已答复"),
        Step("refer", "转介", ("已登记",), "已转"),
        Step(
            "convert",
            "转为事项",
            ("已答复",),
            by="convert_to",
            ends=(("proxy", "转代办"), ("case", "转办件"), ("complaint", "转投诉")),
        ),
        *common_steps(("转代办", "转办件", "转投诉")),
    ),
)

CASE = make_cycle(
    "case",
    "已收件 待补正 已受理 流转中 办理中 特别程序 已决定 已办结 已送达"
    " 不予受理 退件 已撤回 已并入 作废",
    "已送达 不予受理 退件 已撤回 已并入 作废",
    (
        Step("receive", "收件", (NEW,), "已收件"),
        Step("accept", "受理", ("已收件",), "已受理"),
        Step("refuse", "不予受理", ("已收件",), "不予受理", irreversible=True),
        Step("request_correction", "一次告知补正", ("已收件",), "待补正"),
        Step("resubmit", "补正后再收件", ("待补正",), "已收件"),
        Step("lapse", "逾期未补正退件", ("待补正",), "退件", irreversible=True),
        Step("deem_accepted", "逾期未告知视为受理", ("已收件",), "已受理"),
        Step("forward", "流转", ("已受理",), "流转中"),
        Step("acknowledge", "签收流转", ("流转中",), "办理中"),
        Step("send_back", "退回受理", ("流转中",), "已受理"),
        Step("suspend", "进入特别程序", ("已受理", "办理中"), "特别程序"),
        Step("resume", "特别程序结束", ("特别程序",), "办理中"),
        Step("extend", "延期", ("办理中",), SAME, once=True),
        Step("decide", "作出决定", ("已受理", "办理中"), "已决定", irreversible=True),
        Step(
            "withdraw",
            "撤回申请",
            ("已收件", "待补正", "已受理", "流转中", "办理中", "特别程序"),
            "已撤回",
        ),
        Step("close", "办结", ("已决定",), "已办结", irreversible=True),
        Step("hand_out", "出件送达", ("已办结",), "已送达", irreversible=True),
        Step("close_on_spot", "当场办结", ("已收件",), "已办结", irreversible=True),
        Step("merge", "并案", (OPEN,), "已并入", irreversible=True),
        Step("absorb", "并入他案", (OPEN,), SAME, irreversible=True),
        Step("reassign", "更换经办", (OPEN,), SAME),
        *DUNNING,
        *common_steps(("已办结", "已送达", "不予受理", "退件", "已撤回", "已并入")),
    ),
)

_UNSENT = ("已委托", "待补材料", "材料齐", "待签收", "差异", "退回")
_AT_WORK = "办理中"
_CASE_STATE_SEEN = (
    ("已收件", _AT_WORK),
    ("已受理", _AT_WORK),
    ("流转中", _AT_WORK),
    ("办理中", _AT_WORK),
    ("已决定", _AT_WORK),
    ("已办结", _AT_WORK),
    ("不予受理", _AT_WORK),
    ("退件", _AT_WORK),
    ("已撤回", _AT_WORK),
    ("待补正", "待补正"),
    ("特别程序", "特别程序"),
)

PROXY = make_cycle(
    "proxy",
    "已委托 待补材料 材料齐 待签收 差异 退回 已上送 办理中 待补正 特别程序 待领取 已送达 已回访"
    " 已撤回 已并入 作废",
    "已回访 已撤回 已并入 作废",
    (
        Step("entrust", "登记代办", (NEW,), "已委托"),
        Step(
            "check",
            "初审",
            ("已委托", "待补材料", "退回"),
            "材料齐",
            by="check_result",
            ends=(("complete", "材料齐"), ("missing", "待补材料")),
        ),
        Step("hand_over", "交接材料", ("材料齐",), "待签收"),
        Step("receive", "签收", ("待签收", "差异"), "已上送"),
        Step("receive_with_difference", "有差异签收", ("待签收",), "差异"),
        Step("refuse", "拒收退回", ("待签收", "差异"), "退回"),
        Step("link_case", "关联办件", ("已上送",), "办理中"),
        Step(
            "mirror",
            "同步办件进度",
            ("办理中", "待补正", "特别程序"),
            by="case_state",
            ends=_CASE_STATE_SEEN,
        ),
        Step("result_out", "结果返回", ("已上送", "办理中", "待补正", "特别程序"), "待领取"),
        Step("finish_errand", "跑腿事项办妥", ("材料齐",), "待领取", when=When("route", ("c",))),
        Step("deliver", "送达群众", ("待领取",), "已送达", irreversible=True),
        Step("rate", "群众评价", ("已送达",), "已回访"),
        Step("call_back", "回访", ("已送达",), "已回访"),
        Step("withdraw", "撤回委托", _UNSENT, "已撤回"),
        Step("reassign", "更换代办员", (OPEN,), SAME),
        Step("merge", "并案", (OPEN,), "已并入", irreversible=True),
        Step("absorb", "并入他案", (OPEN,), SAME, irreversible=True),
        *DUNNING,
        *common_steps(("已送达", "已回访", "已撤回", "已并入")),
    ),
)

COMPLAINT = make_cycle(
    "complaint",
    "已登记 已受理 转办中 办理中 已答复 已回访 已办结 不予受理 转其他渠道 已撤回 作废",
    "已办结 不予受理 转其他渠道 已撤回 作废",
    (
        Step("register", "登记投诉", (NEW,), "已登记"),
        Step(
            "triage",
            "分流",
            ("已登记",),
            by="triage_result",
            ends=(("accept", "已受理"), ("refuse", "不予受理"), ("transfer", "转其他渠道")),
        ),
        Step("assign", "转办", ("已受理",), "转办中"),
        Step("object", "提出异议", ("转办中",), "已受理", once=True),
        Step("reassign", "改派", ("转办中",), "已受理"),
        Step("investigate", "开始调查", ("转办中",), "办理中"),
        Step("ask", "询问情况", ("转办中",), "办理中"),
        Step("extend", "延期", ("办理中",), SAME),
        Step("reply", "答复投诉人", ("办理中",), "已答复", irreversible=True),
        Step("call_back", "回访", ("已答复",), "已回访"),
        Step("close", "办结", ("已回访",), "已办结", irreversible=True),
        Step("reopen", "重新办理", ("已回访",), "已受理", once=True),
        Step("withdraw", "撤回投诉", (OPEN,), "已撤回"),
        Step("continue_on_own_motion", "依职权继续办理", ("已撤回",), "已受理"),
        Step("join", "并单", (OPEN,), SAME),
        *DUNNING,
        *common_steps(("已办结", "不予受理", "转其他渠道", "已撤回")),
    ),
)

APPOINTMENT = make_cycle(
    "appointment",
    "已预约 已确认 改期 已到 爽约 取消 作废",
    "已到 爽约 取消 作废",
    (
        Step("register", "登记预约", (NEW,), "已预约"),
        Step("confirm", "确认预约", ("已预约", "改期"), "已确认"),
        Step("arrive", "已到场", ("已确认",), "已到"),
        Step("miss", "未到场", ("已确认",), "爽约"),
        Step("reschedule", "改期", ("已预约", "已确认", "改期"), "改期"),
        Step("cancel", "取消预约", ("已预约", "已确认", "改期"), "取消"),
        *common_steps(("已到", "爽约", "取消")),
    ),
)

RATING = make_cycle(
    "rating",
    "待评 已评 待核实 已回访 已整改 申诉成立 作废",
    "已整改 申诉成立 作废",
    (
        Step("invite", "邀请评价", (NEW,), "待评"),
        Step("rate", "评价", (NEW, "待评"), "已评"),
        Step("rate_again", "修改评价", ("已评",), SAME, once=True),
        Step("open_check", "转入核实", ("已评",), "待核实", when=When("level", (1, 2))),
        Step("call_back", "回访", ("待核实",), "已回访"),
        Step("rectify", "整改完成", ("已回访",), "已整改"),
        Step("uphold_appeal", "申诉成立", ("已回访",), "申诉成立"),
        *common_steps(("已整改", "申诉成立")),
    ),
)

MATTERS: tuple[Cycle, ...] = (CONSULTATION, PROXY, CASE, COMPLAINT, APPOINTMENT, RATING)

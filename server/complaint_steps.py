"""The steps of the complaints desk, in the order of the life cycle (DOMAIN.md §3.3), as data.

Page and JSON API both read this table. A step is one act of the life cycle with some of its fields
fixed; `server.complaint_acts` decides who may take which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from shared.canonical import Value

NOTE = "note"
TARGET = "target"
ASSIGN = "assign"
TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `said` is what its reason is called, `hint` one sentence beside the form.

    `is_neutral`: the county centre may take it although the complaint is about the centre itself.
    """

    key: str
    act: str
    label: str
    said: str
    hint: str = ""
    fixed: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))
    fields: tuple[str, ...] = ()
    is_neutral: bool = False


def _triage(result: str) -> Mapping[str, Value]:
    return MappingProxyType({"triage_result": result})


STEPS: tuple[Step, ...] = (
    Step(
        "accept", "triage", "受理", "受理意见", "受理后五个工作日内答复，复杂的十五个工作日。",
        _triage("accept"), ("complex",),
    ),
    Step(
        "refuse", "triage", "不予受理", "不予受理的理由", "理由会告知投诉人，请写清依据。",
        _triage("refuse"),
    ),
    Step(
        TRANSFER, "triage", "转其他渠道", "转出的理由", "转出后由接收单位办理，本件到此结束。",
        _triage("transfer"), ("transfer_to",), is_neutral=True,
    ),
    Step(
        ASSIGN, "assign", "转办", "交办要求",
        "被投诉人本人、其下属和同站点的人不能承办，不在名单里。", fields=("handler",),
    ),
    Step("investigate", "investigate", "开始调查", "调查安排", "开始后由您负责查清并报送情况。"),
    Step("ask", "ask", "询问情况", "询问要点", "先向有关人员和投诉人问清情况。"),
    Step("object", "object", "提出异议", "异议理由", "认为不该由您承办的，写明理由，只能提一次。"),
    Step("reassign", "reassign", "改派", "改派理由", "退回“已受理”，再转办给他人。"),
    Step(
        NOTE, "", "报送办理情况", "报送说明", "写给县督查看：查到什么、建议怎样答复。",
        fields=("handler_notes",),
    ),
    Step(
        "extend", "extend", "延期", "延期理由", "按复杂投诉办理，答复期限改为十五个工作日。",
        MappingProxyType({"complex": True}),
    ),
    Step(
        "reply", "reply", "答复投诉人", "答复依据", "答复后不能更改，请核对结论和内容。",
        fields=("finding", "reply"),
    ),
    Step(
        "call_back", "call_back", "回访", "回访情况", "联系不上的，满三次后如实填写。",
        fields=("satisfied", "call_back_tries"),
    ),
    Step("close", "close", "办结", "办结说明", "匿名投诉以公示或查询码告知结果后办结。"),
    Step("reopen", "reopen", "重新办理", "新的事实", "投诉人不满意且有新的事实，只能一次。"),
    Step(
        "resume", "continue_on_own_motion", "依职权继续办理", "继续办理的理由",
        "投诉人撤回后，认为应当查清的可以继续。",
    ),
    Step(
        TARGET, "amend", "登记查明的对象", "查明经过",
        "登记后，须回避的人不能再承办。", fields=("target", "target_site"),
        is_neutral=True,
    ),
)  # fmt: skip
BY_KEY: Mapping[str, Step] = MappingProxyType({one.key: one for one in STEPS})

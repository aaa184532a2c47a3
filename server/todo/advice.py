"""What is proposed for an entry of 待处理, and why."""

from __future__ import annotations

from dataclasses import dataclass

from server.api import messages
from server.todo.entries import Entry

SURE = {"read": "读卡信息优先于其他登记。", "seen": "查看过原件的登记优先于口述。"}
NEWER = "两边同样可靠，建议取较近一次或职级较高一方的登记。"
SAME_NUMBER = "证件号码相同、事项相同、日期相近，建议判为同一件。"
SAME_NAME = "只有姓名相同，没有相同的证件号码，可能是同名不同人，请先核实。"


@dataclass(frozen=True, slots=True)
class Advice:
    """What is proposed and why; `choice` '' where a person has to find out first."""

    choice: str
    reason: str

    @property
    def is_sure(self) -> bool:
        """Whether its reason may stand as the decision's; otherwise the person writes one."""
        return bool(self.choice) and self.reason != NEWER


NONE = Advice("", "")


def advice_on_conflict(conflict: messages.Conflict) -> Advice:
    """Propose the value that fold shows: better evidence, then higher rank, then later."""
    first = conflict.values[0]
    best = [one.evidence for one in conflict.values if one.evidence in SURE]
    if first.evidence in SURE and len(best) < len(conflict.values):
        return Advice(first.operation, SURE[first.evidence])
    is_even = all(one.evidence == first.evidence for one in conflict.values)
    return Advice(first.operation, NEWER) if is_even else Advice("", "")


def advice_on_pair(entry: Entry) -> Advice:
    """Propose 同一件 for an equal number; an equal name alone is for a person to find out."""
    if entry.reason.startswith("证件号码相同"):
        return Advice("same", SAME_NUMBER)
    return Advice("", SAME_NAME)

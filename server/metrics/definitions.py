"""What each figure means, in the words under the number on screen and paper (DOMAIN.md §2.2)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Definition:
    """One figure: its key, its name, its rule, and whether it is a rate."""

    key: str
    label: str
    rule: str
    is_rate: bool = False


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        "M1", "乡镇咨询", "期内在乡镇中心登记、已答复或已转介的咨询件数；一次到访的一件事计一次。"
    ),
    Definition("M2", "乡镇受理", "首次受理在期内、由乡镇中心受理的办件数。"),
    Definition(
        "M3",
        "乡镇办结",
        "期内办结的乡镇办件数，含准予、不予、转报、撤回和退件终止；按办结日期计，不限受理时间。",
    ),
    Definition(
        "M4", "按时办结率", "期内办结的办件中，办结日期不晚于承诺期限的比例。", is_rate=True
    ),
    Definition(
        "M4_open",
        "按时办结率（含超期未办结）",
        "分母加上期末仍未办结且已过承诺期限的办件。",
        is_rate=True,
    ),
    Definition(
        "M5",
        "满意率",
        "群众实际作出的评价中，非常满意、满意和基本满意的比例；未评价不计。",
        is_rate=True,
    ),
    Definition("M6", "村级咨询", "期内在村（社区）站登记、已答复或已转介的咨询件数。"),
    Definition("M7", "村级代办", "期内在村（社区）站登记委托的代办件数；与办件分开计，不相加。"),
    Definition(
        "M8", "村级投诉", "期内在村（社区）站登记、或反映村级服务的投诉；同列已办结数和属实数。"
    ),
)

BY_KEY = {definition.key: definition for definition in DEFINITIONS}

COMMON_RULES: tuple[str, ...] = (
    "每个数字都由操作记录实时计算，不由人填报；按可信的发生日期（北京时间）归入期间。",
    "判为同一件事的只计一次；作废和练习记录不计。",
    "比例的分母为零时显示“—”；百分比保留两位小数，有一件不满意就不显示为 100%。",
)


def percent(numerator: int, denominator: int) -> str:
    """Return a rate as text, half up to two decimals; `—` over nothing.

    It never shows 100.00% while one is missing, nor 0.00% while there is one (DOMAIN.md M23).
    """
    if not denominator:
        return "—"
    hundredths = (numerator * 20_000 + denominator) // (2 * denominator)
    if hundredths == 10_000 and numerator < denominator:
        hundredths = 9_999
    if hundredths == 0 and numerator > 0:
        hundredths = 1
    return f"{hundredths // 100}.{hundredths % 100:02d}%"

"""What each figure means, in the words under the number on screen and paper (DOMAIN.md §2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from server.metrics.figure import Figure


class Lists(StrEnum):
    """What the list behind a number holds, and whether it is as long as the number."""

    RECORDS = "records"
    """The records counted, in numerator and denominator."""
    NUMERATOR = "numerator"
    """The records counted; the denominator is no number of records (months)."""
    BEHIND = "behind"
    """The records that the number was made from: it is a sum, a span, a difference."""
    ITEMS = "items"
    PEOPLE = "people"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Definition:
    """One figure: its key, its name, its rule, whether it is a rate, and how else it is shown:
    `count`, `change` (with its sign), `ratio` and `days` (two decimals)."""

    key: str
    label: str
    rule: str
    is_rate: bool = False
    show: str = "count"
    lists: Lists = Lists.RECORDS


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
    Definition(
        "M9",
        "在用事项",
        "期末有效目录中未暂停的事项数。不随站点、渠道变化。",
        lists=Lists.ITEMS,
    ),
    Definition(
        "M10",
        "承诺件减少比例",
        "期前目录的承诺件中，期末改为即办件的比例。",
        is_rate=True,
        lists=Lists.ITEMS,
    ),
    Definition(
        "M11",
        "承诺占法定时限",
        "期末目录承诺件的承诺工作日合计 ÷ 法定工作日合计；按自然日计的事项不计。",
        is_rate=True,
        lists=Lists.ITEMS,
    ),
    Definition(
        "M12",
        "承诺提速（按事项）",
        "1 − 承诺工作日合计 ÷ 法定工作日合计，按期末目录的承诺件计。",
        is_rate=True,
        lists=Lists.ITEMS,
    ),
    Definition(
        "M12_case",
        "承诺提速（按办件）",
        "1 − 承诺工作日合计 ÷ 法定工作日合计，按期内受理的办件计，含即办件；自然日的不计。",
        is_rate=True,
        lists=Lists.BEHIND,
    ),
    Definition(
        "M13",
        "承诺件提速",
        "1 − 平均承诺工作日 ÷ 平均法定工作日，按期内受理的承诺件计。",
        is_rate=True,
        lists=Lists.BEHIND,
    ),
    Definition(
        "M14",
        "办理提速",
        "1 − 实际工作日合计 ÷ 法定工作日合计，按期内办结的办件逐件计；"
        "扣除特别程序，即办件为 0；不用平均数。",
        is_rate=True,
        lists=Lists.BEHIND,
    ),
    Definition(
        "M15",
        "申请",
        "期内收件的办件数。",
    ),
    Definition(
        "M15_accepted",
        "申请受理",
        "期内首次受理的办件数，含期前收件的。",
    ),
    Definition(
        "M15_closed",
        "申请办结",
        "期内办结的办件数，含期前受理的。",
    ),
    Definition(
        "M16",
        "申请同比增减",
        "期内收件数 − 去年同期（同样的日历日期）收件数；另列可比口径，只算两期都在的站点。",
        show="change",
        lists=Lists.BEHIND,
    ),
    Definition(
        "M16_accepted",
        "受理同比增减",
        "期内首次受理数 − 去年同期首次受理数；另列可比口径，只算两期都在的站点。",
        show="change",
        lists=Lists.BEHIND,
    ),
    Definition(
        "M16_closed",
        "办结同比增减",
        "期内办结数 − 去年同期办结数；另列可比口径，只算两期都在的站点。",
        show="change",
        lists=Lists.BEHIND,
    ),
    Definition(
        "M17",
        "当月办结率",
        "期内受理的办件中，受理当月（且期内）办结的比例。",
        is_rate=True,
    ),
    Definition(
        "M18",
        "平均日结率",
        "每个工作日受理的办件中当日办结的比例，再按有受理的工作日平均。",
        is_rate=True,
    ),
    Definition(
        "M19",
        "月均办结",
        "期内办结 ÷ 期间涉及的月份数；分母即月份数。",
        show="ratio",
        lists=Lists.NUMERATOR,
    ),
    Definition(
        "M20",
        "承诺件平均受理时间（天）",
        "期内受理的承诺件从收件到受理的平均自然日（小时 ÷ 24）；分子为毫秒合计。",
        show="days",
        lists=Lists.BEHIND,
    ),
    Definition(
        "M21",
        "承诺件平均办结时间（工作日）",
        "期内办结的承诺件从受理到办结的平均工作日，扣除特别程序。",
        show="days",
        lists=Lists.BEHIND,
    ),
    Definition(
        "M22",
        "评价率",
        "期内办结的办件中期内有评价的比例；每件只计首次评价。",
        is_rate=True,
    ),
    Definition(
        "M24",
        "零超时月数",
        "截至最近一个完整月，连续没有逾期办结、月末也没有超期未办结的月数；最早算到首次受理的月份。",
        lists=Lists.NOTHING,
    ),
    Definition(
        "M25",
        "现场办结率",
        "期内办结的办件中，窗口渠道且在同一次到访办结的比例。",
        is_rate=True,
    ),
    Definition(
        "M26",
        "办结与受理之比",
        "期内办结 ÷ 期内受理；两者不是同一批办件，可以超过 100%。",
        is_rate=True,
    ),
    Definition(
        "M27",
        "收费（分）",
        "期内收费合计，扣除已退；单位为分。",
        lists=Lists.BEHIND,
    ),
    Definition(
        "M28",
        "预约服务人次",
        "期内预约到访的人次。",
    ),
    Definition(
        "M28_extended",
        "延时服务人次",
        "期内延时服务的人次。",
    ),
    Definition(
        "M28_door",
        "上门服务人次",
        "期内上门服务的人次。",
    ),
    Definition(
        "M29",
        "新设中心受理",
        "期内由新设乡镇中心首次受理的办件数；期末所在年度内设立的为新设。",
    ),
    Definition(
        "M29_closed",
        "新设中心办结",
        "期内新设乡镇中心办结的办件数；期末所在年度内设立的为新设。",
    ),
    Definition("M30", "并联办结", "期内办结的办件中的联办件数。"),
    Definition("M30_led", "领办", "由工作人员领着办理的件数。", lists=Lists.NOTHING),
    Definition("M30_asked", "网上咨询", "期内经网上登记、已答复或已转介的咨询件数，不分级别。"),
    Definition("M30_complained", "网上投诉", "期内经网上登记的投诉件数，不分级别。"),
    Definition(
        "M33",
        "培训人次与人员之比",
        "期内参加培训的人数 ÷ 工作人员数。",
        is_rate=True,
        lists=Lists.NOTHING,
    ),
    Definition(
        "M34",
        "在岗人员",
        "期末（未到期末为今天）有任职的人数，每人计一次。不随事项、渠道变化。",
        lists=Lists.PEOPLE,
    ),
    Definition(
        "N1",
        "未上传积压",
        "平板上已登记、县里还没有确认收到的件数，和其中最早一件的时间。",
        lists=Lists.NOTHING,
    ),
    Definition(
        "N2",
        "同步时延（小时）",
        "期内登记从发生到县里收到的时间，第 95 百分位（分子为毫秒）。",
        show="days",
        lists=Lists.BEHIND,
    ),
    Definition(
        "N3",
        "两头受理率",
        "期内县里确认为同一件事的对数 ÷ 期内首次受理数；按确认日期，归保留的一方，两者不是同一批。",
        is_rate=True,
    ),
    Definition(
        "N4",
        "冲突处置时长（小时）",
        "期内裁定的冲突，从两边出现不同内容到裁定的平均小时；分子为毫秒合计。",
        show="days",
        lists=Lists.BEHIND,
    ),
    Definition(
        "N5",
        "回件送达及时率",
        "期内返回结果的代办中，10 个工作日内送达群众的比例；未到期的不计。",
        is_rate=True,
    ),
    Definition(
        "N6",
        "一次告知合格率",
        "期内有补正告知的办件中，只告知一次的比例。",
        is_rate=True,
    ),
    Definition(
        "N7",
        "跑动次数",
        "期内办结办件中不同到访的次数 ÷ 件数；代办而无到访的计 0，其余无到访记录的不计。",
        show="ratio",
        lists=Lists.BEHIND,
    ),
)

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "办件数量和进度",
        ("M15", "M2", "M3", "M26", "M17", "M18", "M19", "M15_accepted", "M15_closed"),
    ),
    ("时限和提速", ("M4", "M4_open", "M24", "M21", "M20", "M14", "M13", "M12_case")),
    ("咨询、代办和投诉", ("M1", "M6", "M7", "M8", "N5", "N3")),
    ("群众感受", ("M5", "M22", "M25", "N7", "N6", "M27", "M28", "M28_extended", "M28_door")),
    ("与去年同期相比", ("M16", "M16_accepted", "M16_closed")),
    (
        "新设中心、联办和网上",
        ("M29", "M29_closed", "M30", "M30_asked", "M30_complained", "M30_led"),
    ),
    ("事项目录", ("M9", "M10", "M11", "M12")),
    ("在岗和培训", ("M34", "M33")),
    ("数据质量", ("N2", "N4", "N1")),
)
"""Every figure once, under the heading where a county officer looks for it."""

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
    if numerator < 0:
        return f"-{percent(-numerator, denominator)}"
    hundredths = (numerator * 20_000 + denominator) // (2 * denominator)
    if hundredths == 10_000 and numerator < denominator:
        hundredths = 9_999
    if hundredths == 0 and numerator > 0:
        hundredths = 1
    return f"{hundredths // 100}.{hundredths % 100:02d}%"


def shown(definition: Definition, figure: Figure) -> str:
    """Return a figure as people read it."""
    if figure.missing or figure.denominator == 0:
        return "—"
    if definition.is_rate:
        exact = figure.exact
        if exact is not None:
            return percent(exact.numerator, exact.denominator)
        return percent(figure.numerator, figure.denominator or 0)
    if definition.show in ("ratio", "days"):
        hundredths = int(figure.fraction * 100 + Fraction(1, 2))
        return f"{hundredths // 100}.{hundredths % 100:02d}"
    if definition.show == "change" and figure.numerator > 0:
        return f"+{figure.numerator}"
    return str(figure.numerator).replace("-", "−")

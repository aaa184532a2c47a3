"""Words the screens share: delivery, roles, times, and sentences without field codes."""

from __future__ import annotations

import re
from datetime import date

from mobile.i18n import _, marked
from shared import slips
from shared.civil import DAY_MS, OFFSET_MS, civil_date
from shared.errors import BianminError
from shared.rights import ROLE_LABELS, Role
from shared.slips import InvalidSlipNumber

DELIVERY = {
    "saved": (marked("已存本机"), "saved", "amber"),
    "delivered": (marked("已送达县级"), "delivered", "blue"),
    "merged": (marked("县级已入账"), "merged", "teal"),
}
"""The three honest words of DESIGN.md, section 2, with sign and tone."""

KIND_TONES = {
    "consultation": "teal", "proxy": "blue", "case": "violet", "complaint": "rose",
    "appointment": "amber", "rating": "quiet",
}  # fmt: skip
KIND_SIGNS = {**{kind: kind for kind in KIND_TONES}, "rating": "check_circle"}

WEEKDAYS = (
    marked("星期一"),
    marked("星期二"),
    marked("星期三"),
    marked("星期四"),
    marked("星期五"),
    marked("星期六"),
    marked("星期日"),
)
_LABEL_FIRST = re.compile(r"^“[^”]*”：")
_FIELD_CODE = re.compile(r"（[a-z_0-9]+）")
_CODES = re.compile(r"([^：、（）]+)（[a-z_0-9]+）")


def clock(at: int) -> str:
    """Return hh:mm at UTC+8."""
    minutes = (at + OFFSET_MS) % DAY_MS // 60_000
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def day(on: date) -> str:
    """Return month and day."""
    return _("{month}月{day}日").format(month=on.month, day=on.day)


def weekday(on: date) -> str:
    """Return the day of the week."""
    return _(WEEKDAYS[on.weekday()])


def moment(at: int, today: date) -> str:
    """Return when something was, short: today only the time of day."""
    if not at:
        return ""
    on = civil_date(at)
    if on == today:
        return _("今天 {time}").format(time=clock(at))
    if on.year == today.year:
        return f"{day(on)} {clock(at)}"
    return f"{on.isoformat()} {clock(at)}"


def role(code: str) -> str:
    """Return the word of a role."""
    known = code in Role.__members__.values()
    return _(ROLE_LABELS[Role(code)]) if known else code


def slip(compact: str) -> str:
    """Return a slip number as it is printed."""
    try:
        return str(slips.parse(compact))
    except InvalidSlipNumber:
        return compact


def spaced(code: str) -> str:
    """Return a query code in groups that can be read out: 3 and 3, or 4, 4 and 4."""
    size = 3 if len(code) <= 6 else 4
    return "  ".join(code[at : at + size] for at in range(0, len(code), size))


def sentence(error: BianminError) -> str:
    """Return an error's sentence without the codes that commands need."""
    return _FIELD_CODE.sub("", _CODES.sub(r"\1", _LABEL_FIRST.sub("", str(error))))

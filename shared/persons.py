"""What is said of a person has to agree with itself: number, document, birth date and sex."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from shared.canonical import Value
from shared.fields import Kind
from shared.values import InvalidField

RESIDENT = (None, "111")
"""Document types whose number of 18 digits tells birth date and sex (no type: a resident's)."""
SEXES = ("female", "male")


def born_and_sex(number: str) -> tuple[str, str]:
    """Return the birth date, YYYY-MM-DD, and the sex that a resident's 18 digits tell."""
    return f"{number[6:10]}-{number[10:12]}-{number[12:14]}", SEXES[int(number[16]) % 2]


def require_plausible(table: Kind, out: Mapping[str, Value], today: date | None) -> None:
    """Raise InvalidField where a birth lies after `today` (a trusted date; None: not asked), or
    where birth date or sex are not those of the number."""
    born, sex, number = out.get("birth_on"), out.get("sex"), out.get("id_no")
    if isinstance(born, str) and today is not None and born > today.isoformat()[: len(born)]:
        raise _wrong(table, "birth_on", "在今天之后，请核对。")
    if not isinstance(number, str) or len(number) != 18 or out.get("id_type") not in RESIDENT:
        return
    told, told_sex = born_and_sex(number)
    if today is not None and told > today.isoformat():
        raise _wrong(table, "id_no", "：号码里的出生日期在今天之后，请逐位核对。")
    if isinstance(born, str) and not told.startswith(born):
        raise _wrong(table, "birth_on", f"与身份证号码不一致，号码里是 {told}，请核对其中一项。")
    if isinstance(sex, str) and sex != told_sex:
        raise _wrong(table, "sex", "与身份证号码不一致，请核对其中一项。")


def _wrong(table: Kind, field: str, problem: str) -> InvalidField:
    return InvalidField(field, table.fields[field].label, problem)

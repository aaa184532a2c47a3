"""Resident identity numbers: what can be known from the digits alone.

Rules of GB 11643 (check character by ISO 7064 MOD 11-2) and of this house: a region prefix warns
and never refuses (the published tables lag behind the people), an old 15-digit number is kept and
the new card asked for, a number beginning with 9 belongs to another kind of document. A person
without a number at hand is `id_assurance = none`, never an invented number.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from operator import mul
from typing import Literal, TypeAlias

Sex: TypeAlias = Literal["male", "female"]

EARLIEST_BIRTH = date(1900, 1, 1)
DEMO_PREFIX = "5199"
"""No prefecture has this code: numbers of demonstration people begin with it."""

_FULL = re.compile(r"[0-9]{17}[0-9X]", re.ASCII)
_OLD = re.compile(r"[0-9]{15}", re.ASCII)
_SPACE = re.compile(r"[\s\u200b\ufeff-]+")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ZEROS = ord("0") * sum(_WEIGHTS)
_CHECKS = "10X98765432"
_PROVINCE = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]", re.ASCII)


class IdVerdict(StrEnum):
    """What the digits say. `valid`, `old15` and `other_kind` may be stored; `invalid` may not."""

    VALID = "valid"
    OLD15 = "old15"
    OTHER_KIND = "other_kind"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class IdCheck:
    """The number in its canonical form, the verdict and what follows from the digits.

    `problem`: for `invalid` one Chinese sentence with the next step, else empty. `warnings`:
    sentences to show beside the field; they stop nothing.
    """

    number: str
    verdict: IdVerdict
    birth_on: date | None = None
    sex: Sex | None = None
    warnings: tuple[str, ...] = ()
    problem: str = ""


def canonical_id(text: str) -> str:
    """NFKC, without spaces and hyphens, in capitals."""
    return _SPACE.sub("", unicodedata.normalize("NFKC", text)).upper()


def check_character(first17: str) -> str:
    """The 18th character that GB 11643 gives 17 digits."""
    total = sum(int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True))
    return _CHECKS[total % 11]


def check_id(text: str, today: date | None) -> IdCheck:
    """Check a resident identity number.

    `today`: a trusted date at UTC+8, never a reset tablet clock; None leaves out the rule that
    nobody is born in the future.
    """
    number = canonical_id(text)
    if _OLD.fullmatch(number):
        return _old(number, today)
    if not _FULL.fullmatch(number):
        return _invalid(number, "身份证号码应为18位，请逐位核对；暂时没有号码可以不填。")
    if check_character(number[:17]) != number[17]:
        return _invalid(number, "身份证号码的校验位不对，请逐位核对；暂时核对不了可以不填。")
    if number[0] == "9":
        note = "这是外国人永久居留身份证的号码，请把证件类型改为外国人永久居留身份证。"
        return IdCheck(number, IdVerdict.OTHER_KIND, warnings=(note,))
    birth_on = _birth(number[6:14], today)
    if birth_on is None:
        return _invalid(number, "身份证号码中的出生日期不对，请逐位核对；暂时核对不了可以不填。")
    return IdCheck(number, IdVerdict.VALID, birth_on, _sex(number[16]), _warnings(number))


def is_valid(number: str) -> bool:
    """True for what `check_id` would call valid and give back as it is; much quicker."""
    if not _FULL.fullmatch(number) or number[0] == "9":
        return False
    total = sum(map(mul, number.encode("ascii"), _WEIGHTS)) - _ZEROS
    return _CHECKS[total % 11] == number[17] and _birth(number[6:14], None) is not None


def age_on(birth_on: date, day: date) -> int:
    """Full years on `day`; somebody born on 29 February is a year older on 1 March."""
    return day.year - birth_on.year - ((day.month, day.day) < (birth_on.month, birth_on.day))


def _old(number: str, today: date | None) -> IdCheck:
    birth_on = _birth("19" + number[6:12], today)
    if birth_on is None:
        return _invalid(number, "15位号码中的出生日期不对，请核对，或查看18位的新证。")
    note = "这是15位的老号码，请查看18位的新证。"
    warnings = (note, *_warnings(number))
    return IdCheck(number, IdVerdict.OLD15, birth_on, _sex(number[14]), warnings)


def _birth(digits: str, today: date | None) -> date | None:
    try:
        birth_on = date.fromisoformat(digits)
    except ValueError:
        return None
    if birth_on < EARLIEST_BIRTH or (today is not None and birth_on > today):
        return None
    return birth_on


def _sex(digit: str) -> Sex:
    return "male" if int(digit) % 2 else "female"


def _warnings(number: str) -> tuple[str, ...]:
    if number.startswith(DEMO_PREFIX):
        return ("这是示范用的号码，不是真实人员。",)
    if not _PROVINCE.match(number):
        return ("号码开头的地区代码不常见，请再核对一次。",)
    return ()


def _invalid(number: str, problem: str) -> IdCheck:
    return IdCheck(number, IdVerdict.INVALID, problem=problem)

"""Telephone numbers as people give them: mobile, landline, or a local number without area code."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

_NOISE = re.compile(r"[\s\u200b\ufeff()\-\u2010-\u2015\u2212.]+")
_COUNTRY = re.compile(r"(?:\+|00)86(?=[01])", re.ASCII)
_MOBILE = re.compile(r"0?(1[3-9][0-9]{9})", re.ASCII)
"""With the 0 that was once dialled before a mobile number from elsewhere; it is not stored."""
_LANDLINE = re.compile(r"(010|02[0-9]|0[0-9]{3}|0[0-9]{2})([0-9]{7,8})", re.ASCII)
"""Any area code of three or four digits, cut where the numbering plan cuts if both would fit."""
_LOCAL = re.compile(r"[0-9]{7,8}", re.ASCII)


class PhoneVerdict(StrEnum):
    """`local` has no area code: kept, and the person is asked once more."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    LOCAL = "local"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class PhoneCheck:
    """`number` is the form to store: 13812348000, 0813-7201234, or 7201234."""

    number: str
    verdict: PhoneVerdict
    warning: str = ""
    problem: str = ""


def check_phone(text: str) -> PhoneCheck:
    """Check and normalise a number; full-width digits, +86, brackets and hyphens are fine."""
    number = _NOISE.sub("", unicodedata.normalize("NFKC", text))
    at_home = _COUNTRY.sub("", number, count=1) if number[:1] in {"+", "0"} else number
    for whole in (at_home, number):
        mobile, landline = _MOBILE.fullmatch(whole), _LANDLINE.fullmatch(whole)
        if mobile is not None:
            return PhoneCheck(mobile[1], PhoneVerdict.MOBILE)
        if landline is not None:
            return PhoneCheck(f"{landline[1]}-{landline[2]}", PhoneVerdict.LANDLINE)
    if _LOCAL.fullmatch(number):
        return PhoneCheck(number, PhoneVerdict.LOCAL, warning="没有区号，请问清区号后补上。")
    problem = "电话号码不对，请核对；手机11位，座机带区号；没有电话可以不填，改填联系人。"
    return PhoneCheck(number, PhoneVerdict.INVALID, problem=problem)

"""Numbers of bank accounts: what to look at again. Nothing here refuses a number."""

from __future__ import annotations

import re
import unicodedata

_NOISE = re.compile(r"[\s\-]+")


def luhn_warning(text: str) -> str:
    """Return what to tell about a number whose check digit is wrong, "" where there is nothing.

    The check is that of bank cards (Luhn, ISO/IEC 7812). Passbooks may have numbers of their own,
    so that it only warns; what has letters in it is not checked at all.
    """
    number = _NOISE.sub("", unicodedata.normalize("NFKC", text))
    if not (number.isascii() and number.isdecimal()):
        return ""
    digits = [int(one) for one in reversed(number)]
    doubled = (sum(divmod(2 * one, 10)) for one in digits[1::2])
    if (sum(digits[::2]) + sum(doubled)) % 10 == 0:
        return ""
    return "账号校验位不对，请对照银行卡或存折核对；核对无误可以保存。"

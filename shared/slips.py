"""Numbers on paper: the temporary number of a slip, the official project number, the query code.

The temporary number `K7Q2-G1123-017-6` is made without a network and never given twice: the
device's short code, a letter for the year over 32 years, month and day, the day's counter (three
digits, more when a day needs more than 999), and a check character. It stays an alias of the record
for ever.

The check character is ISO/IEC 7064 MOD 37-36 over all characters without the dashes. It finds every
single wrong character, and every swap of neighbours but one in 630 (two neighbours of the alphabet
at one certain remainder: a property of the standard, counted in the tests). So a look-up by number
shows whose matter it is before anything is done, and the public one asks for the query code too.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from shared.errors import Misuse, Refused

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""32 letters that read the same on paper and over the phone: no I, O, 0, 1."""

YEAR_FIRST = 2020
"""The year of letter A; 2026 is G, and A comes again in 2052."""

SEQUENCE_MAX = 999_999
PROJECT_SEQUENCE_MAX = 99_999
PROJECT_TEMPLATE = "{site}{day}{sequence}{check}"
"""The usual form of an official number: 12, 6, 5 and 1 digits."""
PROJECT_DIGITS = 24
"""How long that form is."""
PROJECT_LENGTH_MAX = 50
"""The national field is no longer."""
_VALUES = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SHORT_CODE = re.compile(f"[{LETTERS}]{{4}}")
_NUMBER = re.compile(
    f"(?P<short>[{LETTERS}]{{4}})(?P<year>[{LETTERS}])(?P<month>[0-9]{{2}})(?P<day>[0-9]{{2}})"
    r"(?P<sequence>[0-9]{3}|[1-9][0-9]{3,5})(?P<check>[0-9A-Z])"
)
_PROJECT = re.compile(r"[1-9][0-9]{23}")
_SITE_CODE = re.compile(r"[1-9][0-9]{11}")
_FIXED = "[0-9A-Z-]*"
_TEMPLATE = re.compile(
    rf"{_FIXED}(\{{site\}}{_FIXED}\{{day\}}|\{{day\}}{_FIXED}\{{site\}})"
    rf"{_FIXED}\{{sequence\}}{_FIXED}(\{{check\}}{_FIXED})?"
)
_DAMM = (
    *("0317598642", "7092154863", "4206871359", "1750983426", "6123045978"),
    *("3674209581", "5869720134", "8945362017", "9438617205", "2581436790"),
)
_DASHES = dict.fromkeys(map(ord, "-‐‑‒–—―−_·."))


class InvalidSlipNumber(Refused):
    """A text that is no slip number, or one with a mistake in it."""


class NumbersUsedUp(Refused):
    """The day's counter has no number left."""


@dataclass(frozen=True, slots=True)
class SlipNumber:
    """A temporary number, taken apart."""

    short_code: str
    year_letter: str
    month: int
    day: int
    sequence: int

    def __str__(self) -> str:
        """The printed form."""
        body = f"{self.year_letter}{self.month:02d}{self.day:02d}"
        whole = f"{self.short_code}{body}{self.sequence:03d}"
        return f"{self.short_code}-{body}-{self.sequence:03d}-{check_character(whole)}"

    def made_on(self, near: date) -> date:
        """Return the day on the paper: of the years its letter stands for the last up to the year
        after `near` (a device's clock may run ahead)."""
        ahead = (near.year + 1 - YEAR_FIRST - LETTERS.index(self.year_letter)) % len(LETTERS)
        return date(near.year + 1 - ahead, self.month, self.day)


def make(short_code: str, on: date, sequence: int) -> SlipNumber:
    """Return the `sequence`-th number of the device on `on`; `str()` of it is printed.

    Raises NumbersUsedUp beyond 999,999 and Misuse for what is no short code.
    """
    require_short_code(short_code)
    if not 1 <= sequence <= SEQUENCE_MAX:
        raise NumbersUsedUp("这台设备今天的受理号已用完，请换一台设备登记，并联系县管理员。")
    letter = LETTERS[(on.year - YEAR_FIRST) % len(LETTERS)]
    return SlipNumber(short_code, letter, on.month, on.day, sequence)


def parse(text: str) -> SlipNumber:
    """Return the number somebody typed or read out; raise InvalidSlipNumber.

    Spaces, dashes of any kind, lower case and full-width characters do not matter, and where only a
    digit can stand O is read as 0 and I or L as 1.
    """
    typed = clean(text)
    found = _NUMBER.fullmatch(_digits_repaired(typed))
    if found is None:
        raise InvalidSlipNumber(
            f"「{text[:40]}」不是受理号，请照凭证填写，样子如 K7Q2-G1123-017-6；"
            "前五位没有字母 I、O 和数字 0、1。"
        )
    number = SlipNumber(
        found["short"],
        found["year"],
        int(found["month"]),
        int(found["day"]),
        int(found["sequence"]),
    )
    whole = found.group()
    if number.sequence == 0 or not _is_day(number) or check_character(whole[:-1]) != whole[-1]:
        raise InvalidSlipNumber(
            f"受理号「{text[:40]}」里有一位不对，请逐位核对；"
            "最后一位容易看错的是 0 和 O、1 和 I、2 和 Z、5 和 S、8 和 B。"
        )
    return number


def check_character(whole: str) -> str:
    """Return the ISO/IEC 7064 MOD 37-36 check character of digits and capital letters."""
    remainder = 36
    for each in whole:
        remainder = (remainder + _VALUES.index(each)) % 36 or 36
        remainder = remainder * 2 % 37
    return _VALUES[(1 - remainder) % 36]


def clean(text: str) -> str:
    """Return what somebody typed without spaces and dashes, half-width and in capitals."""
    plain = unicodedata.normalize("NFKC", text).upper()
    return "".join(plain.split()).translate(_DASHES)


def require_short_code(short_code: str) -> None:
    """Raise Misuse unless `short_code` is 4 of the 32 letters."""
    if not _SHORT_CODE.fullmatch(short_code):
        raise Misuse(f"设备短码「{short_code[:20]}」应为 4 位，不含 I、O、0、1，请重新生成。")


def short_code(random: bytes) -> str:
    """Return 4 letters for a device from at least 8 random bytes."""
    return _letters(random, 4)


def query_code(random: bytes) -> str:
    """Return a query code (查询码) of 6 digits from at least 8 random bytes."""
    return f"{_number(random) % 1_000_000:06d}"


def sealed_query_code(random: bytes) -> str:
    """Return the query code of a sealed complaint, 12 letters (60 bits), from 8 random bytes."""
    return _letters(random, 12)


def project_number(
    site_code12: str, on: date, sequence: int, template: str = PROJECT_TEMPLATE
) -> str:
    """Return an official number (办件编号): site code, yyMMdd, 5 digits, check digit; 24 digits.

    The check digit is Damm's (2004): any wrong digit and any swap of neighbours is found. Raises
    NumbersUsedUp beyond 99,999 a site and day, Misuse for what is no site code or no template.
    """
    if not 1 <= sequence <= PROJECT_SEQUENCE_MAX:
        raise NumbersUsedUp("这个站点今天的办件编号已用完，请联系县管理员。")
    body, check, end = template.partition("{check}")
    whole = project_prefix(site_code12, on, template) + f"{sequence:05d}"
    whole += body.partition("{sequence}")[2]
    digits = "".join(each for each in whole if each.isdigit())
    return f"{whole}{_damm(digits)}{end}" if check else whole


def project_prefix(site_code12: str, on: date, template: str = PROJECT_TEMPLATE) -> str:
    """Return what stands before the sequence in all official numbers of a site and day.

    Raises Misuse for what is no site code or no template.
    """
    require_template(template)
    if not _SITE_CODE.fullmatch(site_code12):
        raise Misuse(f"「{site_code12[:40]}」不是 12 位区划代码，不能编办件编号，请核对站点。")
    return template.partition("{sequence}")[0].format(site=site_code12, day=f"{on:%y%m%d}")


def require_template(template: str) -> None:
    """Raise Misuse unless `template` makes one number for every site, day and sequence.

    It names {site}, {day} and then {sequence}, once each, {check} after them or not at all, and
    holds digits, capital letters and hyphens beside.
    """
    longest = _TEMPLATE.fullmatch(template) and len(
        template.format(site="0" * 12, day="0" * 6, sequence="0" * 5, check="0")
    )
    if not longest or longest > PROJECT_LENGTH_MAX:
        raise Misuse(
            f"「{template[:80]}」不能作办件编号的格式：先写 {{site}} 和 {{day}}，"
            "再写 {sequence}，最后可写 {check}，各一次；"
            "其余只用数字、大写字母和短横，总长不超过 50。"
        )


def parse_project_number(text: str) -> str:
    """Return the 24 digits of an official number somebody typed; raise InvalidSlipNumber."""
    number = clean(text)
    if not _PROJECT.fullmatch(number) or _damm(number) != 0:
        raise InvalidSlipNumber(f"「{text[:40]}」不是办件编号，请核对 24 位数字后再查。")
    return number


def _digits_repaired(typed: str) -> str:
    """Letters that look like digits become them, from the month to before the check character."""
    middle = typed[5:-1].translate(str.maketrans("OIL", "011"))
    return typed[:5] + middle + typed[-1:] if len(typed) > 6 else typed


def _is_day(number: SlipNumber) -> bool:
    year = YEAR_FIRST + LETTERS.index(number.year_letter)
    try:
        date(year, number.month, number.day)
    except ValueError:
        return False
    return True


def _number(random: bytes) -> int:
    if len(random) < 8:
        raise ValueError("a code takes 8 bytes of randomness")
    return int.from_bytes(random, "big")


def _letters(random: bytes, length: int) -> str:
    number = _number(random)
    return "".join(LETTERS[number >> (5 * place) & 31] for place in range(length))


def _damm(digits: str) -> int:
    interim = 0
    for each in digits:
        interim = int(_DAMM[interim][int(each)])
    return interim

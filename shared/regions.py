"""Region codes: six digits of the county (GB/T 2260), three of the township, three of the village.

The statistics bureau stopped publishing village codes in October 2024, so a county keeps its own
table, with dates: codes end and are taken over when townships merge.
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum

import msgspec

from shared.errors import Refused

_CODE12 = re.compile(r"[1-9][0-9]{11}")


class InvalidRegionCode(Refused):
    """A text that is not a region code of 12 digits."""


class Level(StrEnum):
    """级别."""

    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"


class RegionCode(msgspec.Struct, frozen=True, kw_only=True):
    """The region a site serves and for how long; both dates inclusive, None = open.

    `kind`: 街道, 镇, 乡, 村委会 or 居委会. `successors`: the codes that took the region over when
    this one ended, more than one where it was divided. `shared`: a kept point or an enterprise
    centre inside a region that another site answers for; `by_code` does not find it.
    """

    code12: str
    valid_from: date
    valid_to: date | None = None
    kind: str = ""
    successors: tuple[str, ...] = ()
    shared: bool = False

    def holds(self, on: date) -> bool:
        """Return whether the code was this site's on `on`."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


def level_of(code12: str) -> Level:
    """Return the level a region code is written for, by its zeros; raise InvalidRegionCode."""
    require_code(code12)
    if code12.endswith("000000"):
        return Level.COUNTY
    return Level.TOWNSHIP if code12.endswith("000") else Level.VILLAGE


def require_code(code12: str) -> None:
    """Raise InvalidRegionCode unless `code12` has the form of a region code."""
    if not _CODE12.fullmatch(code12):
        raise InvalidRegionCode(f"「{code12[:40]}」不是 12 位区划代码，请核对后重新填写。")


def code_doubt(code12: str, kind: str) -> str | None:
    """Return a sentence where the village segment does not fit `kind`, else None.

    001–199 居委会 and 200–399 村委会 by rule, but 5xx is in real data: worth a look, never a
    refusal.
    """
    segment = int(code12[9:])
    expected = "居委会" if 1 <= segment <= 199 else "村委会" if 200 <= segment <= 399 else ""
    if segment == 0 or expected == kind:
        return None
    return (
        f"区划代码 {code12} 的末三位 {segment:03d} 与类别「{kind}」不常见，请核对；可以照常使用。"
    )

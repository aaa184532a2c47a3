"""The endpoints of the county's own housekeeping: how the machine is today."""

from __future__ import annotations

import msgspec

from server.api.call import Call, Endpoint
from server.today import today_of


class TodayLine(msgspec.Struct, frozen=True):
    """One item of the sheet; `sentence` says what to do where it is not well."""

    key: str
    label: str
    well: bool
    sentence: str


class TodaySheet(msgspec.Struct, frozen=True):
    """Whether the county's machine is well, item by item."""

    on: str
    at: int
    well: bool
    lines: list[TodayLine]


def _today(call: Call) -> TodaySheet:
    found = today_of(call.desk.county, call.person)
    lines = [TodayLine(one.key, one.label, one.is_well, one.sentence) for one in found.lines]
    return TodaySheet(found.on.isoformat(), found.at, found.is_well, lines)


ENDPOINTS = (Endpoint("GET", "/today", "今日运行情况", TodaySheet, _today),)

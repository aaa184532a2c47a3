"""What an act's data must fit beyond its form: catalogue, limits, what acceptance froze.

Asked after the rights, so that nobody learns here what was not theirs to do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from server.brief import Brief
from shared import kinds
from shared.deadlines import EXTENSION_DAYS_MAX, EXTENSION_DAYS_MAX_JOINT

_ACCEPTING = frozenset({"accept", "deem_accepted", "close_on_spot"})
_MAY_NAME_ITEM = _ACCEPTING | {"receive", "correct_record"}
_ITEM = next(one for one in kinds.KINDS["case"].registers.values() if one.name == "item")


def misfit(brief: Brief) -> str:
    """Return the reason code for which the data of an act cannot stand, '' where they can."""
    skeleton = brief.operation.skeleton
    guard = _GUARDS.get((skeleton.kind, skeleton.act))
    if guard is not None and not guard(brief):
        return _REASONS[skeleton.act]
    if brief.found.is_recused:
        return "handler_recused"
    return "item_frozen" if _thaws_item(brief) else ""


def _is_listed_procedure(brief: Brief) -> bool:
    """A clock stands only for what the item's edition lists (行政许可法 article 45)."""
    item = brief.found.listed
    return item is not None and brief.operation.data.get("procedure") in item.special_procedures


def _is_lawful_extension(brief: Brief) -> bool:
    days = brief.operation.data.get("extend_days")
    is_joint = brief.fields.get("joint") is True
    most = EXTENSION_DAYS_MAX_JOINT if is_joint else EXTENSION_DAYS_MAX
    return isinstance(days, int) and 1 <= days <= most


def _is_errand(brief: Brief) -> bool:
    """Only an errand (route c) goes past the township; a record that says no route may be one."""
    route = brief.fields.get("route") or brief.operation.data.get("route")
    return route in (None, "", "c")


_GUARDS: Mapping[tuple[str, str], Callable[[Brief], bool]] = MappingProxyType(
    {
        ("case", "suspend"): _is_listed_procedure,
        ("case", "extend"): _is_lawful_extension,
        ("proxy", "finish_errand"): _is_errand,
    }
)
_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "suspend": "procedure_unlisted",
        "extend": "extension_days",
        "finish_errand": "not_errand",
    }
)


def _thaws_item(brief: Brief) -> bool:
    """Whether an act changes the item or its limits after the case was accepted under them.

    Forms send the whole register: what repeats it changes nothing.
    """
    skeleton, data, record = brief.operation.skeleton, brief.operation.data, brief.record
    if skeleton.kind != "case" or record is None or skeleton.act in _MAY_NAME_ITEM:
        return False
    if not any(name in data for name in _ITEM.fields):
        return False
    is_accepted = any(effect.act in _ACCEPTING for effect in record.history)
    return is_accepted and any(data.get(name) != record.fields.get(name) for name in _ITEM.fields)

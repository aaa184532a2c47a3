"""Checking the data of an act against its kind's table: one function, one error type.

Runs on the form, on the tablet's command line and again in the county's core, where a validly
signed operation may hold anything at all.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from functools import cache

from shared import lifecycle
from shared.canonical import Value
from shared.fields import Condition, Field, FieldType, Kind
from shared.kinds import EVIDENCE_KEY, EVIDENCE_LEVELS, KINDS
from shared.persons import require_plausible
from shared.stored import Check, check_of
from shared.values import FOREIGN_CARD, InvalidField, clean_id_no, clean_value, shown

__all__ = ["InvalidField", "validate"]

STEWARD_ACTS: frozenset[str] = frozenset({"settle", "purge", "declare_lost", "confirm_held"})
"""Acts that every kind knows beside those of its life cycle."""

_CHANGING: frozenset[str] = frozenset({"amend", "correct_record"})
"""Acts that must change at least one field of the record."""


_NAMING: frozenset[str] = frozenset({"purge", "declare_lost", "confirm_held"})
"""Acts that name operations: a purge says what each had written, the others name them alone."""


def validate(
    kind: str, act: str, data: Mapping[str, object], today: date | None = None
) -> dict[str, Value]:
    """Return the canonical data of one act: text, integers, booleans, None, lists and dicts only.

    Names, phones, identity numbers and dates come back in their stored form, choices as codes. An
    emptied field is None. `evidence` is kept; where a number was verified and nothing else is said,
    its `id_assurance` is the evidence of the person. `today` is a trusted date, never a reset
    clock's: nobody is born after it; None leaves that out. Raises InvalidField alone, whatever is
    given.
    """
    table = _kind(kind)
    _require_known_act(table, act)
    if not isinstance(data, Mapping):
        raise InvalidField("data", "内容", "应是字段和值，请按字段填写。")
    out: dict[str, Value] = {}
    checks = _checks(table.name)
    for name, raw in data.items():
        check = checks.get(name) if type(name) is str else None
        if check is None:
            _clean_other(table, name, raw, out)
            continue
        stored_kind, is_stored, clean = check
        out[name] = raw if type(raw) is stored_kind and is_stored(raw) else clean(raw)
    _clean_id_numbers(table, data, out)
    _keep_name_as_written(table, data, out)
    if act == "settle":
        out["values"] = _settled(table, data.get("values"))
    if act in _NAMING:
        _require_named(table, act, out.get("operations"))
    _require(table, act, out)
    require_plausible(table, out, today)
    evidence = _evidence(table, data.get(EVIDENCE_KEY), out)
    if evidence:
        out[EVIDENCE_KEY] = evidence
    return out


def _kind(name: object) -> Kind:
    table = KINDS.get(name) if isinstance(name, str) else None
    if table is None:
        raise InvalidField("kind", "业务类型", f"没有“{shown(name)}”这一种，请重新选择。")
    return table


def _require_known_act(table: Kind, act: object) -> None:
    if not isinstance(act, str) or act not in _known_acts(table.name):
        problem = f"：{table.label}没有“{shown(act)}”，请从可用操作中选择。"
        raise InvalidField("act", "操作", problem)


@cache
def _known_acts(kind: str) -> frozenset[str]:
    return KINDS[kind].creating_acts | STEWARD_ACTS | frozenset(lifecycle.acts_of(kind))


@cache
def _required(kind: str, act: str) -> tuple[Field, ...]:
    return KINDS[kind].required_at(act)


@cache
def _either(kind: str, act: str) -> tuple[tuple[str, ...], ...]:
    return tuple(names for at, names in KINDS[kind].either if at == act)


@cache
def _conditions(kind: str, act: str) -> tuple[Condition, ...]:
    return tuple(rule for rule in KINDS[kind].conditions if rule.act == act)


@cache
def _id_fields(kind: str) -> tuple[Field, ...]:
    return tuple(f for f in KINDS[kind].fields.values() if f.type is FieldType.ID_NO)


@cache
def _checks(kind: str) -> Mapping[str, Check]:
    """The checks of all fields but numbers, by name."""
    fields = KINDS[kind].fields.values()
    return {f.name: check_of(f) for f in fields if f.type is not FieldType.ID_NO}


def _clean_other(table: Kind, name: object, raw: object, out: dict[str, Value]) -> None:
    """Evidence and numbers wait for the rest of the data; a name that is none is refused."""
    if name != EVIDENCE_KEY:
        field = _field(table, name)
        if field.type is not FieldType.ID_NO:
            out[field.name] = clean_value(field, raw)


def _field(table: Kind, name: object) -> Field:
    field = table.fields.get(name) if isinstance(name, str) else None
    if field is not None:
        return field
    word = shown(name)
    close = get_close_matches(word, table.fields, n=2)
    advice = f"是不是想填：{'、'.join(close)}？" if close else "请删去，或升级程序后再试。"
    raise InvalidField(word, word, f"不是{table.label}的字段，{advice}")


def _clean_id_numbers(table: Kind, data: Mapping[str, object], out: dict[str, Value]) -> None:
    """Numbers are checked by their document's type, which stands in another field."""
    for field in _id_fields(table.name):
        if field.name in data:
            id_type = out.get("id_type") if field.name == "id_no" else None
            number = out[field.name] = clean_id_no(field, data[field.name], id_type)
            is_card = isinstance(number, str) and len(number) == 18 and number[0] == "9"
            if field.name == "id_no" and id_type is None and is_card and "id_type" in table.fields:
                out["id_type"] = FOREIGN_CARD


def _keep_name_as_written(table: Kind, data: Mapping[str, object], out: dict[str, Value]) -> None:
    """Beside a name that was changed to be stored (dots, compatibility ideographs) its own form."""
    typed = data.get("person_name")
    field = table.fields.get("name_as_written")
    if typed == out.get("person_name"):
        return
    if field is None or not isinstance(typed, str) or out.get("name_as_written") is not None:
        return
    written = " ".join("".join(c for c in typed if unicodedata.category(c) != "Cc").split())
    if out.get("person_name") is not None and written != out["person_name"]:
        out["name_as_written"] = written[: field.max_length]


def _settled(table: Kind, raw: object) -> dict[str, Value]:
    """The chosen values by public register name; `state` is a state of the kind."""
    label = table.fields["values"].label
    if not isinstance(raw, Mapping) or not raw:
        raise InvalidField("values", label, "应写明选定的字段和值，请选择后再提交。")
    public = {register.public_name: register for register in table.registers.values()}
    out: dict[str, Value] = {}
    for name, value in raw.items():
        register = public.get(name) if isinstance(name, str) else None
        if name == "state":
            out["state"] = _state(table, value)
        elif register is None:
            raise InvalidField("values", label, f"中没有“{shown(name)}”，请从冲突中选取。")
        elif not register.composite:
            out[register.public_name] = _settled_fields(table, {name: value})[name]
        elif isinstance(value, Mapping):
            if not set(value) <= set(register.fields):
                parts = "、".join(register.fields)
                raise InvalidField("values", label, f"中“{name}”只能包含：{parts}，请改正。")
            out[register.public_name] = dict(_settled_fields(table, value))
        else:
            raise InvalidField("values", label, f"中“{name}”应整组选定，请连同相关字段一起提交。")
    return out


def _settled_fields(table: Kind, values: Mapping[str, object]) -> dict[str, Value]:
    out: dict[str, Value] = {}
    for name, raw in values.items():
        if table.fields[name].type is not FieldType.ID_NO:
            out[name] = _checks(table.name)[name].value(raw)
    _clean_id_numbers(table, values, out)
    return out


def _state(table: Kind, value: object) -> str:
    states = lifecycle.states_of(table.name)
    if not isinstance(value, str) or value not in states:
        raise InvalidField("state", "状态", f"只能选：{'、'.join(states)}。")
    return value


def _require_named(table: Kind, act: str, operations: Value) -> None:
    """Every replica has to fold a purge alike, whether it holds the data or not."""
    label = table.fields["operations"].label
    for named in operations if isinstance(operations, list) else []:
        if act != "purge" and not isinstance(named, str):
            raise InvalidField("operations", label, "应只写操作编号，请从记录的历史中选取。")
        if act == "purge" and not _says_fields(named):
            raise InvalidField(
                "operations", label, "应写明每个操作的编号和要清除的字段（fields）。"
            )


def _says_fields(named: Value) -> bool:
    fields = named.get("fields") if isinstance(named, dict) else None
    return isinstance(fields, list) and bool(fields) and all(isinstance(f, str) for f in fields)


def _require(table: Kind, act: str, out: Mapping[str, Value]) -> None:
    for field in _required(table.name, act):
        if out.get(field.name) in (None, [], {}):
            raise InvalidField(field.name, field.label, f"（{field.name}）必须填写，请补上。")
    for names in _either(table.name, act):
        if all(out.get(name) in (None, []) for name in names):
            labels = "或".join(f"{table.fields[n].label}（{n}）" for n in names)
            first = table.fields[names[0]]
            raise InvalidField(first.name, first.label, f"不能空着：{labels}至少填一项。")
    for rule in _conditions(table.name, act):
        if rule.applies(act, out):
            for name in rule.needs:
                if out.get(name) is None:
                    label = table.fields[name].label
                    at = rule.words(table.fields[rule.field])
                    raise InvalidField(name, label, f"（{name}）{at}必须填写，请补上。")
    if act in _CHANGING and not any(name in table.by_field for name in out):
        raise InvalidField("data", "内容", "没有要修改的字段，请至少填写一项。")


def _evidence(table: Kind, raw: object, out: Mapping[str, Value]) -> dict[str, Value]:
    label = "核验依据"
    if raw is not None and not isinstance(raw, Mapping):
        raise InvalidField(EVIDENCE_KEY, label, "应写明字段和核验方式，请按字段填写。")
    evidence: dict[str, Value] = {}
    for name, level in (raw or {}).items():
        if not isinstance(name, str) or name not in table.fields:
            raise InvalidField(EVIDENCE_KEY, label, f"中没有“{shown(name)}”这个字段，请删去。")
        if not isinstance(level, str) or level not in EVIDENCE_LEVELS:
            raise InvalidField(
                EVIDENCE_KEY, label, f"只能是：{'、'.join(EVIDENCE_LEVELS)}，请改正。"
            )
        evidence[name] = level
    assured = out.get("id_assurance")
    if isinstance(assured, str):
        _require_agreement(table, evidence, assured)
    named = "id_no" if out.get("id_no") is not None else "person_name"
    if assured in EVIDENCE_LEVELS and assured != "stated" and out.get(named) is not None:
        evidence.setdefault(named, assured)
    return evidence


_SURE = ("none", "stated", "photo", "seen", "read")
"""How an identity document was verified, weakest first."""


def _require_agreement(table: Kind, evidence: Mapping[str, Value], assured: str) -> None:
    """A number is no surer than its document, and nothing of a person was read from a card that
    was not: else a typed name could outrank one that was read."""
    number = evidence.get("id_no")
    above = isinstance(number, str) and _SURE.index(number) > _SURE.index(assured)
    read = assured != "read" and "read" in (evidence.get(name) for name in _OF_PERSON)
    if above or read:
        label = table.fields["id_assurance"].label
        raise InvalidField("id_assurance", label, "与核验依据（evidence）不一致，请改为一致。")


_OF_PERSON = ("person_name", "id_type", "id_no", "id_assurance")

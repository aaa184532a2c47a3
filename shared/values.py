"""Turning one given value into the canonical value of its field, or saying what is wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from types import MappingProxyType

from shared.canonical import Value
from shared.errors import BianminError
from shared.fields import Field, FieldType
from shared.identity import IdVerdict, canonical_id, check_id, is_valid
from shared.names import canonical_name
from shared.phone import PhoneVerdict, check_phone

INT_MIN = -(2**63)
INT_MAX = 2**63 - 1
INSTANT_MAX = 253_402_300_799_999
"""The last millisecond of the year 9999."""
DEPTH_MAX = 5
"""Levels below the data itself, so that the whole is at most 6 deep."""
MAP_TEXT_MAX = 4096
FOREIGN_CARD = "553"
"""外国人永久居留身份证: 18 digits that begin with 9, checked like a resident's."""

_RESIDENT = (None, "111", "516", "554")
"""Document types with a resident's number (no type: an identity card)."""
_HIDDEN = frozenset({"Cc", "Cf"})
_DATE = re.compile(r"([0-9]{4})(?:[-/.年]([0-9]{1,2})月?(?:[-/.]?([0-9]{1,2})日?)?|年)?", re.ASCII)
_REFERENCE = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.:-]{0,127}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_OPERATION = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SITE = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}", re.ASCII)
_OTHER_ID = re.compile(r"[0-9A-Z()/]{1,30}", re.ASCII)


class InvalidField(BianminError):
    """A value that a field does not take; the message says what to do.

    `field` is the field's name (or `kind`, `act`, `data`), `label` its Chinese word.
    """

    def __init__(self, field: str, label: str, problem: str) -> None:
        super().__init__(f"“{label}”{problem}")
        self.field = field
        self.label = label


def clean_value(field: Field, raw: object) -> Value:
    """The canonical value; None for an emptied field. Raises InvalidField, never anything else."""
    if raw is None:
        return None
    form = _TEXTS.get(field.type)
    if form is None:
        return _OTHERS[field.type](field, raw)
    text = _text(field, raw)
    return form(field, text) if text else None


def clean_id_no(field: Field, raw: object, id_type: object) -> Value:
    """An identity number by the rules of its document; without a type it is a resident's."""
    is_resident = id_type in _RESIDENT
    if is_resident and type(raw) is str and len(raw) <= field.max_length and is_valid(raw):
        return raw
    text = "" if raw is None else _text(field, raw)
    if not text:
        return None
    if id_type == "999":
        raise _wrong(field, "：选了“无证件”就不要填号码，请清空号码或改选证件类型。")
    if is_resident:
        check = check_id(text, today=None)
        if check.verdict is IdVerdict.INVALID:
            raise _wrong(field, f"：{check.problem}")
        if check.verdict is IdVerdict.OTHER_KIND and id_type is not None:
            raise _wrong(field, f"：{check.warnings[0]}")
        return check.number
    number = canonical_id(text)
    if not _OTHER_ID.fullmatch(number):
        raise _wrong(field, "只能是字母和数字，最多30位，请核对证件。")
    is_card = id_type == FOREIGN_CARD and len(number) == 18
    if is_card and check_id(number, today=None).verdict is IdVerdict.INVALID:
        raise _wrong(field, "的校验位不对，请逐位核对。")
    return number


def clean_json(field: Field, raw: object, depth: int = DEPTH_MAX) -> Value:
    """Free data in canonical form: no floats, no bytes, integers of 64 bits, bounded depth."""
    if raw is None or isinstance(raw, bool):
        return raw
    if isinstance(raw, int):
        return _ranged(field, raw, INT_MIN, INT_MAX)
    if isinstance(raw, str):
        if len(raw) > MAP_TEXT_MAX:
            raise _wrong(field, f"中的文字最多{MAP_TEXT_MAX}个字，请缩短。")
        return _plain(field, raw, keep_lines=True)
    if depth <= 0:
        raise _wrong(field, "嵌套太深，请拆开填写。")
    if isinstance(raw, Mapping | list) and len(raw) > field.max_items:
        raise _wrong(field, f"最多{field.max_items}项，请减少。")
    if isinstance(raw, list):
        return [clean_json(field, item, depth - 1) for item in raw]
    if isinstance(raw, Mapping):
        return {_key(field, k): clean_json(field, v, depth - 1) for k, v in raw.items()}
    raise _wrong(field, "只能填文字、整数、是否或清单，请改用这些形式。")


def clean_rows(
    field: Field, columns: Mapping[str, Callable[[object], Value]], raw: object
) -> Value:
    """The rows of a table; `columns`: what cleans the cells of each. Raises InvalidField."""
    return [_row(field, columns, row) for row in _items(field, raw)]


def is_plain(text: str) -> bool:
    """Whether the text is one line as it is stored; of all blanks only the space is printable."""
    return (
        text.isprintable()
        and "  " not in text
        and text.strip() == text
        and unicodedata.is_normalized("NFC", text)
    )


def shown(word: object) -> str:
    """At most 40 characters of a foreign word, fit to stand in a message."""
    if not isinstance(word, str):
        return type(word).__name__
    return word[:40].encode("utf-8", "replace").decode("utf-8").strip() or "（空）"


def _wrong(field: Field, problem: str) -> InvalidField:
    return InvalidField(field.name, field.label, problem)


def _key(field: Field, raw: object) -> str:
    name = _plain(field, raw, keep_lines=False) if isinstance(raw, str) and len(raw) <= 64 else ""
    if not 0 < len(name) <= 64:  # cleaning may empty a name, and NFC may lengthen it
        raise _wrong(field, "中的名称必须是不超过64个字的文字，请改正。")
    return name


def _plain(field: Field, raw: str, *, keep_lines: bool) -> str:
    """NFC without control and invisible characters; lines kept or made one."""
    if type(raw) is str and is_plain(raw):  # the usual case
        return raw
    text = unicodedata.normalize("NFC", raw.replace("\r\n", "\n").replace("\r", "\n"))
    if not keep_lines:
        text = " ".join(text.split())
    if text.replace("\n", "").isprintable():  # nothing to look for
        return text.strip()
    if any(unicodedata.category(c) == "Cs" for c in text):
        raise _wrong(field, "里有无法保存的字符，请删去后重新输入。")
    kept = (c for c in text if c in "\n\t" or unicodedata.category(c) not in _HIDDEN)
    return "".join(kept).strip()


def _text(field: Field, raw: object) -> str:
    if not isinstance(raw, str):
        raise _wrong(field, "应填文字，请改为文字。")
    if len(raw) > 8 * field.max_length + 100:
        raise _too_long(field)
    text = _plain(field, raw, keep_lines=field.type is FieldType.LONG_TEXT)
    if len(text) > field.max_length:
        raise _too_long(field)
    return text


def _too_long(field: Field) -> InvalidField:
    return _wrong(field, f"最多{field.max_length}个字，请缩短。")


def _ranged(field: Field, value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise _wrong(field, f"应在{low}到{high}之间，请改正。")
    return value


def _line(field: Field, text: str) -> str:
    return text


def _date(field: Field, text: str) -> str:
    found = _DATE.fullmatch(unicodedata.normalize("NFKC", text).replace(" ", ""))
    year, month, day = found.groups() if found else (None, None, None)
    if year is None or (not field.partial and day is None):
        form = "2026-01-31" if not field.partial else "1948、1948-03 或 1948-03-15"
        raise _wrong(field, f"应填日期，例如 {form}。")
    try:
        date(int(year), int(month or 1), int(day or 1))
    except ValueError as error:
        raise _wrong(field, "不是真实的日期，请核对。") from error
    return "-".join([year] + [part.zfill(2) for part in (month, day) if part is not None])


def _choice(field: Field, text: str) -> str:
    for code, label in field.choices:
        if text in {code, label}:
            return code
    words = "、".join(f"{label}（{code}）" for code, label in field.choices)
    raise _wrong(field, f"只能选：{words}。")


def _reference(field: Field, text: str) -> str:
    if not _REFERENCE.fullmatch(text):
        raise _wrong(field, "应填一条记录的编号，请从列表中选取。")
    return text.lower() if _UUID.fullmatch(text) else text


def _item(field: Field, text: str) -> str:
    if " " in text:
        raise _wrong(field, "应填事项编码，例如 BM-YB-001，请从事项目录中选取。")
    return text


def _site(field: Field, text: str) -> str:
    if not _SITE.fullmatch(text):
        raise _wrong(field, "应填站点编号或12位区划代码，请从站点名册中选取。")
    return text


def _phone(field: Field, text: str) -> str:
    check = check_phone(text)
    if check.verdict is PhoneVerdict.INVALID:
        raise _wrong(field, f"：{check.problem}")
    return check.number


def _id_no(field: Field, text: str) -> Value:
    return clean_id_no(field, text, None)


def _person_name(field: Field, text: str) -> str | None:
    return canonical_name(text).text or None


def _instant(field: Field, raw: object) -> int:
    return _ranged(field, _integer_of(field, raw), 0, INSTANT_MAX)


def _integer(field: Field, raw: object) -> int:
    return _ranged(field, _integer_of(field, raw), field.low, field.high)


def _integer_of(field: Field, raw: object) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise _wrong(field, "应填整数，请改正。")
    return raw


def _boolean(field: Field, raw: object) -> bool:
    if not isinstance(raw, bool):
        raise _wrong(field, "应填是或否（true 或 false），请改正。")
    return raw


def _items(field: Field, raw: object) -> list[object]:
    if not isinstance(raw, list):
        raise _wrong(field, "应填清单，请逐项列出。")
    if len(raw) > field.max_items:
        raise _wrong(field, f"最多{field.max_items}项，请减少。")
    return raw


def _list(field: Field, raw: object) -> Value:
    texts = [_text(field, item) for item in _items(field, raw)]
    if field.choices:
        texts = [_choice(field, text) for text in texts if text]
    return list[Value](dict.fromkeys(text for text in texts if text))


def _table(field: Field, raw: object) -> Value:
    columns = {column.name: partial(clean_value, column) for column in field.columns}
    return clean_rows(field, columns, raw)


def _row(
    field: Field, columns: Mapping[str, Callable[[object], Value]], raw: object
) -> dict[str, Value]:
    if not isinstance(raw, Mapping):
        raise _wrong(field, "的每一行应是名称和值，请逐行填写。")
    unknown = [shown(name) for name in raw if not isinstance(name, str) or name not in columns]
    if unknown:
        raise _wrong(field, f"没有“{unknown[0]}”这一列，请只用：{'、'.join(columns)}。")
    row = {name: clean(raw[name]) for name, clean in columns.items() if name in raw}
    for column in field.columns:
        if "row" in column.required and row.get(column.name) is None:
            raise _wrong(field, f"的每一行都要填“{column.label}”，请补上。")
    return row


def _map(field: Field, raw: object) -> Value:
    if not isinstance(raw, Mapping):
        raise _wrong(field, "应填名称和值，请逐项填写。")
    return clean_json(field, raw)


def _operations(field: Field, raw: object) -> Value:
    out: list[Value] = []
    for item in _items(field, raw):
        named = item.get("id") if isinstance(item, Mapping) else item
        if not isinstance(named, str) or not _OPERATION.fullmatch(named):
            raise _wrong(field, "应是64位的操作编号，请从记录的历史中选取。")
        out.append(clean_json(field, item, DEPTH_MAX - 1))
    return out


_TEXTS: Mapping[FieldType, Callable[[Field, str], Value]] = MappingProxyType(
    {
        FieldType.TEXT: _line,
        FieldType.LONG_TEXT: _line,
        FieldType.DATE: _date,
        FieldType.CHOICE: _choice,
        FieldType.REFERENCE: _reference,
        FieldType.ITEM: _item,
        FieldType.SITE: _site,
        FieldType.PHONE: _phone,
        FieldType.ID_NO: _id_no,
        FieldType.PERSON_NAME: _person_name,
    }
)
_OTHERS: Mapping[FieldType, Callable[[Field, object], Value]] = MappingProxyType(
    {
        FieldType.INSTANT: _instant,
        FieldType.INTEGER: _integer,
        FieldType.MONEY_FEN: _integer,
        FieldType.BOOLEAN: _boolean,
        FieldType.LIST: _list,
        FieldType.TABLE: _table,
        FieldType.MAP: _map,
        FieldType.OPERATIONS: _operations,
    }
)

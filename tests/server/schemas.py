"""A JSON Schema check of the size this house needs: the keywords msgspec writes, and no other."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,),
    "integer": (int,), "number": (int, float), "null": (type(None),),
}  # fmt: skip
_KNOWN = frozenset(
    {"$ref", "title", "description", "type", "properties", "required", "items", "anyOf", "enum",
     "additionalProperties", "contentEncoding", "pattern", "minLength", "maxLength", "default"}
)  # fmt: skip


def faults(
    document: dict[str, Any], schema: dict[str, Any], value: Any, at: str = "$"
) -> list[str]:
    """Return what is wrong with `value` under a schema of the OpenAPI document; [] if nothing."""
    return list(_faults(document, schema, value, at))


def _faults(document: dict[str, Any], schema: dict[str, Any], value: Any, at: str) -> Iterator[str]:
    assert set(schema) <= _KNOWN, f"{at}: keyword this check does not know: {set(schema) - _KNOWN}"
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from _faults(document, document["components"]["schemas"][name], value, at)
        return
    if "anyOf" in schema:
        if all(faults(document, one, value, at) for one in schema["anyOf"]):
            yield f"{at}: {value!r} fits no alternative"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is none of {schema['enum']}"
    kind = schema.get("type")
    if kind and (
        not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")
    ):
        yield f"{at}: {value!r} is no {kind}"
        return
    if isinstance(value, str):
        yield from _text(schema, value, at)
    if isinstance(value, list):
        for index, one in enumerate(value):
            yield from _faults(document, schema.get("items", {}), one, f"{at}[{index}]")
    if isinstance(value, dict):
        yield from _object(document, schema, value, at)


def _text(schema: dict[str, Any], value: str, at: str) -> Iterator[str]:
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{at}: {value!r} does not match"
    if "contentEncoding" in schema and not _is_base64(value):
        yield f"{at}: {value[:40]!r} is no base64"
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        yield f"{at}: {value!r} has the wrong length"


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    return True


def _object(
    document: dict[str, Any], schema: dict[str, Any], value: dict[str, Any], at: str
) -> Iterator[str]:
    known = schema.get("properties", {})
    yield from (
        f"{at}: {name} is missing" for name in schema.get("required", []) if name not in value
    )
    other = schema.get("additionalProperties", "properties" not in schema)
    for name, one in value.items():
        if name in known:
            yield from _faults(document, known[name], one, f"{at}.{name}")
        elif isinstance(other, dict):
            yield from _faults(document, other, one, f"{at}.{name}")
        elif not other:
            yield f"{at}: {name} is not declared"


def template_of(document: dict[str, Any], path: str) -> str:
    """Return the path of the document that this one is an example of, fixed words before open."""
    fits = [
        one
        for one in document["paths"]
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", one), path) is not None
    ]
    return str(min(fits, key=lambda one: one.count("{")))

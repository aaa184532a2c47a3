"""The OpenAPI 3.1 document of /api/v1, made from the endpoints and their types: it cannot drift."""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import version
from typing import Any

import msgspec

from server.api import messages
from server.api.call import RECORD, TEXT, Endpoint
from server.api.table import ENDPOINTS

PREFIX = "/api/v1"
REF = "#/components/schemas/{name}"


@cache
def document() -> dict[str, Any]:
    """Return the document as JSON data."""
    types: list[Any] = [messages.Problem]
    for endpoint in ENDPOINTS:
        types.append(endpoint.answer)
        if endpoint.body is not None:
            types.append(endpoint.body)
    found, components = msgspec.json.schema_components(types, ref_template=REF)
    schemas = dict(zip((str(one) for one in types), found, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in ENDPOINTS:
        path = paths.setdefault(PREFIX + endpoint.path, {})
        path[endpoint.method.lower()] = _operation(endpoint, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "便民 county console API",
            "version": version("bianmin"),
            "description": "Instants are Unix milliseconds, dates YYYY-MM-DD at UTC+8. "
            "Personal data is masked unless reveal=true, and every reveal is logged.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"bearer": []}],
    }


@cache
def document_bytes() -> bytes:
    """Return the document as it is served."""
    return msgspec.json.encode(document())


def _operation(endpoint: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    problem = {"description": "出错", "content": _json(schemas[str(messages.Problem)])}
    found: dict[str, Any] = {
        "operationId": _name(endpoint),
        "summary": endpoint.summary,
        "responses": {
            "200": {"description": "成功", "content": _json(schemas[str(endpoint.answer)])},
            "default": problem,
        },
    }
    parameters = [
        {"name": name, "in": "path", "required": True,
         "schema": dict(RECORD if name == "record" else TEXT)}
        for name in re.findall(r"{(\w+)}", endpoint.path)
    ] + [
        {
            "name": one.name, "in": "query", "required": one.required,
            "description": one.meaning, "schema": dict(one.schema),
        }
        for one in endpoint.parameters
    ]  # fmt: skip
    if parameters:
        found["parameters"] = parameters
    if endpoint.body is not None:
        found["requestBody"] = {"required": True, "content": _json(schemas[str(endpoint.body)])}
    if endpoint.is_public:
        found["security"] = []
    return found


def _json(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _name(endpoint: Endpoint) -> str:
    words = re.findall(r"\w+", endpoint.path)
    return "_".join([endpoint.method.lower(), *words])

"""The interface describes itself, and says in JSON what is not part of it."""

from __future__ import annotations

import pytest

from server.api.openapi import PREFIX, document
from server.api.table import ENDPOINTS
from tests.server.test_api import Client, client, world

__all__ = ["client", "world"]


def test_the_document_is_served_and_names_every_endpoint(client: Client) -> None:
    found = client.app.get("/api/openapi.json").json()
    assert found == document()
    assert found["openapi"].startswith("3.1")
    assert {(method.upper(), path) for path, all_ in found["paths"].items() for method in all_} == {
        (one.method, PREFIX + one.path) for one in ENDPOINTS
    }


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("PUT", "/records", 405), ("GET", "/conflicts/settle", 405)],
)
def test_what_is_not_part_of_the_interface_is_told_as_json(
    client: Client, method: str, path: str, status: int
) -> None:
    answer = client.app.request(method, PREFIX + path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"error", "sentence"}
    assert ("allow" in answer.headers) == (status == 405)

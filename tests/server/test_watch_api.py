"""Supervision by the JSON API: every endpoint of the area answers as the document says."""

from __future__ import annotations

import pytest

from server.api import watch
from server.api.openapi import PREFIX
from shared import ids
from tests.server.test_api import NAME, Client, World, client, log_in, world

__all__ = ["client", "world"]


def test_every_endpoint_of_supervision(client: Client, world: World) -> None:
    record = ids.record_text(world.proxy.skeleton.record)
    assert client.ask("GET", "/watch", by="site")["total"]["all"] == 2
    listed = client.ask("GET", "/watch/list", kind="proxy")
    assert [one["clock"]["record"] for one in listed["items"]] == [record]
    assert NAME not in str(listed)
    client.ask("GET", "/watch/tablets")
    ask = {"act": "urge", "records": [record], "reason": "请抓紧办理"}
    assert client.ask("POST", "/watch/ask", ask) == {"asked": [record], "skipped": []}
    (skipped,) = client.ask("POST", "/watch/ask", ask)["skipped"]
    assert "今天已经催办过" in skipped["sentence"]
    story = client.ask("GET", f"/records/{record}/watch")
    assert (story["acts"][0]["text"], story["may_answer"]) == ("请抓紧办理", False)
    log_in(client, "head", world.staff("head", "head", world.towns[0]))
    answer = {"answer": "明天移交"}
    story = client.ask("POST", f"/records/{record}/watch/answer", answer)
    assert story["acts"][1]["text"] == "明天移交"
    assert client.seen >= {(one.method, PREFIX + one.path) for one in watch.ENDPOINTS}


@pytest.mark.parametrize("query", [{"by": "planet"}, {"level": "9"}, {"state": "gone"}])
def test_a_cut_that_does_not_exist_is_refused(
    client: Client, world: World, query: dict[str, str]
) -> None:
    assert world.county is not None
    client.ask("GET", "/watch", status=422, **query)


def test_a_page_that_does_not_exist_is_refused(client: Client) -> None:
    client.ask("GET", "/watch/list", status=422, page="0")


@pytest.mark.parametrize(
    "wrong",
    [{"act": "void"}, {"records": []}, {"days": 4}, {"reason": ""}, {"more": 1}],
)
def test_a_body_that_is_not_of_the_document_is_refused(
    client: Client, world: World, wrong: dict[str, object]
) -> None:
    record = ids.record_text(world.proxy.skeleton.record)
    ask = {"act": "urge", "records": [record], "reason": "请抓紧办理", "days": 2, **wrong}
    assert 400 <= client.app.post(
        PREFIX + "/watch/ask", json=ask, headers={"authorization": f"Bearer {client.token}"}
    ).status_code < 500  # fmt: skip
    assert client.ask("GET", f"/records/{record}/watch")["acts"] == []

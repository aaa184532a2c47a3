"""Messages around the signed pieces: strict, and one error."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.enrolment import EnrolRequest, EnrolResponse
from sync.messages import (
    Failure,
    MalformedMessage,
    Message,
    Refusal,
    SyncRequest,
    SyncResponse,
)  # fmt: skip
from tests.sync.garbage import damaged, truncated
from tests.sync.samples import raw_key

MESSAGES: list[Message] = [
    SyncRequest([b"one", b"two"], b"cursor", 65_536),
    SyncRequest([], b"", 0),
    SyncResponse([b"acknowledgement"], b"page", [Refusal(0, "unknown_device", "设备未登记。")]),
    SyncResponse([]),
    Failure("busy", "县级服务器正忙，请稍后再试。"),
    EnrolRequest("CODE", "平板一", raw_key("1"), raw_key("2"), "王小明", raw_key("3"), bytes(128)),
    EnrolResponse("active", "D2345678", "123456", "s0001", "A2345678", "village", b"card"),
]


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_comes_back_as_sent(message: Message) -> None:
    assert type(message).decode(message.encode()) == message


@pytest.mark.parametrize("message", MESSAGES)
def test_damage_gives_the_one_error_or_another_message(message: Message) -> None:
    raw = message.encode()
    for bad in damaged(raw):
        try:
            other = type(message).decode(bad)
        except MalformedMessage:
            continue
        assert other != message
    for bad in truncated(raw):
        with pytest.raises(MalformedMessage):
            type(message).decode(bad)


@pytest.mark.parametrize("kind", list(dict.fromkeys(map(type, MESSAGES))))
@given(garbage=st.binary(max_size=200))
def test_garbage_is_malformed(kind: type[Message], garbage: bytes) -> None:
    with pytest.raises(MalformedMessage):
        kind.decode(garbage)
    with pytest.raises(MalformedMessage):
        kind.decode(kind.MAGIC + b"\x9f" + garbage)


def test_one_kind_is_not_read_as_another() -> None:
    for message in MESSAGES:
        for other in {type(each) for each in MESSAGES} - {type(message)}:
            with pytest.raises(MalformedMessage):
                other.decode(message.encode())
    assert len({type(message).MAGIC[:3] for message in MESSAGES}) == 5


def test_newer_messages_ask_for_an_upgrade() -> None:
    with pytest.raises(MalformedMessage, match="升级"):
        SyncResponse.decode(b"BMR2" + SyncResponse([]).encode()[4:])


def test_what_nobody_would_read_is_not_written() -> None:
    for wrong in (
        SyncRequest([], bytes(200), 0),
        SyncRequest([], b"", -1),
        SyncRequest([bytes(9 << 20), bytes(9 << 20)], b"", 0),
        Failure("", "x"),
        EnrolRequest("CODE", "n", b"short", raw_key("2"), "王", raw_key("3"), bytes(128)),
        msgspec.structs.replace(MESSAGES[6], state="maybe"),
    ):
        with pytest.raises(MalformedMessage):
            wrong.encode()


def test_an_oversized_message_is_refused_by_its_size() -> None:
    with pytest.raises(MalformedMessage, match="上限"):
        Failure.decode(b"BMF1" + bytes(Failure.SIZE_MAX))

"""Enrolment: keys proved, answers signed, the same digits on both screens."""

from __future__ import annotations

import msgspec
import pytest

from sync.enrolment import EnrolRequest, EnrolResponse
from sync.keys import BadSignature
from tests.sync.samples import AGENT, CORE, DEVICE, FRONT, OTHER_DEVICE, ROOT, SEALING

BARE = EnrolRequest("QK7M", "平板一", DEVICE.public, SEALING.public, "王小明", AGENT.public)
REQUEST = BARE.proved(DEVICE, AGENT)
ANSWER = EnrolResponse("active", "D2345678", "123456", "s0001", "A2345678", "village", b"card")


def test_a_proved_request_stands() -> None:
    EnrolRequest.decode(REQUEST.encode()).require_proof()


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "OTHER"}, {"device_name": "平板二"}, {"signing_public": OTHER_DEVICE.public},
        {"sealing_public": bytes(32)}, {"agent_name": "李四"}, {"agent_public": CORE.public},
        {"proof": b""}, {"proof": bytes(128)}, {"proof": REQUEST.proof[:127]},
        {"proof": REQUEST.proof[64:] + REQUEST.proof[:64]},
    ],
)  # fmt: skip
def test_a_changed_request_does_not(changes: dict[str, object]) -> None:
    with pytest.raises(BadSignature):
        msgspec.structs.replace(REQUEST, **changes).require_proof()


def test_keys_one_does_not_hold_are_not_proved() -> None:
    for device, agent in ((OTHER_DEVICE, AGENT), (DEVICE, OTHER_DEVICE)):
        with pytest.raises(BadSignature):
            BARE.proved(device, agent).require_proof()


def test_both_screens_show_the_same_digits_unless_a_key_was_exchanged() -> None:
    here, there = REQUEST, EnrolRequest.decode(REQUEST.encode())
    digits = here.short_code(ROOT.public)
    assert digits == there.short_code(ROOT.public)
    assert len(digits) == 6
    assert digits.isdigit()
    swapped = msgspec.structs.replace(REQUEST, sealing_public=CORE.public)
    assert swapped.short_code(ROOT.public) != digits
    assert here.short_code(CORE.public) != digits


def test_an_answer_is_the_countys_to_this_request() -> None:
    signed = EnrolResponse.decode(ANSWER.signed(REQUEST, CORE).encode())
    signed.require_signed(REQUEST, CORE.public)
    with pytest.raises(BadSignature):
        signed.require_signed(REQUEST, FRONT.public)
    with pytest.raises(BadSignature):
        signed.require_signed(msgspec.structs.replace(REQUEST, code="OTHER"), CORE.public)
    with pytest.raises(BadSignature):
        msgspec.structs.replace(signed, site="s0002").require_signed(REQUEST, CORE.public)
    with pytest.raises(BadSignature):
        ANSWER.require_signed(REQUEST, CORE.public)

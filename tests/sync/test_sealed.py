"""A sealed complaint: one form, one size, read by the complaint key alone."""

from __future__ import annotations

import os

import pytest

from shared import operation
from shared.canonical import Value
from shared.operation import Operation
from sync import sealed
from sync.keys import SealingKey
from sync.sealed import Inside, MalformedSealed, TooLong
from sync.suites import CannotOpen

KEY = SealingKey.generate(os.urandom)
INSIDE = Inside("s0029", "agent:K7Q2M9XT", {"target_kind": "person", "content": "收了五十元"})


def act(inside: Inside | None, *, stream: bytes = b"s" * 16, seq: int = 1) -> Operation:
    data = sealed.seal(inside, complaint_public=KEY.public, county=510322, stream=b"s" * 16, seq=1)
    return operation.build(
        stream=stream, seq=seq, author="", site="", session=None, record=b"r" * 16,
        kind=sealed.KIND, act=sealed.ACT, parents=(), clock=1, quality=3, effective_at=1,
        data=data, salt=bytes(16),
    )  # fmt: skip


def opened(made: Operation, *, county: int = 510322, key: SealingKey = KEY) -> Inside | None:
    return sealed.open_sealed(made.skeleton, made.data, complaint_private=key.raw, county=county)


def test_the_key_holder_reads_what_was_said_where_and_by_whom() -> None:
    assert opened(act(INSIDE)) == INSIDE


def test_a_dummy_opens_to_nothing_and_looks_the_same() -> None:
    dummy, complaint = act(None), act(INSIDE)
    assert opened(dummy) is None
    assert dummy.data_bytes is not None
    assert complaint.data_bytes is not None
    assert len(dummy.data_bytes) == len(complaint.data_bytes)
    assert sealed.is_well_formed(dummy.skeleton, dummy.data)
    assert sealed.is_well_formed(complaint.skeleton, complaint.data)


@pytest.mark.parametrize("moved", [{"stream": b"t" * 16}, {"seq": 2}])
def test_a_cipher_moved_elsewhere_does_not_open(moved: dict[str, object]) -> None:
    with pytest.raises(CannotOpen):
        opened(act(INSIDE, **moved))  # type: ignore[arg-type]


def test_another_county_or_key_does_not_open() -> None:
    with pytest.raises(CannotOpen):
        opened(act(INSIDE), county=450222)
    with pytest.raises(CannotOpen):
        opened(act(INSIDE), key=SealingKey.generate(os.urandom))


def test_a_complaint_longer_than_the_one_size_is_told_before_it_is_lost() -> None:
    long: dict[str, Value] = {"content": "长" * 6000}
    with pytest.raises(TooLong):
        act(Inside("s0029", "agent:A", long))


OTHER_FORMS: list[dict[str, Value]] = [{}, {"cipher": b"x"}, {"cipher": "text", "suite": 1}]


@pytest.mark.parametrize("data", OTHER_FORMS)
def test_data_of_another_form_is_one_error(data: dict[str, Value]) -> None:
    made = act(INSIDE)
    assert not sealed.is_well_formed(made.skeleton, data)
    with pytest.raises((MalformedSealed, CannotOpen)):
        sealed.open_sealed(made.skeleton, data, complaint_private=KEY.raw, county=510322)

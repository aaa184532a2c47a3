"""Acknowledgements: only the county's, each for what it is."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.acknowledgement import (
    MalformedAcknowledgement,
    Opened,
    Stored,
    open_opened,
    open_stored,
    sign_opened,
    sign_stored,
)  # fmt: skip
from sync.keys import BadSignature
from tests.sync.garbage import damaged
from tests.sync.samples import CORE, COUNTY, FRONT, NOW_MS, STREAM, raw_key

STORED = Stored(COUNTY, 1, STREAM, 3, 9, raw_key("head"), NOW_MS)
OPENED = Opened(COUNTY, 1, STREAM, 9, raw_key("head"), 4)


def test_both_come_back_as_signed() -> None:
    assert open_stored(sign_stored(STORED, FRONT), FRONT.public) == STORED
    assert open_opened(sign_opened(OPENED, CORE), CORE.public) == OPENED
    assert len(sign_stored(STORED, FRONT)) < 160


def test_every_damage_is_found() -> None:
    for bad in damaged(sign_stored(STORED, FRONT)):
        with pytest.raises((MalformedAcknowledgement, BadSignature)):
            open_stored(bad, FRONT.public)
    for bad in damaged(sign_opened(OPENED, CORE)):
        with pytest.raises((MalformedAcknowledgement, BadSignature)):
            open_opened(bad, CORE.public)


def test_nobody_else_signs_for_the_county() -> None:
    with pytest.raises(BadSignature):
        open_stored(sign_stored(STORED, CORE), FRONT.public)
    with pytest.raises(BadSignature):
        open_opened(sign_opened(OPENED, FRONT), CORE.public)


def test_one_kind_does_not_pass_for_the_other() -> None:
    """The tag in the signature holds even where one key signs both."""
    stored, opened = sign_stored(STORED, CORE), sign_opened(OPENED, CORE)
    with pytest.raises(MalformedAcknowledgement):
        open_opened(stored, CORE.public)
    with pytest.raises(MalformedAcknowledgement):
        open_stored(opened, CORE.public)
    with pytest.raises((MalformedAcknowledgement, BadSignature)):
        open_opened(b"BMO1" + stored[4:], CORE.public)


@pytest.mark.parametrize(
    "changes",
    [
        {"county": 0}, {"epoch": -1}, {"stream": b"short"}, {"seq_from": 0}, {"seq_to": 2},
        {"seq_to": 2**60}, {"head": b""}, {"received_at": -1}, {"received_at": None},
    ],
)  # fmt: skip
def test_what_is_out_of_range_is_neither_signed_nor_read(changes: dict[str, Any]) -> None:
    wrong = msgspec.structs.replace(STORED, **changes)
    if set(changes) == {"seq_to"} and changes["seq_to"] == 2:
        with pytest.raises(MalformedAcknowledgement):
            open_stored(sign_stored(wrong, FRONT), FRONT.public)
    else:
        with pytest.raises(MalformedAcknowledgement):
            sign_stored(wrong, FRONT)


def test_a_backup_beyond_what_is_opened_is_refused() -> None:
    wrong = msgspec.structs.replace(OPENED, backed_up_through=10)
    with pytest.raises(MalformedAcknowledgement):
        open_opened(sign_opened(wrong, CORE), CORE.public)


@given(st.binary(max_size=300))
def test_garbage_is_malformed(garbage: bytes) -> None:
    for raw in (garbage, b"BMS1" + garbage):
        with pytest.raises(MalformedAcknowledgement):
            open_stored(raw, FRONT.public)
    for raw in (garbage, b"BMO1" + garbage):
        with pytest.raises(MalformedAcknowledgement):
            open_opened(raw, CORE.public)

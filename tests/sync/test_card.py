"""The county's card: believed by its fingerprint alone."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.card import CountyCard, MalformedCard, Recipient, fingerprint_of, open_card, sign_card
from sync.keys import BadSignature, key_id
from tests.sync.garbage import damaged
from tests.sync.samples import CORE, COUNTY, FRONT, NOW_MS, RECIPIENT, ROOT, raw_key

DAY_MS = 86_400_000
CARD = CountyCard(
    COUNTY, "富顺县", ROOT.public, 1, NOW_MS, FRONT.public, CORE.public,
    (
        Recipient(RECIPIENT.public, NOW_MS, NOW_MS + 30 * DAY_MS),
        Recipient(raw_key("next"), NOW_MS + 30 * DAY_MS, NOW_MS + 60 * DAY_MS),
    ),
    raw_key("complaint"), (1,), True,
)  # fmt: skip


def test_a_card_comes_back_as_signed() -> None:
    card = open_card(sign_card(CARD, ROOT), CARD.fingerprint)
    assert card == CARD
    assert card.recipients[0].key_id == RECIPIENT.id == key_id(RECIPIENT.public)
    assert len(CARD.fingerprint) == 32


def test_every_damage_is_found() -> None:
    for bad in damaged(sign_card(CARD, ROOT)):
        with pytest.raises((MalformedCard, BadSignature)):
            open_card(bad, CARD.fingerprint)


def test_another_countys_card_is_refused() -> None:
    other = msgspec.structs.replace(CARD, root_public=CORE.public)
    with pytest.raises(MalformedCard):
        open_card(sign_card(other, CORE), CARD.fingerprint)
    with pytest.raises(MalformedCard):
        sign_card(CARD, CORE)


def test_the_root_key_named_inside_must_have_signed() -> None:
    signed_by_other = sign_card(msgspec.structs.replace(CARD, root_public=CORE.public), CORE)
    genuine = sign_card(CARD, ROOT)
    with pytest.raises(BadSignature):
        open_card(genuine[:-64] + signed_by_other[-64:], fingerprint_of(ROOT.public))


@pytest.mark.parametrize(
    ("days", "expected"), [(-4000, 0), (0, 0), (29, 0), (30, 1), (59, 1), (4000, 1)]
)
def test_there_is_a_key_to_seal_to_whatever_the_clock_says(days: int, expected: int) -> None:
    assert CARD.recipient_at(NOW_MS + days * DAY_MS) == CARD.recipients[expected]


@given(st.binary(max_size=300))
def test_garbage_is_malformed(garbage: bytes) -> None:
    for raw in (garbage, b"BMC1" + garbage):
        with pytest.raises(MalformedCard):
            open_card(raw, CARD.fingerprint)

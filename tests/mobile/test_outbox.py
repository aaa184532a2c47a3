"""The frozen outbox: nothing leaves it without the county's signature over the same head."""

from __future__ import annotations

from pathlib import Path

import pytest

from mobile import files
from mobile.outbox import RESEND_AFTER_MS, Frozen
from mobile.tablet import Tablet
from shared.operation import Operation
from sync.acknowledgement import MalformedAcknowledgement, Stored, sign_stored
from sync.envelope import parse
from sync.keys import BadSignature, SigningKey
from tests.mobile.kit import COUNTY, NOW, CountyKeys, frozen_operations, unlocked

KEYS = CountyKeys()
FRONT = KEYS.front.public


@pytest.fixture
def tablet(tmp_path: Path) -> Tablet:
    return unlocked(tmp_path / "home", KEYS)


def ask(tablet: Tablet, count: int = 1) -> None:
    for number in range(count):
        tablet.desk.record("consultation", {"question": f"第 {number} 问"})


def stored(one: Frozen, *, head: bytes | None = None, key: SigningKey = KEYS.front) -> bytes:
    header = parse(one.read()).header
    return sign_stored(
        Stored(COUNTY, 1, header.stream, header.seq_from, header.seq_to,
               head or header.head_after, NOW), key,
    )  # fmt: skip


def operations(tablet: Tablet) -> list[Operation]:
    return frozen_operations(tablet.locked, KEYS)


def test_freezing_seals_everything_once(tablet: Tablet) -> None:
    ask(tablet, 3)
    assert tablet.freezer.freeze() == 1
    assert tablet.freezer.freeze() == 0
    (one,) = tablet.locked.outbox.all()
    assert (one.seq_from, one.seq_to, one.work) == (1, 4, 3)
    envelope = parse(one.read())
    envelope.verify(tablet.device_key.public)
    assert len(envelope.open(KEYS.recipient.raw)) == 4


def test_small_envelopes_are_filled_up(tablet: Tablet) -> None:
    for _ in range(5):
        ask(tablet)
        tablet.freezer.freeze()
    (one,) = tablet.locked.outbox.all()
    assert (one.seq_from, one.seq_to, one.work) == (1, 6, 5)


def test_an_acknowledged_envelope_is_left_as_it_is(tablet: Tablet) -> None:
    ask(tablet)
    tablet.freezer.freeze()
    (first,) = tablet.locked.outbox.all()
    assert tablet.locked.outbox.acknowledge(stored(first), FRONT) == [first]
    tablet.intake.stored(tablet.locked.outbox.stored(FRONT)[0][1])
    ask(tablet)
    tablet.freezer.freeze()
    assert [(one.seq_from, one.seq_to) for one in tablet.locked.outbox.all()] == [(1, 2), (3, 3)]


def test_a_smaller_cut_holds_the_same_operations(tablet: Tablet) -> None:
    ask(tablet, 60)
    tablet.freezer.freeze()
    before = [one.id for one in operations(tablet)]
    (one,) = tablet.locked.outbox.all()
    tablet.freezer.seal_again(one, 1024)
    assert len(tablet.locked.outbox.all()) > 3
    assert [one.id for one in operations(tablet)] == before


def test_only_the_fronts_signature_over_the_same_head_counts(tablet: Tablet) -> None:
    ask(tablet)
    tablet.freezer.freeze()
    outbox = tablet.locked.outbox
    (one,) = outbox.all()
    with pytest.raises(BadSignature):
        outbox.acknowledge(stored(one, key=KEYS.core), FRONT)
    with pytest.raises(MalformedAcknowledgement):
        outbox.acknowledge(stored(one)[:-1], FRONT)
    assert outbox.acknowledge(stored(one, head=bytes(32)), FRONT) == []
    assert outbox.pending(NOW, FRONT) == [one]
    assert outbox.acknowledge(stored(one), FRONT) == [one]
    assert outbox.pending(NOW + RESEND_AFTER_MS - 1, FRONT) == []
    assert outbox.pending(NOW + RESEND_AFTER_MS, FRONT) == [one]
    assert one.path.exists()


def test_a_torn_acknowledgement_file_acknowledges_nothing(tablet: Tablet) -> None:
    ask(tablet)
    tablet.freezer.freeze()
    (one,) = tablet.locked.outbox.all()
    whole = stored(one)
    for length in range(len(whole)):
        one.acknowledgement.write_bytes(whole[:length])
        assert tablet.locked.outbox.pending(NOW, FRONT) == [one]


def test_what_a_crash_left_half_written_is_no_envelope(tablet: Tablet) -> None:
    ask(tablet)
    tablet.freezer.freeze()
    (one,) = tablet.locked.outbox.all()
    one.path.rename(one.path.with_name(one.path.name + files.TEMPORARY))
    assert tablet.locked.outbox.all() == []
    assert tablet.freezer.freeze() == 1


def test_sessions_and_sealed_acts_are_no_work(tablet: Tablet) -> None:
    tablet.desk.record("complaint", {"target_kind": "person", "content": "有人收钱"})
    ask(tablet)
    tablet.freezer.freeze()
    assert sorted(one.work for one in tablet.locked.outbox.all()) == [0, 1]
    tablet.lock()
    assert tablet.locked.status().pending == 1

"""The frozen outbox: nothing leaves it without the county's signature over the same head."""

from __future__ import annotations

from pathlib import Path

import pytest

from mobile import carrying, files
from mobile.freezing import head_at
from mobile.outbox import BAD, RESEND_AFTER_MS, Frozen
from mobile.tablet import Tablet
from shared.operation import Operation
from sync.acknowledgement import MalformedAcknowledgement, Stored, sign_stored
from sync.envelope import parse
from sync.keys import BadSignature, SigningKey
from tests.mobile.kit import COUNTY, DAY, NOW, CountyKeys, Hands, frozen_operations, unlocked

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


def hands(tablet: Tablet) -> Hands:
    clock = tablet.locked.machine.clock
    assert isinstance(clock, Hands)
    return clock


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
    assert outbox.pending(FRONT) == [one]
    assert outbox.acknowledge(stored(one), FRONT) == [one]
    assert outbox.pending(FRONT) == []
    assert one.path.exists()


@pytest.mark.parametrize("behind", [0, 10 * DAY, -10 * DAY])
def test_a_day_after_the_acknowledgement_by_whatever_clock_it_is_sent_again(
    tablet: Tablet, behind: int
) -> None:
    outbox, clock = tablet.locked.outbox, hands(tablet)
    clock.wall -= behind
    ask(tablet)
    tablet.freezer.freeze()
    (one,) = outbox.all()
    outbox.acknowledge(stored(one), FRONT)  # at the county it is NOW
    assert outbox.pending(FRONT) == []
    assert outbox.pending(FRONT, NOW + RESEND_AFTER_MS - 1) == []
    assert outbox.pending(FRONT, NOW + RESEND_AFTER_MS) == [one]
    clock.advance(RESEND_AFTER_MS - 1_000)
    assert outbox.pending(FRONT) == []
    clock.advance(1_000)
    assert outbox.pending(FRONT) == [one]


def test_a_clock_that_was_set_back_is_no_reason_to_wait(tablet: Tablet) -> None:
    ask(tablet)
    tablet.freezer.freeze()
    (one,) = tablet.locked.outbox.all()
    tablet.locked.outbox.acknowledge(stored(one), FRONT)
    hands(tablet).wall -= 100 * DAY
    assert tablet.locked.outbox.pending(FRONT) == [one]


def damage(one: Frozen, how: str) -> None:
    whole = one.path.read_bytes()
    middle = len(whole) // 2
    changed = {
        "cut": whole[:-1],
        "empty": b"",
        "body": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
    }
    one.path.write_bytes(changed[how])


@pytest.mark.parametrize("how", ["cut", "empty", "body"])
@pytest.mark.parametrize("acknowledged", [True, False])
def test_a_damaged_envelope_is_put_aside_and_sealed_anew(
    tablet: Tablet, how: str, acknowledged: bool
) -> None:
    ask(tablet, 2)
    tablet.freezer.freeze()
    outbox = tablet.locked.outbox
    (one,) = outbox.all()
    if acknowledged:
        outbox.acknowledge(stored(one), FRONT)
        tablet.intake.stored(outbox.stored(FRONT)[0][1])
    damage(one, how)
    broken = one.path.read_bytes()
    assert (outbox.all(), outbox.pending(FRONT), outbox.stored(FRONT)) == ([], [], [])
    assert tablet.locked.status().pending == 2
    assert tablet.freezer.freeze() == 1
    assert one.path.with_suffix(BAD).read_bytes() == broken
    (again,) = outbox.pending(FRONT)
    assert (again.seq_from, again.seq_to, again.work) == (1, 3, 2)
    assert len(operations(tablet)) == 3
    assert tablet.freezer.freeze() == 0


def test_of_a_damaged_envelope_only_what_is_not_opened_is_sealed_anew(tablet: Tablet) -> None:
    ask(tablet, 3)
    tablet.freezer.freeze()
    (one,) = tablet.locked.outbox.all()
    damage(one, "cut")
    stream = tablet.log.stream()
    tablet.store.execute("UPDATE streams SET opened_seq = 2, opened_head = ? WHERE number = ?",
                         (head_at(tablet.store, stream, 2), stream.number))  # fmt: skip
    tablet.freezer.freeze()
    assert [(each.seq_from, each.seq_to) for each in tablet.locked.outbox.all()] == [(3, 4)]


def test_without_a_pin_a_damaged_envelope_stays_and_the_others_go(
    tablet: Tablet, tmp_path: Path
) -> None:
    ask(tablet)
    tablet.desk.record("complaint", {"target_kind": "person", "content": "有人收钱"})
    tablet.lock()
    acts = next(one for one in tablet.locked.outbox.all() if one.work)
    damage(acts, "body")
    done = carrying.export(tablet.locked, tmp_path / "up", None)
    assert (done.operations, done.envelopes, done.damaged) == (0, 1, 1)
    assert acts.path.exists()
    assert tablet.locked.status().pending == 1


def test_what_another_process_drops_meanwhile_is_left_out(tablet: Tablet, tmp_path: Path) -> None:
    ask(tablet)
    tablet.freezer.freeze()
    outbox = tablet.locked.outbox
    (one,) = outbox.all()
    gone = one.path.with_name(one.path.name.replace("-1.env", "-2.env"))
    gone.symlink_to(tmp_path / "dropped")  # listed, and gone when it is looked at
    assert outbox.all() == [one]
    gone.unlink()
    one.path.unlink()
    assert outbox.contents([one]) == {}


def test_files_of_others_are_no_envelopes(tablet: Tablet) -> None:
    (tablet.locked.home.outbox / "notes.env").write_bytes(b"x")
    assert tablet.locked.outbox.all() == tablet.locked.outbox.damaged() == []


def test_a_torn_acknowledgement_file_acknowledges_nothing(tablet: Tablet) -> None:
    ask(tablet)
    tablet.freezer.freeze()
    (one,) = tablet.locked.outbox.all()
    whole = stored(one)
    for length in range(len(whole)):
        one.acknowledgement.write_bytes(whole[:length])
        assert tablet.locked.outbox.pending(FRONT) == [one]


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

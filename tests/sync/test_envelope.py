"""Envelopes: what is sealed opens, and nothing altered on the way passes."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import chain
from shared.errors import BianminError
from shared.operation import Operation
from sync import codec, envelope, frame, suites
from sync.codec import EarlierMissing
from sync.envelope import Header, MalformedEnvelope, empty_envelope, parse, seal_envelope
from sync.frame import encode_header, pack
from sync.keys import BadKey, BadSignature, SealingKey, SigningKey, key_id
from sync.suites import CannotOpen
from tests.sync.garbage import damaged, flipped, truncated
from tests.sync.samples import COUNTY, DEVICE, NOW_MS, OTHER_DEVICE, RECIPIENT, Tablet, raw_key


def header_of(tablet: Tablet, **changes: object) -> Header:
    header = parse(tablet.seal(1, len(tablet.operations))).header
    return msgspec.structs.replace(header, **changes)


def forged(tablet: Tablet, header: Header, batch: bytes, key: SigningKey = DEVICE) -> bytes:
    """Return a validly signed envelope around any header and batch."""
    header_bytes = msgspec.msgpack.encode(header)
    info = envelope.TAG + header_bytes
    body = suites.seal(suites.X25519_AES256, RECIPIENT.public, info, batch)
    return pack(envelope.MAGIC, header_bytes, body, key, envelope.TAG)


def test_what_the_tablet_sealed_the_county_opens() -> None:
    tablet = Tablet().fill(130)
    sealed = parse(tablet.seal(1, 130))
    sealed.verify(DEVICE.public)
    assert sealed.open(RECIPIENT.raw) == tablet.operations
    assert sealed.header.head_after == tablet.head(130)
    assert sealed.header.recipient == RECIPIENT.id
    assert sealed.header.device == key_id(DEVICE.public)
    assert (sealed.header.seq_from, sealed.header.seq_to, sealed.header.count) == (1, 130, 130)


def test_the_same_operations_travel_in_any_cut() -> None:
    tablet = Tablet().fill(12)
    for cut in range(1, 12):
        first, rest = parse(tablet.seal(1, cut)), parse(tablet.seal(cut + 1, 12))
        opened = first.open(RECIPIENT.raw) + rest.open(RECIPIENT.raw, tablet.earlier)
        assert opened == tablet.operations
        assert first.header.head_after == rest.header.head_before


def test_an_envelope_that_needs_earlier_ones_says_so() -> None:
    tablet = Tablet().fill(3)
    with pytest.raises(EarlierMissing):
        parse(tablet.seal(3, 3)).open(RECIPIENT.raw)
    assert parse(tablet.seal(3, 3, placed=False)).open(RECIPIENT.raw) == tablet.operations[2:]


def test_an_earlier_operation_of_a_fork_is_not_taken_for_ours() -> None:
    tablet, fork = Tablet().fill(3), Tablet(seed=2).fill(3)
    with pytest.raises(MalformedEnvelope):
        parse(tablet.seal(3, 3)).open(RECIPIENT.raw, fork.earlier)


def test_nothing_new_is_a_signed_header_alone() -> None:
    tablet = Tablet().fill(2)
    for asking in (tablet.ask(), Tablet().ask()):
        sealed = parse(asking)
        sealed.verify(DEVICE.public)
        assert sealed.empty
        assert sealed.open(RECIPIENT.raw) == []
        assert len(asking) < 240


@pytest.mark.parametrize("wrong", [OTHER_DEVICE.public, bytes(32), b"\xff" * 32, b"", b"short"])
def test_another_device_did_not_sign_it(wrong: bytes) -> None:
    with pytest.raises(BadSignature):
        parse(Tablet().fill(1).seal(1, 1)).verify(wrong)


def test_another_key_does_not_open_it() -> None:
    sealed = parse(Tablet().fill(1).seal(1, 1))
    with pytest.raises(CannotOpen):
        sealed.open(raw_key("another"))
    with pytest.raises(BadKey):
        sealed.open(b"short")


@pytest.mark.parametrize("raw", [Tablet().fill(2).seal(1, 2), Tablet().ask()])
def test_every_damage_on_the_way_is_found(raw: bytes) -> None:
    for bad in damaged(raw):
        with pytest.raises((MalformedEnvelope, BadSignature)):
            parse(bad).verify(DEVICE.public)


def test_every_truncation_is_malformed_before_any_key_is_asked() -> None:
    for bad in truncated(Tablet().fill(2).seal(1, 2)):
        with pytest.raises(MalformedEnvelope):
            parse(bad)


def test_damage_signed_again_by_a_device_does_not_open() -> None:
    """A device that captured another's ciphertext cannot make it its own."""
    sealed = parse(Tablet().fill(2).seal(1, 2))
    for body in flipped(sealed.frame.body):
        raw = pack(envelope.MAGIC, sealed.frame.header, body, OTHER_DEVICE, envelope.TAG)
        with pytest.raises(CannotOpen):
            parse(raw).open(RECIPIENT.raw)
    own = msgspec.structs.replace(sealed.header, device=OTHER_DEVICE.id)
    header = encode_header(own, MalformedEnvelope)
    raw = pack(envelope.MAGIC, header, sealed.frame.body, OTHER_DEVICE, envelope.TAG)
    parse(raw).verify(OTHER_DEVICE.public)
    with pytest.raises(CannotOpen):
        parse(raw).open(RECIPIENT.raw)


def test_a_body_does_not_open_under_another_envelopes_header() -> None:
    tablet = Tablet().fill(4)
    one, two = parse(tablet.seal(1, 2)), parse(tablet.seal(3, 4))
    swapped = pack(envelope.MAGIC, one.frame.header, two.frame.body, DEVICE, envelope.TAG)
    with pytest.raises(CannotOpen):
        parse(swapped).open(RECIPIENT.raw, tablet.earlier)


def test_another_county_is_seen_in_the_first_head() -> None:
    tablet = Tablet().fill(1)
    header = header_of(tablet, county=450222)
    with pytest.raises(MalformedEnvelope, match="开头"):
        parse(forged(tablet, header, b""))
    moved = header_of(tablet, county=450222, seq_from=2, seq_to=2)
    sealed = parse(tablet.seal(1, 1))
    raw = pack(
        envelope.MAGIC, encode_header(moved, MalformedEnvelope), sealed.frame.body, DEVICE,
        envelope.TAG,
    )  # fmt: skip
    with pytest.raises(CannotOpen):
        parse(raw).open(RECIPIENT.raw)


@pytest.mark.parametrize(
    "changes",
    [
        {"suite": 2},
        {"suite": 70_000},
        {"county": 0},
        {"county": 1_000_000},
        {"recipient": b"short"},
        {"device": b"123456789"},
        {"stream": b""},
        {"seq_from": 0},
        {"seq_to": 0},
        {"seq_to": 20_000},
        {"seq_from": 4, "seq_to": 2},
        {"head_before": raw_key("elsewhere")},
        {"head_after": b""},
        {"clock": -1},
        {"clock": 2**63},
        {"county": True},
        {"clock": 1.5},
        {"stream": "text of sixteen "},
    ],
)
def test_a_header_out_of_range_is_malformed(changes: dict[str, object]) -> None:
    tablet = Tablet().fill(2)
    with pytest.raises(MalformedEnvelope):
        parse(forged(tablet, header_of(tablet, **changes), b"x"))


def test_a_header_with_more_or_fewer_elements_is_malformed() -> None:
    tablet = Tablet().fill(1)
    elements = msgspec.msgpack.decode(parse(tablet.seal(1, 1)).frame.header)
    for wrong in (elements[:-1], [*elements, 1], {"suite": 1}, 5, None):
        header = msgspec.msgpack.encode(wrong)
        with pytest.raises(MalformedEnvelope):
            parse(pack(envelope.MAGIC, header, b"x", DEVICE, envelope.TAG))


def test_a_header_in_longer_bytes_is_malformed() -> None:
    header = parse(Tablet().fill(1).seal(1, 1)).frame.header
    longer = header[:1] + b"\xcd\x00\x01" + header[2:]  # suite 1 in three bytes
    assert msgspec.msgpack.decode(longer) == msgspec.msgpack.decode(header)
    with pytest.raises(MalformedEnvelope, match="编码"):
        parse(pack(envelope.MAGIC, longer, b"x", DEVICE, envelope.TAG))


def test_a_newer_envelope_asks_for_an_upgrade() -> None:
    raw = Tablet().fill(1).seal(1, 1)
    with pytest.raises(MalformedEnvelope, match="升级"):
        parse(b"BME2" + raw[4:])
    tablet = Tablet().fill(1)
    with pytest.raises(MalformedEnvelope, match="升级"):
        parse(forged(tablet, header_of(tablet, suite=2), b"x"))


def test_an_oversized_envelope_is_refused_by_its_size() -> None:
    with pytest.raises(MalformedEnvelope, match="上限"):
        parse(b"BME1" + bytes(envelope.SIZE_MAX))


def test_validly_sealed_content_that_is_not_what_the_header_says() -> None:
    tablet, other = Tablet().fill(4), Tablet(stream=bytes(16)).fill(2)
    header = header_of(tablet)
    operations = tablet.operations
    for wrong in (
        operations[:-1],
        [*operations, *other.operations],
        operations[::-1],
        other.operations,
        [*operations[:3], operations[2]],
        [*operations[:3], operations[3].without_data()],
    ):
        raw = forged(tablet, header, codec.encode_batch(wrong))
        if [each.id for each in wrong] == [each.id for each in operations]:
            assert not parse(raw).open(RECIPIENT.raw)[3].has_data  # purged: the id still proves it
        else:
            with pytest.raises(MalformedEnvelope):
                parse(raw).open(RECIPIENT.raw)


@given(st.binary(max_size=300))
def test_validly_sealed_garbage_is_malformed(garbage: bytes) -> None:
    tablet = Tablet().fill(1)
    with pytest.raises(MalformedEnvelope):
        parse(forged(tablet, header_of(tablet), garbage)).open(RECIPIENT.raw)


@given(st.binary(max_size=400))
def test_garbage_is_malformed(garbage: bytes) -> None:
    for raw in (garbage, b"BME1" + garbage, b"BME1\x00\x20" + garbage):
        with pytest.raises(MalformedEnvelope):
            parse(raw)


def sealed_with(
    operations: list[Operation],
    *,
    head: bytes = Tablet().head(0),
    clock: int = NOW_MS,
    public: bytes = RECIPIENT.public,
) -> bytes:
    return seal_envelope(
        operations,
        None,
        county=COUNTY,
        recipient_public=public,
        device_key=DEVICE,
        head_before=head,
        clock=clock,
    )


def test_what_no_envelope_can_carry_is_not_sealed() -> None:
    one, two, three = Tablet().fill(3).operations
    stranger = Tablet(stream=bytes(16)).fill(2).operations[1]
    assert parse(sealed_with([one, two])).header.count == 2
    for wrong in ([], [one, three], [two, one], [one, stranger]):
        with pytest.raises(MalformedEnvelope):
            sealed_with(wrong)
    with pytest.raises(MalformedEnvelope):
        sealed_with([one], head=bytes(32))
    with pytest.raises(MalformedEnvelope):
        sealed_with([one], clock=-1)
    for bad_public in (b"short", bytes(32)):
        with pytest.raises(BadKey):
            sealed_with([one], public=bad_public)


def test_more_than_four_mebibytes_are_not_sealed() -> None:
    tablet = Tablet()
    draw = bytes(range(256)) * 2
    for number in range(9):
        noise = b"".join(raw_key(f"{number} {each}") for each in range(16_384))
        tablet.write({"noise": noise, "more": draw})
    with pytest.raises(MalformedEnvelope, match="上限"):
        tablet.seal(1, 9)
    assert parse(tablet.seal(1, 7)).open(RECIPIENT.raw) == tablet.operations[:7]


def test_no_word_of_a_person_shows_in_the_envelope() -> None:
    tablet = Tablet()
    tablet.write({"person_name": "王小明", "phone": "13800001111"})
    sealed = tablet.seal(1, 1)
    inside = codec.encode_batch(tablet.operations)
    for word in ("王小明", "13800001111", "person_name"):
        for coding in ("utf-8", "utf-16-be", "gb18030"):
            assert word.encode(coding) not in sealed
    assert inside not in sealed


def test_sizes_tell_little() -> None:
    sizes = set()
    for length in range(1, 60):
        tablet = Tablet()
        tablet.write({"person_name": "王" * length})
        sizes.add(len(tablet.seal(1, 1)))
    assert len(sizes) <= 2


def test_every_error_is_declared_and_speaks_chinese() -> None:
    with pytest.raises(BianminError, match=r"[一-鿿]"):
        parse(b"")


def test_the_empty_envelope_needs_a_fitting_head() -> None:
    with pytest.raises(MalformedEnvelope):
        empty_envelope(
            county=COUNTY,
            recipient_public=SealingKey(raw_key("r")).public,
            device_key=DEVICE,
            stream=bytes(16),
            seq=0,
            head=raw_key("not the genesis"),
            clock=1,
        )
    assert chain.genesis(COUNTY, bytes(16)) == Tablet(stream=bytes(16)).head(0)
    assert frame.OVERHEAD_BYTES == 74

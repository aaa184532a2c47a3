"""Pages: only what the core sealed to this device, whole, and provable later."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.verdict import Status, Verdict
from sync import deflate, entries, frame, page, suites
from sync.columns import Writer
from sync.entries import decode_entries, digest_of, encode_entries
from sync.frame import pack
from sync.keys import BadSignature
from sync.page import (
    MalformedPage,
    Own,
    Page,
    PageHeader,
    Received,
    collapse,
    open_header,
    open_page,
    seal_page,
    vouches,
)  # fmt: skip
from sync.suites import CannotOpen
from tests.sync.garbage import damaged
from tests.sync.samples import CORE as CORE_KEY
from tests.sync.samples import (
    COUNTY,
    DEVICE,
    FRONT,
    NOW_MS,
    SEALING,
    STREAM,
    Tablet,
    admitted,
    raw_key,
    refused,
    sample_page,
)  # fmt: skip

verdicts = st.builds(
    Verdict,
    epoch=st.integers(0, 3),
    county_seq=st.integers(0, 2**48),
    status=st.sampled_from(list(Status)),
    cap_ms=st.none() | st.integers(0, 2**47),
    effective_at=st.integers(-(2**47), 2**47),
    rank=st.integers(0, 5),
    reason=st.sampled_from(["", "no_right", "unknown_parent"]),
)
OPERATIONS = Tablet(stream=bytes(16)).fill(6).operations
received = st.builds(Received, st.sampled_from(OPERATIONS), verdicts)
own = st.builds(
    lambda at, length, verdict, flag: Own(at, at + length, verdict, flag),
    st.integers(1, 2**40),
    st.integers(0, 500),
    verdicts,
    st.booleans(),
)


@given(st.lists(received, max_size=6), st.lists(own, max_size=6))
def test_entries_come_out_as_they_went_in(some: list[Received], runs: list[Own]) -> None:
    whole: list[Received | Own] = [*some, *runs]
    assert decode_entries(encode_entries(whole)) == whole


def test_what_the_core_sealed_the_device_opens() -> None:
    sent = sample_page()
    opened = open_page(seal_page(sent, SEALING.public, CORE_KEY), SEALING.raw, CORE_KEY.public)
    assert opened == sent
    kept = [each.operation for each in opened.entries if isinstance(each, Received)]
    assert [each.has_data for each in kept] == [True, True, False, True]
    assert opened.answers(b"before")
    assert not opened.answers(b"another")


def test_a_page_puts_received_entries_first() -> None:
    sent = sample_page()
    mixed = dataclasses.replace(sent, entries=sent.entries[::-1])
    raw = seal_page(mixed, SEALING.public, CORE_KEY)
    back = open_page(raw, SEALING.raw, CORE_KEY.public).entries
    assert back == [*sent.entries[3::-1], *sent.entries[:3:-1]]


def test_a_page_with_nothing_new_is_small() -> None:
    sent = dataclasses.replace(sample_page(), entries=[], opened=None, more=False)
    raw = seal_page(sent, SEALING.public, CORE_KEY)
    assert open_page(raw, SEALING.raw, CORE_KEY.public) == sent
    assert len(raw) < 190


def test_another_device_cannot_open_it() -> None:
    raw = seal_page(sample_page(), SEALING.public, CORE_KEY)
    with pytest.raises(CannotOpen):
        open_page(raw, raw_key("another"), CORE_KEY.public)


def test_a_page_the_core_did_not_sign_is_refused() -> None:
    raw = seal_page(sample_page(), SEALING.public, FRONT)
    with pytest.raises(BadSignature):
        open_page(raw, SEALING.raw, CORE_KEY.public)


def test_every_damage_on_the_way_is_found() -> None:
    raw = seal_page(sample_page(), SEALING.public, CORE_KEY)
    for bad in damaged(raw):
        with pytest.raises((MalformedPage, BadSignature)):
            open_page(bad, SEALING.raw, CORE_KEY.public)


def resigned(header: PageHeader, plain: bytes | None) -> bytes:
    """Return a page truly signed by the core around any header and content."""
    header_bytes = msgspec.msgpack.encode(header)
    body = b""
    if plain is not None:
        info = page.TAG + header_bytes
        body = suites.seal(suites.X25519_AES256, SEALING.public, info, plain)
    return pack(page.MAGIC, header_bytes, body, CORE_KEY, page.TAG)


def headers() -> Iterator[tuple[PageHeader, bytes]]:
    sent = sample_page()
    opened = open_page(seal_page(sent, SEALING.public, CORE_KEY), SEALING.raw, CORE_KEY.public)
    yield open_header(opened.header, CORE_KEY.public), encode_entries(sent.entries)


def test_entries_the_header_does_not_vouch_for_are_refused() -> None:
    ((header, plain),) = headers()
    change = msgspec.structs.replace
    assert open_page(resigned(header, plain), SEALING.raw, CORE_KEY.public) == sample_page()
    other = encode_entries([*sample_page().entries[:-1], Own(6, 7, refused(OPERATIONS[0]))])
    for bad in (
        resigned(header, other),
        resigned(header, encode_entries(sample_page().entries[:-1])),
        resigned(change(header, count=3), plain),
        resigned(change(header, count=0), plain),
        resigned(header, None),
        resigned(change(header, digest=bytes(32)), plain),
        resigned(change(header, since=b"short"), plain),
        resigned(change(header, cursor=bytes(200)), plain),
        resigned(change(header, suite=9), plain),
        resigned(change(header, count=20_000), plain),
    ):
        with pytest.raises(MalformedPage):
            open_page(bad, SEALING.raw, CORE_KEY.public)


@given(st.binary(max_size=300))
def test_garbage_is_malformed_even_when_signed(garbage: bytes) -> None:
    ((header, _),) = headers()
    for raw in (garbage, b"BMG1" + garbage, resigned(header, garbage)):
        with pytest.raises(MalformedPage):
            open_page(raw, SEALING.raw, CORE_KEY.public)


@given(
    st.lists(st.integers(-1, 3) | st.text(max_size=2) | st.lists(st.none()), max_size=4),
    st.binary(max_size=40),
)
def test_garbage_in_the_verdict_columns_is_malformed(control: list[object], raw: bytes) -> None:
    ((header, _),) = headers()
    empty = encode_entries([])
    batch = empty[: 4 + int.from_bytes(empty[:4], "big")]
    stamp = [1, 7, "admitted", None, 1, ""]
    for elements in (control, [0, 1, [stamp]], [0, 2, [stamp, *control]], [0, 10_000, [stamp]]):
        writer = Writer()
        writer.raw([raw])
        columns = deflate.compress(writer.sections(msgspec.msgpack.encode(elements)))
        with pytest.raises(MalformedPage):
            open_page(resigned(header, batch + columns), SEALING.raw, CORE_KEY.public)


def test_every_byte_changed_before_sealing_is_malformed_or_harmless() -> None:
    ((header, plain),) = headers()
    size = 4 + int.from_bytes(plain[:4], "big")
    for bad in damaged(deflate.inflate(plain[size:])):
        raw = resigned(header, plain[:size] + deflate.compress([bad]))
        try:
            opened = open_page(raw, SEALING.raw, CORE_KEY.public)
        except MalformedPage:
            continue
        assert opened == sample_page()


def test_the_kept_header_proves_an_operation_without_the_page() -> None:
    sent = sample_page()
    opened = open_page(seal_page(sent, SEALING.public, CORE_KEY), SEALING.raw, CORE_KEY.public)
    header = open_header(opened.header, CORE_KEY.public)
    assert (header.county, header.epoch, header.device) == (COUNTY, 1, DEVICE.id)
    for entry in sent.entries[:4]:
        assert isinstance(entry, Received)
        assert vouches(header, opened.leaves, entry.operation, entry.verdict)
        assert not vouches(header, opened.leaves, entry.operation, refused(OPERATIONS[5]))
        assert not vouches(header, opened.leaves[:-32], entry.operation, entry.verdict)
    stranger = OPERATIONS[5]
    assert not vouches(header, opened.leaves, stranger, admitted(stranger))
    forged = opened.leaves + entries.leaf_of(stranger.id, admitted(stranger))
    assert not vouches(header, forged, stranger, admitted(stranger))
    assert digest_of(opened.leaves) == header.digest


def test_a_damaged_kept_header_proves_nothing() -> None:
    sent = sample_page()
    opened = open_page(seal_page(sent, SEALING.public, CORE_KEY), SEALING.raw, CORE_KEY.public)
    for bad in damaged(opened.header):
        with pytest.raises((MalformedPage, BadSignature)):
            open_header(bad, CORE_KEY.public)
    with pytest.raises(BadSignature):
        open_header(opened.header, FRONT.public)


def test_too_much_for_one_page_is_not_sealed() -> None:
    one = Own(1, 1, admitted(OPERATIONS[0]))
    for many in ([one] * 10_001, [Received(OPERATIONS[0], one.verdict)] * 10_001):
        with pytest.raises(MalformedPage):
            seal_page(dataclasses.replace(sample_page(), entries=many), SEALING.public, CORE_KEY)
    noise = Tablet(stream=bytes(16))
    for number in range(9):
        noise.write({"noise": b"".join(raw_key(f"{number} {n}") for n in range(16_384))})
    fat = [Received(each, admitted(each)) for each in noise.operations]
    with pytest.raises(MalformedPage, match="上限"):
        seal_page(dataclasses.replace(sample_page(), entries=fat), SEALING.public, CORE_KEY)


def test_runs_of_equal_verdicts_collapse() -> None:
    operations = Tablet().fill(9).operations
    judged = [
        (each.skeleton.seq, each.skeleton.effective_at, admitted(each)) for each in operations
    ]
    (run,) = collapse(judged)
    assert (run.seq_from, run.seq_to, run.as_written) == (1, 9, True)
    for each in operations:
        assert run.verdict_for(each.skeleton.effective_at) == admitted(each)
    judged[4] = (5, judged[4][1], refused(operations[4]))
    spans = [(run.seq_from, run.seq_to) for run in collapse(judged)]
    assert spans == [(1, 4), (5, 5), (6, 9)]
    assert collapse(judged)[1].verdict_for(0) == refused(operations[4])
    assert [run.seq_from for run in collapse([judged[0], judged[2]])] == [1, 3]


def test_a_long_run_of_own_verdicts_costs_next_to_nothing() -> None:
    judged = [(seq, NOW_MS + seq, verdict_at(NOW_MS + seq)) for seq in range(1, 5001)]
    sent = dataclasses.replace(sample_page(), entries=collapse(judged))
    assert len(seal_page(sent, SEALING.public, CORE_KEY)) < 500


def verdict_at(at: int) -> Verdict:
    return Verdict(1, 7, Status.ADMITTED, NOW_MS, at, 1, "")


def test_a_page_is_the_devices_and_countys_it_names() -> None:
    opened = open_page(
        seal_page(sample_page(), SEALING.public, CORE_KEY), SEALING.raw, CORE_KEY.public
    )
    assert isinstance(opened, Page)
    assert opened.opened is not None
    assert opened.opened.stream == STREAM
    assert frame.MAGIC_BYTES == 4

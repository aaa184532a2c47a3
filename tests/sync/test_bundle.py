"""Bundles: a valid prefix or the whole, never an altered part."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync import bundle
from sync.bundle import (
    Bundle,
    BundleFull,
    Direction,
    MalformedBundle,
    Part,
    PartKind,
    decode,
    encode,
    fit,
    read,
    write,
    write_down,
    write_up,
)  # fmt: skip
from sync.envelope import parse
from tests.sync.garbage import flipped, truncated
from tests.sync.samples import DEVICE, Tablet

kinds = st.sampled_from([kind for kind in PartKind if kind is not PartKind.END])
parts = st.lists(st.builds(Part, kinds, st.binary(max_size=40)), max_size=6)


@given(st.sampled_from(list(Direction)), parts)
def test_a_bundle_comes_back_as_written(direction: Direction, some: list[Part]) -> None:
    assert decode(encode(Bundle(direction, tuple(some)))) == Bundle(direction, tuple(some))


def test_a_file_up_and_a_file_down(tmp_path: Path) -> None:
    tablet = Tablet().fill(4)
    up, down = tmp_path / "up.bundle", tmp_path / "down.bundle"
    size = write_up(up, [tablet.seal(1, 2), tablet.seal(3, 4)], b"cursor")
    assert size == up.stat().st_size
    found = read(up)
    assert found.direction is Direction.UP
    assert found.cursor == b"cursor"
    for raw in found.envelopes:
        parse(raw).verify(DEVICE.public)
    write_down(down, [b"acknowledgement"], [b"page"], [Part(PartKind.CARD, b"card")])
    reply = read(down)
    assert reply.direction is Direction.DOWN
    assert reply.all(PartKind.PAGE) == [b"page"]
    assert reply.all(PartKind.ACKNOWLEDGEMENT) == [b"acknowledgement"]
    assert reply.cursor is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["down.bundle", "up.bundle"]


def whole() -> tuple[Bundle, bytes]:
    tablet = Tablet().fill(3)
    some = [Part(PartKind.ENVELOPE, tablet.seal(n, n)) for n in (1, 2, 3)]
    made = Bundle(Direction.UP, (*some, Part(PartKind.CURSOR, b"cursor")))
    return made, encode(made)


def test_a_bundle_cut_anywhere_gives_its_valid_prefix_and_the_error() -> None:
    made, raw = whole()
    lengths = set()
    for cut in truncated(raw):
        with pytest.raises(MalformedBundle) as caught:
            decode(cut)
        if caught.value.prefix is not None:
            found = caught.value.prefix.parts
            assert found == made.parts[: len(found)]
            lengths.add(len(found))
    assert lengths == {0, 1, 2, 3, 4}


def test_a_bundle_garbled_anywhere_never_gives_an_altered_part() -> None:
    made, raw = whole()
    for bad in flipped(raw):
        try:
            decode(bad)
        except MalformedBundle as error:
            found = error.prefix.parts if error.prefix else ()
            assert found == made.parts[: len(found)]
        else:
            pytest.fail("a garbled bundle was taken")


def test_parts_taken_out_or_exchanged_are_noticed() -> None:
    made, _ = whole()
    heads = [encode(Bundle(Direction.UP, (part,)))[5:-45] for part in made.parts]
    genuine = encode(made)
    for order in ([1, 0, 2, 3], [0, 2, 3], [0, 0, 1, 2, 3]):
        raw = genuine[:5] + b"".join(heads[n] for n in order) + genuine[-45:]
        with pytest.raises(MalformedBundle):
            decode(raw)


@given(st.binary(max_size=200))
def test_garbage_is_malformed(garbage: bytes) -> None:
    for raw in (garbage, b"BMB1\1" + garbage, b"BMB1\3" + garbage, b"BMB2\1" + garbage):
        with pytest.raises(MalformedBundle):
            decode(raw)


def test_twenty_megabytes_are_the_limit(tmp_path: Path) -> None:
    heavy = [Part(PartKind.ENVELOPE, bytes(4_000_000)) for _ in range(6)]
    with pytest.raises(BundleFull):
        write(tmp_path / "full", Bundle(Direction.UP, tuple(heavy)))
    assert list(tmp_path.iterdir()) == []
    chosen = fit(heavy)
    assert len(chosen) == 4
    assert write(tmp_path / "full", Bundle(Direction.UP, tuple(chosen))) <= bundle.SIZE_MAX
    (tmp_path / "large").write_bytes(bytes(bundle.SIZE_MAX + 1))
    with pytest.raises(MalformedBundle):
        read(tmp_path / "large")


def test_fit_fills_a_bundle_to_the_last_byte() -> None:
    some = [Part(PartKind.ENVELOPE, bytes(n)) for n in range(20)]
    for size_max in range(63, 500):
        chosen = fit(some, size_max)
        assert len(encode(Bundle(Direction.UP, tuple(chosen)))) <= size_max
        more = some[: len(chosen) + 1]
        assert len(chosen) == 20 or len(encode(Bundle(Direction.UP, tuple(more)))) > size_max


def test_an_old_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "bundle"
    path.write_bytes(b"old")
    write_up(path, [b"envelope"], None)
    assert read(path).envelopes == [b"envelope"]

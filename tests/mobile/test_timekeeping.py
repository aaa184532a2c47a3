"""How far a time may be believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobile.timekeeping import TOLERANCE_MS, Anchor, SystemClock, anchor_of, read
from shared.clock import Quality
from tests.mobile.kit import DAY, NOW, Hands


def test_without_an_anchor_nothing_is_known() -> None:
    assert read(Hands(), None).quality is Quality.UNKNOWN


@pytest.mark.parametrize(
    ("offset", "quality"),
    [(0, Quality.GOOD), (TOLERANCE_MS - 10, Quality.GOOD), (3 * DAY, Quality.CORRECTED),
     (-3650 * DAY, Quality.CORRECTED)],
)  # fmt: skip
def test_a_fresh_anchor_gives_the_offset(offset: int, quality: Quality) -> None:
    clock = Hands()
    anchor = anchor_of(clock, NOW + offset)
    clock.advance(5 * 60_000)
    reading = read(clock, anchor)
    assert reading.quality is quality
    expected = clock.wall if quality is Quality.GOOD else NOW + offset + 5 * 60_000
    assert abs(reading.at - expected) <= 10


@pytest.mark.parametrize("jump", [10 * DAY, -10 * DAY, 3650 * DAY])
def test_a_wall_clock_that_was_set_is_corrected_by_the_steady_one(jump: int) -> None:
    clock = Hands()
    anchor = anchor_of(clock, NOW)
    clock.advance(60_000)
    clock.wall += jump
    reading = read(clock, anchor)
    assert reading.quality is Quality.CORRECTED
    assert abs(reading.at - (NOW + 60_000)) <= 10


def test_after_a_restart_the_time_only_lies_after_the_anchor() -> None:
    clock = Hands()
    anchor = anchor_of(clock, NOW)
    clock.boot_id, clock.steady = "second", 0
    clock.wall += DAY
    assert read(clock, anchor).quality is Quality.BOUNDED
    clock.wall = NOW - DAY
    assert read(clock, anchor).quality is Quality.UNKNOWN


def test_a_machine_that_cannot_tell_a_restart_claims_nothing() -> None:
    clock = Hands(boot_id="")
    assert read(clock, anchor_of(clock, NOW)).quality is Quality.BOUNDED


@given(
    st.integers(-(2**47), 2**47), st.integers(0, 2**47), st.integers(-(2**47), 2**47),
    st.booleans(),
)  # fmt: skip
def test_no_clock_is_ever_refused(wall: int, steady: int, county: int, same_boot: bool) -> None:
    clock = Hands(wall=wall, steady=steady)
    anchor = Anchor(county, NOW, 1000, "first" if same_boot else "other")
    assert isinstance(read(clock, anchor).at, int)


def test_the_machine_has_clocks() -> None:
    clock = SystemClock()
    assert clock.steady_ms() <= clock.steady_ms()
    assert clock.now_ms() > NOW - 3650 * DAY
    assert clock.boot() == clock.boot()

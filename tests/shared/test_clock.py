"""The hybrid clock grows, whatever the battery does, and is believed only as far as it is known."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared import clock
from shared.clock import Quality

MS = st.integers(0, 2**42)


@given(st.lists(MS, min_size=1))
def test_the_clock_of_a_device_only_grows(walls: list[int]) -> None:
    last = 0
    for wall in walls:
        following = clock.tick(last, wall)
        assert following > last
        assert clock.ms_of(following) >= wall
        last = following


@given(MS, MS)
def test_a_capped_clock_is_never_later_than_its_cap(ms: int, cap_ms: int) -> None:
    assert clock.ms_of(clock.capped(clock.at(ms, 7), cap_ms)) <= max(cap_ms, 0)
    assert clock.capped(clock.at(ms, 7), None) == clock.at(ms, 7)


def test_a_capped_clock_below_its_cap_is_untouched() -> None:
    assert clock.capped(clock.at(5, 9), 5) == clock.at(5, 9)


@given(MS, MS, MS, st.sampled_from([Quality.UNKNOWN, Quality.BOUNDED]))
def test_an_untrusted_time_lies_between_anchor_and_arrival(
    said: int, anchor: int, received: int, quality: Quality
) -> None:
    trusted = clock.trusted_effective_at(said, quality, anchor, received)
    assert anchor <= trusted <= max(received, anchor)


def test_a_good_clock_and_a_paper_date_inside_the_bounds_are_believed() -> None:
    assert clock.trusted_effective_at(50, Quality.GOOD, 100, 200) == 50
    assert clock.trusted_effective_at(150, Quality.BOUNDED, 100, 200) == 150


def test_years_outside_the_range_stop_nobody() -> None:
    assert clock.at(-5) == 0
    assert clock.ms_of(clock.at(2**60)) == clock.MS_MAX


def test_words_for_outside_checks() -> None:
    assert [q.word for q in Quality] == ["unknown", "bounded", "corrected", "good"]

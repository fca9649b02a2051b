"""Phases, gaps and windows of protocols."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from treatments.domain.protocol import (
    Gap,
    GapUnit,
    Phase,
    ProtocolSpec,
    SessionSpec,
    Verdict,
    Window,
    chain_windows,
    expand,
    reach,
    session_after,
    window_after,
)

WEEKLY = Gap(7, 8, 10)
MONTHLY = Gap(28, 30, 35)
QUARTERLY = Gap(2, 3, 6, GapUnit.MONTHS)
INITIAL = ProtocolSpec((Phase("Start", 1, 4, 4, WEEKLY), Phase("Monthly", 0, 2, 11, MONTHLY)))
HAIR = ProtocolSpec(
    (Phase("Weekly", 4, 4, 4, WEEKLY), Phase("Upkeep", 1, 1, 1, QUARTERLY, repeats=True))
)
START = date(2026, 3, 2)

days = st.dates(min_value=date(2000, 1, 1), max_value=date(2060, 1, 1))
gaps = st.builds(
    lambda n, unit: Gap(n[0], n[1], n[2], unit),
    st.lists(st.integers(1, 40), min_size=3, max_size=3).map(sorted),
    st.sampled_from(GapUnit),
)


@pytest.mark.parametrize("numbers", [(0, 1, 2), (3, 2, 4), (3, 5, 4), (-1, 1, 1)])
def test_gaps_out_of_order_are_refused(numbers: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="0 < min <= ideal <= max"):
        Gap(*numbers)


@pytest.mark.parametrize("counts", [(2, 1, 3), (1, 4, 3), (-1, 0, 1), (0, 0, 0)])
def test_phases_out_of_order_are_refused(counts: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="planned"):
        Phase("Start", *counts, WEEKLY)


def test_protocols_need_a_session_and_repeat_only_at_the_end() -> None:
    with pytest.raises(ValueError, match="at least one session"):
        ProtocolSpec((Phase("Start", 0, 0, 3, WEEKLY),))
    with pytest.raises(ValueError, match="last phase"):
        ProtocolSpec(
            (Phase("Upkeep", 1, 1, 1, MONTHLY, repeats=True), Phase("Start", 1, 1, 1, WEEKLY))
        )


def test_expanding_numbers_the_sessions_and_frees_only_the_first() -> None:
    sessions = expand(INITIAL)
    assert [session.number for session in sessions] == [1, 2, 3, 4, 5, 6]
    assert [session.phase_name for session in sessions] == ["Start"] * 4 + ["Monthly"] * 2
    assert [session.phase_index for session in sessions] == [0] * 4 + [1] * 2
    assert [session.gap for session in sessions] == [None] + [WEEKLY] * 3 + [MONTHLY] * 2


def test_expanding_with_other_counts_keeps_the_bounds_of_each_phase() -> None:
    assert len(expand(INITIAL, [1, 11])) == 12
    with pytest.raises(ValueError, match="takes 1 to 4"):
        expand(INITIAL, [5, 0])
    with pytest.raises(ValueError, match="takes 1 to 4"):
        expand(INITIAL, [0, 3])
    with pytest.raises(ValueError, match="one number of sessions"):
        expand(INITIAL, [4])
    assert len(expand(HAIR, [4, 9])) == 13  # a repeating phase has no most


def test_a_phase_left_out_frees_the_first_session_of_the_next() -> None:
    spec = ProtocolSpec((Phase("Start", 0, 0, 3, WEEKLY), Phase("Monthly", 1, 2, 9, MONTHLY)))
    assert [session.gap for session in expand(spec)] == [None, MONTHLY]


def test_a_repeating_phase_goes_on() -> None:
    last = expand(HAIR)[-1]
    assert session_after(HAIR, last) == SessionSpec(6, "Upkeep", 1, QUARTERLY)
    assert session_after(INITIAL, expand(INITIAL)[-1]) is None


@given(days, gaps)
def test_windows_are_ordered_and_lie_after_the_last_session(last: date, gap: Gap) -> None:
    window = window_after(last, gap)
    assert last < window.earliest <= window.ideal <= window.latest


@given(days, st.integers(0, 60), gaps)
def test_a_later_session_never_opens_an_earlier_window(last: date, more: int, gap: Gap) -> None:
    one, other = window_after(last, gap), window_after(last + timedelta(days=more), gap)
    assert one.earliest <= other.earliest
    assert one.ideal <= other.ideal
    assert one.latest <= other.latest


def test_days_and_months_are_counted_in_the_calendar() -> None:
    assert window_after(date(2026, 3, 25), WEEKLY) == Window(
        date(2026, 4, 1), date(2026, 4, 2), date(2026, 4, 4)
    )
    assert window_after(date(2026, 12, 31), QUARTERLY) == Window(
        date(2027, 2, 28), date(2027, 3, 31), date(2027, 6, 30)
    )


@given(days, st.integers(0, 9), st.integers(0, 9), st.integers(-30, 30))
def test_the_verdict_includes_both_ends(start: date, a: int, b: int, off: int) -> None:
    ideal = start + timedelta(days=a)
    window = Window(start, ideal, ideal + timedelta(days=b))
    day = start + timedelta(days=off)
    expected = (
        Verdict.TOO_EARLY if off < 0 else Verdict.INSIDE if off <= a + b else Verdict.OFF_PROTOCOL
    )
    assert window.verdict(day) is expected
    assert window.distance(day) == off - a


def test_windows_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="earliest <= ideal <= latest"):
        Window(START, START - timedelta(days=1), START)


def test_an_open_window_has_no_latest_day() -> None:
    window = Window.open_from(START)
    assert window.is_open
    assert window.verdict(date(2999, 1, 1)) is Verdict.INSIDE
    assert window.verdict(START - timedelta(days=1)) is Verdict.TOO_EARLY


def test_the_chain_follows_ideal_days_when_nothing_is_known() -> None:
    chain = chain_windows(START, expand(INITIAL), {})
    assert chain[0].window == Window.open_from(START)
    assert [item.day for item in chain] == [
        START + timedelta(days=n) for n in (0, 8, 16, 24, 54, 84)
    ]
    assert not any(item.given for item in chain)


def test_the_chain_is_anchored_to_the_day_really_given_before_the_day_booked() -> None:
    booked = {1: START, 2: START + timedelta(days=8), 3: START + timedelta(days=16)}
    given_on = {1: START + timedelta(days=2)}
    chain = chain_windows(START, expand(INITIAL), given_on, booked)
    assert chain[0].given
    assert chain[1].window == window_after(START + timedelta(days=2), WEEKLY)
    assert chain[2].window == window_after(START + timedelta(days=8), WEEKLY)
    assert chain[3].window == window_after(START + timedelta(days=16), WEEKLY)


def test_the_rest_of_a_course_is_anchored_to_the_last_given_session() -> None:
    rest = expand(INITIAL)[2:]
    chain = chain_windows(START, rest, {2: START})
    assert chain[0].window == window_after(START, WEEKLY)


def test_a_given_first_window_is_used_for_the_first_session() -> None:
    first = Window(START, START + timedelta(days=3), START + timedelta(days=9))
    chain = chain_windows(first, expand(INITIAL), {})
    assert chain[0].window == first
    assert chain[1].window == window_after(first.ideal, WEEKLY)


@given(st.data())
def test_every_choice_inside_the_windows_stays_within_reach(data: st.DataObject) -> None:
    sessions = expand(INITIAL)
    first = Window(START, START + timedelta(days=2), START + timedelta(days=9))
    reached = reach(first, sessions, START + timedelta(days=365))
    assert len(reached) == len(sessions)
    chosen: dict[int, date] = {}
    for index, (session, limits) in enumerate(zip(sessions, reached, strict=True)):
        window = chain_windows(first, sessions, {}, chosen)[index].window
        span = (window.latest - window.earliest).days
        day = window.earliest + timedelta(days=data.draw(st.integers(0, span)))
        chosen[session.number] = day
        assert limits.earliest <= day <= limits.latest


def test_reach_ends_where_booking_ends() -> None:
    until = START + timedelta(days=20)
    reached = reach(Window.open_from(START), expand(INITIAL), until)
    assert [window.earliest for window in reached] == [
        START,
        START + timedelta(days=7),
        START + timedelta(days=14),
    ]
    assert all(window.latest == until for window in reached)
    assert reach(Window.open_from(START), expand(INITIAL), START - timedelta(days=1)) == ()

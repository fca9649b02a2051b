"""Sessions of one person in several courses: never nearer than the later one's protocol allows."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from mesoclinic.common.calendar import add_days
from scheduling.domain.courses import CourseRequest, DayRange, plan_course
from scheduling.domain.obstacles import ObstacleKind
from scheduling.domain.slots import Slot
from scheduling.domain.spacing import Injection, Spaced, Spacing, Treated, is_in
from treatments.domain.protocol import Gap, GapUnit, SessionSpec, Window, window_after

FACE, SCALP, CHEEKS = UUID(int=1), UUID(int=2), UUID(int=3)
WHO, OTHER_PLAN = UUID(int=7), UUID(int=8)
DAY = date(2026, 3, 1)
WEEK = Gap(7, 7, 10)

gaps = st.builds(
    lambda least, unit: Gap(least, least, least, unit),
    st.integers(1, 12),
    st.sampled_from(GapUnit),
)
treatments = st.builds(
    Treated, st.frozensets(st.sampled_from([FACE, SCALP, CHEEKS])), st.none() | gaps
)
days = st.integers(0, 400).map(lambda n: add_days(DAY, n))
injections = st.builds(Injection, days, treatments)
spacings = st.builds(
    Spacing, st.lists(injections, min_size=1, max_size=4).map(tuple), st.integers(0, 20)
)


def far_enough(one: Injection, other: Injection, least_days: int) -> bool:
    """The rule as it is said: the clinic's days, and the later one's gap where an area is shared.

    On one day either may be called the later one.
    """
    first, later = sorted((one, other), key=lambda item: item.day)
    if add_days(first.day, least_days) > later.day:
        return False
    if not first.treated.areas & later.treated.areas:
        return True
    asks = [later.treated.gap] if first.day < later.day else [one.treated.gap, other.treated.gap]
    return all(gap is None or window_after(first.day, gap).earliest <= later.day for gap in asks)


@given(spacings, treatments, days)
def test_a_day_is_closed_exactly_where_the_rule_says_so(
    spacing: Spacing, treated: Treated, day: date
) -> None:
    """The ranges agree with the rule for every pair, and the refusal with the ranges."""
    mine = Injection(day, treated)
    fits = all(far_enough(mine, other, spacing.least_days) for other in spacing.others)
    closed = spacing.closed(treated)
    assert is_in(closed, day) is not fits
    clash = spacing.check(treated, day)
    assert (clash is None) is fits
    if clash is not None:
        assert not far_enough(mine, clash.other, spacing.least_days)
        assert not is_in(closed, clash.next_day)
        assert clash.next_day > day
        assert clash.same_area is not far_enough(mine, clash.other, 0)


@given(spacings, treatments)
def test_closed_days_come_in_order_and_apart(spacing: Spacing, treated: Treated) -> None:
    closed = spacing.closed(treated)
    for before, after in pairwise(closed):
        assert add_days(before.last, 1) < after.first


def test_different_areas_may_be_treated_on_one_day_unless_the_clinic_says_otherwise() -> None:
    scalp = Injection(DAY, Treated(frozenset({SCALP}), WEEK))
    face = Treated(frozenset({FACE}), WEEK)
    assert Spacing((scalp,)).closed(face) == ()
    assert Spacing((scalp,), 2).closed(face) == (DayRange(add_days(DAY, -1), add_days(DAY, 1)),)


def test_the_same_area_keeps_the_gap_of_whichever_comes_later() -> None:
    """Monthly after weekly waits a month; weekly after monthly a week."""
    month = Gap(28, 28, 35)
    booked = Injection(DAY, Treated(frozenset({FACE}), WEEK))
    monthly = Treated(frozenset({FACE}), month)
    assert Spacing((booked,)).closed(monthly) == (DayRange(add_days(DAY, -6), add_days(DAY, 27)),)


def candidates() -> list[Slot]:
    """Every day at ten, for a quarter of a year."""
    ten = datetime.combine(DAY, time(10), UTC)
    starts = [ten + timedelta(days=n) for n in range(90)]
    return [Slot(start, start + timedelta(minutes=45), WHO) for start in starts]


@given(st.lists(st.integers(0, 60), max_size=3), st.integers(0, 3))
def test_a_planned_course_keeps_clear_of_the_others(on: list[int], least_days: int) -> None:
    """Where there is a plan, no visit is on a closed day; where there is none, that is why."""
    face = Treated(frozenset({FACE}), WEEK)
    others = tuple(Injection(add_days(DAY, n), face, OTHER_PLAN) for n in on)
    spacing = Spacing(others, least_days)
    closed = spacing.closed(face)
    source = Spaced(candidates(), lambda _f, _l: (), dict.fromkeys((1, 2, 3), closed), UTC)
    specs = tuple(SessionSpec(n, "", 0, None if n == 1 else WEEK) for n in (1, 2, 3))
    result = plan_course(
        CourseRequest(
            sessions=specs,
            first=Window.open_from(DAY),
            until=add_days(DAY, 80),
            zone=UTC,
            candidates=source,
            obstacles=source.obstacles,
        )
    )
    for proposal in result.proposals:
        assert all(spacing.check(face, visit.day) is None for visit in proposal.visits)
    if result.blocked is not None:
        assert ObstacleKind.OTHER_COURSE in {one.kind for one in result.blocked.obstacles}

"""The course planner, proven against trying every plan."""

from __future__ import annotations

import time as clock_time
from dataclasses import replace
from datetime import date, time, timedelta
from itertools import combinations, pairwise

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from mesoclinic.common.calendar import add_days, local_date
from mesoclinic.common.intervals import Interval
from scheduling.domain.courses import (
    CoursePlan,
    CourseRequest,
    DayRange,
    Emphasis,
    Preferences,
    Proposal,
    Visit,
    Weights,
    plan_course,
)
from scheduling.domain.slots import Slot
from scheduling.domain.words import Code
from tests.unit.scheduling.course_worlds import (
    ANNE,
    BERT,
    PARIS,
    RED,
    START,
    TIMES,
    course,
    courses,
    every_day,
    every_plan,
    offered,
    plan_cost,
    slot,
    windows_of,
)
from treatments.domain.protocol import Gap, GapUnit, Window, window_after

WEEKLY = Gap(7, 7, 10)


def chain(proposal: Proposal) -> list[Slot]:
    return [visit.slot for visit in proposal.visits]


def codes(plan: CoursePlan, at: int) -> set[Code]:
    return {item.code for item in plan.best.visits[at].reasons}


# --- Exactness -----------------------------------------------------------------------------


@settings(max_examples=36 * TIMES, deadline=None)
@given(courses())
def test_the_plan_is_the_cheapest_of_all_plans(request: CourseRequest) -> None:
    best = min((cost for cost, _ in every_plan(request)), default=None)
    plan = plan_course(request)
    event("feasible" if best is not None else "blocked")
    if best is None:
        assert not plan.feasible
        assert plan.blocked is not None
    else:
        assert plan.feasible
        assert plan.blocked is None
        assert plan.best.cost == best
        assert plan_cost(request, chain(plan.best)) == best


@settings(max_examples=21 * TIMES, deadline=None)
@given(courses())
def test_every_proposal_is_a_plan_of_allowed_slots_with_its_true_cost(
    request: CourseRequest,
) -> None:
    plan = plan_course(request)
    allowed = set(offered(request))
    assert len(plan.proposals) <= 3
    for proposal in plan.proposals:
        assert set(chain(proposal)) <= allowed
        assert proposal.cost == plan_cost(request, chain(proposal))
        assert [visit.number for visit in proposal.visits] == [s.number for s in request.sessions]
        windows = windows_of(request, chain(proposal), request.sessions)
        for visit, window in zip(proposal.visits, windows, strict=True):
            assert visit.window == window
            assert visit.day == local_date(visit.slot.start, request.zone)
            assert window.earliest <= visit.day <= window.latest


# Most small courses have no plan at all, now and then fifty in a row.
@settings(
    max_examples=21 * TIMES, deadline=None, suppress_health_check=[HealthCheck.filter_too_much]
)
@given(courses())
def test_each_emphasis_is_an_optimum_of_its_own_side(request: CourseRequest) -> None:
    plan = plan_course(request)
    assume(plan.feasible)
    plans = list(every_plan(request))
    for proposal in plan.proposals:
        if proposal.emphasis is Emphasis.SAME_PRACTITIONER:
            least = min(_changes(request, other) for _, other in plans)
            assert _changes(request, chain(proposal)) == least
        if proposal.emphasis is Emphasis.OTHER_DAYS:
            firsts = [p.visits[0].day for p in plan.proposals if p is not proposal]
            assert proposal.visits[0].day not in firsts


def _changes(request: CourseRequest, slots: list[Slot] | tuple[Slot, ...]) -> int:
    people = [item.practitioner_id for item in slots]
    if request.previous is not None:
        people.insert(0, request.previous.slot.practitioner_id)
    return sum(a != b for a, b in pairwise(people))


@settings(max_examples=21 * TIMES, deadline=None)
@given(courses())
def test_proposals_are_really_different(request: CourseRequest) -> None:
    for one, other in combinations(plan_course(request).proposals, 2):
        assert any(
            a.day != b.day
            or a.slot.practitioner_id != b.slot.practitioner_id
            or abs(a.slot.start - b.slot.start) >= timedelta(hours=1)
            for a, b in zip(one.visits, other.visits, strict=True)
        )


@settings(max_examples=21 * TIMES, deadline=None)
@given(courses(), st.randoms(use_true_random=False))
def test_the_order_of_candidates_and_how_they_are_given_do_not_matter(
    request: CourseRequest, random: object
) -> None:
    candidates = list(request.candidates)  # type: ignore[arg-type]
    random.shuffle(candidates)  # type: ignore[attr-defined]
    shuffled = replace(request, candidates=candidates)
    asked = replace(request, candidates=lambda _number, _first, _last: list(candidates))
    costs = [
        [proposal.cost for proposal in plan_course(item).proposals[:1]]
        for item in (request, shuffled, asked)
    ]
    assert costs[0] == costs[1] == costs[2]


def test_a_callable_is_asked_for_the_days_each_session_can_reach() -> None:
    asked: list[tuple[int, date, date]] = []

    def source(number: int, first: date, last: date) -> list[Slot]:
        asked.append((number, first, last))
        return every_day(40)

    plan_course(
        course(source, None, WEEKLY, WEEKLY, first=Window(START, START, add_days(START, 3)))
    )
    assert asked == [
        (1, START, add_days(START, 3)),
        (2, add_days(START, 7), add_days(START, 13)),
        (3, add_days(START, 14), add_days(START, 23)),
    ]


def test_gaps_count_local_days_across_the_clock_change() -> None:
    late = [slot(add_days(START, n), "23:30") for n in range(20)]
    plan = plan_course(course(late, None, Gap(7, 7, 7), Gap(7, 7, 7)))
    assert [visit.day for visit in plan.best.visits] == [
        START,
        add_days(START, 7),
        add_days(START, 14),
    ]


# --- Wishes --------------------------------------------------------------------------------


def test_a_wished_weekday_and_time_win_over_the_ideal_day() -> None:
    tuesdays = Preferences(weekdays=frozenset({1}), times=(time(17), time(20)))
    plan = plan_course(
        course(every_day(60, ("09:00", "17:30")), None, WEEKLY, Gap(7, 8, 10), preferences=tuesdays)
    )
    assert all(visit.day.weekday() == 1 for visit in plan.best.visits)
    assert all(visit.slot.start.astimezone(PARIS).hour == 17 for visit in plan.best.visits)
    assert Code.PREFERENCES_MET in codes(plan, 0)


def test_days_left_out_are_never_used() -> None:
    away = DayRange(add_days(START, 5), add_days(START, 8), "Holiday")
    plan = plan_course(course(every_day(30), None, WEEKLY, preferences=Preferences(not_in=(away,))))
    assert plan.best.visits[1].day == add_days(START, 9)
    assert Code.IDEAL_TAKEN in codes(plan, 1)
    assert [visit.from_ideal for visit in plan.best.visits] == [1, 1]


def test_months_of_strong_sun_are_left_where_the_window_allows() -> None:
    avoid = Preferences(avoid_months=frozenset({6, 7, 8}))
    first = Window(date(2026, 5, 20), date(2026, 5, 20), date(2026, 5, 20))
    plan = plan_course(
        course(every_day(300), None, Gap(1, 2, 6, GapUnit.MONTHS), first=first, preferences=avoid,
               weights=Weights(uv_month=2000))
    )  # fmt: skip
    assert plan.best.visits[1].day == date(2026, 9, 1)
    kept = plan_course(course(every_day(90), None, Gap(14, 14, 16), first=first, preferences=avoid))
    assert Code.HIGH_UV in codes(kept, 1)


def test_the_practitioner_of_the_last_session_is_kept() -> None:
    both = [*every_day(20, who=ANNE), *every_day(20, who=BERT)]
    plan = plan_course(
        course(
            both, WEEKLY, WEEKLY,
            first=window_after(START, WEEKLY), previous=Visit(1, slot(START, who=BERT)),
        )
    )  # fmt: skip
    assert {visit.slot.practitioner_id for visit in plan.best.visits} == {BERT}
    assert Code.PRACTITIONER_KEPT in codes(plan, 0)


def test_another_practitioner_is_told_when_the_days_need_it() -> None:
    slots = [slot(START), slot(add_days(START, 7), who=BERT, room=RED)]
    plan = plan_course(course(slots, None, WEEKLY))
    assert {Code.IDEAL_DAY, Code.PRACTITIONER_CHANGED, Code.ROOM_CHANGED} == codes(plan, 1)


def test_quiet_days_are_preferred() -> None:
    load = {(START, ANNE): 100, (add_days(START, 1), ANNE): 10}
    plan = plan_course(course(every_day(5), None, load=load))
    assert plan.best.visits[0].day == add_days(START, 1)
    full = plan_course(course([slot(START)], None, load=load))
    assert Code.BUSY_DAY in codes(full, 0)


def test_the_patients_other_visits_are_left_free() -> None:
    busy = Interval(slot(START, "08:45").start, slot(START, "08:45").end)
    plan = plan_course(course(every_day(2, ("09:00", "10:00")), None, patient_busy=(busy,)))
    assert plan.best.visits[0].slot == slot(START, "10:00")


def test_proposals_differ_by_what_they_put_first() -> None:
    evenings = every_day(40, ("17:30",), who=BERT)
    mornings = every_day(40, ("09:00",), who=ANNE)
    wished = Preferences(weekdays=frozenset({1}), times=(time(17), time(20)))
    few = [item for item in evenings if local_date(item.start, PARIS).weekday() == 1][::2]
    plan = plan_course(
        course([*mornings, *few], None, WEEKLY, Gap(7, 7, 14), WEEKLY, preferences=wished)
    )
    assert len(plan.proposals) == 3
    assert plan.best.emphasis is Emphasis.BALANCED
    assert all(plan.best.cost <= other.cost for other in plan.proposals)


def test_without_wishes_the_other_proposals_lie_on_other_days() -> None:
    plan = plan_course(course(every_day(40), None, WEEKLY, WEEKLY))
    assert [proposal.emphasis for proposal in plan.proposals] == [
        Emphasis.BALANCED,
        Emphasis.OTHER_DAYS,
        Emphasis.OTHER_DAYS,
    ]
    assert Emphasis.PROTOCOL in plan.best.emphases
    days = [[visit.day for visit in proposal.visits] for proposal in plan.proposals]
    assert days[0][0] == START
    assert days[1][0] == add_days(START, 1)


# --- What is refused, and speed ------------------------------------------------------------


def test_requests_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one session"):
        course([])
    with pytest.raises(ValueError, match="no gap"):
        course([], None, None)
    with pytest.raises(ValueError, match="order"):
        replace(course([], None, WEEKLY), sessions=course([], None, WEEKLY).sessions[::-1])
    with pytest.raises(ValueError, match="negative"):
        Weights(day=-1)
    with pytest.raises(ValueError, match="ends before"):
        DayRange(START, add_days(START, -1))
    with pytest.raises(ValueError, match="weekdays"):
        Preferences(weekdays=frozenset({7}))
    with pytest.raises(ValueError, match="preferred time"):
        Preferences(times=(time(9), time(9)))


def test_a_course_of_twelve_over_a_year_is_planned_fast() -> None:
    """A loose guard against another order of growth; the benchmarks measure."""
    clocks = [f"{hour:02}:{minute:02}" for hour in range(8, 18) for minute in (0, 30)]
    year: list[Slot] = []
    for n in range(365):
        if add_days(START, n).weekday() < 5:
            year += [slot(add_days(START, n), clock) for clock in clocks]
    gaps = [None, *[WEEKLY] * 3, *[Gap(14, 14, 18)] * 4, *[Gap(28, 30, 35)] * 4]
    request = course(year, *gaps, preferences=Preferences(weekdays=frozenset({1})))
    elapsed = []
    for _ in range(3):
        begun = clock_time.perf_counter()
        plan = plan_course(request)
        elapsed.append(clock_time.perf_counter() - begun)
    assert plan.feasible
    assert min(elapsed) < 0.5

"""Moving one visit of a course, proven against trying every placing of the later ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from mesoclinic.common.calendar import add_days
from scheduling.domain.courses import (
    CourseRequest,
    Replan,
    Visit,
    plan_course,
    replan_after_move,
)
from scheduling.domain.slots import Slot
from tests.unit.scheduling.course_worlds import (
    ANNE,
    BERT,
    START,
    TIMES,
    course,
    courses,
    day_of,
    every_day,
    every_replan,
    slot,
    slots,
)
from treatments.domain.protocol import Gap, Verdict, Window, window_after

WEEKLY = Gap(7, 7, 10)


def after(booked: list[Visit], result: Replan) -> dict[int, Slot]:
    """The course as it is after the replan."""
    return {
        **{visit.number: visit.slot for visit in booked},
        **{change.number: change.after for change in result.changes},
    }


@st.composite
def moves(draw: st.DrawFn) -> tuple[CourseRequest, list[Visit], Visit, frozenset[int]]:
    """A booked course (planned, or booked anyhow), a move in it, and visits that are locked."""
    request = draw(courses(min_sessions=2))
    plan = plan_course(request)
    if plan.feasible and draw(st.integers(0, 3)):
        booked = [Visit(visit.number, visit.slot) for visit in plan.best.visits]
    else:
        taken = draw(
            st.lists(
                slots(request.zone),  # type: ignore[arg-type]
                min_size=len(request.sessions),
                max_size=len(request.sessions),
                unique_by=lambda item: day_of(request, item),
            )
        )
        taken.sort()
        booked = [
            Visit(spec.number, item) for spec, item in zip(request.sessions, taken, strict=True)
        ]
    number = draw(st.sampled_from([visit.number for visit in booked]))
    target = draw(slots(request.zone))  # type: ignore[arg-type]
    locked = draw(st.sampled_from([frozenset(), frozenset(), frozenset({number + 1})]))
    return request, booked, Visit(number, target), locked


@settings(max_examples=36 * TIMES, deadline=None)
@given(moves())
def test_the_replan_is_the_least_change_of_all(
    move: tuple[CourseRequest, list[Visit], Visit, frozenset[int]],
) -> None:
    request, booked, moved, locked = move
    old = {visit.number: visit.slot for visit in booked}
    ranked = list(every_replan(request, old, moved, locked))
    best = min(rank for rank, _ in ranked)
    result = replan_after_move(request, booked, moved, locked)
    course_after = after(booked, result)
    ranks = [rank for rank, placed in ranked if placed == course_after]
    event(f"off {best[0]}, moved {best[1]}")
    assert ranks == [best]


@settings(max_examples=27 * TIMES, deadline=None)
@given(moves())
def test_the_report_tells_the_whole_course(
    move: tuple[CourseRequest, list[Visit], Visit, frozenset[int]],
) -> None:
    request, booked, moved, locked = move
    result = replan_after_move(request, booked, moved, locked)
    changed = {change.number for change in result.changes}
    kept = {visit.number for visit in result.kept}
    old = {visit.number: visit.slot for visit in booked}
    assert changed | kept == set(old)
    assert not changed & kept
    assert all(number >= moved.number for number in changed)
    assert not changed & (locked - {moved.number})
    assert {visit.number: visit.slot for visit in result.kept}.items() <= old.items()
    assert all(change.before == old[change.number] for change in result.changes)
    off = {item.number: item for item in result.off_protocol}
    for change in result.changes:
        inside = change.window.verdict(change.day) is Verdict.INSIDE
        assert inside or change.number in off
        assert inside or change.number == moved.number


@settings(max_examples=27 * TIMES, deadline=None)
@given(moves(), st.data())
def test_a_move_to_the_same_slot_changes_nothing(
    move: tuple[CourseRequest, list[Visit], Visit, frozenset[int]], data: st.DataObject
) -> None:
    request, booked, _, locked = move
    visit = data.draw(st.sampled_from(booked))
    result = replan_after_move(request, booked, visit, locked)
    assert result.changes == ()
    assert result.kept == tuple(booked)
    assert result.fits


# Most small courses have no plan at all, now and then fifty in a row.
@settings(
    max_examples=21 * TIMES, deadline=None, suppress_health_check=[HealthCheck.filter_too_much]
)
@given(courses())
def test_plan_then_replan_without_change_is_the_identity(request: CourseRequest) -> None:
    plan = plan_course(request)
    assume(plan.feasible)
    for proposal in plan.proposals:
        booked = [Visit(visit.number, visit.slot) for visit in proposal.visits]
        for visit in booked:
            result = replan_after_move(request, booked, visit)
            assert result == Replan((), tuple(booked), ())


# --- Cases by name -------------------------------------------------------------------------


def weekly(n: int) -> list[Visit]:
    return [Visit(at + 1, slot(add_days(START, 7 * at))) for at in range(n)]


def day_numbers(result: Replan) -> dict[int, int]:
    return {change.number: (change.day - START).days for change in result.changes}


def test_later_visits_that_still_fit_stay() -> None:
    request = course(every_day(60), None, WEEKLY, WEEKLY, Gap(7, 14, 21))
    booked = [*weekly(3), Visit(4, slot(add_days(START, 30)))]
    result = replan_after_move(request, booked, Visit(2, slot(add_days(START, 9))))
    # Session 3 on day 14 is 5 days after: it must move, to day 16 at least. Day 30 still fits.
    assert day_numbers(result) == {2: 9, 3: 16}
    assert [visit.number for visit in result.kept] == [1, 4]
    assert result.fits
    assert not result.off_protocol


def test_a_chain_of_tight_gaps_shifts_as_a_whole() -> None:
    request = course(every_day(60), None, *[Gap(7, 7, 7)] * 3)
    result = replan_after_move(request, weekly(4), Visit(2, slot(add_days(START, 8))))
    assert day_numbers(result) == {2: 8, 3: 15, 4: 22}
    # The moved visit itself is a day late, which is for the person who moves it to judge.
    assert [(item.number, item.existing) for item in result.off_protocol] == [(2, False)]
    assert not result.fits


def test_one_visit_moves_rather_than_two_even_at_a_higher_cost() -> None:
    request = course(every_day(60), None, *[WEEKLY] * 3)
    booked = [Visit(n, slot(add_days(START, day))) for n, day in ((1, 0), (2, 7), (3, 14), (4, 24))]
    result = replan_after_move(request, booked, Visit(2, slot(add_days(START, 8))))
    # Day 15 would be ideal after day 8 but puts session 4 (day 24) further from its own ideal.
    assert day_numbers(result) == {2: 8, 3: 16}
    assert [visit.number for visit in result.kept] == [1, 4]


def test_what_cannot_be_put_inside_stays_and_is_flagged() -> None:
    request = course([], None, WEEKLY, WEEKLY)
    result = replan_after_move(request, weekly(3), Visit(2, slot(add_days(START, 9))))
    assert day_numbers(result) == {2: 9}
    (off,) = result.off_protocol
    assert (off.number, off.verdict, off.existing) == (3, Verdict.TOO_EARLY, False)
    assert off.window == window_after(add_days(START, 9), WEEKLY)


def test_locked_visits_stay_whatever_happens() -> None:
    request = course(every_day(60), None, WEEKLY, WEEKLY)
    moved = Visit(2, slot(add_days(START, 9)))
    result = replan_after_move(request, weekly(3), moved, frozenset({3}))
    assert day_numbers(result) == {2: 9}
    assert [item.number for item in result.off_protocol] == [3]


def test_a_gap_that_was_off_protocol_before_is_accepted_and_told() -> None:
    request = course(every_day(60), None, WEEKLY, WEEKLY, WEEKLY)
    days = {1: 0, 2: 7, 3: 14, 4: 40}
    booked = [Visit(number, slot(add_days(START, day))) for number, day in days.items()]
    result = replan_after_move(request, booked, Visit(2, slot(add_days(START, 8), who=BERT)))
    # Session 3 must move, and so session 4 is brought back inside its window.
    assert day_numbers(result) == {2: 8, 3: 15, 4: 22}
    untouched = replan_after_move(request, booked, Visit(2, slot(add_days(START, 7), "10:00")))
    assert day_numbers(untouched) == {2: 7}
    assert [(item.number, item.existing) for item in untouched.off_protocol] == [(4, True)]
    assert untouched.fits


def test_a_visit_moved_past_the_next_one_takes_the_rest_along() -> None:
    request = course(every_day(80), None, *[Gap(7, 7, 7)] * 3)
    result = replan_after_move(request, weekly(4), Visit(2, slot(add_days(START, 16))))
    assert day_numbers(result) == {2: 16, 3: 23, 4: 30}


def test_the_first_visit_takes_the_course_along() -> None:
    request = course(every_day(80), None, Gap(7, 7, 7), Gap(7, 7, 7))
    result = replan_after_move(request, weekly(3), Visit(1, slot(add_days(START, 3))))
    assert day_numbers(result) == {1: 3, 2: 10, 3: 17}
    early = replace(request, first=Window.open_from(add_days(START, 1)))
    result = replan_after_move(early, weekly(3), Visit(1, slot(START, "12:00")))
    assert [item.verdict for item in result.off_protocol] == [Verdict.TOO_EARLY]


def test_gaps_add_up_over_a_session_that_is_not_booked() -> None:
    request = course(every_day(80), None, WEEKLY, WEEKLY, WEEKLY)
    booked = [visit for visit in weekly(4) if visit.number != 3]
    stays = replan_after_move(request, booked, Visit(2, slot(add_days(START, 7), "12:00")))
    assert day_numbers(stays) == {2: 7}
    result = replan_after_move(request, booked, Visit(2, slot(add_days(START, 10))))
    assert day_numbers(result) == {2: 10, 4: 24}


def test_the_practitioner_is_kept_where_days_are_equal() -> None:
    both = [*every_day(60, who=BERT), *every_day(60, who=ANNE)]
    request = course(both, None, Gap(7, 7, 7), Gap(7, 7, 7))
    result = replan_after_move(request, weekly(3), Visit(2, slot(add_days(START, 8))))
    assert {change.after.practitioner_id for change in result.changes} == {ANNE}


def test_moves_that_make_no_sense_are_refused() -> None:
    request = course(every_day(10), None, WEEKLY)
    with pytest.raises(ValueError, match="booked"):
        replan_after_move(request, weekly(1), Visit(2, slot(date(2026, 4, 3))))
    with pytest.raises(ValueError, match="belong"):
        replan_after_move(request, weekly(3), Visit(1, slot(START)))

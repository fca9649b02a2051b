"""New times for visits that can't stay, proven against trying every placing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise, product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mesoclinic.common.calendar import add_days
from scheduling.domain.courses import CourseRequest, Replan, Visit, replan_displaced
from scheduling.domain.slots import Slot
from tests.unit.scheduling import course_worlds as world
from tests.unit.scheduling.course_worlds import ANNE, BERT, START, course, slot
from treatments.domain.protocol import Gap, Window, window_after

WEEKLY = Gap(7, 8, 10)
Rank = tuple[int, int, int]


def every_placing(
    request: CourseRequest, booked: Mapping[int, Slot], displaced: frozenset[int]
) -> Iterator[tuple[Rank, dict[int, Slot]]]:
    """Every allowed placing from the first displaced visit on: (newly off, moved, cost), course."""
    items = world.offered(request)
    numbers = sorted(booked)
    start = min(displaced)
    later = [number for number in numbers if number >= start]
    choices = [
        items if number in displaced else list(dict.fromkeys([booked[number], *items]))
        for number in later
    ]
    for chain in product(*choices):
        after = {**booked, **dict(zip(later, chain, strict=True))}
        rank = rank_of(request, booked, after, start)
        if rank is not None:
            yield rank, after


def rank_of(
    request: CourseRequest, booked: Mapping[int, Slot], after: Mapping[int, Slot], start: int
) -> Rank | None:
    """As the docstrings of `replan_displaced` and `Weights` say it."""
    gaps = {spec.number: spec.gap for spec in request.sessions}
    numbers = sorted(booked)
    at = numbers.index(start)
    off = moves = cost = 0
    if at == 0:
        day = world.day_of(request, after[start])
        if not request.first.earliest <= day <= request.first.latest:
            return None
        cost += request.weights.wait * abs((day - request.first.ideal).days)
        cost += world.own_cost(request, after[start])
        moves += 1
    for before, number in pairwise(numbers[max(at - 1, 0) :]):
        gap = gaps[number]
        assert gap is not None
        window = window_after(world.day_of(request, after[before]), gap)
        day = world.day_of(request, after[number])
        stays = after[number] == booked[number]
        if not window.earliest <= day <= window.latest:
            if not stays:
                return None
            off += after[before] != booked[before]
        moves += not stays
        cost += request.weights.day * (day - window.ideal).days ** 2
        cost += world.own_cost(request, after[number])
        cost += world.change_cost(request, after[before], after[number])
    return off, moves, cost


def course_after(result: Replan) -> dict[int, Slot]:
    """The whole course as it would stand."""
    return {
        **{visit.number: visit.slot for visit in result.kept},
        **{change.number: change.after for change in result.changes},
    }


@st.composite
def displaced_courses(
    draw: st.DrawFn,
) -> tuple[CourseRequest, dict[int, Slot], frozenset[int]]:
    """A booked course of two to four sessions of which some can't stay."""
    request = draw(world.courses(min_sessions=2))
    assume(request.sessions[0].gap is None)
    candidates = request.candidates
    assert not callable(candidates)
    start = sorted(candidates, key=lambda one: one.start)[0]
    booked, day = {}, world.day_of(request, start)
    for spec in request.sessions:
        if spec.gap is not None:
            day = window_after(day, spec.gap).ideal
        booked[spec.number] = slot(day, "10:30", zone=request.zone)  # type: ignore[arg-type]
    numbers = draw(st.sets(st.sampled_from(sorted(booked)), min_size=1, max_size=2))
    ideal = max(START, world.day_of(request, booked[min(booked)]))
    assume(ideal <= request.until)
    first = Window(START, ideal, request.until)
    return replace(request, first=first), booked, frozenset(numbers)


@settings(max_examples=40, deadline=None)
@given(displaced_courses())
def test_it_finds_what_trying_everything_finds(
    case: tuple[CourseRequest, dict[int, Slot], frozenset[int]],
) -> None:
    request, booked, displaced = case
    found = list(every_placing(request, booked, displaced))
    visits = [Visit(number, item) for number, item in booked.items()]
    result = replan_displaced(request, visits, displaced)
    if not found:
        assert result is None
        return
    assert result is not None
    after = course_after(result)
    assert rank_of(request, booked, after, min(displaced)) == min(rank for rank, _after in found)
    assert all(after[number] == booked[number] for number in booked if number < min(displaced))
    assert all(after[number] != booked[number] for number in displaced)


def test_only_what_cannot_stay_moves() -> None:
    """Session 2 falls into the absence: it moves inside its window, session 3 still fits."""
    days = {1: 0, 2: 8, 3: 17}
    booked = [Visit(number, slot(add_days(START, day))) for number, day in days.items()]
    request = course([slot(add_days(START, 9), who=BERT)], None, WEEKLY, WEEKLY)
    result = replan_displaced(request, booked, frozenset({2}))
    assert result is not None
    (change,) = result.changes
    assert (change.number, change.after.practitioner_id) == (2, BERT)
    assert [visit.number for visit in result.kept] == [1, 3]
    assert result.off_protocol == ()


def test_a_first_visit_stays_near_its_old_day() -> None:
    offered = [slot(add_days(START, day)) for day in (1, 9, 30)]
    request = course(offered, None, first=Window(START, add_days(START, 8), add_days(START, 60)))
    result = replan_displaced(request, [Visit(1, slot(add_days(START, 8)))], frozenset({1}))
    assert result is not None
    assert result.changes[0].day == add_days(START, 9)


def test_no_time_is_said_so() -> None:
    booked = [Visit(1, slot(START)), Visit(2, slot(add_days(START, 8)))]
    request = course([slot(add_days(START, 20), who=ANNE)], None, WEEKLY)
    assert replan_displaced(request, booked, frozenset({2})) is None
    with pytest.raises(ValueError, match="booked"):
        replan_displaced(request, booked, frozenset({7}))

"""Small courses for the planner's tests, and the planner's rules said slowly.

The slow rules choose among all slots (not the reduced choices), count costs from the texts of
`Weights`, `Preferences` and `replan_after_move`, and try every plan there is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise, product
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from mesoclinic.common.calendar import add_days, local_date, to_utc
from scheduling.domain.courses import (
    CourseRequest,
    DayRange,
    Preferences,
    Visit,
    Weights,
)
from scheduling.domain.slots import Slot
from treatments.domain.protocol import Gap, GapUnit, SessionSpec, Window, window_after

# How many times as many random courses as usual (the slow run asks for more).
TIMES = int(os.environ.get("COURSE_TIMES", "1"))

SPACE = UUID("00000000-0000-0000-0000-0000000c0035")
ANNE, BERT = uuid5(SPACE, "anne"), uuid5(SPACE, "bert")
BLUE, RED = uuid5(SPACE, "blue"), uuid5(SPACE, "red")
PARIS = ZoneInfo("Europe/Paris")
# A Wednesday four days before the clocks go forward in Europe.
START = date(2026, 3, 25)
HALF_HOUR = timedelta(minutes=30)


def slot(
    day: date, clock: str = "09:00", who: UUID = ANNE, room: UUID | None = BLUE,
    zone: ZoneInfo = PARIS,
) -> Slot:  # fmt: skip
    """A half-hour slot at a wall time."""
    start = to_utc(datetime.combine(day, time.fromisoformat(clock)), zone)
    return Slot(start, start + HALF_HOUR, who, room)


def every_day(
    n: int, clocks: Sequence[str] = ("09:00",), who: UUID = ANNE, room: UUID | None = BLUE
) -> list[Slot]:
    """Slots on n days from START."""
    return [slot(add_days(START, at), clock, who, room) for at in range(n) for clock in clocks]


def sessions(*gaps: Gap | None, first: int = 1) -> tuple[SessionSpec, ...]:
    """Sessions of one phase with these gaps."""
    return tuple(SessionSpec(first + at, "Phase", 0, gap) for at, gap in enumerate(gaps))


def course(candidates: Any, *gaps: Gap | None, **more: Any) -> CourseRequest:
    """A request from START over a year, free at first unless given otherwise."""
    given: dict[str, Any] = {
        "sessions": sessions(*gaps),
        "first": Window.open_from(START),
        "until": add_days(START, 365),
        "zone": PARIS,
        "candidates": candidates,
        **more,
    }
    return CourseRequest(**given)


# --- Random small courses ----------------------------------------------------------------

small_gaps = st.builds(
    lambda numbers: Gap(*sorted(numbers)), st.lists(st.integers(1, 5), min_size=3, max_size=3)
)
month_gaps = st.just(Gap(1, 1, 1, GapUnit.MONTHS))
clock_texts = st.sampled_from(["08:30", "12:15", "17:00", "19:45"])


@st.composite
def slots(draw: st.DrawFn, zone: ZoneInfo, days: int = 11) -> Slot:
    """A slot on one of the first days, or a month later."""
    day = draw(st.integers(0, days)) + draw(st.sampled_from([0, 0, 0, 0, 28, 31]))
    who, room = draw(st.sampled_from([ANNE, ANNE, BERT])), draw(st.sampled_from([BLUE, RED, None]))
    return slot(add_days(START, day), draw(clock_texts), who, room, zone)


@st.composite
def wishes(draw: st.DrawFn) -> Preferences:
    """Preferences of every kind."""
    ranges = st.integers(0, 9).map(
        lambda n: DayRange(add_days(START, n), add_days(START, n + 1), "Holiday")
    )
    return Preferences(
        weekdays=draw(st.sampled_from([frozenset(), frozenset({1, 4}), frozenset({2})])),
        times=draw(st.sampled_from([None, (time(17), time(20)), (time(8), time(12))])),
        not_in=tuple(draw(st.lists(ranges, max_size=1))),
        practitioner_id=draw(st.sampled_from([None, ANNE, BERT])),
        room_id=draw(st.sampled_from([None, RED])),
        avoid_months=draw(st.sampled_from([frozenset(), frozenset({4})])),
        strict_weekdays=draw(st.sampled_from([False, False, True])),
        strict_times=draw(st.sampled_from([False, False, True])),
    )


weights = st.builds(
    Weights,
    **{name: st.integers(0, 12) for name in Weights.__slots__},
)


@st.composite
def courses(draw: st.DrawFn, min_sessions: int = 1) -> CourseRequest:
    """A course of up to four sessions over a few dozen candidates at most."""
    zone = ZoneInfo(draw(st.sampled_from(["Europe/Paris", "Australia/Lord_Howe"])))
    offered = draw(st.lists(slots(zone), min_size=1, max_size=10, unique=True))
    gaps = draw(st.lists(small_gaps | month_gaps, min_size=min_sessions - 1, max_size=3))
    rest = draw(st.booleans())
    first_gap = draw(small_gaps) if rest else None
    window = Window.open_from(START)
    previous = None
    if first_gap is not None:
        previous = Visit(1, slot(add_days(START, -2), "10:00", draw(st.sampled_from([ANNE, BERT]))))
        window = window_after(add_days(START, -2), first_gap)
    elif draw(st.booleans()):
        window = Window(START, add_days(START, 2), add_days(START, 6))
    load = draw(
        st.dictionaries(
            st.tuples(
                st.integers(0, 9).map(lambda n: add_days(START, n)), st.sampled_from([ANNE, BERT])
            ),
            st.integers(0, 100),
            max_size=3,
        )
    )
    return CourseRequest(
        sessions=sessions(first_gap, *gaps, first=2 if rest else 1),
        first=window,
        until=add_days(START, draw(st.sampled_from([8, 60, 60]))),
        zone=zone,
        candidates=offered,
        preferences=draw(wishes()),
        weights=draw(weights),
        load=load,
        previous=previous,
    )


# --- The rules, slowly -------------------------------------------------------------------


def day_of(request: CourseRequest, item: Slot) -> date:
    """The local day of a slot."""
    return local_date(item.start, request.zone)


def minutes_off(request: CourseRequest, item: Slot) -> int:
    """Whole minutes to the nearest wished start."""
    times = request.preferences.times
    if times is None:
        return 0
    wall = item.start.astimezone(request.zone)
    minute = wall.hour * 60 + wall.minute
    wished = range(times[0].hour * 60 + times[0].minute, times[1].hour * 60 + times[1].minute)
    return min(abs(minute - other) for other in wished)


def offered(request: CourseRequest) -> list[Slot]:
    """The candidates that the conditions allow."""
    wish = request.preferences
    allowed = []
    candidates = request.candidates
    assert not callable(candidates)
    for item in candidates:
        day = day_of(request, item)
        if day > request.until or any(out.first <= day <= out.last for out in wish.not_in):
            continue
        if wish.strict_weekdays and wish.weekdays and day.weekday() not in wish.weekdays:
            continue
        if wish.strict_times and minutes_off(request, item):
            continue
        if any(b.start < item.end and item.start < b.end for b in request.patient_busy):
            continue
        allowed.append(item)
    return allowed


def own_cost(request: CourseRequest, item: Slot) -> int:
    """What one slot costs by itself."""
    wish, weight = request.preferences, request.weights
    day, off = day_of(request, item), minutes_off(request, item)
    hours = (off + 59) // 60
    cost = 0
    cost += weight.weekday * bool(wish.weekdays and day.weekday() not in wish.weekdays)
    cost += (weight.time + weight.time_hour * hours) * bool(off)
    cost += weight.preferred_practitioner * (
        wish.practitioner_id is not None and item.practitioner_id != wish.practitioner_id
    )
    cost += weight.preferred_room * (wish.room_id is not None and item.room_id != wish.room_id)
    cost += weight.uv_month * (day.month in wish.avoid_months)
    cost += weight.load * request.load.get((day, item.practitioner_id), 0) // 100
    return cost


def change_cost(request: CourseRequest, before: Slot, after: Slot) -> int:
    """What a change of practitioner and room costs."""
    weight = request.weights
    return weight.practitioner_change * (
        before.practitioner_id != after.practitioner_id
    ) + weight.room_change * (before.room_id != after.room_id)


def windows_of(
    request: CourseRequest, chain: Sequence[Slot], specs: Sequence[SessionSpec]
) -> list[Window]:
    """The window of each slot of a chain."""
    windows = [request.first]
    for before, spec in zip(chain, specs[1:], strict=False):
        assert spec.gap is not None
        windows.append(window_after(day_of(request, before), spec.gap))
    return windows


def plan_cost(request: CourseRequest, chain: Sequence[Slot]) -> int | None:
    """The cost of a plan, or `None` when a gap is outside its window."""
    weight, cost = request.weights, 0
    windows = windows_of(request, chain, request.sessions)
    for at, (item, window) in enumerate(zip(chain, windows, strict=True)):
        day = day_of(request, item)
        if not window.earliest <= day <= window.latest:
            return None
        off = (day - window.ideal).days
        free = at == 0 and request.sessions[0].gap is None
        cost += weight.wait * abs(off) if free else weight.day * off * off
        cost += own_cost(request, item)
        if at:
            cost += change_cost(request, chain[at - 1], item)
        elif request.previous is not None:
            cost += change_cost(request, request.previous.slot, item)
    return cost


def every_plan(request: CourseRequest) -> Iterator[tuple[int, tuple[Slot, ...]]]:
    """Every possible plan with its cost."""
    items = offered(request)
    for chain in product(items, repeat=len(request.sessions)):
        cost = plan_cost(request, chain)
        if cost is not None:
            yield cost, chain


def every_replan(
    request: CourseRequest, booked: Mapping[int, Slot], moved: Visit, locked: frozenset[int]
) -> Iterator[tuple[tuple[int, int, int], dict[int, Slot]]]:
    """Every allowed placing of the later visits: (newly off, moved, cost) and the course."""
    items = offered(request)
    later = [number for number in sorted(booked) if number > moved.number]
    choices = [
        [booked[number]] if number in locked else list(dict.fromkeys([booked[number], *items]))
        for number in later
    ]
    for chain in product(*choices):
        after = {**booked, moved.number: moved.slot, **dict(zip(later, chain, strict=True))}
        rank = _rank(request, booked, after, moved.number)
        if rank is not None:
            yield rank, after


def _rank(
    request: CourseRequest, booked: Mapping[int, Slot], after: Mapping[int, Slot], moved: int
) -> tuple[int, int, int] | None:
    gaps = {spec.number: spec.gap for spec in request.sessions}
    off = moves = 0
    cost = own_cost(request, after[moved])
    numbers = [number for number in sorted(booked) if number >= moved]
    for before, number in pairwise(numbers):
        gap = gaps[number]
        assert gap is not None
        window = window_after(day_of(request, after[before]), gap)
        day = day_of(request, after[number])
        stays = after[number] == booked[number]
        if not window.earliest <= day <= window.latest:
            if not stays:
                return None
            off += after[before] != booked[before]
        moves += not stays
        cost += own_cost(request, after[number])
        cost += request.weights.day * (day - window.ideal).days ** 2
        cost += change_cost(request, after[before], after[number])
    return off, moves, cost

"""What is said when a course can't be planned, and why days have no slot."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesoclinic.common.calendar import add_days, day_interval, to_utc
from mesoclinic.common.intervals import Interval
from scheduling.domain.courses import (
    Blocked,
    CourseRequest,
    DayRange,
    Preferences,
    plan_course,
)
from scheduling.domain.obstacles import WORDS, Obstacle, ObstacleKind, SlotSource, obstacles
from scheduling.domain.slots import (
    Absence,
    HoursBlock,
    ResourceCalendar,
    Resources,
    SlotRequest,
    free_slots,
)
from scheduling.domain.words import TEMPLATES, Code, Reason, describe, reason
from tests.unit.scheduling.course_worlds import (
    ANNE,
    BERT,
    BLUE,
    PARIS,
    START,
    course,
    courses,
    every_day,
    every_plan,
    sessions,
    slot,
)
from tests.unit.scheduling.slot_worlds import worlds
from treatments.domain.protocol import Gap, Window

WEEKLY = Gap(7, 7, 10)
EVERY_DAY = tuple(HoursBlock(weekday, time(9), time(10)) for weekday in range(7))


def day(n: int) -> date:
    return add_days(START, n)


def away(first: int, last: int, label: str) -> Absence:
    return Absence(
        Interval(day_interval(day(first), PARIS).start, day_interval(day(last), PARIS).end), label
    )


def search(last: int = 60, **more: object) -> SlotRequest:
    within = Interval(day_interval(START, PARIS).start, day_interval(day(last), PARIS).end)
    half = timedelta(minutes=30)
    return SlotRequest(within=within, zone=PARIS, duration=half, step=half, **more)  # type: ignore[arg-type]


def blocked(request: CourseRequest) -> Blocked:
    plan = plan_course(request)
    assert plan.blocked is not None
    return plan.blocked


def suggestions(report: Blocked) -> dict[Code, Reason]:
    return {item.code: item for item in report.suggestions}


# --- Which session, and its window ---------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(courses(min_sessions=2))
def test_the_blocked_session_is_the_first_that_no_choice_reaches(request: CourseRequest) -> None:
    plan = plan_course(request)
    if plan.blocked is None:
        return
    numbers = [session.number for session in request.sessions]
    at = numbers.index(plan.blocked.number)
    if at:
        shorter = CourseRequest(
            sessions=request.sessions[:at],
            first=request.first,
            until=request.until,
            zone=request.zone,
            candidates=request.candidates,
            preferences=request.preferences,
        )
        assert any(True for _ in every_plan(shorter))
    assert plan.blocked.furthest == plan.blocked.number - 1
    assert plan.blocked.suggestions


def test_time_off_is_named_with_its_days_and_label() -> None:
    resources = Resources(
        practitioners=(ResourceCalendar(ANNE, EVERY_DAY, (away(20, 35, "Summer leave"),)),)
    )
    source = SlotSource(search(), resources)
    report = blocked(
        course(source, *[None, WEEKLY, WEEKLY, WEEKLY], until=day(60),
               first=Window(START, START, START), obstacles=source.obstacles)
    )  # fmt: skip
    assert report.number == 4
    assert report.furthest == 3
    assert (report.window.earliest, report.window.latest) == (day(21), day(29))
    assert report.obstacles == (
        Obstacle(day(20), day(35), ObstacleKind.AWAY, ANNE, "Summer leave"),
    )
    widen = suggestions(report)[Code.WIDEN_WINDOW]
    assert widen.values == {"days": 7, "day": day(36)}
    assert widen.text == f"Allow it 7 days later: {day(36)} is the next free day."


def test_another_practitioner_is_suggested_when_one_is_free() -> None:
    report = blocked(
        course([slot(START), slot(day(30))], None, WEEKLY, alternatives=every_day(9, who=BERT))
    )
    other = suggestions(report)[Code.OTHER_PRACTITIONER]
    assert other.ids == (str(BERT),)
    assert other.values == {"day": day(7)}


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        (Preferences(not_in=(DayRange(day(6), day(12), "Trip"),)), Code.DROP_DATES),
        (Preferences(weekdays=frozenset({2}), strict_weekdays=True), Code.DROP_WEEKDAYS),
        (Preferences(times=(time(8), time(9)), strict_times=True), Code.DROP_TIMES),
    ],
)
def test_the_condition_in_the_way_is_named(wishes: Preferences, code: Code) -> None:
    candidates = [slot(START, "08:00"), slot(day(8), "10:00")]
    report = blocked(course(candidates, None, WEEKLY, preferences=wishes))
    assert report.number == 2
    assert suggestions(report)[code].values == {"day": day(8)}
    label = "Trip" if code is Code.DROP_DATES else ""
    assert report.obstacles == (Obstacle(day(8), day(8), ObstacleKind.PREFERENCE, None, label),)


def test_the_patients_other_visit_is_named() -> None:
    taken = slot(day(7))
    report = blocked(
        course([slot(START), taken], None, WEEKLY, patient_busy=(Interval(taken.start, taken.end),))
    )
    assert Code.PATIENT_OTHER_VISIT in suggestions(report)
    assert [item.kind for item in report.obstacles] == [ObstacleKind.PATIENT_BUSY]


def test_the_end_of_booking_is_named() -> None:
    report = blocked(course(every_day(30), None, WEEKLY, WEEKLY, until=day(12)))
    assert report.number == 3
    assert [item.kind for item in report.obstacles] == [ObstacleKind.HORIZON]
    assert suggestions(report)[Code.BOOK_FURTHER].values == {"day": day(12)}
    never = blocked(course(every_day(30), None, until=day(-1)))
    assert (never.number, never.furthest) == (1, 0)


def test_nothing_to_suggest_asks_for_more_time() -> None:
    report = blocked(course([slot(START)], None, WEEKLY))
    assert suggestions(report)[Code.ADD_TIME].values == {"first": day(7), "last": day(10)}


def test_only_the_days_that_can_really_be_reached_are_looked_at() -> None:
    # Session 1 can be on day 0 or day 20; session 2 on days 7-10 or 27-30, not between.
    report = blocked(course([slot(START), slot(day(20)), slot(day(15))], None, Gap(7, 7, 10)))
    assert report.number == 2
    assert not any(item.first == day(15) for item in report.obstacles)


# --- Why days have no slot -----------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(worlds(), st.integers(0, 3))
def test_every_day_without_a_slot_and_no_other_has_an_obstacle(
    world: tuple[SlotRequest, Resources], extra: int
) -> None:
    request, resources = world
    first = request.within.start.astimezone(request.zone).date()
    last = add_days(first, extra)
    found = obstacles(request, resources, first, last)
    for person in resources.practitioners:
        alone = Resources(
            practitioners=(person,),
            rooms=resources.rooms,
            devices=resources.devices,
            closures=resources.closures,
            patient_busy=resources.patient_busy,
        )
        with_slot = {
            item.start.astimezone(request.zone).date() for item in free_slots(request, alone)
        }
        for n in range(extra + 1):
            on = add_days(first, n)
            if on not in with_slot:
                theirs = [o for o in found if o.practitioner_id in (None, person.id)]
                assert any(o.first <= on <= o.last for o in theirs)
    if not found:
        assert free_slots(request, resources)


def test_each_kind_of_obstacle_is_told_apart() -> None:
    nine = Interval(_at(1, "09:00"), _at(1, "10:00"))
    calendar = ResourceCalendar(
        ANNE,
        tuple(block for block in EVERY_DAY if block.weekday != day(6).weekday()),
        (away(2, 3, "Course"),),
        (nine,),
    )
    room = ResourceCalendar(BLUE, None, (), (Interval(_at(4, "08:00"), _at(4, "11:00")),))
    device = ResourceCalendar(BLUE, None, (), (Interval(_at(8, "08:00"), _at(8, "11:00")),))
    resources = Resources(
        practitioners=(calendar,),
        rooms=(room,),
        devices=(device,),
        closures=(away(5, 5, "Public holiday"),),
        patient_busy=(Interval(_at(7, "09:00"), _at(7, "09:45")),),
    )
    request = search(9, now=_at(0, "09:01"), notice=timedelta(hours=1))
    found = obstacles(request, resources, START, day(11))
    assert found == [
        Obstacle(day(0), day(0), ObstacleKind.NOTICE, ANNE),
        Obstacle(day(1), day(1), ObstacleKind.FULL, ANNE),
        Obstacle(day(2), day(3), ObstacleKind.AWAY, ANNE, "Course"),
        Obstacle(day(4), day(4), ObstacleKind.NO_ROOM, ANNE),
        Obstacle(day(5), day(5), ObstacleKind.CLOSED, None, "Public holiday"),
        Obstacle(day(6), day(6), ObstacleKind.NO_HOURS, ANNE),
        Obstacle(day(7), day(7), ObstacleKind.PATIENT_BUSY, ANNE),
        Obstacle(day(8), day(8), ObstacleKind.NO_DEVICE, ANNE),
        Obstacle(day(10), day(11), ObstacleKind.HORIZON, ANNE),
    ]


def test_days_wholly_beyond_what_may_be_booked_are_told() -> None:
    resources = Resources(practitioners=(ResourceCalendar(ANNE, EVERY_DAY),))
    found = obstacles(search(9), resources, day(20), day(21))
    assert found == [Obstacle(day(20), day(21), ObstacleKind.HORIZON, ANNE)]


def test_a_source_gives_sessions_their_own_length() -> None:
    resources = Resources(practitioners=(ResourceCalendar(ANNE, EVERY_DAY),))
    source = SlotSource(search(2), resources, {2: timedelta(hours=1)})
    assert {item.end - item.start for item in source(1, START, START)} == {timedelta(minutes=30)}
    assert {item.end - item.start for item in source(2, START, START)} == {timedelta(hours=1)}
    assert source(1, START, START) is source(3, START, START)
    assert source.load()[START, ANNE] == 0
    plan = plan_course(course(source, None, Gap(1, 1, 1), until=day(2), obstacles=source.obstacles))
    assert [visit.slot.end - visit.slot.start for visit in plan.best.visits] == [
        timedelta(minutes=30),
        timedelta(hours=1),
    ]
    assert len(sessions(None, WEEKLY)) == 2


def _at(n: int, clock: str) -> datetime:
    return to_utc(datetime.combine(day(n), time.fromisoformat(clock)), PARIS)


# --- Words ---------------------------------------------------------------------------------


def test_every_code_has_words() -> None:
    assert set(TEMPLATES) == set(Code)
    assert set(WORDS) == set(ObstacleKind)


def test_words_are_translated_and_dates_formatted_by_the_caller() -> None:
    item = reason(Code.IDEAL_TAKEN, day=date(2026, 5, 3))
    assert item.text == "The ideal day, 2026-05-03, has no free time."
    german = {TEMPLATES[Code.IDEAL_TAKEN]: "Am %(day)s ist nichts frei."}
    shown = describe(item, lambda text: german[text], lambda on: f"{on.day}.{on.month}.")
    assert shown == "Am 3.5. ist nichts frei."

"""Calendar files, clock changes, closures, and what a new clinic starts with."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from mesoclinic.clinic.models import Clinic, Membership
from patients.models import Patient
from scheduling import exceptions, services
from scheduling.models import TimeOff, VisitType
from scheduling.selectors import courses
from scheduling.selectors.board import day_board
from scheduling.selectors.calendars import Search
from scheduling.selectors.chart import visit_entries
from scheduling.selectors.feed import calendar_events
from scheduling.selectors.moves import Place, effect_of_move
from scheduling.selectors.slots import days_between, free_slots
from tests.factories import scheduling as make
from tests.factories import treatments
from tests.factories.clinic import PractitionerFactory
from tests.factories.treatments import NOW
from treatments.models import TreatmentPlan

SPRING = dt.date(2026, 3, 29)
AUTUMN = dt.date(2026, 10, 25)
MONDAY = dt.date(2026, 1, 19)


@pytest.fixture
def night_shift(practitioner: Membership) -> make.Desk:
    """Somebody who works every night from one to five."""
    desk = make.desk(practitioner)
    practitioner.staff.working_hours.all().delete()
    make.hours(practitioner, range(7), ((1, 5),))
    return desk


def starts(desk: make.Desk, day: dt.date) -> list[str]:
    """The free starts of a day as the clinic's clock shows them."""
    search = Search(
        clinic=desk.clinic, visit_type=desk.consultation,
        practitioners=(desk.member.staff_id,), within=days_between(desk.clinic, day, day), now=NOW,
    )  # fmt: skip
    return [f"{desk.clinic.local(slot.start):%H:%M}" for slot in free_slots(search)]


def test_when_clocks_go_forward_the_hour_that_is_missing_is_not_offered(
    night_shift: make.Desk,
) -> None:
    shown = starts(night_shift, SPRING)
    assert "01:45" in shown
    assert not any(one.startswith("02:") for one in shown)
    assert "03:00" in shown


def test_when_clocks_go_back_each_wall_time_is_offered_once(night_shift: make.Desk) -> None:
    shown = starts(night_shift, AUTUMN)
    assert shown.count("02:00") == 1
    assert len(shown) == len(set(shown))


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_a_course_across_a_clock_change_keeps_its_hour_and_its_days(
    desk: make.Desk, plan: TreatmentPlan, change: dt.date
) -> None:
    plan.start_on = change - 10 * make.DAY
    plan.save()
    now = desk.at(plan.start_on, 8)
    course = courses.course_of(desk.clinic, plan)
    wishes = courses.Wishes(
        practitioner_id=desk.member.staff_id, starts_from=dt.time(11), starts_until=dt.time(12),
        strict=True,
    )  # fmt: skip
    planned = courses.propose(desk.clinic, course, desk.session, wishes, now)
    visits = planned.result.best.visits
    locals_ = [desk.clinic.local(visit.slot.start) for visit in visits]
    assert {moment.hour for moment in locals_} == {11}
    days = [moment.date() for moment in locals_]
    assert 7 <= (days[1] - days[0]).days <= 10
    assert 28 <= (days[2] - days[1]).days <= 35
    assert len({moment.utcoffset() for moment in locals_}) == 2


def test_a_move_across_a_clock_change_keeps_the_hour_of_those_that_follow(
    desk: make.Desk, plan: TreatmentPlan
) -> None:
    first_day = dt.date(2026, 3, 18)
    sessions = list(plan.sessions.order_by("number"))
    visits = tuple(
        services.CourseVisit(one.pk, desk.member.staff_id, desk.at(first_day + days * make.DAY, 10))
        for one, days in zip(sessions, (0, 7, 37), strict=True)
    )
    booked = services.book_course(
        clinic=desk.clinic, actor=desk.actor, now=NOW,
        course=services.CourseBooking(
            plan_id=plan.pk, visit_type_id=desk.session.pk, visits=visits
        ),
    )  # fmt: skip
    place = Place(desk.at(first_day + 5 * make.DAY, 10))
    effect = effect_of_move(desk.clinic, booked[0], place, NOW)
    assert {desk.clinic.local(shift.after.start).hour for shift in effect.shifts} == {10}


# --- files -----------------------------------------------------------------------------------


def test_a_file_follows_the_visit(desk: make.Desk, ines: Patient) -> None:
    visit = desk.book(ines, desk.at(MONDAY, 10))
    request = Calendar.from_ical(services.ics_for([visit], cancelled=False, now=NOW))
    assert request["METHOD"] == "REQUEST"
    (event,) = request.walk("VEVENT")
    assert (event["SEQUENCE"], str(event["STATUS"])) == (1, "CONFIRMED")
    assert event.decoded("DTSTART") == visit.during.lower
    (moved,) = services.move_appointment(
        clinic=desk.clinic, actor=desk.actor, now=NOW,
        move=services.Move(visit=services.Target(visit.pk, desk.at(MONDAY, 11))),
    )  # fmt: skip
    again = Calendar.from_ical(services.ics_for([moved], cancelled=False, now=NOW))
    (event_again,) = again.walk("VEVENT")
    assert event_again["UID"] == event["UID"]
    assert event_again["SEQUENCE"] == 2
    end = Calendar.from_ical(services.ics_for([moved], cancelled=True, now=NOW))
    assert end["METHOD"] == "CANCEL"
    assert str(end.walk("VEVENT")[0]["STATUS"]) == "CANCELLED"


def test_a_file_says_nothing_about_health(
    desk: make.Desk, ines: Patient, plan: TreatmentPlan
) -> None:
    session = plan.sessions.get(number=1)
    visit = desk.book(
        ines, desk.at(MONDAY, 10), visit_type_id=desk.session.pk, planned_session_id=session.pk,
        note="knee hurts",
    )  # fmt: skip
    text = services.ics_for([visit], cancelled=False, now=NOW).decode()
    for word in ("Skin", "hydration", "Session", "knee", ines.name, "Ayla"):
        assert word not in text
    assert "TZID" not in text
    assert text.count("\r\n") > 10


# --- a new clinic ----------------------------------------------------------------------------


def test_a_new_clinic_gets_visit_types_once(clinic: Clinic) -> None:
    services.seed_clinic(clinic)
    VisitType.objects.filter(key="session").update(duration_min=60)
    services.seed_clinic(clinic)
    found = dict(VisitType.objects.for_clinic(clinic).values_list("key", "duration_min"))
    assert found == {"consultation": 30, "session": 60, "review": 20, "photographs": 15}


def test_public_holidays_close_the_clinic_until_they_are_switched_off(
    desk: make.Desk, ines: Patient
) -> None:
    count = services.load_public_holidays(clinic=desk.clinic, years=[2026], now=NOW)
    assert count >= 10
    assert services.load_public_holidays(clinic=desk.clinic, years=[2026], now=NOW) == 0
    may_day = desk.at(dt.date(2026, 5, 1), 10)
    with pytest.raises(exceptions.OutsideHours):
        desk.book(ines, may_day)
    TimeOff.objects.filter(holiday_key="FR-2026-05-01").update(in_force=False)
    assert services.load_public_holidays(clinic=desk.clinic, years=[2026], now=NOW) == 0
    assert desk.book(ines, may_day).pk


@pytest.mark.parametrize(
    ("country", "language", "name"),
    [
        ("FR", "fr", "Jour de l'an"),
        ("FR", "en", "New Year's Day"),
        ("CH", "fr", "Nouvel An"),
        ("GB", "en", "New Year's Day"),
        ("GB", "fr", "New Year's Day"),
    ],
)
def test_holidays_are_named_in_the_clinics_language(
    clinic: Clinic, country: str, language: str, name: str
) -> None:
    clinic.country, clinic.language = country, language
    services.load_public_holidays(clinic=clinic, years=[2026], now=NOW)
    assert TimeOff.objects.get(holiday_key=f"{country}-2026-01-01").label == name


def test_a_country_without_a_calendar_has_no_holidays(clinic: Clinic) -> None:
    clinic.country = "XX"
    assert services.load_public_holidays(clinic=clinic, years=[2026], now=NOW) == 0


# --- boards ----------------------------------------------------------------------------------


def test_the_day_board_takes_three_queries(desk: make.Desk, ines: Patient) -> None:
    for n in range(8):
        who = treatments.patient(desk.clinic, f"P{n}")
        make.visit(desk, who, desk.at(MONDAY, 9) + n * 30 * make.MINUTE)
    with CaptureQueriesContext(connection) as queries:
        board = day_board(desk.clinic, MONDAY)
        names = [visit.patient.name for visit in board.visits]
        titles = [visit.title for visit in board.visits]
    assert len(queries) == 3
    assert len(names) == len(titles) == 8
    assert board.to_come == 8


def test_the_board_leaves_out_other_days_cancelled_visits_and_other_clinics(
    desk: make.Desk, ines: Patient, other_practitioner: Membership
) -> None:
    there = make.desk(other_practitioner)
    make.visit(there, treatments.patient(there.clinic), desk.at(MONDAY, 9))
    make.visit(desk, ines, desk.at(MONDAY, 9), status="cancelled")
    make.visit(desk, ines, desk.at(MONDAY + make.DAY, 9))
    kept = make.visit(desk, ines, desk.at(MONDAY, 10))
    assert [one.pk for one in day_board(desk.clinic, MONDAY).visits] == [kept.pk]
    feed = calendar_events(desk.clinic, days_between(desk.clinic, MONDAY, MONDAY))
    assert [one["id"] for one in feed.events] == [str(kept.pk)]


def test_a_practitioner_of_two_clinics_has_one_body(
    desk: make.Desk, ines: Patient, other_practitioner: Membership
) -> None:
    there = make.desk(other_practitioner)
    guest = PractitionerFactory(clinic=there.clinic, staff=desk.member.staff)
    make.hours(guest, range(7), ((0, 23),))
    start = desk.at(MONDAY, 10)
    make.visit(
        there, treatments.patient(there.clinic), start, practitioner=desk.member.staff,
    )  # fmt: skip
    with pytest.raises(exceptions.SlotTaken):
        desk.book(ines, start)
    assert "10:00" not in starts(desk, MONDAY)


def test_the_timeline_names_each_visit(desk: make.Desk, ines: Patient) -> None:
    desk.book(ines, desk.at(MONDAY, 10))
    (entry,) = visit_entries(desk.clinic, desk.actor, ines, NOW, limit=9)
    assert entry.title == "Consultation: booked"

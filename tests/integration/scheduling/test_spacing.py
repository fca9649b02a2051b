"""A patient with two courses: their sessions keep clear of each other wherever a day is chosen."""

from __future__ import annotations

import datetime as dt

import pytest

from mesoclinic.clinic.models import Clinic, Membership
from patients.models import Patient
from scheduling import exceptions, services
from scheduling.domain.obstacles import ObstacleKind
from scheduling.domain.waitlist import Freed
from scheduling.models import Appointment, BookingRules
from scheduling.selectors import courses, waitlist
from scheduling.selectors.absences import propose_absence
from scheduling.selectors.moves import Place, effect_of_move
from scheduling.selectors.own import safe_times
from scheduling.services import CourseBooking, CourseVisit, Exceptions, Move, Target
from tests.factories import scheduling as make
from tests.factories import treatments
from tests.factories.treatments import NOW, Catalogue, actor_of
from treatments import services as treating
from treatments.models import PlannedSession, TargetArea, TreatmentPlan

pytestmark = pytest.mark.django_db

MONDAY = dt.date(2026, 1, 19)


@pytest.fixture
def stock(clinic: Clinic) -> Catalogue:
    """What the clinic treats with."""
    return treatments.catalogue(clinic)


@pytest.fixture
def cheeks(stock: Catalogue, practitioner: Membership, ines: Patient) -> TreatmentPlan:
    """A course of the cheeks: a second session after 7 to 10 days, a third after 28 to 35."""
    return treatments.course(stock, practitioner, who=ines)


@pytest.fixture
def given(desk: make.Desk, cheeks: TreatmentPlan) -> Appointment:
    """Its first session is booked for the Monday."""
    return book(desk, first_of(cheeks), MONDAY)


@pytest.fixture
def face(stock: Catalogue, practitioner: Membership, ines: Patient) -> TreatmentPlan:
    """A course of the whole face, of which the cheeks are a part."""
    return second_course(stock, practitioner, ines, stock.face)


@pytest.fixture
def scalp(stock: Catalogue, practitioner: Membership, ines: Patient) -> TreatmentPlan:
    """A course of the scalp."""
    area = TargetArea.objects.create(clinic=stock.clinic, key="scalp", name="Scalp", region="scalp")
    return second_course(stock, practitioner, ines, area)


def second_course(
    stock: Catalogue, member: Membership, who: Patient, area: TargetArea
) -> TreatmentPlan:
    """Another active course of the same person, with consent."""
    actor = actor_of(member)
    draft = treatments.plan_draft(stock, member, area_ids=frozenset({area.pk}))
    plan = treating.create_plan(patient=who, draft=draft, actor=actor, now=NOW)
    treating.activate_plan(plan=plan, actor=actor, now=NOW)
    treatments.consent(plan, member)
    plan.refresh_from_db()
    return plan


def first_of(plan: TreatmentPlan) -> PlannedSession:
    """The plan's first session."""
    return plan.sessions.get(number=1)


def book(
    desk: make.Desk, session: PlannedSession, day: dt.date, hour: int = 10,
    exceptions: Exceptions | None = None,
) -> Appointment:  # fmt: skip
    """Book a session."""
    return desk.book(
        session.patient, desk.at(day, hour), visit_type_id=desk.session.pk,
        planned_session_id=session.pk, exceptions=exceptions or Exceptions(),
    )  # fmt: skip


def least_days(desk: make.Desk, days: int) -> None:
    """The clinic leaves so many days between any two sessions of one person."""
    BookingRules.objects.create(clinic=desk.clinic, person_gap_days=days)


def test_another_area_may_be_treated_on_the_same_day(
    desk: make.Desk, given: Appointment, scalp: TreatmentPlan
) -> None:
    assert book(desk, first_of(scalp), MONDAY, 14).status == "booked"


def test_the_same_area_waits_as_long_as_its_protocol_wants(
    desk: make.Desk, given: Appointment, face: TreatmentPlan
) -> None:
    """The cheeks are part of the face: seven days, the least gap of the later course, not six."""
    with pytest.raises(exceptions.TooCloseTogether, match=r"19 Jan.* from 26 Jan"):
        book(desk, first_of(face), MONDAY + 4 * make.DAY)
    assert book(desk, first_of(face), MONDAY + 7 * make.DAY).status == "booked"


def test_the_clinics_own_days_hold_for_every_area_before_and_after(
    desk: make.Desk, given: Appointment, scalp: TreatmentPlan
) -> None:
    least_days(desk, 4)
    for days in (-3, 0, 3):
        with pytest.raises(exceptions.TooCloseTogether, match=r"4 days apart.* from 23 Jan"):
            book(desk, first_of(scalp), MONDAY + days * make.DAY, 14)
    assert book(desk, first_of(scalp), MONDAY + 4 * make.DAY).status == "booked"


def test_a_practitioner_may_set_it_aside_with_a_reason_and_the_desk_may_not(
    desk: make.Desk, given: Appointment, face: TreatmentPlan, receptionist: Membership
) -> None:
    aside = Exceptions(clinical=True, reason="Other side of the face")
    day = MONDAY + make.DAY
    with pytest.raises(exceptions.OverrideNotAllowed):
        desk.book(
            face.patient, desk.at(day, 10), visit_type_id=desk.session.pk,
            planned_session_id=first_of(face).pk, exceptions=aside, actor=actor_of(receptionist),
        )  # fmt: skip
    assert book(desk, first_of(face), day, exceptions=aside).status == "booked"


def test_a_session_outside_plans_keeps_the_clinics_days_and_a_talk_does_not(
    desk: make.Desk, given: Appointment, ines: Patient
) -> None:
    least_days(desk, 2)
    day = desk.at(MONDAY + make.DAY, 10)
    with pytest.raises(exceptions.TooCloseTogether):
        desk.book(ines, day, visit_type_id=desk.session.pk)
    assert desk.book(ines, day).status == "booked"


def test_a_cancelled_session_is_in_nobodys_way_and_comes_back_only_where_it_fits(
    desk: make.Desk, given: Appointment, face: TreatmentPlan
) -> None:
    services.cancel_appointment(
        clinic=desk.clinic, actor=desk.actor, now=NOW, appointment_id=given.pk, reason="ill"
    )
    book(desk, first_of(face), MONDAY + make.DAY)
    change = services.StatusChange(appointment_id=given.pk, target="booked")
    with pytest.raises(exceptions.TooCloseTogether):
        services.change_status(clinic=desk.clinic, actor=desk.actor, now=NOW, change=change)


def test_a_course_is_planned_around_the_other_one(
    desk: make.Desk, given: Appointment, face: TreatmentPlan
) -> None:
    """All of it can be booked; without room it says that the other course is in the way."""
    course = courses.course_of(desk.clinic, face)
    found = courses.propose(desk.clinic, course, desk.session, courses.Wishes(), NOW)
    best = found.result.best
    assert best.visits[0].day < MONDAY - 6 * make.DAY or best.visits[0].day >= MONDAY + 7 * make.DAY
    numbers = {one.number: one.pk for one in course.to_place}
    booked = services.book_course(
        clinic=desk.clinic, actor=desk.actor, now=NOW,
        course=CourseBooking(
            plan_id=face.pk, visit_type_id=desk.session.pk,
            visits=tuple(
                CourseVisit(numbers[one.number], one.slot.practitioner_id, one.slot.start)
                for one in best.visits
            ),
        ),
    )  # fmt: skip
    assert len(booked) == 3


def test_a_plan_without_room_says_that_the_other_course_is_in_the_way(
    desk: make.Desk, given: Appointment, scalp: TreatmentPlan
) -> None:
    """Its second session would have to come in days that the clinic keeps free."""
    book(desk, first_of(scalp), MONDAY - 5 * make.DAY)
    least_days(desk, 5)
    course = courses.course_of(desk.clinic, scalp)
    result = courses.propose(desk.clinic, course, desk.session, courses.Wishes(), NOW).result
    assert result.blocked is not None
    assert ObstacleKind.OTHER_COURSE in {one.kind for one in result.blocked.obstacles}


def test_a_move_shows_it_before_and_is_refused(
    desk: make.Desk, given: Appointment, face: TreatmentPlan
) -> None:
    visit = book(desk, first_of(face), MONDAY + 8 * make.DAY)
    there = desk.at(MONDAY + 3 * make.DAY, 10)
    assert (
        "Possible again from 26 Jan"
        in effect_of_move(desk.clinic, visit, Place(there), NOW).too_close
    )
    with pytest.raises(exceptions.TooCloseTogether):
        services.move_appointment(
            clinic=desk.clinic, actor=desk.actor, now=NOW,
            move=Move(visit=Target(visit.pk, there, visit.schedule_version)),
        )  # fmt: skip


def test_patients_are_offered_only_days_that_are_far_enough(
    desk: make.Desk, given: Appointment, face: TreatmentPlan
) -> None:
    visit = book(desk, first_of(face), MONDAY + 8 * make.DAY)
    offered = safe_times(desk.clinic, visit, MONDAY + make.DAY, NOW).strip
    # Monday to Friday are working days; the Tuesday after the week is the sixth day.
    assert {one.day for one in offered if one.free} == {MONDAY + 7 * make.DAY}


def test_nobody_on_the_waiting_list_is_asked_for_a_day_too_near(
    desk: make.Desk, given: Appointment, face: TreatmentPlan, ines: Patient
) -> None:
    make.waiting(desk, ines, visit_type=desk.session, planned_session=first_of(face))

    def fit(day: dt.date) -> int:
        start = desk.at(day, 14)
        one = Freed(start, start + 60 * make.MINUTE, desk.member.staff_id, desk.clinic.zone)
        return waitlist.how_many_fit(desk.clinic, [one], NOW)[one]

    assert (fit(MONDAY + 3 * make.DAY), fit(MONDAY + 7 * make.DAY)) == (0, 1)


def test_an_absence_moves_two_courses_of_one_person_apart(
    desk: make.Desk, given: Appointment, scalp: TreatmentPlan
) -> None:
    """Both were on the Monday; the clinic now wants two days between them."""
    book(desk, first_of(scalp), MONDAY, 14)
    least_days(desk, 2)
    away = make.time_off(desk, desk.at(MONDAY, 0), desk.at(MONDAY, 23))
    (row,) = propose_absence(desk.clinic, away, NOW).rows
    days = sorted(desk.clinic.local(one.slot.start).date() for one in row.times)
    assert len(days) == 2
    assert (days[1] - days[0]).days >= 2

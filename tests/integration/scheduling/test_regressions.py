"""What users of other systems suffer from, each once by name.

The least gap between two courses of one person has its own file, `test_spacing.py`.
"""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from aftercare.models import Message
from aftercare.services import seeding
from mesoclinic.clinic.models import Clinic
from patients.models import Patient
from scheduling import exceptions, services
from scheduling.models import Appointment
from scheduling.selectors import courses
from scheduling.selectors.moves import Place, effect_of_move
from scheduling.services import CourseBooking, CourseVisit, Move, Target
from tests.factories import scheduling as make
from tests.factories.treatments import NOW, patient
from treatments.models import PlannedSession, TreatmentPlan

pytestmark = pytest.mark.django_db

WEDNESDAY = dt.date(2026, 1, 14)


def move(desk: make.Desk, visit: Appointment, start: dt.datetime) -> None:
    """Move one visit alone."""
    target = Target(visit.pk, start, visit.schedule_version)
    services.move_appointment(
        clinic=desk.clinic, actor=desk.actor, now=NOW, move=Move(visit=target)
    )


def test_a_series_of_which_one_is_moved_stays_a_series(
    desk: make.Desk, plan: TreatmentPlan, sessions: list[PlannedSession], ten: dt.datetime
) -> None:
    """The middle one moves by a day: the others stay where they are, and belong to the course."""
    starts = (ten, ten + 7 * make.DAY, ten + 37 * make.DAY)
    visits = tuple(
        CourseVisit(session.pk, desk.member.staff_id, start)
        for session, start in zip(sessions, starts, strict=True)
    )
    booked = services.book_course(
        clinic=desk.clinic, actor=desk.actor, now=NOW,
        course=CourseBooking(plan_id=plan.pk, visit_type_id=desk.session.pk, visits=visits),
    )  # fmt: skip
    there = ten + 8 * make.DAY
    effect = effect_of_move(desk.clinic, booked[1], Place(there), NOW)
    assert (effect.shifts, effect.stays) == ((), (3,))
    move(desk, booked[1], there)
    now_at = Appointment.objects.filter(plan=plan).order_by("planned_session__number")
    assert [one.during.lower for one in now_at] == [starts[0], there, starts[2]]


def test_no_reminder_speaks_of_the_old_time(
    clinic: Clinic, desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    """After a move every reminder that will leave is counted from the new time."""
    seeding.seed_clinic(clinic)
    visit = desk.book(ines, ten + 7 * make.DAY)
    move(desk, visit, ten + 14 * make.DAY)
    due = Message.objects.filter(step_key="visit-reminder-48h", state="planned")
    assert [one.due_at.date() for one in due] == [WEDNESDAY + 12 * make.DAY]


def test_every_eighth_week_means_eight_weeks(
    desk: make.Desk, plan: TreatmentPlan, sessions: list[PlannedSession]
) -> None:
    """Whole weeks are kept to the day, over the change of clocks as well."""
    plan.sessions.filter(number__gt=1).update(gap_min=56, gap_ideal=56, gap_max=63)
    course = courses.course_of(desk.clinic, plan)
    found = courses.propose(desk.clinic, course, desk.session, courses.Wishes(), NOW)
    days = [visit.day for visit in found.result.best.visits]
    assert [(later - day).days for day, later in itertools.pairwise(days)] == [56, 56]


def test_a_series_never_lies_in_leave(desk: make.Desk, plan: TreatmentPlan) -> None:
    """The practitioner is away when the second session would be ideal: another day of its window."""
    course = courses.course_of(desk.clinic, plan)

    def days() -> list[dt.date]:
        found = courses.propose(desk.clinic, course, desk.session, courses.Wishes(), NOW)
        return [visit.day for visit in found.result.best.visits]

    first, ideal, _third = days()
    make.time_off(desk, desk.at(ideal, 0), desk.at(ideal, 23))
    again = days()
    assert ideal not in again
    assert 7 <= (again[1] - first).days <= 10


def test_each_type_keeps_its_own_buffer(
    clinic: Clinic, desk: make.Desk, plan: TreatmentPlan, sessions: list[PlannedSession],
    ten: dt.datetime,
) -> None:  # fmt: skip
    """Ten minutes after a session, none after a talk."""
    other, third = patient(clinic, "Gül Şahin"), patient(clinic, "Bo Lind")
    desk.book(
        plan.patient, ten, visit_type_id=desk.session.pk, planned_session_id=sessions[0].pk
    )  # ends at 10:45, the room is free at 10:55
    with pytest.raises(exceptions.SlotTaken):
        desk.book(other, ten + 45 * make.MINUTE)
    desk.book(other, ten + 60 * make.MINUTE)
    desk.book(third, ten + 90 * make.MINUTE)


def test_a_visit_does_not_block_its_own_move(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    """A quarter of an hour later overlaps with where it stands now, and is free all the same."""
    visit = desk.book(ines, ten)
    move(desk, visit, ten + 15 * make.MINUTE)
    visit.refresh_from_db()
    assert visit.during.lower == ten + 15 * make.MINUTE

"""Moving visits: alone or with the later ones of the course, all or nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest

from patients.models import Patient
from scheduling import exceptions, services
from scheduling.models import Appointment, AppointmentMove, Room
from scheduling.services import CourseBooking, CourseVisit, Exceptions, Move, Target
from scheduling.signals import appointments_booked, appointments_moved
from tests.factories import scheduling as make
from tests.factories import treatments
from tests.factories.clinic import PractitionerFactory
from tests.factories.treatments import NOW
from treatments.models import PlannedSession, TreatmentPlan

WEDNESDAY = dt.date(2026, 1, 14)


def move(desk: make.Desk, visit: Target, later: Sequence[Target] = (), **more: Any) -> Any:
    """Move as the practitioner, now."""
    return services.move_appointment(
        clinic=desk.clinic,
        actor=desk.actor,
        now=NOW,
        move=Move(visit=visit, later=tuple(later), **more),
    )


@pytest.fixture
def ten(desk: make.Desk) -> dt.datetime:
    """Wednesday at ten."""
    return desk.at(WEDNESDAY, 10)


@pytest.fixture
def course(
    desk: make.Desk, plan: TreatmentPlan, sessions: list[PlannedSession], ten: dt.datetime
) -> list[Appointment]:
    """The three sessions booked at ideal gaps: 14 January, 21 January, 20 February."""
    return book(desk, plan, sessions, [ten, ten + 7 * make.DAY, ten + 37 * make.DAY])


def book(
    desk: make.Desk,
    plan: TreatmentPlan,
    sessions: list[PlannedSession],
    starts: list[dt.datetime],
    **more: Any,
) -> list[Appointment]:
    """Book a course at these times."""
    visits = tuple(
        CourseVisit(session.pk, desk.member.staff_id, start)
        for session, start in zip(sessions, starts, strict=False)
    )
    return services.book_course(
        clinic=desk.clinic, actor=desk.actor, now=NOW,
        course=CourseBooking(
            plan_id=plan.pk, visit_type_id=desk.session.pk, visits=visits, **more
        ),
    )  # fmt: skip


# --- whole courses --------------------------------------------------------------------------


def test_a_course_is_booked_whole_and_announced_once(
    desk: make.Desk, plan: TreatmentPlan, sessions: list[PlannedSession], ten: dt.datetime
) -> None:
    heard: list[list[Appointment]] = []

    def listen(appointments: list[Appointment], **kwargs: Any) -> None:
        heard.append(appointments)

    appointments_booked.connect(listen)
    try:
        booked = book(desk, plan, sessions, [ten, ten + 7 * make.DAY, ten + 37 * make.DAY])
    finally:
        appointments_booked.disconnect(listen)
    assert heard == [booked]
    assert [one.planned_session_id for one in booked] == [one.pk for one in sessions]
    assert {one.room_id for one in booked} == {booked[0].room_id}
    assert not any(one.off_protocol for one in booked)


def test_one_taken_time_and_nothing_is_booked(
    desk: make.Desk, plan: TreatmentPlan, sessions: list[PlannedSession], ten: dt.datetime
) -> None:
    desk.book(treatments.patient(desk.clinic, "Bruno Costa"), ten + 7 * make.DAY)
    with pytest.raises(exceptions.SlotTaken) as caught:
        book(desk, plan, sessions, [ten, ten + 7 * make.DAY, ten + 37 * make.DAY])
    assert "2026" in caught.value.message
    assert not Appointment.objects.filter(plan=plan).exists()


def test_a_course_outside_its_windows_is_refused_whole(
    desk: make.Desk, plan: TreatmentPlan, sessions: list[PlannedSession], ten: dt.datetime
) -> None:
    with pytest.raises(exceptions.OutsideProtocolWindow):
        book(desk, plan, sessions, [ten, ten + 7 * make.DAY, ten + 12 * make.DAY])
    assert not Appointment.objects.exists()


def test_a_double_click_books_one_course(
    desk: make.Desk, plan: TreatmentPlan, sessions: list[PlannedSession], ten: dt.datetime
) -> None:
    starts = [ten, ten + 7 * make.DAY, ten + 37 * make.DAY]
    first = book(desk, plan, sessions, starts, key="form")
    again = book(desk, plan, sessions, starts, key="form")
    assert [one.pk for one in first] == [one.pk for one in again]
    assert Appointment.objects.count() == 3


def test_the_queries_of_a_course_do_not_grow_with_its_sessions(
    desk: make.Desk, plan: TreatmentPlan, sessions: list[PlannedSession], ten: dt.datetime,
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    with django_assert_max_num_queries(60):
        book(desk, plan, sessions, [ten, ten + 7 * make.DAY, ten + 37 * make.DAY])


# --- moves ----------------------------------------------------------------------------------


def test_a_move_raises_the_version_and_leaves_a_trace(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    visit = desk.book(ines, ten)
    (moved,) = move(
        desk, Target(visit.pk, ten + 60 * make.MINUTE, visit.schedule_version), reason="Train"
    )
    moved.refresh_from_db()
    assert moved.during.lower == ten + 60 * make.MINUTE
    assert moved.schedule_version == 2
    trace = AppointmentMove.objects.get(appointment=visit)
    assert (trace.from_during.lower, trace.reason) == (ten, "Train")


def test_a_visit_never_stands_in_its_own_way(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    visit = desk.book(ines, ten)
    (moved,) = move(desk, Target(visit.pk, ten + 15 * make.MINUTE))
    assert moved.during.lower == ten + 15 * make.MINUTE


def test_a_confirmed_visit_has_to_be_confirmed_again(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    visit = desk.book(ines, ten)
    services.confirm_appointment(
        clinic=desk.clinic, actor=desk.actor, now=NOW, appointment_id=visit.pk
    )
    (moved,) = move(desk, Target(visit.pk, ten + make.DAY))
    assert moved.status == "booked"
    assert list(moved.status_changes.values_list("to_status", flat=True)) == [
        "booked", "confirmed", "booked",
    ]  # fmt: skip


def test_repeating_a_move_is_harmless_and_a_stale_page_is_told(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    visit = desk.book(ines, ten)
    target = Target(visit.pk, ten + make.DAY, 1)
    move(desk, target)
    (again,) = move(desk, target)
    assert again.schedule_version == 2
    with pytest.raises(exceptions.ChangedMeanwhile):
        move(desk, Target(visit.pk, ten + 2 * make.DAY, 1))


def test_a_taken_slot_refuses_the_move(desk: make.Desk, ines: Patient, ten: dt.datetime) -> None:
    visit = desk.book(ines, ten)
    desk.book(treatments.patient(desk.clinic, "Bruno Costa"), ten + 60 * make.MINUTE)
    with pytest.raises(exceptions.SlotTaken):
        move(desk, Target(visit.pk, ten + 45 * make.MINUTE))
    # The only room is taken too; that the practitioner is busy is what a person can act on.
    Room.objects.filter(clinic=desk.clinic).exclude(name=str(visit.room)).delete()
    with pytest.raises(exceptions.SlotTaken, match="practitioner has another visit"):
        move(desk, Target(visit.pk, ten + 45 * make.MINUTE))
    visit.refresh_from_db()
    assert visit.during.lower == ten


def test_a_move_to_another_practitioner(desk: make.Desk, ines: Patient, ten: dt.datetime) -> None:
    other = PractitionerFactory(clinic=desk.clinic)
    make.hours(other)
    visit = desk.book(ines, ten)
    (moved,) = move(desk, Target(visit.pk, ten, practitioner_id=other.staff_id))
    assert moved.practitioner_id == other.staff_id


def test_what_has_begun_does_not_move(desk: make.Desk, ines: Patient, ten: dt.datetime) -> None:
    visit = desk.book(ines, ten)
    Appointment.objects.filter(pk=visit.pk).update(status="arrived")
    with pytest.raises(exceptions.ChangeNotAllowed):
        move(desk, Target(visit.pk, ten + make.DAY))


def test_another_clinics_visit_is_not_found(
    desk: make.Desk, ines: Patient, ten: dt.datetime, other_practitioner: Any
) -> None:
    visit = desk.book(ines, ten)
    with pytest.raises(exceptions.AppointmentNotFound):
        services.move_appointment(
            clinic=other_practitioner.clinic,
            actor=treatments.actor_of(other_practitioner),
            now=NOW,
            move=Move(visit=Target(visit.pk, ten + make.DAY)),
        )


def test_the_later_ones_shift_along_even_into_each_others_time(
    desk: make.Desk, course: list[Appointment], ten: dt.datetime
) -> None:
    first, second, third = course
    heard: list[list[Appointment]] = []

    def listen(appointments: list[Appointment], **kwargs: Any) -> None:
        heard.append(appointments)

    appointments_moved.connect(listen)
    try:
        moved = move(
            desk,
            Target(first.pk, ten + 7 * make.DAY, 1),
            [Target(second.pk, ten + 14 * make.DAY, 1), Target(third.pk, ten + 44 * make.DAY, 1)],
        )
    finally:
        appointments_moved.disconnect(listen)
    assert [one.pk for one in moved] == [first.pk, second.pk, third.pk]
    assert len(heard) == 1
    assert [one.during.lower for one in moved] == [
        ten + 7 * make.DAY, ten + 14 * make.DAY, ten + 44 * make.DAY,
    ]  # fmt: skip


def test_back_again_the_other_way(
    desk: make.Desk, course: list[Appointment], ten: dt.datetime
) -> None:
    first, second, third = course
    days = [(first, 7), (second, 14), (third, 44)]
    targets = [Target(one.pk, ten + n * make.DAY) for one, n in days]
    move(desk, targets[0], targets[1:])
    back = [Target(one.pk, ten + (n - 7) * make.DAY) for one, n in days]
    moved = move(desk, back[0], back[1:])
    assert moved[0].during.lower == ten
    assert [one.schedule_version for one in moved] == [3, 3, 3]


def test_one_that_cant_follow_stops_them_all(
    desk: make.Desk, course: list[Appointment], ten: dt.datetime
) -> None:
    first, second, third = course
    desk.book(treatments.patient(desk.clinic, "Bruno Costa"), ten + 14 * make.DAY)
    with pytest.raises(exceptions.SlotTaken):
        move(
            desk,
            Target(first.pk, ten + 7 * make.DAY),
            [Target(second.pk, ten + 14 * make.DAY), Target(third.pk, ten + 44 * make.DAY)],
        )
    assert list(Appointment.objects.order_by("during").values_list("schedule_version")) == [
        (1,), (1,), (1,), (1,),
    ]  # fmt: skip


def test_moving_one_alone_flags_what_leaves_its_window(
    desk: make.Desk, course: list[Appointment], ten: dt.datetime
) -> None:
    first, second, _third = course
    with pytest.raises(exceptions.OutsideProtocolWindow):
        move(desk, Target(first.pk, ten + 2 * make.DAY))
    move(desk, Target(second.pk, ten + 9 * make.DAY))
    why = Exceptions(clinical=True, reason="Skin has healed well")
    move(desk, Target(first.pk, ten + 5 * make.DAY), exceptions=why)
    second.refresh_from_db()
    assert second.off_protocol
    move(desk, Target(first.pk, ten + 2 * make.DAY))
    second.refresh_from_db()
    assert not second.off_protocol

"""A practitioner falls ill: one proposal for everybody, accepted patient by patient."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aftercare.models import Message
from aftercare.services import seeding
from mesoclinic.clinic.models import Clinic, Membership
from patients.models import Patient
from scheduling import services
from scheduling.models import Appointment, TimeOff, WorkingHours
from scheduling.selectors.absences import AbsencePlan, Row, propose_absence
from scheduling.services import Accepted, AwayRequest, Target, Week
from tests.factories import scheduling as make
from tests.factories.clinic import PractitionerFactory
from tests.factories.treatments import NOW, TODAY, actor_of, patient
from treatments.models import PlannedSession, TreatmentPlan

pytestmark = pytest.mark.django_db

MONDAY = TODAY + dt.timedelta(days=(14 - TODAY.weekday()))


@pytest.fixture(autouse=True)
def messages(clinic: Clinic) -> None:
    """The clinic's own messages."""
    seeding.seed_clinic(clinic)


def ill(desk: make.Desk, days: int = 3) -> TimeOff:
    """The practitioner is ill from the Monday."""
    return services.add_time_off(
        clinic=desk.clinic, actor=desk.actor, now=NOW,
        away=AwayRequest(
            first_day=MONDAY, last_day=MONDAY + (days - 1) * make.DAY, label="Ill",
            practitioner_id=desk.member.staff_id,
        ),
    )  # fmt: skip


def accepted(rows: list[Row]) -> list[Accepted]:
    """What staff send back for the rows."""
    return [
        Accepted(
            tuple(
                Target(
                    one.appointment.pk, one.slot.start, one.appointment.schedule_version,
                    one.slot.practitioner_id,
                )
                for one in row.times
            )
        )
        for row in rows
    ]  # fmt: skip


def carry_out(desk: make.Desk, rows: list[Row]) -> services.AbsenceResult:
    """Do it."""
    return services.replan_absence(
        clinic=desk.clinic, actor=desk.actor, now=NOW, accepted=accepted(rows), reason="Ill"
    )


def course(
    desk: make.Desk, plan: TreatmentPlan, sessions: list[PlannedSession]
) -> list[Appointment]:
    """The course booked: the first on the Monday, the others as the protocol wants them."""
    days = (MONDAY, MONDAY + 8 * make.DAY, MONDAY + 38 * make.DAY)
    return services.book_course(
        clinic=desk.clinic, actor=desk.actor, now=NOW,
        course=services.CourseBooking(
            plan_id=plan.pk, visit_type_id=desk.session.pk,
            visits=tuple(
                services.CourseVisit(one.pk, desk.member.staff_id, desk.at(day, 10))
                for one, day in zip(sessions, days, strict=True)
            ),
        ),
    )  # fmt: skip


def propose(desk: make.Desk, absence: TimeOff) -> AbsencePlan:
    """The proposal."""
    return propose_absence(desk.clinic, absence, NOW)


def test_one_proposal_gives_everybody_another_time(
    desk: make.Desk, ines: Patient, plan: TreatmentPlan, sessions: list[PlannedSession]
) -> None:
    course(desk, plan, sessions)
    others = [desk.book(patient(desk.clinic), desk.at(MONDAY, 11 + n)) for n in range(3)]
    absence = ill(desk)
    found = propose(desk, absence)
    assert (found.visits, len(found.placed)) == (4, 4)
    slots = [time.slot for row in found.rows for time in row.times]
    assert not any(
        a.start < b.end and b.start < a.end and a.practitioner_id == b.practitioner_id
        for at, a in enumerate(slots)
        for b in slots[:at]
    )
    result = carry_out(desk, found.placed)
    assert result.refused == ()
    assert {visit.pk for visit in others} <= {visit.pk for visit in result.moved}
    assert propose(desk, absence).rows == ()
    away = Appointment.objects.filter(during__overlap=absence.during)
    assert not away.exclude(status="cancelled").exists()


def test_what_is_struck_stays_and_each_patient_hears_once(
    desk: make.Desk, ines: Patient, plan: TreatmentPlan, sessions: list[PlannedSession]
) -> None:
    course(desk, plan, sessions)
    other = desk.book(patient(desk.clinic, email="o@example.org"), desk.at(MONDAY, 14))
    mine = [row for row in propose(desk, ill(desk)).placed if row.patient == ines]
    carry_out(desk, mine)
    other.refresh_from_db()
    assert other.during.lower == desk.at(MONDAY, 14)
    told = Message.objects.filter(step_key="visit-moved")
    assert list(told.values_list("patient", flat=True)) == [ines.pk]


def test_a_course_keeps_its_windows_and_as_many_visits_as_it_can(
    desk: make.Desk, plan: TreatmentPlan, sessions: list[PlannedSession], clinic: Clinic
) -> None:
    """A colleague is free: the displaced visit goes to them, nothing else moves."""
    colleague: Membership = PractitionerFactory(clinic=clinic)
    make.hours(colleague)
    visits = course(desk, plan, sessions)
    absence = ill(desk, days=12)
    (row,) = propose(desk, absence).rows
    assert row.late == ()
    assert {time.appointment.pk for time in row.times} == {visits[0].pk, visits[1].pk}
    assert all(time.displaced and time.changes_hands for time in row.times)


def test_better_late_than_not_at_all_and_it_is_said(
    desk: make.Desk, plan: TreatmentPlan, sessions: list[PlannedSession]
) -> None:
    visits = course(desk, plan, sessions)
    absence = services.add_time_off(
        clinic=desk.clinic, actor=desk.actor, now=NOW,
        away=AwayRequest(
            first_day=MONDAY + 7 * make.DAY, last_day=MONDAY + 21 * make.DAY, label="Ill",
            practitioner_id=desk.member.staff_id,
        ),
    )  # fmt: skip
    (row,) = propose(desk, absence).rows
    assert row.late
    assert visits[0].pk not in {time.appointment.pk for time in row.times}
    assert carry_out(desk, [row]).refused == ()


def test_what_was_taken_meanwhile_is_said_and_the_rest_moves(desk: make.Desk) -> None:
    clinic = desk.clinic
    for n in range(2):
        desk.book(patient(clinic), desk.at(MONDAY, 10 + n))
    rows = propose(desk, ill(desk)).placed
    thief = patient(clinic)
    desk.book(thief, rows[0].times[0].slot.start)
    result = carry_out(desk, rows)
    assert len(result.moved) == 1
    assert rows[0].patient.name in result.refused[0]


def test_a_second_page_moves_nothing_and_says_so(desk: make.Desk) -> None:
    for n in range(2):
        desk.book(patient(desk.clinic, email=f"{n}@example.org"), desk.at(MONDAY, 10 + n))
    rows = propose(desk, ill(desk)).placed
    first = carry_out(desk, rows)
    again = carry_out(desk, rows)
    assert (len(first.moved), first.stood) == (2, 0)
    assert (again.moved, again.refused, again.stood) == ((), (), 2)
    assert Message.objects.filter(step_key="visit-moved").count() == 2


def test_it_costs_the_same_whatever_its_length(desk: make.Desk) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            propose(desk, absence)
        return len(found)

    desk.book(patient(desk.clinic), desk.at(MONDAY, 9))
    absence = ill(desk)
    few = queries()
    for n in range(4):
        make.visit(desk, patient(desk.clinic), desk.at(MONDAY, 10 + n))
    assert queries() == few


def test_a_time_held_for_somebody_now_is_not_proposed(desk: make.Desk, clinic: Clinic) -> None:
    """An offer to the waiting list runs out before the day, but it stands when staff accept."""
    held = make.visit(
        desk, patient(clinic), desk.at(MONDAY - 3 * make.DAY, 10), status="pending",
        held_until=NOW + 60 * make.MINUTE,
    )  # fmt: skip
    desk.book(patient(clinic), desk.at(MONDAY, 10))
    (row,) = propose_absence(clinic, ill(desk), NOW).placed
    assert not held.during.lower <= row.times[0].slot.start < held.during.upper
    later = propose_absence(clinic, TimeOff.objects.get(), NOW + 61 * make.MINUTE)
    assert later.placed[0].times[0].slot.start == held.during.lower


# --- Hours ---------------------------------------------------------------------------------


def test_leave_and_coming_back_early(desk: make.Desk, ines: Patient) -> None:
    absence = ill(desk)
    with pytest.raises(services_refusal(), match="away"):
        desk.book(ines, desk.at(MONDAY, 10))
    services.end_time_off(
        clinic=desk.clinic, actor=desk.actor, now=desk.at(MONDAY, 12), pk=absence.pk
    )
    assert desk.book(ines, desk.at(MONDAY, 14), now=desk.at(MONDAY, 12)).status == "booked"


def services_refusal() -> type[Exception]:
    """What booking into leave raises."""
    from scheduling.exceptions import OutsideHours

    return OutsideHours


def test_new_hours_begin_on_their_day_and_old_ones_end(
    desk: make.Desk, manager: Membership
) -> None:
    days = {0: ((dt.time(8), dt.time(12)), (dt.time(13), dt.time(18)))}
    services.set_weekly_hours(
        clinic=desk.clinic, actor=actor_of(manager), now=NOW,
        practitioner_id=desk.member.staff_id, week=Week(valid_from=MONDAY, days=days),
    )  # fmt: skip
    rows = WorkingHours.objects.filter(practitioner=desk.member.staff)
    assert rows.filter(valid_until=MONDAY - make.DAY).count() == 5
    assert rows.filter(valid_from=MONDAY, weekday=0).count() == 2
    # Written twice they are there once.
    services.set_weekly_hours(
        clinic=desk.clinic, actor=actor_of(manager), now=NOW,
        practitioner_id=desk.member.staff_id, week=Week(valid_from=MONDAY, days=days),
    )  # fmt: skip
    assert rows.count() == 7


def test_other_hours_on_one_day_add_and_take_away(desk: make.Desk, manager: Membership) -> None:
    """Instead of nine to five: half past seven to eleven."""
    wanted = [(dt.time(7, 30), dt.time(11))]
    for _again in range(2):
        services.set_day_hours(
            clinic=desk.clinic, actor=actor_of(manager), now=NOW,
            practitioner_id=desk.member.staff_id, day=MONDAY, blocks=wanted,
        )  # fmt: skip
    early = WorkingHours.objects.get(valid_from=MONDAY, valid_until=MONDAY)
    assert (early.starts, early.ends) == (dt.time(7, 30), dt.time(9))
    off = TimeOff.objects.get(practitioner=desk.member.staff)
    assert (off.during.lower, off.during.upper) == (desk.at(MONDAY, 11), desk.at(MONDAY, 17))

"""The way of a visit through its states, holds, and what other rooms set off."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from mesoclinic.clinic.models import Membership
from patients.models import Patient
from patients.signals import patient_contraindicated
from scheduling import exceptions, services
from scheduling.domain.status import TRANSITIONS, Status, allowed
from scheduling.models import Appointment, Room
from scheduling.services import StatusChange
from tests.factories import scheduling as make
from tests.factories import treatments
from tests.factories.clinic import PractitionerFactory
from tests.factories.treatments import NOW, actor_of
from treatments.models import PlannedSession, TreatmentPlan


def change(desk: make.Desk, visit: Appointment, target: str, **more: Any) -> Appointment:
    """Change the status, by default as the practitioner at the time of the visit."""
    now = more.pop("now", visit.during.lower)
    actor = more.pop("actor", desk.actor)
    return services.change_status(
        clinic=desk.clinic, actor=actor, now=now,
        change=StatusChange(appointment_id=visit.pk, target=target, **more),
    )  # fmt: skip


def test_the_usual_way_leaves_a_row_for_each_step(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    visit = desk.book(ines, ten)
    for target in ("confirmed", "arrived", "in_session", "done"):
        visit = change(desk, visit, target)
    steps = visit.status_changes.order_by("created_at", "at").values_list("to_status", flat=True)
    assert set(steps) == {"booked", "confirmed", "arrived", "in_session", "done"}


@pytest.mark.parametrize("source", list(Status))
@pytest.mark.parametrize("target", [one for one in Status if one is not Status.CANCELLED])
def test_what_the_table_does_not_allow_is_refused(
    desk: make.Desk, ines: Patient, ten: dt.datetime, source: Status, target: Status
) -> None:
    if source is target or allowed(source, target):
        return
    visit = make.visit(desk, ines, ten, status=source, held_until=ten)
    with pytest.raises(exceptions.ChangeNotAllowed):
        change(desk, visit, target)


def test_the_same_status_again_changes_nothing(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    visit = desk.book(ines, ten)
    change(desk, visit, "arrived")
    change(desk, visit, "arrived")
    assert visit.status_changes.count() == 2


def test_check_in_waits_for_the_day_and_no_show_for_the_hour(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    visit = desk.book(ines, ten)
    with pytest.raises(exceptions.TooEarlyForThat):
        change(desk, visit, "arrived", now=NOW)
    with pytest.raises(exceptions.TooEarlyForThat):
        change(desk, visit, "no_show", now=ten - make.MINUTE)
    assert change(desk, visit, "no_show", now=ten + make.MINUTE).status == "no_show"


def test_the_desk_does_not_begin_sessions(
    desk: make.Desk, ines: Patient, ten: dt.datetime, receptionist: Membership
) -> None:
    visit = desk.book(ines, ten)
    noor = actor_of(receptionist)
    change(desk, visit, "arrived", actor=noor)
    with pytest.raises(exceptions.ChangeNotAllowed, match="practitioner"):
        change(desk, visit, "in_session", actor=noor)


def test_cancelling_needs_a_reason_frees_the_time_and_can_be_repeated(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    visit = desk.book(ines, ten)
    call: dict[str, Any] = {
        "clinic": desk.clinic,
        "actor": desk.actor,
        "now": NOW,
        "appointment_id": visit.pk,
    }
    with pytest.raises(exceptions.ReasonMissing):
        services.cancel_appointment(**call, reason=" ")
    services.cancel_appointment(**call, reason="Ill")
    assert services.cancel_appointment(**call, reason="Ill").status == "cancelled"
    assert desk.book(treatments.patient(desk.clinic, "Bruno Costa"), ten).pk


def test_a_cancelled_visit_comes_back_only_while_its_time_is_free(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    visit = desk.book(ines, ten)
    change(desk, visit, "cancelled", reason="Mistake", now=NOW)
    back = change(desk, visit, "booked", now=NOW)
    assert (back.status, back.schedule_version) == ("booked", 3)
    change(desk, visit, "cancelled", reason="After all", now=NOW)
    desk.book(treatments.patient(desk.clinic, "Bruno Costa"), ten)
    with pytest.raises(exceptions.SlotTaken):
        change(desk, visit, "booked", now=NOW)


@pytest.mark.usefixtures("clock")
def test_what_comes_back_takes_another_room_where_its_own_is_taken(
    desk: make.Desk, ines: Patient, ten: dt.datetime, ayla: Client
) -> None:
    """And it is said; with no room left it is refused."""
    visit = desk.book(ines, ten, room_id=desk.room.pk)
    change(desk, visit, "cancelled", reason="Mistake", now=NOW)
    taken(desk, ten, desk.room)
    address = reverse("scheduling:status", args=[visit.pk])
    page = ayla.post(address, {"target": "booked"}, follow=True).content.decode()
    assert "Room 1 is taken: the visit is in Room 2 now." in page
    visit.refresh_from_db()
    assert (visit.status, visit.room) == ("booked", desk.second_room)
    change(desk, visit, "cancelled", reason="Mistake", now=NOW)
    taken(desk, ten, desk.second_room)
    with pytest.raises(exceptions.SlotTaken) as refusal:
        change(desk, visit, "booked", now=NOW)
    assert refusal.value.parties == ("room",)


def taken(desk: make.Desk, start: dt.datetime, room: Room) -> None:
    """A colleague has a visit in the room."""
    colleague = PractitionerFactory(clinic=desk.clinic)
    who = treatments.patient(desk.clinic, "Bruno Costa")
    make.visit(desk, who, start, practitioner=colleague.staff, room=room)


def test_whoever_was_noted_as_missing_is_checked_in_in_another_room(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    visit = desk.book(ines, ten, room_id=desk.room.pk)
    later = ten + 10 * make.MINUTE
    change(desk, visit, "no_show", now=later)
    taken(desk, ten, desk.room)
    assert change(desk, visit, "arrived", now=later).room == desk.second_room
    change(desk, visit, "booked", now=later)


def test_another_clinics_visit_is_not_found(
    desk: make.Desk, ines: Patient, ten: dt.datetime, other_practitioner: Membership
) -> None:
    visit = desk.book(ines, ten)
    with pytest.raises(exceptions.AppointmentNotFound):
        services.change_status(
            clinic=other_practitioner.clinic, actor=actor_of(other_practitioner), now=ten,
            change=StatusChange(appointment_id=visit.pk, target="arrived"),
        )  # fmt: skip


# --- what other rooms set off ----------------------------------------------------------------


@pytest.fixture
def booked(
    desk: make.Desk, ines: Patient, sessions: list[PlannedSession], ten: dt.datetime
) -> Appointment:
    """The first session, booked."""
    return desk.book(ines, ten, visit_type_id=desk.session.pk, planned_session_id=sessions[0].pk)


def contraindicate(desk: make.Desk, who: Patient) -> None:
    """The patients room announces a contraindication."""
    result = make.contraindicate(who, NOW + make.MINUTE)
    patient_contraindicated.send(
        sender=type(result), clinic=desk.clinic, actor=desk.actor, now=NOW + make.MINUTE,
        patient=who, result=result,
    )  # fmt: skip


def test_a_contraindication_holds_future_sessions_and_leaves_talks(
    desk: make.Desk, ines: Patient, booked: Appointment, ten: dt.datetime
) -> None:
    talk = desk.book(ines, ten + make.DAY)
    contraindicate(desk, ines)
    booked.refresh_from_db()
    talk.refresh_from_db()
    assert (booked.status, talk.status) == ("on_hold", "booked")
    assert booked.status_changes.filter(to_status="on_hold").get().reason


def test_a_held_visit_keeps_its_time_and_is_released_only_when_cleared(
    desk: make.Desk, ines: Patient, booked: Appointment, ten: dt.datetime
) -> None:
    contraindicate(desk, ines)
    with pytest.raises(exceptions.SlotTaken):
        desk.book(treatments.patient(desk.clinic, "Bruno Costa"), ten)
    with pytest.raises(exceptions.ScreeningBlocked):
        change(desk, booked, "booked", now=NOW + make.DAY / 24)
    treatments.screen(ines, at=NOW + make.DAY / 12)
    assert change(desk, booked, "booked", now=NOW + make.DAY / 8).status == "booked"


def test_the_session_takes_its_visit_along(
    desk: make.Desk, plan: TreatmentPlan, booked: Appointment, ten: dt.datetime
) -> None:
    treatments.started(plan, desk.member, now=ten)
    booked.refresh_from_db()
    assert booked.status == "in_session"
    with pytest.raises(exceptions.ChangeNotAllowed, match="signed"):
        change(desk, booked, "done")
    services.follow_session(
        clinic=desk.clinic, actor=desk.actor, now=ten,
        planned_session_id=booked.planned_session_id or uuid4(), target=Status.DONE,
    )  # fmt: skip
    booked.refresh_from_db()
    assert booked.status == "done"


def test_every_transition_has_a_word() -> None:
    assert all(one.verb for one in TRANSITIONS)

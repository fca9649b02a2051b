"""Booking single visits: what is written, what is refused, and that repeating is harmless."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from mesoclinic.audit.models import AuditEntry
from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.common.errors import DomainError
from patients.exceptions import PatientClosed, PatientNotFound
from patients.models import Patient
from scheduling import exceptions
from scheduling.models import Appointment, AppointmentStatusChange, Room, WorkingHours
from scheduling.services import Exceptions, StatusChange, change_status, lapse_holds
from scheduling.signals import appointments_booked, appointments_cancelled
from tests.factories import scheduling as make
from tests.factories import treatments
from tests.factories.clinic import PractitionerFactory
from tests.factories.treatments import NOW, actor_of
from treatments.models import PlannedSession

WEDNESDAY = dt.date(2026, 1, 14)
SATURDAY = dt.date(2026, 1, 17)


@pytest.fixture
def ten(desk: make.Desk) -> dt.datetime:
    """Wednesday at ten."""
    return desk.at(WEDNESDAY, 10)


def test_a_visit_is_written_with_its_buffers_room_and_first_status(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    booked = desk.book(ines, ten, visit_type_id=desk.session.pk)
    booked.refresh_from_db()
    assert (booked.during.lower, booked.during.upper) == (ten, ten + 45 * make.MINUTE)
    assert booked.occupies.lower == ten - 5 * make.MINUTE
    assert booked.occupies.upper == ten + 55 * make.MINUTE
    assert booked.room in {desk.room, desk.second_room}
    assert booked.status == "booked"
    change = AppointmentStatusChange.objects.get(appointment=booked)
    assert (change.from_status, change.to_status, change.at) == ("", "booked", NOW)
    assert change.by_label == desk.actor.label


def test_a_booking_is_announced_once_inside_the_transaction(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    heard: list[dict[str, Any]] = []

    def listen(**kwargs: Any) -> None:
        heard.append(kwargs)

    appointments_booked.connect(listen)
    try:
        booked = desk.book(ines, ten)
    finally:
        appointments_booked.disconnect(listen)
    (one,) = heard
    assert one["appointments"] == [booked]
    assert (one["clinic"], one["actor"], one["now"]) == (desk.clinic, desk.actor, NOW)


def test_the_audit_row_names_actor_and_patient(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    booked = desk.book(ines, ten)
    entry = AuditEntry.objects.get(model="scheduling.appointment", object_id=str(booked.pk))
    assert (entry.action, entry.patients) == ("insert", [ines.pk])
    assert entry.actor_id == desk.actor.id


def test_repeating_a_request_gives_the_same_visit(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    first = desk.book(ines, ten, key="form-1")
    again = desk.book(ines, ten, key="form-1")
    assert again.pk == first.pk
    assert Appointment.objects.count() == 1


def test_a_moved_visit_is_still_the_answer_to_a_repeated_request(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    first = desk.book(ines, ten, key="form-1")
    later = make.range_of(make.Interval(ten + make.DAY, ten + make.DAY + 30 * make.MINUTE))
    Appointment.objects.filter(pk=first.pk).update(during=later, occupies=later)
    assert desk.book(ines, ten, key="form-1").pk == first.pk


def test_what_was_cancelled_can_be_booked_again_from_an_old_form(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    first = desk.book(ines, ten, key="form-1")
    Appointment.objects.filter(pk=first.pk).update(status="cancelled")
    again = desk.book(ines, ten, key="form-1")
    assert again.pk != first.pk
    assert again.status == "booked"


def test_the_same_form_with_another_time_is_another_booking(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    first = desk.book(ines, ten, key="form-1")
    second = desk.book(ines, ten + 60 * make.MINUTE, key="form-1")
    assert first.pk != second.pk


def test_a_taken_practitioner_is_named_and_the_next_free_times_are_offered(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    desk.book(ines, ten)
    other = treatments.patient(desk.clinic, "Bruno Costa")
    with pytest.raises(exceptions.SlotTaken) as caught:
        desk.book(other, ten + 15 * make.MINUTE)
    assert caught.value.parties == ("practitioner",)
    assert "practitioner has another visit" in caught.value.message
    assert caught.value.next_free[0] == ten + 30 * make.MINUTE
    assert len(caught.value.next_free) == 3


def test_a_patient_cant_be_in_two_places(desk: make.Desk, ines: Patient, ten: dt.datetime) -> None:
    desk.book(ines, ten)
    second = PractitionerFactory(clinic=desk.clinic)
    make.hours(second)
    with pytest.raises(exceptions.SlotTaken) as caught:
        desk.book(ines, ten, practitioner_id=second.staff_id)
    assert caught.value.parties == ("patient",)


def test_rooms_are_shared_out_and_the_third_finds_none(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    rooms = {desk.book(ines, ten).room_id}
    for name in ("Second", "Third"):
        member = PractitionerFactory(clinic=desk.clinic)
        make.hours(member)
        who = treatments.patient(desk.clinic, name)
        if name == "Third":
            with pytest.raises(exceptions.NothingFree):
                desk.book(who, ten, practitioner_id=member.staff_id)
        else:
            rooms.add(desk.book(who, ten, practitioner_id=member.staff_id).room_id)
    assert rooms == {desk.room.pk, desk.second_room.pk}


def test_where_every_room_is_taken_the_practitioner_is_named_first(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    """Another time of this practitioner helps; another room would not."""
    Room.objects.exclude(pk=desk.room.pk).update(is_active=False)
    desk.book(ines, ten)
    with pytest.raises(exceptions.SlotTaken) as caught:
        desk.book(treatments.patient(desk.clinic, "Bruno Costa"), ten)
    assert caught.value.parties == ("practitioner",)
    assert caught.value.next_free


def test_a_second_click_on_the_last_room_meets_its_own_visit(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    Room.objects.exclude(pk=desk.room.pk).update(is_active=False)
    first = desk.book(ines, ten, key="one-click")
    assert desk.book(ines, ten, key="one-click") == first


def test_the_usual_room_is_taken_first_and_a_wished_one_before_it(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    WorkingHours.objects.update(room=desk.second_room)
    assert desk.book(ines, ten).room_id == desk.second_room.pk
    asked = desk.book(ines, ten + 60 * make.MINUTE, room_id=desk.room.pk)
    assert asked.room_id == desk.room.pk


def test_a_room_asked_for_by_name_is_not_replaced(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    make.visit(
        desk, treatments.patient(desk.clinic), ten,
        practitioner=PractitionerFactory(clinic=desk.clinic).staff,
    )  # fmt: skip
    with pytest.raises(exceptions.SlotTaken) as caught:
        desk.book(ines, ten, room_id=desk.room.pk)
    assert caught.value.parties == ("room",)


def test_a_room_under_maintenance_is_not_given(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    make.time_off(desk, ten, ten + make.DAY, room=desk.room, label="Painting")
    assert desk.book(ines, ten).room_id == desk.second_room.pk


@pytest.mark.parametrize(
    ("day", "hour", "words"),
    [(WEDNESDAY, 8, "outside"), (WEDNESDAY, 17, "outside"), (SATURDAY, 10, "outside")],
)
def test_outside_hours_is_refused_and_may_be_set_aside_with_a_reason(
    desk: make.Desk, ines: Patient, day: dt.date, hour: int, words: str
) -> None:
    start = desk.at(day, hour)
    with pytest.raises(exceptions.OutsideHours, match=words):
        desk.book(ines, start)
    with pytest.raises(exceptions.ReasonMissing):
        desk.book(ines, start, exceptions=Exceptions(hours=True))
    allowed = Exceptions(hours=True, reason="She comes from far away")
    booked = desk.book(ines, start, exceptions=allowed)
    assert booked.status_changes.get().reason == "She comes from far away"


def test_leave_and_closure_are_told_apart(desk: make.Desk, ines: Patient, ten: dt.datetime) -> None:
    away = make.time_off(desk, ten, ten + make.DAY, label="Congress")
    with pytest.raises(exceptions.OutsideHours, match=r"away.*Congress"):
        desk.book(ines, ten)
    away.delete()
    make.time_off(desk, ten, ten + make.DAY, practitioner=None, label="Stocktaking")
    with pytest.raises(exceptions.OutsideHours, match=r"closed.*Stocktaking"):
        desk.book(ines, ten)


def test_a_licence_that_ends_before_the_day_bars_injections_only(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    desk.member.licence_expires_on = WEDNESDAY - make.DAY
    desk.member.save()
    with pytest.raises(exceptions.LicenceExpired):
        desk.book(ines, ten, visit_type_id=desk.session.pk)
    assert desk.book(ines, ten).pk


def test_the_past_is_refused_but_not_the_patient_at_the_desk(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    with pytest.raises(exceptions.InThePast):
        desk.book(ines, ten, now=ten + 31 * make.MINUTE)
    assert desk.book(ines, ten, now=ten + 5 * make.MINUTE).pk


def test_strangers_are_not_booked(
    desk: make.Desk, ines: Patient, ten: dt.datetime, other_practitioner: Membership
) -> None:
    elsewhere = treatments.patient(other_practitioner.clinic)
    theirs = make.visit_type(other_practitioner.clinic, "consultation")
    wrong: list[tuple[type[DomainError], dict[str, Any]]] = [
        (PatientNotFound, {"patient_id": elsewhere.pk}),
        (exceptions.NotBookable, {"visit_type_id": theirs.pk}),
        (exceptions.NotBookable, {"practitioner_id": other_practitioner.staff_id}),
    ]
    for refusal, change in wrong:
        with pytest.raises(refusal):
            desk.book(ines, ten, **change)


def test_nothing_is_planned_for_the_dead(desk: make.Desk, ines: Patient, ten: dt.datetime) -> None:
    ines.deceased_on = dt.date(2026, 1, 2)
    ines.save()
    with pytest.raises(PatientClosed):
        desk.book(ines, ten)


# --- holds ---------------------------------------------------------------------------------


def test_a_hold_blocks_until_it_runs_out(desk: make.Desk, ines: Patient, ten: dt.datetime) -> None:
    until = NOW + 30 * make.MINUTE
    held = desk.book(ines, ten, hold_until=until)
    assert held.status == "pending"
    other = treatments.patient(desk.clinic, "Bruno Costa")
    with pytest.raises(exceptions.SlotTaken):
        desk.book(other, ten, now=until - make.MINUTE)
    booked = desk.book(other, ten, now=until)
    held.refresh_from_db()
    assert (held.status, booked.status) == ("cancelled", "booked")


def test_holds_lapse_by_themselves_without_a_cancellation(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    heard: list[Any] = []

    def listen(**kwargs: Any) -> None:
        heard.append(kwargs)

    appointments_booked.connect(listen)
    appointments_cancelled.connect(listen)
    try:
        held = desk.book(ines, ten, hold_until=NOW + make.MINUTE)
        assert lapse_holds(clinic=desk.clinic, now=NOW) == 0
        assert lapse_holds(clinic=desk.clinic, now=NOW + make.MINUTE) == 1
    finally:
        appointments_booked.disconnect(listen)
        appointments_cancelled.disconnect(listen)
    held.refresh_from_db()
    assert (held.status, heard) == ("cancelled", [])


def test_an_accepted_hold_is_announced_as_a_booking(
    desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    held = desk.book(ines, ten, hold_until=NOW + 30 * make.MINUTE)
    heard: list[Any] = []

    def listen(appointments: list[Appointment], **kwargs: Any) -> None:
        heard.extend(appointments)

    appointments_booked.connect(listen)
    try:
        change_status(
            clinic=desk.clinic, actor=desk.actor, now=NOW,
            change=StatusChange(appointment_id=held.pk, target="booked"),
        )  # fmt: skip
    finally:
        appointments_booked.disconnect(listen)
    held.refresh_from_db()
    assert (heard, held.status, held.held_until) == ([held], "booked", None)


# --- the gate and the protocol --------------------------------------------------------------


def _session(desk: make.Desk, sessions: list[PlannedSession], number: int) -> dict[str, Any]:
    return {"visit_type_id": desk.session.pk, "planned_session_id": sessions[number - 1].pk}


def test_a_session_is_tied_to_its_plan(
    desk: make.Desk, ines: Patient, sessions: list[PlannedSession], ten: dt.datetime
) -> None:
    booked = desk.book(ines, ten, **_session(desk, sessions, 1))
    assert (booked.plan_id, booked.planned_session_id) == (sessions[0].plan_id, sessions[0].pk)
    assert not booked.off_protocol
    with pytest.raises(exceptions.SessionBooked):
        desk.book(ines, ten + make.DAY, **_session(desk, sessions, 1))


def test_a_contraindicated_patient_is_not_booked_for_a_session_but_for_a_talk(
    desk: make.Desk, ines: Patient, sessions: list[PlannedSession], ten: dt.datetime
) -> None:
    make.contraindicate(ines, NOW + make.MINUTE)
    with pytest.raises(exceptions.ScreeningBlocked) as caught:
        desk.book(ines, ten, now=NOW + make.DAY / 24, **_session(desk, sessions, 1))
    assert "contraindicated" in caught.value.reasons
    assert desk.book(ines, ten, now=NOW + make.DAY / 24).pk


def test_an_absolute_contraindication_can_be_set_aside_by_nobody(
    desk: make.Desk, ines: Patient, sessions: list[PlannedSession], ten: dt.datetime
) -> None:
    make.contraindicate(ines, NOW + make.MINUTE)
    brave = Exceptions(clinical=True, reason="She insists")
    with pytest.raises(exceptions.ScreeningBlocked):
        desk.book(
            ines, ten, now=NOW + 2 * make.MINUTE, exceptions=brave, **_session(desk, sessions, 1)
        )


def test_sooner_than_the_least_gap_is_refused_unless_a_practitioner_gives_a_reason(
    desk: make.Desk, ines: Patient, sessions: list[PlannedSession], ten: dt.datetime,
    receptionist: Membership,
) -> None:  # fmt: skip
    desk.book(ines, ten, **_session(desk, sessions, 1))
    early = ten + 6 * make.DAY
    with pytest.raises(exceptions.OutsideProtocolWindow, match="at least 7"):
        desk.book(ines, early, **_session(desk, sessions, 2))
    why = Exceptions(clinical=True, reason="Flies home on the 21st")
    with pytest.raises(exceptions.OverrideNotAllowed):
        desk.book(
            ines, early, actor=actor_of(receptionist), exceptions=why, **_session(desk, sessions, 2)
        )
    booked = desk.book(ines, early, exceptions=why, **_session(desk, sessions, 2))
    assert booked.off_protocol


def test_later_than_the_window_is_flagged_only(
    desk: make.Desk, ines: Patient, sessions: list[PlannedSession], ten: dt.datetime
) -> None:
    desk.book(ines, ten, **_session(desk, sessions, 1))
    booked = desk.book(ines, ten + 14 * make.DAY, **_session(desk, sessions, 2))
    assert booked.off_protocol


def test_a_visit_that_would_crowd_the_next_one_is_refused(
    desk: make.Desk, ines: Patient, sessions: list[PlannedSession], ten: dt.datetime
) -> None:
    desk.book(ines, ten + 7 * make.DAY, **_session(desk, sessions, 2))
    with pytest.raises(exceptions.OutsideProtocolWindow):
        desk.book(ines, ten + 2 * make.DAY, **_session(desk, sessions, 1))
    assert desk.book(ines, ten, **_session(desk, sessions, 1)).pk


def test_sessions_keep_their_order(
    desk: make.Desk, ines: Patient, sessions: list[PlannedSession], ten: dt.datetime
) -> None:
    desk.book(ines, ten, **_session(desk, sessions, 2))
    with pytest.raises(exceptions.OrderOfSessions):
        desk.book(ines, ten + 14 * make.DAY, **_session(desk, sessions, 1))


def test_another_patients_session_is_not_found(
    desk: make.Desk, clinic: Clinic, sessions: list[PlannedSession], ten: dt.datetime
) -> None:
    bruno = treatments.patient(clinic, "Bruno Costa")
    with pytest.raises(exceptions.NotBookable):
        desk.book(bruno, ten, **_session(desk, sessions, 1))


def test_queries_of_a_booking_are_few(
    desk: make.Desk, ines: Patient, ten: dt.datetime, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(18):
        desk.book(ines, ten)

"""Booking single visits: what is written, and that repeating is harmless."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from mesoclinic.audit.models import AuditEntry
from patients.models import Patient
from scheduling import exceptions
from scheduling.models import Appointment, AppointmentStatusChange
from scheduling.signals import appointments_booked
from tests.factories import scheduling as make
from tests.factories import treatments
from tests.factories.clinic import PractitionerFactory
from tests.factories.treatments import NOW


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


def test_queries_of_a_booking_are_few(
    desk: make.Desk, ines: Patient, ten: dt.datetime, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(18):
        desk.book(ines, ten)

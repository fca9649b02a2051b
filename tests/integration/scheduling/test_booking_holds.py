"""Times held for a while: they block, lapse by themselves, and become bookings."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from patients.models import Patient
from scheduling import exceptions
from scheduling.models import Appointment
from scheduling.services import StatusChange, change_status, lapse_holds
from scheduling.signals import appointments_booked, appointments_cancelled
from tests.factories import scheduling as make
from tests.factories import treatments
from tests.factories.treatments import NOW


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

"""Taking the last change back, the grace of messages, late arrivals and sessions that run over."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
import time_machine
from django.urls import reverse

from aftercare.models import Message
from aftercare.services import seeding
from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic, Membership
from patients.models import Patient
from scheduling import services
from scheduling.exceptions import ChangeNotAllowed, InThePast, NothingToUndo, SlotTaken
from scheduling.models import Appointment, Room
from scheduling.selectors.appointments import history
from scheduling.services import Move, Push, StatusChange, Target
from tests.factories import scheduling as make
from tests.factories.clinic import PractitionerFactory
from tests.factories.treatments import NOW, TODAY, actor_of, patient
from tests.personas import client_for

pytestmark = pytest.mark.django_db

MONDAY = TODAY + dt.timedelta(days=(14 - TODAY.weekday()))
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def messages(clinic: Clinic) -> None:
    """The clinic's own messages."""
    seeding.seed_clinic(clinic)


@pytest.fixture
def ayla(desk: make.Desk) -> Actor:
    """The practitioner at a screen."""
    return replace(desk.actor, request_id="one click")


@pytest.fixture
def visit(desk: make.Desk, ines: Patient, ayla: Actor) -> Appointment:
    """A consultation at ten on the Monday."""
    return desk.book(ines, desk.at(MONDAY, 10), actor=ayla)


def planned(step: str) -> list[dt.datetime]:
    """When messages of a step will leave."""
    found = Message.objects.filter(step_key=step, state="planned")
    return list(found.values_list("due_at", flat=True))


def undo(desk: make.Desk, actor: Actor, visit: Appointment, after: dt.timedelta) -> Appointment:
    """Take it back so long after NOW."""
    return services.undo_last_change(
        clinic=desk.clinic, actor=actor, now=NOW + after, appointment_id=visit.pk
    )


def move(
    desk: make.Desk, actor: Actor, visit: Appointment, start: dt.datetime, **more: object
) -> None:
    """Move it a minute after NOW."""
    target = Target(visit.pk, start)
    services.move_appointment(
        clinic=desk.clinic, actor=actor, now=NOW + MINUTE, move=Move(visit=target)
    )


def test_messages_of_a_screen_leave_after_three_minutes(
    desk: make.Desk, visit: Appointment, ines: Patient
) -> None:
    assert planned("booking-confirmation") == [NOW + 3 * MINUTE]
    # A program is taken at its word.
    desk.book(patient(desk.clinic, email="b@example.org"), desk.at(MONDAY, 11))
    assert sorted(planned("booking-confirmation")) == [NOW, NOW + 3 * MINUTE]


def test_a_booking_taken_back_is_heard_of_by_nobody(
    desk: make.Desk, visit: Appointment, ayla: Actor
) -> None:
    assert undo(desk, ayla, visit, 2 * MINUTE).status == "cancelled"
    with pytest.raises(NothingToUndo):
        undo(desk, ayla, visit, 3 * MINUTE)
    assert planned("booking-confirmation") == planned("visit-cancelled") == []


def test_once_the_patient_knows_they_are_told_of_the_end(
    desk: make.Desk, visit: Appointment, ayla: Actor
) -> None:
    Message.objects.filter(step_key="booking-confirmation").update(state="sent", sent_at=NOW)
    undo(desk, ayla, visit, 4 * MINUTE)
    assert planned("visit-cancelled") == [NOW + 7 * MINUTE]


def test_a_move_taken_back_leaves_no_trace_for_the_patient(
    desk: make.Desk, visit: Appointment, ayla: Actor
) -> None:
    Message.objects.filter(step_key="booking-confirmation").update(state="sent", sent_at=NOW)
    services.change_status(
        clinic=desk.clinic, actor=ayla, now=NOW,
        change=StatusChange(appointment_id=visit.pk, target="confirmed"),
    )  # fmt: skip
    move(desk, ayla, visit, desk.at(MONDAY, 14))
    assert planned("visit-moved") == [NOW + 4 * MINUTE]
    back = undo(desk, ayla, visit, 2 * MINUTE)
    assert (back.during.lower, back.status) == (desk.at(MONDAY, 10), "confirmed")
    assert planned("visit-moved") == []
    # The reminders speak of the time that holds.
    assert {due.date() for due in planned("visit-reminder-48h")} == {MONDAY - 2 * make.DAY}


def test_a_cancellation_taken_back_brings_the_visit_back(
    desk: make.Desk, visit: Appointment, ayla: Actor
) -> None:
    Message.objects.filter(step_key="booking-confirmation").update(state="sent", sent_at=NOW)
    services.cancel_appointment(
        clinic=desk.clinic, actor=ayla, now=NOW + MINUTE, appointment_id=visit.pk, reason="Wrong"
    )
    assert undo(desk, ayla, visit, 2 * MINUTE).status == "booked"
    assert planned("visit-cancelled") == planned("booking-confirmation") == []


def test_five_minutes_and_nobody_else(
    desk: make.Desk, visit: Appointment, ayla: Actor, receptionist: Membership
) -> None:
    with pytest.raises(NothingToUndo):
        undo(desk, ayla, visit, 5 * MINUTE)
    with pytest.raises(NothingToUndo):
        undo(desk, actor_of(receptionist), visit, MINUTE)


def test_a_page_left_behind_does_not_take_the_undo_back(
    desk: make.Desk, visit: Appointment, practitioner: Membership, ayla: Actor
) -> None:
    move(desk, replace(ayla, label=practitioner.display_name), visit, desk.at(MONDAY, 14))
    page, back = (
        reverse(f"scheduling:{name}", args=[visit.pk]) for name in ("appointment", "undo")
    )
    with time_machine.travel(NOW + 5 * MINUTE, tick=False):
        late = client_for(practitioner).post(back, {"at": NOW.isoformat()}, follow=True)
        assert "Five minutes are over" in late.content.decode()
    with time_machine.travel(NOW + 2 * MINUTE, tick=False):
        client = client_for(practitioner)
        shown = {"at": client.get(page).context["undo"].at.isoformat()}
        assert f'name="at" value="{shown["at"]}"' in client.get(page).content.decode()
        for said in ("as it was before", "in the meantime"):
            assert said in client.post(back, shown, follow=True).content.decode()
        assert "any more" in client.post(back, {"at": "x"}, follow=True).content.decode()
        # What was taken back is the end of it: the page does not offer it as a move.
        assert client.get(page).context["undo"] is None
    visit.refresh_from_db()
    assert visit.during.lower == desk.at(MONDAY, 10)


def test_a_time_that_has_gone_is_not_taken_back(
    desk: make.Desk, visit: Appointment, ayla: Actor
) -> None:
    move(desk, ayla, visit, desk.at(MONDAY, 14))
    desk.book(patient(desk.clinic), desk.at(MONDAY, 10))
    with pytest.raises(SlotTaken):
        undo(desk, ayla, visit, 2 * MINUTE)


# --- Late, or over time --------------------------------------------------------------------


def push(desk: make.Desk, visit: Appointment, minutes: int, now: dt.datetime) -> list[Appointment]:
    """The visit is late, or runs over."""
    return services.push_visits(
        clinic=desk.clinic, actor=desk.actor, now=now,
        push=Push(appointment_id=visit.pk, minutes=minutes),
    )  # fmt: skip


def test_a_session_that_runs_over_pushes_who_comes_next(
    desk: make.Desk, ines: Patient, visit: Appointment
) -> None:
    clinic = desk.clinic
    following = desk.book(patient(clinic, email="b@example.org"), desk.at(MONDAY, 10, 30))
    here = desk.book(patient(clinic), desk.at(MONDAY, 11))
    free = desk.book(patient(clinic), desk.at(MONDAY, 12))
    Appointment.objects.filter(pk=visit.pk).update(status="in_session")
    Appointment.objects.filter(pk=here.pk).update(status="arrived")
    moved = push(desk, visit, 15, desk.at(MONDAY, 10, 25))
    assert [one.pk for one in moved] == [visit.pk, following.pk, here.pk]
    for row in (visit, following, here, free):
        row.refresh_from_db()
    assert visit.during.lower == desk.at(MONDAY, 10)
    assert visit.during.upper == desk.at(MONDAY, 10, 45)
    assert following.during.lower == desk.at(MONDAY, 10, 45)
    assert here.during.lower == desk.at(MONDAY, 11, 15)
    assert free.during.lower == desk.at(MONDAY, 12)
    # Who sits in the waiting room gets no mail.
    told = Message.objects.filter(step_key="visit-moved").values_list("patient", flat=True)
    assert list(told) == [following.patient_id]
    # Taken back from any of them: everybody stands where they stood.
    services.undo_last_change(
        clinic=clinic, actor=desk.actor, now=desk.at(MONDAY, 10, 27), appointment_id=here.pk
    )
    begins = dict(Appointment.objects.values_list("pk", "during"))
    assert begins[visit.pk].upper == begins[following.pk].lower == desk.at(MONDAY, 10, 30)
    assert begins[here.pk].lower == desk.at(MONDAY, 11)
    # Nobody was told yet, so nobody is.
    assert planned("visit-moved") == []
    with pytest.raises(NothingToUndo):
        services.undo_last_change(
            clinic=clinic, actor=desk.actor, now=desk.at(MONDAY, 10, 28), appointment_id=here.pk
        )
    assert [one.title for one in history(clinic, visit)][:2] == [
        "Until 10:30 instead of 10:45", "Until 10:45 instead of 10:30",
    ]  # fmt: skip


def test_who_comes_late_begins_later(desk: make.Desk, visit: Appointment) -> None:
    (moved,) = push(desk, visit, 20, desk.at(MONDAY, 10, 5))
    assert (moved.during.lower, moved.during.upper) == (
        desk.at(MONDAY, 10, 20), desk.at(MONDAY, 10, 50),
    )  # fmt: skip


def test_a_push_beyond_working_hours_is_said_before_it_is_done(
    desk: make.Desk, ines: Patient, visit: Appointment, practitioner: Membership
) -> None:
    clinic = desk.clinic
    last = desk.book(patient(clinic), desk.at(MONDAY, 16))
    with time_machine.travel(desk.at(MONDAY, 15, 30), tick=False):
        client = client_for(practitioner)
        url = reverse("scheduling:push", args=[last.pk])
        assert "The last visit would end" not in client.get(url, {"minutes": "15"}).content.decode()
        page = client.get(url, {"minutes": "60"}).content.decode()
        assert "The last visit would end at 17:30." in page
        client.post(url, {"minutes": "60"})
        page = client.get(reverse("scheduling:appointment", args=[last.pk])).content.decode()
        assert "Who is not here yet is told three minutes after the change." in page


def in_room(row: Appointment, room: Room, **fields: object) -> None:
    Appointment.objects.filter(pk=row.pk).update(room=room, **fields)


def test_who_has_the_room_of_a_pushed_visit_is_said_before_it_is_done(
    desk: make.Desk, ines: Patient, visit: Appointment, practitioner: Membership
) -> None:
    clinic = desk.clinic
    other: Membership = PractitionerFactory(clinic=clinic)
    following = desk.book(patient(clinic, "Ana Sousa"), desk.at(MONDAY, 10, 30))
    in_room(visit, desk.room)
    in_room(following, desk.second_room)
    way = make.visit(
        desk, patient(clinic, "Rui Melo"), desk.at(MONDAY, 11), practitioner=other.staff,
        room=desk.second_room,
    )  # fmt: skip
    url = reverse("scheduling:push", args=[visit.pk])
    with time_machine.travel(desk.at(MONDAY, 10, 5), tick=False):
        client = client_for(practitioner)
        page = client.get(url, {"minutes": "10"}).content.decode()
        assert "10:40 Ana Sousa: Room 2 is taken." in page
        assert f"By Rui Melo with {other.staff.full_name}, 11:00 - 11:30." in page
        assert reverse("scheduling:move", args=[way.pk]) in page
        assert "Push them all" not in page
        # Who presses an older page is told the same.
        refused = client.post(url, {"minutes": "10"})
        assert refused.status_code == 422
        assert "10:40 Ana Sousa: The room is taken at this time." in refused.content.decode()
        visit.refresh_from_db()
        assert visit.during.lower == desk.at(MONDAY, 10)
        # Who sits in the chair can't be moved away; a hold that ran out is in nobody's way.
        in_room(way, desk.second_room, status="in_session")
        assert reverse("scheduling:move", args=[way.pk]) not in client.get(url).content.decode()
        in_room(way, desk.second_room, status="pending", held_until=desk.at(MONDAY, 10))
        assert "Push them all" in client.get(url, {"minutes": "10"}).content.decode()
        assert client.post(url, {"minutes": "10"}).status_code == 302
    way.refresh_from_db()
    assert way.status == "cancelled"


def test_only_the_day_itself_is_pushed(desk: make.Desk, visit: Appointment) -> None:
    with pytest.raises(InThePast):
        push(desk, visit, 10, NOW)
    with pytest.raises(ChangeNotAllowed):
        push(desk, visit, 0, desk.at(MONDAY, 10))


def test_a_refused_push_keeps_the_minutes(
    desk: make.Desk, visit: Appointment, practitioner: Membership
) -> None:
    with time_machine.travel(NOW, tick=False):
        page = client_for(practitioner).post(
            reverse("scheduling:push", args=[visit.pk]), {"minutes": "25"}
        )
    assert page.status_code == 422
    assert "Only a visit of today" in page.content.decode()
    assert 'name="minutes" value="25"' in page.content.decode()

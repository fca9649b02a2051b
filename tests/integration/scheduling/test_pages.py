"""The pages of booking and of one visit: who may open them, what they show, what they do."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.models import AuditEntry
from mesoclinic.clinic.models import Clinic, Membership
from patients.models import Patient
from patients.services import create_link
from scheduling.models import Appointment
from tests.factories import scheduling as make
from tests.factories import treatments
from tests.factories.treatments import NOW
from tests.integration.scheduling.pages import Signed, page
from treatments.models import TreatmentPlan

pytestmark = pytest.mark.usefixtures("clock")


# --- booking ---------------------------------------------------------------------------------


def test_the_booking_page_begins_with_the_patient(
    noor: Client, desk: make.Desk, ines: Patient
) -> None:
    assert "For whom?" in page(noor, "book")
    assert "Inês Carvalho" in page(noor, "book", q="carval")
    assert "Nobody found" in page(noor, "book", q="zzzz")


def test_times_are_offered_and_one_post_books(
    noor: Client, desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    text = page(noor, "book", patient=ines.pk, date="2026-01-14")
    slot = f"{ten.isoformat()}|{desk.member.staff_id}"
    assert slot in text
    answer = noor.post(
        reverse("scheduling:book"),
        {"patient": ines.pk, "visit_type": desk.consultation.pk, "slot": slot, "key": "k1"},
    )
    visit = Appointment.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == reverse("scheduling:appointment", args=[visit.pk])
    again = noor.post(
        reverse("scheduling:book"),
        {"patient": ines.pk, "visit_type": desk.consultation.pk, "slot": slot, "key": "k1"},
    )
    assert again["Location"] == answer["Location"]


def test_a_clicked_time_is_ticked_or_said_not_to_be_free(
    noor: Client, desk: make.Desk, visit: Appointment, ten: dt.datetime
) -> None:
    bruno = treatments.patient(desk.clinic, "Bruno Costa")
    taken = page(noor, "book", patient=bruno.pk, start=ten.isoformat())
    assert "is not free for this visit" in taken
    assert "required checked" not in taken
    later = ten + 2 * make.DAY / 48
    free = page(noor, "book", patient=bruno.pk, start=later.isoformat())
    assert "is not free" not in free
    assert f'value="{later.isoformat()}|{desk.member.staff_id}" required checked' in free


def test_a_taken_time_comes_back_with_others(
    noor: Client, desk: make.Desk, visit: Appointment, ten: dt.datetime
) -> None:
    bruno = treatments.patient(desk.clinic, "Bruno Costa")
    slot = f"{ten.isoformat()}|{desk.member.staff_id}"
    answer = noor.post(
        reverse("scheduling:book"),
        {"patient": bruno.pk, "visit_type": desk.consultation.pk, "slot": slot, "note": "knee"},
    )
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "The practitioner has another visit" in text
    assert "Next free with the same practitioner" in text
    assert 'value="knee"' in text


@pytest.mark.parametrize(
    ("field", "value"), [("slot", "nonsense"), ("slot", ""), ("patient", "x"), ("visit_type", "")]
)
def test_bad_input_never_breaks(
    noor: Client, desk: make.Desk, ines: Patient, ten: dt.datetime, field: str, value: str
) -> None:
    data = {
        "patient": ines.pk, "visit_type": desk.consultation.pk,
        "slot": f"{ten.isoformat()}|{desk.member.staff_id}",
    }  # fmt: skip
    answer = noor.post(reverse("scheduling:book"), {**data, field: value})
    assert answer.status_code == 422
    assert not Appointment.objects.exists()


def test_the_queries_of_the_booking_page_do_not_grow(
    noor: Client, desk: make.Desk, ines: Patient, ten: dt.datetime,
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    for n in range(6):
        make.visit(desk, treatments.patient(desk.clinic, f"P{n}"), ten + n * 30 * make.MINUTE)
    with django_assert_max_num_queries(22):
        page(noor, "book", patient=ines.pk, date="2026-01-14")


# --- one visit -------------------------------------------------------------------------------


def test_the_visit_shows_its_history_and_is_read_on_record(
    noor: Client, visit: Appointment
) -> None:
    before = AuditEntry.objects.filter(action="read").count()
    text = page(noor, "appointment", visit.pk)
    assert "Inês Carvalho" in text
    assert "Dr Ayla Kara" in text or "Ayla Kara" in text
    assert AuditEntry.objects.filter(action="read").count() == before + 1


def test_buttons_follow_the_clock_and_the_role(
    client_for: Signed, receptionist: Membership, practitioner: Membership, visit: Appointment,
    ten: dt.datetime,
) -> None:  # fmt: skip
    assert "Check in" not in page(client_for(receptionist), "appointment", visit.pk)
    with time_machine.travel(ten, tick=False):
        noor, ayla = client_for(receptionist), client_for(practitioner)
        assert "Check in" in page(noor, "appointment", visit.pk)
        noor.post(reverse("scheduling:status", args=[visit.pk]), {"target": "arrived"})
        visit.refresh_from_db()
        assert visit.status == "arrived"
        assert "Start" not in page(noor, "appointment", visit.pk)
        assert "Start" in page(ayla, "appointment", visit.pk)


def test_a_change_that_is_not_allowed_is_said_and_changes_nothing(
    noor: Client, visit: Appointment
) -> None:
    answer = noor.post(
        reverse("scheduling:status", args=[visit.pk]), {"target": "done"}, follow=True
    )
    assert "does not allow this" in answer.content.decode()


def test_cancelling_asks_why(noor: Client, visit: Appointment) -> None:
    assert "Cancel this visit?" in page(noor, "cancel", visit.pk)
    url = reverse("scheduling:cancel", args=[visit.pk])
    assert noor.post(url, {"reason": ""}).status_code == 422
    assert noor.post(url, {"reason": "Ill"}).status_code == 302
    visit.refresh_from_db()
    assert visit.status == "cancelled"


def test_the_calendar_file_can_be_read_back(noor: Client, visit: Appointment) -> None:
    answer = noor.get(reverse("scheduling:file", args=[visit.pk]))
    calendar = Calendar.from_ical(answer.content)
    (event,) = calendar.walk("VEVENT")
    assert event["UID"] == f"{visit.pk}@mesoclinic"
    assert event.decoded("DTSTART") == visit.during.lower
    assert "Inês" not in answer.content.decode()


@pytest.mark.parametrize("name", ["hours", "waitlist-join"])
def test_an_end_before_its_beginning_is_said_at_the_field(
    noor: Client, desk: make.Desk, ines: Patient, name: str
) -> None:
    where = f"{reverse(f'scheduling:{name}')}?patient={ines.pk}"
    days = {"first_day": "2026-02-02", "last_day": "2026-02-01"}
    answer = noor.post(where, days | {"patient": ines.pk, "visit_type": desk.consultation.pk})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert '<div class="invalid-feedback d-block">This is before the first day.</div>' in text
    assert 'value="2026-02-02"' in text


# --- walls -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["appointment", "cancel", "move", "file"])
def test_another_clinics_visit_is_not_there(
    client_for: Signed, other_practitioner: Membership, visit: Appointment, name: str
) -> None:
    page(client_for(other_practitioner), name, visit.pk, status=404)


def test_another_clinics_course_is_not_there(
    client_for: Signed, other_practitioner: Membership, plan: TreatmentPlan
) -> None:
    page(client_for(other_practitioner), "course", plan.pk, status=404)


@pytest.mark.parametrize(
    "name", ["calendar", "agenda", "courses", "feeds", "book", "day-list", "calendar-feed"]
)
def test_the_outsider_is_turned_away(
    client_for: Signed, outsider: Any, clinic: Clinic, name: str
) -> None:
    page(client_for(outsider), name, status=403)


# --- the patient's link ----------------------------------------------------------------------


@pytest.fixture
def link(visit: Appointment, ines: Patient) -> str:
    """A mailed confirm link."""
    _link, token = create_link(
        actor=Actor.system(visit.clinic_id), patient=ines, purpose="confirm",
        subject_id=visit.pk, expires_at=visit.during.lower, now=NOW,
    )  # fmt: skip
    return reverse("scheduling:link-confirm", args=[token])


def test_opening_the_link_changes_nothing_and_shows_no_health_data(
    client: Client, link: str, visit: Appointment, ines: Patient
) -> None:
    text = client.get(link).content.decode()
    assert "10:00" in text
    assert "Clinique des Lices" in text
    assert ines.name not in text
    assert "Consultation" not in text
    visit.refresh_from_db()
    assert visit.status == "booked"


def test_pressing_the_button_confirms_once(client: Client, link: str, visit: Appointment) -> None:
    assert "you have confirmed" in client.post(link).content.decode()
    assert "you have confirmed" in client.post(link).content.decode()
    visit.refresh_from_db()
    assert visit.status == "confirmed"
    assert visit.status_changes.filter(to_status="confirmed").count() == 1


def test_a_cancelled_visit_is_said_to_be_off(client: Client, link: str, visit: Appointment) -> None:
    Appointment.objects.filter(pk=visit.pk).update(status="cancelled")
    assert "does not take place" in client.get(link).content.decode()
    client.post(link)
    visit.refresh_from_db()
    assert visit.status == "cancelled"

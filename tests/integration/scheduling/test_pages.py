"""The pages: who may open them, what they show, what they do."""

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
from scheduling import services
from scheduling.models import Appointment
from scheduling.services import CourseBooking, CourseVisit
from tests.factories import scheduling as make
from tests.factories import treatments
from tests.factories.clinic import PractitionerFactory
from tests.factories.treatments import NOW
from tests.integration.scheduling.pages import Signed, page
from treatments.models import PlannedSession, TreatmentPlan

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


# --- moving ----------------------------------------------------------------------------------


def test_moving_shows_the_effect_then_moves(
    noor: Client, desk: make.Desk, visit: Appointment, ten: dt.datetime
) -> None:
    assert "To which time?" in page(noor, "move", visit.pk)
    later = ten + 60 * make.MINUTE
    text = page(noor, "move", visit.pk, slot=f"{later.isoformat()}|{desk.member.staff_id}")
    assert "No other visit is touched." in text
    answer = noor.post(
        reverse("scheduling:move", args=[visit.pk]),
        {"start": later.isoformat(), "version": 1, "practitioner": desk.member.staff_id},
    )
    assert answer.status_code == 302
    visit.refresh_from_db()
    assert visit.during.lower == later


def _course(
    desk: make.Desk, plan: TreatmentPlan, sessions: list[PlannedSession], ten: dt.datetime
) -> list[Appointment]:
    visits = tuple(
        CourseVisit(one.pk, desk.member.staff_id, ten + days * make.DAY)
        for one, days in zip(sessions, (0, 7, 42), strict=True)
    )
    return services.book_course(
        clinic=desk.clinic, actor=desk.actor, now=NOW,
        course=CourseBooking(plan_id=plan.pk, visit_type_id=desk.session.pk, visits=visits),
    )  # fmt: skip


def test_moving_a_session_proposes_the_shift_of_the_next(
    noor: Client, desk: make.Desk, plan: TreatmentPlan, sessions: list[PlannedSession],
    ten: dt.datetime,
) -> None:  # fmt: skip
    first, second, third = _course(desk, plan, sessions, ten)
    wanted = ten + 5 * make.DAY
    text = page(noor, "move", first.pk, start=wanted.isoformat())
    assert "Then one more visit moves" in text
    assert "Move both" in text
    assert "These stay where they are: session 3" in text
    later = text.split('name="later" value="')[1].split('"')[0]
    answer = noor.post(
        reverse("scheduling:move", args=[first.pk]),
        {"start": wanted.isoformat(), "version": 1, "later": later},
    )
    assert answer.status_code == 302
    second.refresh_from_db()
    third.refresh_from_db()
    assert second.during.lower >= wanted + 7 * make.DAY
    assert third.schedule_version == 1


def test_moving_alone_against_the_protocol_needs_a_practitioner(
    noor: Client, ayla: Client, desk: make.Desk, plan: TreatmentPlan,
    sessions: list[PlannedSession], ten: dt.datetime,
) -> None:  # fmt: skip
    first, second, _third = _course(desk, plan, sessions, ten)
    url = reverse("scheduling:move", args=[first.pk])
    data = {"start": (ten + 5 * make.DAY).isoformat(), "version": 1, "alone": "1"}
    refused = noor.post(url, data)
    assert refused.status_code == 422
    assert "Only a practitioner can set this rule aside" in refused.content.decode()
    assert "Set the clinical rule aside" in ayla.post(url, data).content.decode()
    answer = ayla.post(url, {**data, "set_aside_protocol": "1", "reason": "Healed well"})
    assert answer.status_code == 302
    second.refresh_from_db()
    assert second.off_protocol


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


# --- the course ------------------------------------------------------------------------------


def test_a_course_is_proposed_drawn_and_booked(
    noor: Client, desk: make.Desk, plan: TreatmentPlan
) -> None:
    text = page(noor, "course", plan.pk)
    assert "Best fit" in text
    assert "Book all 3" in text
    values = [part.split('"')[0] for part in text.split('name="visit" value="')[1:]]
    assert len(values) == 3
    answer = noor.post(reverse("scheduling:course", args=[plan.pk]), {"visit": values, "key": "k"})
    assert answer.status_code == 302
    assert Appointment.objects.filter(plan=plan, status="booked").count() == 3
    assert "Book all" not in page(noor, "course", plan.pk)


def test_a_course_can_be_held_and_then_booked(
    noor: Client, desk: make.Desk, plan: TreatmentPlan
) -> None:
    text = page(noor, "course", plan.pk)
    values = [part.split('"')[0] for part in text.split('name="visit" value="')[1:]]
    noor.post(reverse("scheduling:course", args=[plan.pk]), {"visit": values, "hold": "1"})
    assert Appointment.objects.filter(plan=plan, status="pending").count() == 3
    assert "3 visits are held" in page(noor, "course", plan.pk)
    noor.post(reverse("scheduling:course-accept", args=[plan.pk]))
    assert Appointment.objects.filter(plan=plan, status="booked").count() == 3


def test_wishes_change_the_proposals(noor: Client, desk: make.Desk, plan: TreatmentPlan) -> None:
    text = page(noor, "course", plan.pk, asked="1", weekdays="3", starts_from="14:00", strict="1")
    values = [part.split('"')[0] for part in text.split('name="visit" value="')[1:]]
    starts = [dt.datetime.fromisoformat(one.split("|")[2]) for one in values]
    assert {desk.clinic.local(one).weekday() for one in starts} == {3}
    assert all(desk.clinic.local(one).hour >= 14 for one in starts)


def test_what_blocks_is_said_with_a_way_out(
    noor: Client, desk: make.Desk, plan: TreatmentPlan
) -> None:
    text = page(noor, "course", plan.pk, asked="1", weekdays="6", strict="1")
    assert "finds no time" in text
    assert "What would help" in text
    assert "Plan so" in text
    # Days in a row are one line, and it is a sentence.
    assert "<li>Left out by the patient&#x27;s wishes, 19 Jan - 23 Jan.</li>" in text


def test_whom_the_page_suggests_instead_is_no_worse_for_the_wishes(
    noor: Client,
    desk: make.Desk,
    plan: TreatmentPlan,
    ines: Patient,
    sessions: list[PlannedSession],
) -> None:
    """Thursdays only: somebody who works on Fridays is not suggested for a Friday."""
    make.hours(PractitionerFactory(clinic=desk.clinic), weekdays=range(4, 5))
    first = desk.at(dt.date(2026, 1, 15), 10)
    for number in range(2):
        desk.book(
            ines,
            first + 7 * number * make.DAY,
            visit_type_id=desk.session.pk,
            planned_session_id=sessions[number].pk,
        )
    gone = first + 35 * make.DAY
    make.time_off(desk, gone - make.DAY / 4, gone + make.DAY / 2)
    said = page(noor, "course", plan.pk, asked="1", weekdays="3", strict="1")
    assert "Thu 26 Feb" in said
    assert "sits at the late end" in said
    assert "Take " not in said


@pytest.mark.parametrize(
    "query", [{"proposal": "x"}, {"swap": "1|x|y"}, {"weekdays": "9"}, {"not_from": "zz"}]
)
def test_odd_addresses_do_no_harm(
    noor: Client, desk: make.Desk, plan: TreatmentPlan, query: dict[str, Any]
) -> None:
    page(noor, "course", plan.pk, asked="1", **query)


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


def test_the_chart_and_the_plan_show_the_visits(
    ayla: Client, desk: make.Desk, plan: TreatmentPlan, sessions: list[PlannedSession],
    ten: dt.datetime,
) -> None:  # fmt: skip
    _course(desk, plan, sessions, ten)
    chart = ayla.get(reverse("patients:chart", args=[plan.patient_id])).content.decode()
    assert "Session 1 of 3" in chart
    assert "Book a visit" in chart
    text = ayla.get(reverse("treatments:plan-detail", args=[plan.pk])).content.decode()
    assert "Not confirmed" in text or "Booked" in text

"""The pages of a course: planned, booked as a whole, and what moving one of its visits does."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from patients.models import Patient
from scheduling.models import Appointment
from tests.factories import scheduling as make
from tests.factories.clinic import PractitionerFactory
from tests.integration.scheduling.pages import booked, page
from treatments.models import PlannedSession, TreatmentPlan

pytestmark = pytest.mark.usefixtures("clock")


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


def test_moving_a_session_proposes_the_shift_of_the_next(
    noor: Client, desk: make.Desk, plan: TreatmentPlan, sessions: list[PlannedSession],
    ten: dt.datetime,
) -> None:  # fmt: skip
    first, second, third = booked(desk, plan, sessions, ten)
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


def test_a_session_that_would_leave_the_order_is_not_offered_to_move(
    noor: Client, desk: make.Desk, plan: TreatmentPlan, sessions: list[PlannedSession],
    ten: dt.datetime,
) -> None:  # fmt: skip
    first, second, third = booked(desk, plan, sessions, ten)
    text = page(noor, "move", third.pk, start=(ten + 3 * make.DAY).isoformat())
    assert "Session 3 would then come before session 2." in text
    assert f'href="{reverse("scheduling:move", args=[second.pk])}"' in text
    assert "Move it</button>" not in text
    assert "leaves its window" not in text
    text = page(noor, "move", first.pk, start=(ten + 8 * make.DAY).isoformat())
    assert "It can't move alone:" in text.replace("&#x27;", "'")
    assert "Session 1 would then come after session 2." in text
    assert "Then 2 more visits move" in text
    assert 'name="alone"' not in text


def test_a_second_tab_is_told_that_the_visit_stood_there_already(
    noor: Client, desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    visit = desk.book(ines, ten)
    url = reverse("scheduling:move", args=[visit.pk])
    data = {"start": (ten + make.DAY).isoformat(), "version": 1}
    assert "The visit is moved." in noor.post(url, data, follow=True).content.decode()
    again = noor.post(url, data, follow=True).content.decode()
    assert "1 visit had been moved there already. Nobody is told twice." in again
    assert "The visit is moved." not in again
    visit.refresh_from_db()
    assert visit.schedule_version == 2


def test_moving_alone_against_the_protocol_needs_a_practitioner(
    noor: Client, ayla: Client, desk: make.Desk, plan: TreatmentPlan,
    sessions: list[PlannedSession], ten: dt.datetime,
) -> None:  # fmt: skip
    first, second, _third = booked(desk, plan, sessions, ten)
    url = reverse("scheduling:move", args=[first.pk])
    data = {"start": (ten + 5 * make.DAY).isoformat(), "version": 1, "alone": "1"}
    refused = noor.post(url, data)
    assert refused.status_code == 422
    assert "Only a practitioner can set this rule aside" in refused.content.decode()
    assert "Set the clinical rule aside" in ayla.post(url, data).content.decode()
    silent = ayla.post(url, {**data, "set_aside_protocol": "1", "reason": " "})
    assert silent.status_code == 422
    assert 'name="set_aside_protocol" value="1" checked' in silent.content.decode()
    assert "is-invalid" in silent.content.decode()
    answer = ayla.post(url, {**data, "set_aside_protocol": "1", "reason": "Healed well"})
    assert answer.status_code == 302
    second.refresh_from_db()
    assert second.off_protocol


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


def test_the_chart_and_the_plan_show_the_visits(
    ayla: Client, desk: make.Desk, plan: TreatmentPlan, sessions: list[PlannedSession],
    ten: dt.datetime,
) -> None:  # fmt: skip
    booked(desk, plan, sessions, ten)
    chart = ayla.get(reverse("patients:chart", args=[plan.patient_id])).content.decode()
    assert "Session 1 of 3" in chart
    assert "Book a visit" in chart
    text = ayla.get(reverse("treatments:plan-detail", args=[plan.pk])).content.decode()
    assert "Not confirmed" in text or "Booked" in text

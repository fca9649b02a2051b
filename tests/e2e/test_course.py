"""The thread through the house, its course: planned, booked with one click, moved, cancelled."""

from __future__ import annotations

import datetime as dt
import re
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from aftercare.models import Message
from scheduling.models import Appointment
from tests.e2e import builders
from tests.e2e.builders import THURSDAY, Practice
from tests.e2e.conftest import Journey
from tests.e2e.mails import calendar_in, deliver, subjects
from tests.mailsink import MailSink
from treatments.models import TreatmentPlan

pytestmark = pytest.mark.django_db(transaction=True)


def test_from_a_plan_to_a_course_booked_with_one_click(
    journey: Journey, lices: Practice, mail_sink: MailSink
) -> None:
    # Given a patient whose screening is cleared, and Dr Kara at her chart
    patient = builders.cleared(lices, builders.ines(lices))
    doctor = journey.staff(lices.doctor, f"/patients/{patient.pk}/")
    doctor.get_by_role("link", name="New plan").first.click()
    journey.see(doctor, "plan-empty")

    # When she chooses an indication, an area, a technique and what is in the syringe
    doctor.get_by_label("What the patient wishes").fill("Softer skin before the wedding")
    doctor.get_by_label("Indication").select_option(label="Hydration")
    expect(doctor.get_by_label("Protocol")).not_to_have_value("")
    doctor.get_by_label("Face", exact=True).check()
    doctor.get_by_label("Nappage").first.check()
    doctor.get_by_role("button", name="Hyaluronic acid, not cross-linked").click()
    dose = doctor.get_by_label("Hyaluronic acid, not cross-linked", exact=True)

    # Then a dose over the ceiling is refused while she types; of a usual one only the sun is said
    check = doctor.locator("#builder-check")
    dose.fill("90")
    expect(check.get_by_text("Stop", exact=True).first).to_be_visible()
    journey.see(doctor, "plan-stopped")
    dose.fill("20")
    expect(check.get_by_text("strong sun")).to_be_visible()
    expect(check.get_by_text("Stop", exact=True)).to_have_count(0)
    expect(doctor.get_by_label("What the patient wishes")).to_have_value(
        "Softer skin before the wedding"
    )
    journey.see(doctor, "plan-filled")
    doctor.get_by_role("button", name="Draw up the plan").click()

    # When the plan is active and the patient signs the consent
    doctor.get_by_role("button", name="Activate the plan").click()
    journey.see(doctor, "plan-active")
    doctor.get_by_role("link", name="Sign the consent").click()
    journey.see(doctor, "consent")
    doctor.get_by_label("Full name").fill("Inês Carvalho")
    doctor.get_by_label("I have read").check()
    doctor.get_by_role("button", name="Sign").click()
    expect(doctor.get_by_text("Signed").first).to_be_visible()

    # And Noor opens the proposals and books all of it with one click
    plan = TreatmentPlan.objects.get(patient=patient)
    desk = journey.staff(lices.desk, f"/plans/{plan.pk}/course/")
    proposals = desk.get_by_role("navigation", name="Proposals")
    expect(proposals.get_by_role("link")).not_to_have_count(0)
    journey.see(desk, "course-proposed")
    desk.get_by_role("button", name="Book all 8").dblclick()
    expect(desk.get_by_text("All 8 visits are booked.")).to_be_visible()
    journey.see(desk, "course-booked")
    assert Appointment.objects.filter(patient=patient).count() == 8

    # Then one confirmation arrives, with a calendar file of eight visits
    mails = deliver(mail_sink)
    assert subjects(mails) == ["Your visits at Clinique des Lices"]
    assert calendar_in(mails[0]).count("BEGIN:VEVENT") == 8
    assert "Hydration" not in mails[0].as_string()
    desk.goto(f"{journey.url}/messages/")
    journey.see(desk, "ledger")


def test_moving_one_visit_takes_the_later_ones_along_and_cancelling_withdraws(
    journey: Journey, lices: Practice, mail_sink: MailSink
) -> None:
    # Given four weekly sessions, the first on Thursday
    patient = builders.cleared(lices, builders.ines(lices))
    plan = builders.agreed(lices, patient)
    visits = builders.booked(lices, plan, lices.at(THURSDAY, 10))
    deliver(mail_sink)
    desk = journey.staff(lices.desk, f"/appointments/{visits[0].pk}/")

    # When the first one moves to the Monday after
    desk.get_by_role("link", name="Move").click()
    journey.see(desk, "move")
    desk.get_by_label("From").fill("2026-03-16")
    desk.get_by_role("button", name="Show").click()
    desk.get_by_label("11:00", exact=True).check()
    desk.get_by_role("button", name="See what follows").click()
    expect(desk.get_by_text("Then").first).to_be_visible()
    journey.see(desk, "move-effect")
    desk.get_by_role("button", name=re.compile("Move both|Move them all")).click()
    expect(desk.get_by_text("visits are moved")).to_be_visible()
    history = desk.get_by_role("region", name="History")
    expect(history).to_contain_text("Moved from 12 Mar 2026, 10:00 to 16 Mar 2026, 11:00")
    journey.see(desk, "moved")

    # Then the later ones have followed inside their windows, and the patient hears of it once
    days = [lices.clinic.local(one.during.lower) for one in _fresh(visits)]
    assert days[0].strftime("%a %d %H:%M") == "Mon 16 11:00"
    gaps = [(later.date() - one.date()).days for one, later in pairwise(days)]
    assert all(5 <= gap <= 10 for gap in gaps), gaps
    mails = deliver(mail_sink)
    assert subjects(mails) == ["New time for your visit at Clinique des Lices"]
    assert "SEQUENCE:" in calendar_in(mails[0])
    reminder = Message.objects.get(
        subject_id=visits[0].pk, step_key="visit-reminder-48h", state="planned"
    )
    assert reminder.due_at == lices.at(dt.date(2026, 3, 14), 11)

    # When the second one is cancelled
    desk.goto(f"{journey.url}/appointments/{visits[1].pk}/")
    desk.get_by_role("link", name="Cancel").click()
    desk.get_by_label("Why is it cancelled?").fill("The patient is away")
    journey.see(desk, "cancel")
    desk.get_by_role("button", name="Cancel the visit").click()
    expect(desk.get_by_text("its time is free")).to_be_visible()
    journey.see(desk, "cancelled")

    # Then its messages are withdrawn, and a cancellation leaves
    assert not Message.objects.filter(
        subject_id=visits[1].pk, state="planned", step_key__startswith="visit-reminder"
    ).exists()
    assert "is cancelled" in str(subjects(deliver(mail_sink)))
    desk.goto(f"{journey.url}/messages/")
    journey.see(desk, "ledger-after")


def _fresh(visits: list[Appointment]) -> list[Appointment]:
    return [Appointment.objects.get(pk=one.pk) for one in visits]

"""The thread through the house: one patient from the door to the aftercare, in real browsers.

Each journey begins where the one before ends, told through the services (`builders`).
"""

from __future__ import annotations

import datetime as dt
import re
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from aftercare.models import Message
from aftercare.tasks import ring_alarms
from patients.models import Patient
from scheduling.models import Appointment
from tests.conftest import PROJECT
from tests.e2e import builders
from tests.e2e.builders import Practice
from tests.e2e.conftest import Clock, Journey
from tests.e2e.mails import about, calendar_in, deliver, link_in, subjects, text_of
from tests.mailsink import MailSink
from treatments.models import TreatmentPlan

pytestmark = pytest.mark.django_db(transaction=True)

_FILE = """([name, text]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([text], name, {type: "application/json"}));
  return carried;
}"""
THURSDAY = dt.date(2026, 3, 12)


@pytest.fixture
def lices(live_server: LiveServer, clock: Clock, mail_sink: MailSink) -> Practice:
    """The clinic, this Tuesday morning, with a mail server."""
    return builders.practice(live_server.url)


def _answer_harmlessly(page: Page) -> None:
    """On a page of the questionnaire: the calmest answer to everything that is asked."""
    for question in page.locator("fieldset.question:visible").all():
        if question.locator("input:checked").count():
            continue
        for value in ("no", "never", "none", "rarely", "little"):
            choice = question.locator(f'input[value="{value}"]')
            if choice.count():
                choice.check()
                break


def test_from_the_door_to_a_cleared_screening(
    journey: Journey, lices: Practice, mail_sink: MailSink
) -> None:
    # Given Noor at the desk, and somebody new in front of her
    desk = journey.staff(lices.desk, "/patients/")
    journey.see(desk, "patients-empty")
    desk.get_by_role("main").get_by_role("link", name="Register", exact=True).click()
    journey.see(desk, "register")

    # When she registers her and sends the questionnaire
    desk.get_by_label("Name", exact=False).first.fill("Inês Carvalho")
    desk.get_by_label("Date of birth").fill("1984-05-17")
    desk.get_by_label("Sex").select_option(label="Female")
    desk.get_by_label("Phone", exact=True).fill("+33 6 39 98 12 34")
    desk.get_by_label("E-mail", exact=True).fill("ines@example.org")
    desk.get_by_role("button", name="Register").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Inês Carvalho")
    journey.see(desk, "chart-new")
    desk.get_by_role("link", name="Screen now").click()
    journey.see(desk, "screening-start")
    desk.get_by_role("button", name="Send the link").click()
    expect(
        desk.get_by_text("Questionnaire mailed").or_(desk.get_by_text("link")).first
    ).to_be_visible()

    # Then the link arrives by mail, without a word about health in the subject
    [mail] = deliver(mail_sink)
    assert "ines@example.org" in str(mail["To"])
    assert "questions before your visit" in str(mail["Subject"])

    # When she opens it on her phone and answers page by page
    phone = journey.phone(link_in(mail))
    journey.see(phone, "link-questions")
    phone.get_by_role("button", name="Start").click()
    for number in range(1, 9):
        journey.see(phone, f"questions-{number}")
        _answer_harmlessly(phone)
        phone.get_by_role("button", name="Next").click()
        phone.wait_for_url(re.compile(rf"step={number + 1}"))
    journey.see(phone, "questions-sign")
    phone.get_by_role("textbox").fill("Inês Carvalho")
    for box in phone.get_by_role("checkbox").all():
        box.check()
    phone.get_by_role("button", name="Sign and send").click()
    expect(phone.get_by_role("heading", name="Thank you")).to_be_visible()
    journey.see(phone, "questions-done")

    # Then Dr Kara sees it cleared
    patient = Patient.objects.get(name="Inês Carvalho")
    doctor = journey.staff(lices.doctor, f"/patients/{patient.pk}/")
    expect(doctor.get_by_text("Cleared").first).to_be_visible()
    journey.see(doctor, "chart-cleared")
    doctor.locator("a[href*='/screenings/']").first.click()
    expect(doctor.get_by_text("Cleared").first).to_be_visible()
    journey.see(doctor, "screening-judged")


def test_a_bundle_dropped_on_the_list_is_a_patient_with_her_record(
    journey: Journey, lices: Practice
) -> None:
    # Given the bundle of a patient from another system, and Noor's list of patients
    bundle = (PROJECT / "tests" / "fixtures" / "fhir" / "ines.json").read_text("utf-8")
    desk = journey.staff(lices.desk, "/patients/")

    # When she drops the file on the page
    dropped = desk.evaluate_handle(_FILE, ["ines.json", bundle])
    for kind in ("dragenter", "dragover"):
        desk.dispatch_event("main", kind, {"dataTransfer": dropped})
    expect(desk.get_by_text("Drop FHIR bundles or a table here")).to_be_visible()
    desk.dispatch_event("main", "drop", {"dataTransfer": dropped})

    # Then the patient is there, and one press leads to her chart
    expect(desk.get_by_role("heading", name="Result")).to_be_visible()
    journey.see(desk, "import-result")
    patient = Patient.objects.get()
    desk.get_by_role("link", name=patient.name).click()
    expect(desk.get_by_role("heading", level=1)).to_have_text(patient.name)

    # And Dr Kara finds the record with her
    doctor = journey.staff(lices.doctor, f"/patients/{patient.pk}/")
    record = doctor.get_by_role("region", name="Safety record")
    for fact in ("Allergy to fish", "Warfarin Sodium 5 MG Oral Tablet", "Hypertension"):
        expect(record.get_by_text(fact)).to_be_visible()
    journey.see(doctor, "chart-imported")


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


def test_from_the_reminder_to_the_signed_session(
    journey: Journey, lices: Practice, clock: Clock, mail_sink: MailSink
) -> None:
    # Given a course that begins on Thursday at ten
    patient = builders.cleared(lices, builders.ines(lices))
    plan = builders.agreed(lices, patient)
    first, *_rest = builders.booked(lices, plan, lices.at(THURSDAY, 10))
    deliver(mail_sink)

    # When the reminder comes, and she says on her phone that she will come
    reminder = about(mail_sink.messages, "Your visit on Thursday 12 March")
    phone = journey.phone(link_in(reminder))
    journey.see(phone, "link-confirm")
    first.refresh_from_db()
    assert first.status == "booked"
    phone.get_by_role("button", name="Yes, I will come").click()
    expect(phone.get_by_text("you have confirmed")).to_be_visible()
    journey.see(phone, "link-confirmed")

    # Then on the day Noor sees it confirmed and checks her in
    clock.set(lices.at(THURSDAY, 9, 50))
    desk = journey.staff(lices.desk, "/")
    expect(desk.get_by_role("main").get_by_text("Ready", exact=True)).to_be_visible()
    journey.see(desk, "today")
    desk.goto(f"{journey.url}/appointments/{first.pk}/")
    expect(desk.get_by_role("region", name="History")).to_contain_text("the patient, by link")
    journey.see(desk, "visit")
    desk.get_by_role("button", name="Check in").click()
    expect(desk.get_by_role("button", name="Undo check-in")).to_be_visible()

    # And Dr Kara asks again, records what she gives, and signs
    clock.set(lices.at(THURSDAY, 10))
    doctor = journey.staff(lices.doctor, f"/sessions/{first.planned_session_id}/")
    journey.see(doctor, "session-gate")
    doctor.get_by_label("I asked: nothing has changed").check()
    doctor.get_by_role("button", name="Begin the session").click()
    expect(doctor.get_by_role("region", name="Injection map")).to_be_visible()
    for step in doctor.locator(".step-check input").all():
        step.check()
    doctor.get_by_label("Lot", exact=True).select_option(index=1)
    doctor.get_by_label("Spacing, mm").fill("20")
    doctor.get_by_role("button", name="Face", exact=True).click()
    expect(doctor.get_by_role("heading", name="Ready to sign")).to_be_visible()
    journey.see(doctor, "session-record")
    doctor.get_by_role("button", name="Sign", exact=True).click()
    expect(doctor.get_by_text("The record can't be changed any more").first).to_be_visible()
    journey.see(doctor, "session-signed")

    # Then the visit is done, the stock is down by the dose, and aftercare advice arrives
    first.refresh_from_db()
    assert first.status == "done"
    assert lices.hyaluron.quantity == 40
    assert "After your visit at Clinique des Lices" in subjects(deliver(mail_sink))
    doctor.goto(f"{journey.url}/stock/")
    expect(doctor.get_by_role("row", name=re.compile("HA-2201")).get_by_text("40")).to_be_visible()
    journey.see(doctor, "stock")


def _read_and_ask_on(journey: Journey, phone: Page, doctor: Page, mail_sink: MailSink) -> None:
    """The patient reads an answer behind a fresh code, and asks something more."""
    # Then the mail says only that there is an answer, and a fresh code opens it
    told = about(deliver(mail_sink), "You have an answer")
    assert "noon" not in text_of(told)
    phone.goto(link_in(told))
    journey.see(phone, "answer-code")
    phone.get_by_role("button", name="Mail me a code").click()
    expect(phone.get_by_role("button", name="Read the answer")).to_be_visible()
    mails = "\n".join(text_of(mail) for mail in deliver(mail_sink))
    phone.get_by_label("Code").fill(re.findall(r"\b(\d{6})\b", mails)[0])
    phone.get_by_role("button", name="Read the answer").click()
    expect(phone.get_by_text("Come at noon")).to_be_visible()
    journey.see(phone, "answer")

    # And she asks on, which waits in the inbox
    phone.get_by_label("Ask something more").fill("May I take ibuprofen?")
    phone.get_by_role("button", name="Send").click()
    expect(phone.get_by_text("May I take ibuprofen?")).to_be_visible()
    doctor.goto(f"{journey.url}/inbox/?kind=question")
    expect(doctor.get_by_role("main").get_by_text("Asks a question")).to_be_visible()


def test_fever_and_pus_alarm_the_practitioner_and_stop_the_next_session(
    journey: Journey, lices: Practice, clock: Clock, mail_sink: MailSink
) -> None:
    # Given a session that was signed on Thursday at half past ten
    patient = builders.cleared(lices, builders.ines(lices))
    plan = builders.agreed(lices, patient)
    first, second, *_rest = builders.booked(lices, plan, lices.at(THURSDAY, 10))
    clock.set(lices.at(THURSDAY, 10, 30))
    builders.held_session(lices, first, lices.at(THURSDAY, 10))
    assert "After your visit" in str(subjects(deliver(mail_sink)))

    # And Dr Kara at her desk, with the plan of somebody else before her
    clock.set(lices.at(THURSDAY + dt.timedelta(days=1), 10, 40))
    doctor = journey.staff(lices.doctor, "/plans/")
    expect(doctor.locator("#urgent")).to_be_hidden()

    # When the check-in comes a day later and she reports fever and pus, one question at a time
    checkin = about(deliver(mail_sink), "How are you today?")
    phone = journey.phone(link_in(checkin))
    journey.see(phone, "checkin")
    phone.get_by_label("Redness or small marks").check()
    phone.get_by_text("Bad", exact=True).click()
    phone.get_by_role("button", name="Next").click()
    expect(phone.get_by_role("heading", name="Redness or small marks")).to_be_visible()
    journey.see(phone, "checkin-detail")
    phone.get_by_role("button", name="Back").click()
    phone.get_by_label("Heat or pus").check()
    phone.get_by_label("Fever or shivering").check()
    phone.get_by_role("button", name="Send").click()

    # Then her phone says to call now
    expect(phone.get_by_role("link", name=re.compile("Call"))).to_be_visible()
    journey.see(phone, "checkin-done")

    # And Dr Kara's screen shows it within five seconds, and her mailbox says nothing of who it is
    alarm = doctor.locator("#urgent")
    expect(alarm.get_by_text("Inês Carvalho").first).to_be_visible(timeout=5000)
    journey.see(doctor, "alarm")
    ring_alarms()
    alert = about(mail_sink.messages, "somebody is needed now")
    assert "Inês" not in text_of(alert)
    assert lices.doctor.staff.email in str(alert["To"])
    second.refresh_from_db()
    assert second.status == "on_hold"

    # When she takes it, the alarm is over, and she writes to her patient
    alarm.get_by_role("button", name=re.compile("I do it")).click()
    expect(doctor.get_by_role("heading", name="What was said")).to_be_visible()
    expect(doctor.locator("#urgent")).to_be_hidden()
    journey.see(doctor, "checkin-read")
    doctor.get_by_label("Your answer").fill("Come at noon, I will look at it.")
    doctor.get_by_role("button", name="Send").click()
    journey.see(doctor, "conversation")
    doctor.goto(f"{journey.url}/inbox/")
    journey.see(doctor, "inbox")
    doctor.goto(f"{journey.url}/")
    journey.see(doctor, "today-urgent")

    # Then she reads the answer, and the gate stops the next session until it is settled
    _read_and_ask_on(journey, phone, doctor, mail_sink)
    doctor.goto(f"{journey.url}/sessions/{second.planned_session_id}/")
    gate = doctor.get_by_role("region", name="May it begin?")
    expect(gate.get_by_text("Stop", exact=True)).to_be_visible()
    journey.see(doctor, "gate-stopped")
    doctor.goto(f"{journey.url}/patients/{patient.pk}/")
    journey.see(doctor, "chart-after")


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

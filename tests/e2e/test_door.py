"""The thread through the house, at its door: who comes in is screened, or brings a record along."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from patients.models import Patient
from tests.conftest import PROJECT
from tests.e2e.builders import Practice
from tests.e2e.conftest import Journey
from tests.e2e.mails import deliver, link_in
from tests.mailsink import MailSink

pytestmark = pytest.mark.django_db(transaction=True)

_FILE = """([name, text]) => {
  const carried = new DataTransfer();
  carried.items.add(new File([text], name, {type: "application/json"}));
  return carried;
}"""


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

"""A day at the desk: what must never happen twice, what must never be seen, what must be quick."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from playwright.sync_api import Page, expect

from mesoclinic.common.intervals import Interval
from patients.models import Patient
from scheduling.models import Appointment, VisitType, WaitlistEntry
from scheduling.selectors.calendars import range_of
from tests import personas
from tests.e2e import builders
from tests.e2e.builders import TUESDAY, Practice
from tests.e2e.conftest import Clock, Journey
from tests.factories.clinic import PASSWORD, ManagerFactory

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = dt.date(2026, 3, 10)


def test_a_contraindication_holds_the_visits_and_today_says_so(
    journey: Journey, lices: Practice, clock: Clock
) -> None:
    # Given a course whose first session is this afternoon
    patient = builders.cleared(lices, builders.ines(lices))
    plan = builders.agreed(lices, patient)
    visits = builders.booked(lices, plan, lices.at(TODAY, 14))

    # When Dr Kara hears that she is pregnant and writes it down
    doctor = journey.staff(lices.doctor, f"/patients/{patient.pk}/")
    doctor.get_by_role("link", name=re.compile("condition", re.IGNORECASE)).first.click()
    doctor.get_by_label("What", exact=False).first.fill("Pregnancy")
    journey.see(doctor, "fact")
    doctor.get_by_role("main").get_by_role("button", name=re.compile("Save|Add")).click()

    # Then the chart says stop, every coming visit is on hold
    expect(doctor.get_by_text("Do not treat.")).to_be_visible()
    journey.see(doctor, "chart-stopped")
    assert {Appointment.objects.get(pk=one.pk).status for one in visits} == {"on_hold"}

    # And Noor's Today shows who can't go ahead, not why
    desk = journey.staff(lices.desk, "/")
    held = desk.get_by_role("complementary", name="Needs you").get_by_role("link")
    expect(held.filter(has_text="Inês Carvalho").first).to_be_visible()
    expect(desk.get_by_role("main")).not_to_contain_text("regnan")
    journey.see(desk, "today-on-hold")
    desk.goto(f"{journey.url}/appointments/{visits[0].pk}/")
    expect(desk.get_by_text("On hold.")).to_be_visible()
    expect(desk.get_by_role("button", name="Check in")).to_have_count(0)
    journey.see(desk, "visit-on-hold")


def test_the_desk_opens_neither_clinical_pages_nor_another_clinic(
    journey: Journey, lices: Practice
) -> None:
    # Given a plan here, and a patient of another clinic
    journey.may_answer = {403, 404}
    patient = builders.cleared(lices, builders.ines(lices))
    session = builders.agreed(lices, patient).sessions.get(number=1)
    there = personas.harbour()
    stranger = builders.ines(
        Practice(there, lices.desk, lices.doctor, lices.manager), name="Amy Li"
    )

    # When Noor opens a session's record by its address
    desk = journey.staff(lices.desk, f"/sessions/{session.pk}/")

    # Then she is told that her role may not, and led back
    expect(desk.get_by_role("heading", level=1)).to_be_visible()
    assert "Hydration" not in desk.content()
    journey.see(desk, "forbidden")

    # And somebody else's patient does not exist for her
    desk.goto(f"{journey.url}/patients/{stranger.pk}/")
    assert "Amy Li" not in desk.content()
    journey.see(desk, "not-found")
    desk.get_by_role("main").get_by_role("link").first.click()
    expect(desk.get_by_role("heading", name="Tuesday 10 March")).to_be_visible()


def test_a_visit_is_booked_once_however_often_the_button_is_pressed(
    journey: Journey, lices: Practice
) -> None:
    # Given Noor with the booking page open in two tabs
    journey.may_answer = {422, 409}
    patient = builders.ines(lices)
    desk = journey.staff(lices.desk, "/appointments/new/")
    journey.see(desk, "book-whom")
    desk.get_by_label("For whom?").press_sequentially("carvalo", delay=20)
    desk.get_by_role("main").get_by_role("link", name=re.compile("Inês Carvalho")).click()
    journey.see(desk, "book-when")
    second = desk.context.new_page()
    second.goto(desk.url)

    # When she double-clicks in one
    desk.get_by_label("10:30", exact=True).check()
    desk.get_by_role("button", name="Book", exact=True).dblclick()
    expect(desk.get_by_text("is booked for")).to_be_visible()

    # Then there is one visit, and after the back button its time is not offered any more
    assert Appointment.objects.count() == 1
    desk.go_back()
    expect(desk.get_by_label("11:15", exact=True)).to_be_attached()
    expect(desk.get_by_label("10:30", exact=True)).to_have_count(0)

    # And the other tab is told in words, keeps the note, and offers times
    second.get_by_label("10:30", exact=True).check()
    second.get_by_label("Note for the desk").fill("comes by taxi")
    second.get_by_role("button", name="Book", exact=True).click()
    expect(second.get_by_role("alert")).to_be_visible()
    expect(second.get_by_label("Note for the desk")).to_have_value("comes by taxi")
    journey.see(second, "book-refused")
    assert Appointment.objects.count() == 1
    assert patient.pk == Appointment.objects.get().patient_id


def test_a_patient_is_registered_once_even_after_the_back_button(
    journey: Journey, lices: Practice
) -> None:
    # Given a form that was sent twice in one breath
    journey.may_answer = {409, 422}
    desk = journey.staff(lices.desk, "/patients/new/")
    _fill_in(desk)
    desk.get_by_role("button", name="Register").dblclick()
    expect(desk.get_by_text("Gül Şahin is registered.")).to_be_visible()
    assert Patient.objects.count() == 1

    # When Noor goes back and sends it again
    desk.go_back()
    _fill_in(desk)
    desk.get_by_role("button", name="Register", exact=True).click()

    # Then she is shown the patient who is there already
    expect(desk.get_by_text("Is it one of these?")).to_be_visible()
    journey.see(desk, "register-again")
    desk.get_by_role("alert").get_by_role("link", name="Gül Şahin").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Gül Şahin")
    assert Patient.objects.count() == 1


def _fill_in(page: Page) -> None:
    page.get_by_label("Name", exact=False).first.fill("Gül Şahin")
    page.get_by_label("Date of birth").fill("1990-02-01")
    page.get_by_label("Phone", exact=True).fill("+33 6 39 98 12 34")


def test_a_mistake_in_a_form_is_said_at_the_field_and_nothing_is_lost(
    journey: Journey, lices: Practice
) -> None:
    # Given a phone number that can't be one
    journey.may_answer = {422}
    desk = journey.staff(lices.desk, "/patients/new/")
    desk.get_by_label("Name", exact=False).first.fill("Siobhán Byrne")
    desk.get_by_label("Phone", exact=True).fill("call me")
    desk.get_by_label("Alert").fill("hard of hearing")

    # When Noor registers her
    desk.get_by_role("button", name="Register").click()

    # Then the page says which field, and the rest is still there
    expect(desk.get_by_role("alert")).to_be_focused()
    expect(desk.get_by_label("Alert")).to_have_value("hard of hearing")
    journey.see(desk, "register-refused")
    desk.get_by_role("alert").get_by_role("link").first.click()
    expect(desk.get_by_label("Phone", exact=True)).to_be_focused()


def test_keys_lead_everywhere(journey: Journey, lices: Practice) -> None:
    # Given some patients with accents in their names
    for name in ("Inês Carvalho", "Gül Şahin", "Tomasz Wójcik"):
        builders.ines(lices, name=name, email="")
    desk = journey.staff(lices.desk, "/")
    expect(desk.get_by_role("main")).to_be_visible()

    # When Noor types a name without its accents and with a slip
    desk.keyboard.press("/")
    desk.keyboard.type("tomas wojcik")
    found = desk.get_by_role("option", name=re.compile("Tomasz Wójcik"))
    expect(found).to_be_visible()
    journey.see(desk, "found")
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("Enter")

    # Then the chart opens, and one key each leads to booking and help
    expect(desk.get_by_role("heading", level=1)).to_have_text("Tomasz Wójcik")
    desk.wait_for_load_state()
    desk.keyboard.press("n")
    expect(desk).to_have_url(re.compile("/appointments/new/"))
    desk.wait_for_load_state()
    desk.locator("h1").click()
    desk.keyboard.press("?")
    expect(desk.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    journey.see(desk, "help")


def test_the_door_says_no_clearly_and_then_pauses(journey: Journey, lices: Practice) -> None:
    # Given somebody who does not know the password
    journey.may_answer = {429}
    page = journey.phone(f"{journey.url}/accounts/login/")
    for _try in range(5):
        _sign_in(page, lices.desk.staff.email, "not this one")
        expect(page.get_by_text(re.compile("not correct"))).to_be_visible()
        expect(page.get_by_label("Email")).to_have_value(lices.desk.staff.email)
    journey.see(page, "wrong-password")

    # When they go on trying
    _sign_in(page, lices.desk.staff.email, PASSWORD)

    # Then even the right one has to wait
    expect(page.get_by_text(re.compile("Too many"))).to_be_visible()
    journey.see(page, "too-many")

    # And somebody else signs in as ever
    other = journey.phone(f"{journey.url}/accounts/login/")
    _sign_in(other, lices.doctor.staff.email, PASSWORD)
    expect(other.get_by_role("heading", name="Tuesday 10 March")).to_be_visible()


def _sign_in(page: Page, email: str, password: str) -> None:
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_somebody_of_two_clinics_works_in_one_at_a_time(journey: Journey, lices: Practice) -> None:
    # Given Zita, who manages two clinics, each with a patient
    there = personas.harbour()
    ManagerFactory(clinic=there, staff=lices.manager.staff)
    builders.ines(lices)
    builders.ines(Practice(there, lices.desk, lices.doctor, lices.manager), name="Amy Li", phone="")
    zita = journey.staff(lices.manager, "/patients/")
    expect(zita.get_by_role("link", name="Inês Carvalho")).to_be_visible()
    expect(zita.get_by_role("link", name="Amy Li")).to_have_count(0)

    # When she goes over to the other
    zita.get_by_role("link", name="Clinique des Lices").click()
    journey.see(zita, "switch")
    zita.get_by_role("button", name="Work in Harbour Skin").click()

    # Then she sees its patients alone, on its clock
    expect(zita.get_by_role("heading", name="Tuesday 10 March")).to_be_visible()
    zita.goto(f"{journey.url}/patients/")
    expect(zita.get_by_role("link", name="Amy Li")).to_be_visible()
    expect(zita.get_by_role("link", name="Inês Carvalho")).to_have_count(0)


def test_the_calendar_shows_the_day_and_the_list_prints(journey: Journey, lices: Practice) -> None:
    # Given three visits today
    for hour, name in ((11, "Inês Carvalho"), (12, "Gül Şahin"), (15, "Tomasz Wójcik")):
        who = builders.ines(lices, name=name, email="")
        builders.consultation(lices, who, lices.at(TODAY, hour), TUESDAY)

    # When Noor looks at the calendar, day and week
    desk = journey.staff(lices.desk, "/calendar/")
    expect(desk.locator(".ec-event")).to_have_count(3)
    journey.see(desk, "calendar-day", exclude=(".ec",))
    desk.get_by_role("link", name="Week").click()
    expect(desk.locator(".ec-event")).to_have_count(3)
    journey.see(desk, "calendar-week", exclude=(".ec",))

    # And drops somebody who waits onto the next morning: the booking page knows all of it
    mira = builders.ines(lices, name="Mira Levi", email="")
    kind = VisitType.objects.get(clinic=lices.clinic, key="consultation")
    WaitlistEntry.objects.create(clinic=lices.clinic, patient=mira, visit_type=kind)
    tomorrow = TODAY + dt.timedelta(days=1)
    desk.goto(f"{journey.url}/calendar/?date={tomorrow:%Y-%m-%d}")
    desk.locator("summary", has_text="Waiting list").click()
    card = desk.get_by_role("link", name="Mira Levi")
    journey.see(desk, "calendar-waiting", exclude=(".ec",))
    card.drag_to(desk.locator(".ec-body .ec-day").first, target_position={"x": 40, "y": 280})
    expect(desk).to_have_url(re.compile(rf"patient={mira.pk}.*start={tomorrow:%Y-%m-%d}T"))
    desk.get_by_role("button", name="Book").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Mira Levi")
    assert not WaitlistEntry.objects.filter(status="waiting").exists()
    desk.goto(f"{journey.url}/calendar/?view=week&date={TODAY:%Y-%m-%d}")

    # Then a click on a visit in the list opens it, and the day prints as a list alone
    desk.get_by_role("link", name="Gül Şahin").first.click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Gül Şahin")
    desk.goto(f"{journey.url}/calendar/day-list/")
    journey.see(desk, "day-list")
    desk.emulate_media(media="print")
    expect(desk.get_by_role("link", name="Tomasz Wójcik")).to_be_visible()
    expect(desk.get_by_role("navigation", name="Main", exact=True)).to_be_hidden()
    expect(desk.get_by_role("button", name="Print")).to_be_hidden()
    expect(desk.get_by_text("Clinique des Lices · printed").first).to_be_visible()
    journey.see(desk, "day-list-printed")


def test_a_visit_moved_by_keyboard_keeps_the_focus(
    journey: Journey, lices: Practice, clock: Clock
) -> None:
    # Given a course whose first session is this afternoon, and Noor without a mouse
    patient = builders.cleared(lices, builders.ines(lices))
    visit = builders.booked(lices, builders.agreed(lices, patient), lices.at(TODAY, 14))[0]
    desk = journey.staff(lices.desk, "/calendar/?view=day&date=2026-03-10")
    block = desk.locator(f'[data-visit="{visit.pk}"]')
    block.focus()

    # When she moves it, makes it longer and moves it again
    for keys, says in (
        (["m", "ArrowDown", "Enter"], "Moved."),
        (["m", "Shift+ArrowDown", "Enter"], "Length changed."),
        (["m", "ArrowDown", "Enter"], "Moved."),
    ):
        for key in keys:
            desk.keyboard.press(key)
            desk.wait_for_timeout(100)
        expect(desk.locator(".calendar-say")).to_have_text(says)
        # Then every key still goes to the visit, not to the page
        expect(block).to_be_focused()
    visit.refresh_from_db()
    assert visit.during.lower == lices.at(TODAY, 14, 30)


def test_a_very_full_day_of_the_month_leads_to_the_day(
    journey: Journey, lices: Practice, clock: Clock
) -> None:
    patient = builders.ines(lices)
    first, minutes = lices.at(TODAY, 9), dt.timedelta(minutes=10)
    spans = [range_of(Interval(first + n * minutes, first + (n + 1) * minutes)) for n in range(40)]
    Appointment.objects.bulk_create(
        Appointment(
            clinic=lices.clinic, patient=patient, practitioner=lices.doctor.staff,
            visit_type=lices.session_type, during=span, occupies=span,
        )
        for span in spans
    )  # fmt: skip
    desk = journey.staff(lices.desk, "/calendar/?view=month&date=2026-03-10")
    expect(desk.get_by_text("40 visits")).to_be_visible()
    desk.get_by_text("+ more").click()
    last = desk.locator(".ec-popup .ec-event").last
    expect(last).to_have_text("10 more")
    last.click()
    desk.wait_for_url(re.compile(r"view=day&date=2026-03-10"))
    expect(desk.locator(".ec-event[data-visit]")).to_have_count(40)

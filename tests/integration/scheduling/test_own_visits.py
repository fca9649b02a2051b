"""A patient's own visits by link: GET is neutral, POST acts, only safe times, until the limit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from mesoclinic.clinic.models import Clinic
from patients.models import Patient, PatientLink
from patients.services import create_link
from scheduling.models import Appointment, OnlineRules
from scheduling.selectors.own import safe_times
from scheduling.services import CourseBooking, CourseVisit, book_course
from tests.factories import scheduling as make
from tests.factories import treatments
from tests.factories.treatments import NOW
from treatments.models import PlannedSession, TreatmentPlan

WEDNESDAY = dt.date(2026, 1, 14)
FRIDAY = dt.date(2026, 1, 16)

Link = Callable[..., str]


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    """Tuesday, 13 January 2026, ten in the morning in Rennes."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def link(desk: make.Desk, ines: Patient) -> Link:
    """`link(purpose, subject)`: a token of Inês."""

    def make_one(purpose: str = "visits", subject: UUID | None = None, who: Any = None) -> str:
        return create_link(
            actor=desk.actor, patient=who or ines, purpose=purpose, subject_id=subject,
            expires_at=NOW + 90 * make.DAY, now=NOW,
        )[1]  # fmt: skip

    return make_one


@pytest.fixture
def friday(desk: make.Desk, ines: Patient) -> Appointment:
    """A consultation on Friday at ten, three days ahead."""
    return desk.book(ines, desk.at(FRIDAY, 10))


@pytest.fixture
def course(
    desk: make.Desk, plan: TreatmentPlan, sessions: list[PlannedSession]
) -> list[Appointment]:
    """Three sessions at 7 and 35 days' distance."""
    first = desk.at(dt.date(2026, 1, 19), 10)
    days = [first, first + 7 * make.DAY, first + 42 * make.DAY]
    visits = tuple(
        CourseVisit(session.pk, desk.member.staff_id, start)
        for session, start in zip(sessions, days, strict=True)
    )
    wish = CourseBooking(plan_id=plan.pk, visit_type_id=desk.session.pk, visits=visits)
    return book_course(clinic=desk.clinic, actor=desk.actor, now=NOW, course=wish)


def url(name: str, token: str, *args: Any) -> str:
    return reverse(f"scheduling:own-{name}", args=[token, *args])


def slot(desk: make.Desk, start: dt.datetime) -> str:
    return f"{start.isoformat()}|{desk.member.staff_id}"


def test_looking_changes_nothing_and_shows_no_health_data(
    client: Client, desk: make.Desk, link: Link, friday: Appointment, course: list[Appointment]
) -> None:
    token = link()
    before = list(Appointment.objects.order_by("pk").values())
    pages = [
        url("visits", token), url("move", token, friday.pk), url("cancel", token, friday.pk),
        f"{url('move', token, friday.pk)}?slot={slot(desk, desk.at(FRIDAY, 15)).replace('+', '%2B')}",
    ]  # fmt: skip
    for address in pages:
        answer = client.get(address)
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
        text = answer.content.decode()
        for secret in ("Inês", "Session", "Consultation", "Kara"):
            assert secret not in text, (secret, address)
    assert client.get(pages[0]).content.decode().count("own-visit-when") == 4
    assert list(Appointment.objects.order_by("pk").values()) == before
    assert PatientLink.objects.get().opened_at is None


@pytest.mark.parametrize(
    ("patients", "clinics", "seen"),
    [
        ("fr", "en", "vendredi 16 janvier"),
        ("fr-CA", "en", "vendredi 16 janvier"),
        ("pt", "fr", "vendredi 16 janvier"),
        ("pt", "de", "Friday 16 January"),
    ],
)
def test_a_page_is_in_one_language_its_dates_as_well(
    client: Client, link: Link, friday: Appointment, patients: str, clinics: str, seen: str
) -> None:
    """The patient's where the product speaks it, else the clinic's, else English."""
    Patient.objects.update(language=patients)
    Clinic.objects.update(language=clinics)
    text = client.get(url("visits", link())).content.decode()
    assert seen.lower() in text.lower()
    assert ("Another time" in text) is seen.startswith("Friday")


def test_a_visit_moves_by_one_post_and_twice_is_once(
    client: Client, desk: make.Desk, link: Link, friday: Appointment
) -> None:
    token, at = link(), desk.at(FRIDAY, 15)
    for _press in range(2):
        answer = client.post(url("move", token, friday.pk), {"slot": slot(desk, at)})
        assert "Your visit is moved" in answer.content.decode()
    friday.refresh_from_db()
    assert (friday.during.lower, friday.schedule_version) == (at, 2)
    assert friday.moves.get().by_label.startswith("link of patient")


def test_a_time_that_is_not_offered_is_refused_and_nothing_moves(
    client: Client, desk: make.Desk, link: Link, friday: Appointment
) -> None:
    token = link()
    bruno = treatments.patient(desk.clinic, "Bruno Costa")
    desk.book(bruno, desk.at(FRIDAY, 15))
    for wish in (
        slot(desk, desk.at(FRIDAY, 15)),  # taken
        slot(desk, desk.at(FRIDAY, 20)),  # outside hours
        slot(desk, desk.at(FRIDAY, 14) + 7 * make.MINUTE),  # between the steps
        slot(desk, NOW - make.DAY), "nonsense", "",
    ):  # fmt: skip
        answer = client.post(url("move", token, friday.pk), {"slot": wish})
        assert answer.status_code == 422, wish
        assert "choose another one" in answer.content.decode()
    friday.refresh_from_db()
    assert friday.schedule_version == 1


def test_only_days_inside_the_sessions_window_are_offered(
    desk: make.Desk, course: list[Appointment]
) -> None:
    _first, second, _third = course
    day, offered = dt.date(2026, 1, 13), set()
    while day < dt.date(2026, 3, 1):
        offered |= {one.day for one in safe_times(desk.clinic, second, day, NOW).strip if one.free}
        day += dt.timedelta(days=7)
    # The gap before it is 7 to 10 days.
    earliest, latest = dt.date(2026, 1, 26), dt.date(2026, 1, 29)
    assert offered
    assert min(offered) >= earliest
    assert max(offered) <= latest


def test_the_first_session_is_not_offered_before_the_course_may_begin(
    desk: make.Desk, course: list[Appointment]
) -> None:
    TreatmentPlan.objects.update(start_on=dt.date(2026, 1, 16))
    first = Appointment.objects.select_related("plan", "planned_session").get(pk=course[0].pk)
    first.clinic = desk.clinic
    offered = {one.day for one in safe_times(desk.clinic, first, WEDNESDAY, NOW).strip if one.free}
    assert offered
    assert min(offered) == dt.date(2026, 1, 16)


def test_moving_a_session_shows_what_moves_along_and_moves_all_or_none(
    client: Client, desk: make.Desk, link: Link, course: list[Appointment]
) -> None:
    first, second, third = course
    token, at = link(), desk.at(dt.date(2026, 1, 21), 10)
    page = client.get(url("move", token, first.pk), {"slot": slot(desk, at)}).content.decode()
    assert "one later visit moves along" in page
    assert "Mon 26 Jan 10:00" in page
    assert "Thu 29 Jan 10:00" in page
    assert f'value="{second.pk}"' in page
    assert f'value="{third.pk}"' not in page
    unseen = client.post(url("move", token, first.pk), {"slot": slot(desk, at)})
    assert unseen.status_code == 422
    for one in course:
        one.refresh_from_db()
        assert one.schedule_version == 1
    agreed = {"slot": slot(desk, at), "later": [str(second.pk)]}
    assert (
        "Your visits are moved"
        in client.post(url("move", token, first.pk), agreed).content.decode()
    )
    for one in course:
        one.refresh_from_db()
    assert [one.schedule_version for one in course] == [2, 2, 1]
    assert not any(one.off_protocol for one in course)


def test_why_a_session_can_not_be_moved_is_for_the_desk_to_say(
    client: Client, desk: make.Desk, link: Link, ines: Patient, course: list[Appointment]
) -> None:
    """A link is no proof of who reads it: no screening, reaction or course is named."""
    token, at = link(), desk.at(dt.date(2026, 1, 21), 10)
    make.contraindicate(ines, NOW + make.MINUTE)
    agreed = {"slot": slot(desk, at), "later": [str(course[1].pk)]}
    answer = client.post(url("move", token, course[0].pk), agreed)
    text = answer.content.decode().lower()
    assert answer.status_code == 422
    assert "please call us" in text
    for word in ("screening", "contraindicat", "treat the patient"):
        assert word not in text


def test_cancelling_is_one_post_until_the_clinics_limit(
    client: Client, desk: make.Desk, link: Link, friday: Appointment
) -> None:
    OnlineRules.objects.create(clinic=desk.clinic, change_limit_hours=73)
    token = link()
    assert "Please call us" in client.get(url("cancel", token, friday.pk)).content.decode()
    assert client.post(url("cancel", token, friday.pk)).status_code == 409
    assert client.post(url("move", token, friday.pk), {"slot": ""}).status_code == 422
    friday.refresh_from_db()
    assert friday.status == "booked"
    OnlineRules.objects.update(change_limit_hours=72)
    for _press in range(2):
        answer = client.post(url("cancel", token, friday.pk))
        assert "Your visit is cancelled" in answer.content.decode()
    friday.refresh_from_db()
    assert friday.status == "cancelled"
    assert friday.status_changes.get(to_status="cancelled").reason == "By the patient, by link."


def test_a_link_reaches_the_patients_own_visits_only(
    client: Client, desk: make.Desk, link: Link, friday: Appointment
) -> None:
    bruno = treatments.patient(desk.clinic, "Bruno Costa")
    theirs = desk.book(bruno, desk.at(FRIDAY, 15))
    other = desk.book(friday.patient, desk.at(FRIDAY, 13))
    for token in (link(who=bruno), link("confirm", other.pk), link("screening")):
        assert client.get(url("move", token, friday.pk)).status_code == 404
        assert client.post(url("cancel", token, friday.pk)).status_code == 404
    confirm = link("confirm", friday.pk)
    assert client.get(url("cancel", confirm, friday.pk)).status_code == 200
    assert client.get(url("visits", confirm)).content.decode().count("own-visit-when") == 1
    assert client.post(url("visits", confirm), {"make": "1"}).status_code == 404
    assert {friday.status, theirs.status} == {"booked"}
    ask = client.get(reverse("scheduling:link-confirm", args=[confirm])).content.decode()
    assert url("move", confirm, friday.pk) in ask


def test_the_calendars_address_is_made_replaced_and_stopped(
    client: Client, link: Link, friday: Appointment
) -> None:
    token = link()
    addresses = []
    for _n in range(2):
        page = client.post(url("visits", token), {"make": "1"}).content.decode()
        addresses.append(f"/p/{page.split('/p/')[1].split('visits.ics')[0]}visits.ics")
    assert client.get(addresses[0]).status_code == 404
    assert b"BEGIN:VEVENT" in client.get(addresses[1]).content
    client.post(url("visits", token), {"stop": "1"})
    assert client.get(addresses[1]).status_code == 404

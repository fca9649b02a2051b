"""The calendar: its picture and feed, drags, the agenda and the courses under way."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from mesoclinic.audit.models import AuditEntry
from patients.models import Patient
from scheduling.models import Appointment
from scheduling.services import cancel_appointment
from tests.factories import scheduling as make
from tests.factories import treatments
from tests.factories.patients import screened
from tests.factories.treatments import NOW
from tests.integration.scheduling.pages import booked, page
from treatments.models import PlannedSession, TreatmentPlan

pytestmark = pytest.mark.usefixtures("clock")


@pytest.mark.parametrize("query", [{}, {"view": "week"}, {"view": "month"}, {"by": "room"}])
def test_the_calendars_page_is_a_frame_that_shows_nobody(
    noor: Client, visit: Appointment, query: dict[str, Any], django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(6):
        text = page(noor, "calendar", date="2026-01-14", **query)
    assert "Inês Carvalho" not in text
    assert "Room 1" in text


def test_the_feed_draws_a_day_with_the_time_nobody_works(
    noor: Client, desk: make.Desk, visit: Appointment
) -> None:
    day: dict[str, Any] = {"start": "2026-01-14T00:00", "end": "2026-01-15T00:00"}
    body = json.loads(page(noor, "calendar-feed", column=desk.member.staff_id, **day))
    (event,) = body["events"]
    assert (event["start"], event["title"]) == ("2026-01-14T10:00", "Inês Carvalho")
    assert body["closed"][0]["start"] == "2026-01-14T00:00"
    assert body["closed"][0]["end"] == "2026-01-14T09:00"
    make.time_off(desk, visit.during.lower, visit.during.upper, room=desk.room, label="Paint")
    rooms = json.loads(page(noor, "calendar-feed", by="room", column=desk.room.pk, **day))
    assert [(one["practitioner"], one["label"]) for one in rooms["closed"]] == [
        (str(desk.room.pk), "Paint")
    ]


def test_what_has_a_name_is_a_stretch_of_its_own(
    noor: Client, desk: make.Desk, visit: Appointment
) -> None:
    """Leave that touches the end of the day is not the evening, and the evening is not leave."""
    at = desk.at
    day = dt.date(2026, 1, 14)
    make.time_off(desk, at(day, 16), at(day, 18), label="Training")
    make.time_off(desk, at(day, 15), at(day, 17), practitioner=None, label="Stocktaking")
    query: dict[str, Any] = {"start": "2026-01-14T00:00", "end": "2026-01-15T00:00"}
    body = json.loads(page(noor, "calendar-feed", column=desk.member.staff_id, **query))
    closed = [(one["start"][11:], one["end"][11:], one["label"]) for one in body["closed"]]
    assert closed == [
        ("00:00", "09:00", ""),
        ("15:00", "17:00", "Stocktaking"),
        ("17:00", "18:00", "Training"),
        ("18:00", "00:00", ""),
    ]


def test_a_visit_that_no_screening_reaches_is_marked(
    noor: Client, desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    visit = make.visit(desk, ines, ten, visit_type=desk.session)
    day: dict[str, Any] = {"start": "2026-01-14T00:00", "end": "2026-01-15T00:00"}
    ends_soon = "The screening runs out soon"

    def warned() -> tuple[bool, bool, bool]:
        (event,) = json.loads(page(noor, "calendar-feed", **day))["events"]
        words = "No screening is valid on that day" in page(noor, "appointment", visit.pk)
        return event["unscreened"], words, "Not screened" in page(noor, "agenda", date="2026-01-14")

    # Given nobody has asked her, or too long ago: the calendar, the agenda and the visit say so
    assert warned() == (True, True, True)
    screened(ines, now=NOW - dt.timedelta(days=180))
    assert warned() == (True, True, True)
    # When it reaches the visit and little further, then only the visit says so
    screened(ines, now=NOW - dt.timedelta(days=170))
    assert warned() == (False, False, False)
    assert ends_soon in page(noor, "appointment", visit.pk)
    # When she has just answered, then nothing is said
    screened(ines, now=NOW)
    assert warned() == (False, False, False)
    assert ends_soon not in page(noor, "appointment", visit.pk)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"q": "carv"}, 1), ({"q": "nobody"}, 0), ({"status": "booked"}, 1),
        ({"status": "cancelled"}, 0), ({"type": "{type}"}, 1), ({"room": "{room}"}, 0),
    ],
)  # fmt: skip
def test_the_feed_and_the_agenda_keep_to_the_filters(
    noor: Client, desk: make.Desk, visit: Appointment, filters: dict[str, str], found: int
) -> None:
    known = {"type": desk.consultation.pk, "room": desk.consulting_room.pk}
    query = {name: text.format(**known) for name, text in filters.items()}
    day = {"start": "2026-01-14T00:00", "end": "2026-01-15T00:00"}
    body = noor.get(reverse("scheduling:calendar-feed"), {**day, **query}).json()
    assert len(body["events"]) == found
    asked = {"date": "2026-01-14", **query}
    agenda = noor.get(reverse("scheduling:agenda"), asked).content.decode()
    assert agenda.count("Inês Carvalho</a>") == found
    assert ("No visit fits" in agenda) is (found == 0)


def test_an_open_calendar_is_told_of_changes_and_of_nothing_else(
    noor: Client, desk: make.Desk, visit: Appointment
) -> None:
    url = reverse("scheduling:calendar-feed")
    asked = {"start": "2026-01-14T00:00", "end": "2026-01-15T00:00"}

    def ask(etag: str, **more: str) -> Any:
        return noor.get(url, {**asked, **more}, headers={"If-None-Match": etag})

    first = noor.get(url, asked)
    etag = first["ETag"]
    read = AuditEntry.objects.filter(action="read").count()
    again = ask(etag)
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    assert AuditEntry.objects.filter(action="read").count() == read
    assert ask(etag, status="booked").status_code == 200
    make.visit(desk, treatments.patient(desk.clinic, "Next day"), visit.during.lower + make.DAY)
    assert ask(etag).status_code == 304
    seen = {etag}
    Appointment.objects.filter(pk=visit.pk).update(note="Late")
    seen.add(ask(etag)["ETag"])
    make.time_off(desk, visit.during.lower, visit.during.upper, room=desk.room)
    seen.add(ask(etag)["ETag"])
    # The mark of who is not screened goes when the patient has answered.
    screened(visit.patient)
    seen.add(ask(etag)["ETag"])
    cancel_appointment(
        clinic=desk.clinic, actor=desk.actor, now=NOW, appointment_id=visit.pk, reason="Ill"
    )
    answer = ask(etag)
    seen.add(answer["ETag"])
    assert (answer.status_code, answer.json()["events"], len(seen)) == (200, [], 5)


def test_the_agenda_is_a_list_a_file_and_goes_on_where_it_is_full(
    noor: Client, desk: make.Desk, visit: Appointment, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.visit(desk, treatments.patient(desk.clinic, "=cmd"), visit.during.lower + make.DAY)
    text = page(noor, "agenda", date="2026-01-14")
    assert reverse("scheduling:move", args=[visit.pk]) in text
    assert "Dr Ayla Kara" in text
    file = page(noor, "agenda", date="2026-01-14", format="csv")
    assert "2026-01-14,10:00,10:30,Inês Carvalho,Consultation,Dr Ayla Kara,Room " in file
    assert ",'=cmd," in file
    monkeypatch.setattr("scheduling.selectors.agenda._ENOUGH", 1)
    short = page(noor, "agenda", date="2026-01-14")
    assert "=cmd" not in short
    assert "?date=2026-01-15" in short


def test_courses_under_way_show_their_visits_and_what_has_no_date(
    noor: Client, desk: make.Desk, plan: TreatmentPlan, sessions: list[PlannedSession],
    ten: dt.datetime, django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    assert "No course in these weeks" in page(noor, "courses", date="2026-01-14")
    for number, session in enumerate(sessions[:2]):
        make.visit(
            desk, plan.patient, ten + number * 8 * make.DAY, plan=plan, planned_session=session,
            visit_type=desk.session,
        )  # fmt: skip
    with django_assert_max_num_queries(9):
        text = page(noor, "courses", date="2026-01-14")
    assert text.count("ct-bead-text") == 2
    assert "1 session without a date" in text
    assert reverse("scheduling:course", args=[plan.pk]) in text
    # What a colour means is said in words.
    Appointment.objects.filter(planned_session=sessions[0]).update(status="on_hold")
    Appointment.objects.filter(planned_session=sessions[1]).update(off_protocol=True)
    text = page(noor, "courses", date="2026-01-14")
    assert "1 visit on hold, 1 session without a date" in text
    assert "<title>session 1 on 14 January (On hold)</title>" in text
    assert "<title>session 2 on 22 January, outside its window</title>" in text
    assert "On hold or missed" in text


def test_a_visit_says_when_the_licence_runs_out_before_it(
    noor: Client, desk: make.Desk, ines: Patient, ten: dt.datetime
) -> None:
    visit = make.visit(desk, ines, ten, visit_type=desk.session)
    words = "has no valid licence on that day"
    assert words not in page(noor, "appointment", visit.pk)
    desk.member.licence_expires_on = dt.date(2026, 1, 13)
    desk.member.save()
    text = page(noor, "appointment", visit.pk)
    assert words in text
    assert "It ended on 13 Jan 2026." in text


def test_the_feed_takes_a_fixed_number_of_queries_and_one_audit_row(
    noor: Client, desk: make.Desk, ten: dt.datetime, django_assert_max_num_queries: Any
) -> None:
    for n in range(10):
        make.visit(desk, treatments.patient(desk.clinic, f"P{n}"), ten + n * 30 * make.MINUTE)
    with django_assert_max_num_queries(8):
        page(noor, "calendar-feed", start="2026-01-12T00:00", end="2026-01-19T00:00")
    entry = AuditEntry.objects.filter(action="read", model="scheduling.appointment").latest("id")
    assert len(entry.patients) == 10


def test_a_feed_without_a_range_is_told(noor: Client, desk: make.Desk) -> None:
    page(noor, "calendar-feed", status=400)


def drop(client: Client, visit: Appointment, start: str, **more: Any) -> Any:
    """Drag a visit."""
    body = {"start": start, "version": visit.schedule_version, **more}
    return client.post(
        reverse("scheduling:drop", args=[visit.pk]), json.dumps(body),
        content_type="application/json",
    )  # fmt: skip


def test_a_drag_moves_or_is_refused_in_words(
    noor: Client, desk: make.Desk, visit: Appointment, ten: dt.datetime
) -> None:
    assert drop(noor, visit, "2026-01-14T11:00").json()["version"] == 2
    visit.refresh_from_db()
    assert desk.clinic.local(visit.during.lower).hour == 11
    desk.book(treatments.patient(desk.clinic, "Bruno Costa"), ten)
    refused = drop(noor, visit, "2026-01-14T10:00")
    assert refused.status_code == 409
    assert "another visit" in refused.json()["message"]
    assert drop(noor, visit, "nonsense").status_code == 400


def stretch(client: Client, visit: Appointment, minutes: object) -> Any:
    """Drag the lower edge of a visit."""
    return client.post(
        reverse("scheduling:drop", args=[visit.pk]),
        json.dumps({"minutes": minutes, "version": visit.schedule_version}),
        content_type="application/json",
    )


def test_a_visit_is_stretched_keeps_its_length_when_moved_and_meets_no_other(
    noor: Client, desk: make.Desk, visit: Appointment, ten: dt.datetime
) -> None:
    assert stretch(noor, visit, 45).status_code == 200
    visit.refresh_from_db()
    assert visit.during.upper - visit.during.lower == 45 * make.MINUTE
    assert visit.schedule_version == 1
    assert drop(noor, visit, "2026-01-14T12:00").json()["version"] == 2
    visit.refresh_from_db()
    assert visit.during.upper - visit.during.lower == 45 * make.MINUTE
    desk.book(treatments.patient(desk.clinic, "Bruno Costa"), ten + 3 * 60 * make.MINUTE)
    refused = stretch(noor, visit, 75)
    assert (refused.status_code, refused.json()["code"]) == (409, "slot_taken")
    assert stretch(noor, visit, 60).status_code == 200
    assert stretch(noor, visit, 500).json()["field"] == "minutes"
    assert stretch(noor, visit, "long").status_code == 400
    cancel_appointment(
        clinic=desk.clinic, actor=desk.actor, now=NOW, appointment_id=visit.pk, reason="Ill"
    )
    assert stretch(noor, visit, 30).status_code == 409


def test_a_drag_that_touches_the_course_leads_to_the_move_page(
    noor: Client, desk: make.Desk, plan: TreatmentPlan, sessions: list[PlannedSession],
    ten: dt.datetime,
) -> None:  # fmt: skip
    first, _second, _third = booked(desk, plan, sessions, ten)
    answer = drop(noor, first, "2026-01-19T10:00").json()
    assert answer["look"].startswith(reverse("scheduling:move", args=[first.pk]))
    look = noor.get(answer["look"]).content.decode()
    assert "Leave it" in look
    desk.book(treatments.patient(desk.clinic, "Bruno Costa"), desk.at(dt.date(2026, 1, 19), 10))
    taken = drop(noor, first, "2026-01-19T10:00")
    assert (taken.status_code, taken.json()["code"]) == (409, "slot_taken")
    look = noor.get(answer["look"]).content.decode()
    assert "The practitioner has another visit at this time" in look
    assert "Leave it" not in look
    first.refresh_from_db()
    assert first.schedule_version == 1


def test_the_day_list_prints(noor: Client, visit: Appointment) -> None:
    assert "Inês Carvalho" in page(noor, "day-list", date="2026-01-14")
    assert "No visits." in page(noor, "day-list", date="2026-01-15")
    assert "Nobody works" in page(noor, "day-list", date="2026-01-17")

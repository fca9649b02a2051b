"""Calendars to subscribe to: no health data, secret, revocable, and right across clock changes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from icalendar import Calendar

from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.common.calendar import add_days, to_utc
from patients.models import Patient, PatientLink
from patients.services import create_link, revoke_links
from scheduling import services
from scheduling.models import Appointment, CalendarFeed
from scheduling.selectors.feeds import practitioner_visits
from scheduling.services import cancel_appointment
from scheduling.services.ics import ics_for
from tests.factories import scheduling as make
from tests.factories import treatments
from tests.factories.treatments import NOW

Signed = Callable[[Any], Client]
WEDNESDAY = dt.date(2026, 1, 14)

# Ten clocks: half an hour of summer time, winter time that is the odd one, none at all any more.
ZONES = [
    "Australia/Lord_Howe", "Europe/Dublin", "Africa/Casablanca", "America/St_Johns",
    "Pacific/Apia", "Europe/Paris", "America/New_York", "Pacific/Chatham", "America/Santiago",
    "Asia/Tehran",
]  # fmt: skip


def events_in(content: bytes) -> list[Any]:
    """The entries of a valid calendar: `icalendar` parses it and finds nothing to complain of."""
    calendar = Calendar.from_ical(content)
    assert calendar["version"] == "2.0"
    assert calendar["method"] == "PUBLISH"
    found = list(calendar.walk("VEVENT"))
    for event in found:
        assert {"UID", "DTSTAMP", "DTSTART", "DTEND", "SEQUENCE"} <= set(event)
        assert not event.errors
        # UTC: no time zone table to go wrong.
        assert event.decoded("DTSTART").utcoffset() == dt.timedelta()
    return found


def changes_of_the_clock(zone: ZoneInfo, year: int) -> list[dt.date]:
    """The local days of a year on which the clock changes (none in some zones)."""
    day, found = dt.date(year, 1, 1), []
    while day.year == year:
        noon = dt.datetime.combine(day, dt.time(12), zone)
        after = dt.datetime.combine(add_days(day, 1), dt.time(12), zone)
        if noon.utcoffset() != after.utcoffset():
            found.append(add_days(day, 1))
        day = add_days(day, 1)
    return found


@pytest.fixture
def feed(practitioner: Membership) -> tuple[CalendarFeed, str]:
    """A feed of the practitioner and its token."""
    actor = treatments.actor_of(practitioner)
    return services.create_feed(actor=actor, membership=practitioner, label="Phone", now=NOW)


@pytest.mark.parametrize("name", ZONES)
def test_no_visit_is_an_hour_off_around_any_clock_change(
    desk: make.Desk, feed: tuple[CalendarFeed, str], ines: Patient, name: str
) -> None:
    Clinic.objects.filter(pk=desk.clinic.pk).update(time_zone=name)
    zone = ZoneInfo(name)
    # 2019 for Tehran and 2020 for Apia, which have given summer time up since.
    year = {"Asia/Tehran": 2019, "Pacific/Apia": 2020}.get(name, 2026)
    changes = changes_of_the_clock(zone, year)
    assert len(changes) >= 2
    days = sorted({add_days(day, n) for day in changes for n in (-7, -1, 0, 1, 7)})
    wanted = {}
    for day in days:
        start = to_utc(dt.datetime.combine(day, dt.time(9, 30)), zone)
        visit = make.visit(desk, treatments.patient(desk.clinic, str(day)), start)
        wanted[services.uid_of(visit)] = dt.datetime.combine(day, dt.time(9, 30))
    now = to_utc(dt.datetime.combine(min(days), dt.time(8)), zone)
    found = events_in(services.read_feed(token=feed[1], now=now))
    shown = {
        str(event["UID"]): event.decoded("DTSTART").astimezone(zone).replace(tzinfo=None)
        for event in found
    }
    horizon = now + dt.timedelta(days=400)
    assert shown == {uid: at for uid, at in wanted.items() if at.replace(tzinfo=zone) < horizon}
    lengths = {event.decoded("DTEND") - event.decoded("DTSTART") for event in found}
    assert lengths == {dt.timedelta(minutes=30)}


def test_the_practitioners_feed_says_when_and_where_and_never_whom(
    client: Client, desk: make.Desk, feed: tuple[CalendarFeed, str], ines: Patient
) -> None:
    visit = desk.book(ines, desk.at(WEDNESDAY, 10), note="melasma")
    url = reverse("scheduling:staff-feed", args=[feed[1]])
    with time_machine.travel(NOW, tick=False):
        answer = client.get(url)
    assert answer["Content-Type"].startswith("text/calendar")
    assert "no-store" in answer["Cache-Control"]
    text = answer.content.decode()
    for secret in ("Inês", "Carvalho", "melasma", "Consultation", "session", "ines@"):
        assert secret not in text
    (event,) = events_in(answer.content)
    assert (str(event["SUMMARY"]), str(event["LOCATION"])) == ("Visit", str(visit.room))
    assert str(event["URL"]).startswith(desk.clinic.base_url)
    assert event["SEQUENCE"] == 1
    services.move_appointment(
        clinic=desk.clinic, actor=desk.actor, now=NOW,
        move=services.Move(visit=services.Target(visit.pk, desk.at(WEDNESDAY, 15))),
    )  # fmt: skip
    (moved,) = events_in(services.read_feed(token=feed[1], now=NOW))
    assert (moved["UID"], moved["SEQUENCE"]) == (event["UID"], 2)
    cancel_appointment(
        clinic=desk.clinic, actor=desk.actor, now=NOW, appointment_id=visit.pk, reason="Ill"
    )
    assert events_in(services.read_feed(token=feed[1], now=NOW)) == []


def test_a_feed_ends_with_a_press_and_with_the_person(
    client: Client, client_for: Signed, practitioner: Membership, receptionist: Membership
) -> None:
    page = reverse("scheduling:feeds")
    ayla = client_for(practitioner)
    assert "No address yet" in ayla.get(page).content.decode()
    shown = ayla.post(page, {"label": "Phone"}).content.decode()
    feed = CalendarFeed.objects.get()
    token = re.findall(r"/feeds/([\w-]+)\.ics", shown)[0]
    url = reverse("scheduling:staff-feed", args=[token])
    assert client.get(url).status_code == 200
    assert token not in ayla.get(page).content.decode()
    # Somebody else's feed is not theirs to end.
    assert client_for(receptionist).post(page, {"revoke": feed.pk}).status_code == 404
    Membership.objects.filter(pk=practitioner.pk).update(is_active=False)
    assert client.get(url).status_code == 404
    Membership.objects.filter(pk=practitioner.pk).update(is_active=True)
    assert client.get(url).status_code == 200
    ayla.post(page, {"revoke": feed.pk})
    assert client.get(url).status_code == 404
    assert client.get(reverse("scheduling:staff-feed", args=["x" * 43])).status_code == 404


def test_the_feed_shows_only_this_clinic_and_this_person(
    desk: make.Desk, feed: tuple[CalendarFeed, str], other_practitioner: Membership
) -> None:
    other = make.desk(other_practitioner)
    make.visit(other, treatments.patient(other.clinic), other.at(WEDNESDAY, 10))
    make.visit(desk, treatments.patient(desk.clinic), desk.at(WEDNESDAY, 10))
    assert len(list(practitioner_visits(feed[0], NOW))) == 1


def test_a_patients_calendar_knows_the_clinic_and_the_times_only(
    client: Client, desk: make.Desk, ines: Patient
) -> None:
    actor = treatments.actor_of(desk.member)
    purpose = PatientLink.Purpose.CALENDAR
    _link, token = create_link(
        actor=actor, patient=ines, purpose=purpose, subject_id=None,
        expires_at=NOW + 700 * make.DAY, now=NOW,
    )  # fmt: skip
    desk.book(ines, desk.at(WEDNESDAY, 10))
    make.visit(desk, treatments.patient(desk.clinic, "Bruno"), desk.at(WEDNESDAY, 11))
    url = reverse("scheduling:own-calendar", args=[token])
    with time_machine.travel(NOW, tick=False):
        answer = client.get(url)
        (event,) = events_in(answer.content)
        assert str(event["SUMMARY"]) == f"Visit: {desk.clinic.name}"
        assert "Consultation" not in answer.content.decode()
        revoke_links(actor=actor, patient=ines, purpose=purpose, now=NOW)
        assert client.get(url).status_code == 404


def test_a_cancellation_is_newer_than_the_booking_and_coming_back_is_newer_still(
    desk: make.Desk, visit: Any
) -> None:
    """RFC 5546 raises SEQUENCE with STATUS: calendars leave an older or equal one aside."""
    said = []
    for target, cancelled in ((None, False), ("cancelled", True), ("booked", False)):
        if target:
            services.change_status(
                clinic=desk.clinic, actor=desk.actor, now=NOW,
                change=services.StatusChange(
                    appointment_id=visit.pk, target=target, reason="Ill"
                ),
            )  # fmt: skip
        row = Appointment.objects.select_related("clinic", "patient").get(pk=visit.pk)
        (event,) = Calendar.from_ical(ics_for([row], cancelled=cancelled, now=NOW)).walk("VEVENT")
        said.append((str(event["sequence"]), str(event["status"])))
    assert said == [("1", "CONFIRMED"), ("2", "CANCELLED"), ("3", "CONFIRMED")]

"""Calendar files for patients (RFC 5545, 5546). They name the clinic and the time, nothing else.

The UID of a visit never changes and SEQUENCE follows its `schedule_version`, so that a calendar
replaces the old time instead of showing two. A cancellation counts as one revision more (RFC 5546
raises SEQUENCE with STATUS); a visit that comes back goes past it. Times are UTC: no time zone
table to go wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from icalendar import Calendar, Event, vCalAddress, vText

from mesoclinic.clinic.models import Clinic
from scheduling.models import Appointment

PRODUCT = "-//MesoClinic//Visits//EN"


def ics_for(appointments: Sequence[Appointment], *, cancelled: bool, now: datetime) -> bytes:
    """A calendar file with an entry for each visit: METHOD REQUEST, or CANCEL when `cancelled`.

    Load the visits with `clinic` and `patient`; `now` becomes DTSTAMP. Bytes are UTF-8 with CRLF.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if cancelled else "REQUEST")
    for appointment in appointments:
        calendar.add_component(_event(appointment, cancelled=cancelled, now=now))
    return bytes(calendar.to_ical())


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One visit in a calendar that programs subscribe to: when and where, never whom."""

    uid: str
    sequence: int
    start: datetime
    end: datetime
    changed: datetime
    summary: str
    location: str = ""
    description: str = ""
    url: str = ""
    tentative: bool = False


def feed_of(name: str, entries: Iterable[FeedEntry]) -> bytes:
    """A calendar to subscribe to (METHOD PUBLISH): what is not in it any more does not take place.

    Times are UTC, so that no clock change can shift a visit.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("x-published-ttl", "PT1H")
    for entry in entries:
        calendar.add_component(_feed_event(entry))
    return bytes(calendar.to_ical())


def _feed_event(entry: FeedEntry) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", entry.changed)
    event.add("dtstart", entry.start)
    event.add("dtend", entry.end)
    event.add("summary", entry.summary)
    event.add("status", "TENTATIVE" if entry.tentative else "CONFIRMED")
    event.add("class", "PRIVATE")
    for field, text in (("location", entry.location), ("description", entry.description)):
        if text:
            event.add(field, text)
    if entry.url:
        event.add("url", entry.url)
    return event


def uid_of(appointment: Appointment) -> str:
    """The name by which every calendar knows the visit, for ever."""
    return f"{appointment.pk}@mesoclinic"


def _event(appointment: Appointment, *, cancelled: bool, now: datetime) -> Event:
    clinic = appointment.clinic
    event = Event()
    event.add("uid", uid_of(appointment))
    event.add("sequence", appointment.schedule_version + cancelled)
    event.add("dtstamp", now)
    event.add("dtstart", appointment.during.lower)
    event.add("dtend", appointment.during.upper)
    event.add("summary", _("Visit: %(clinic)s") % {"clinic": clinic.name})
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("transp", "OPAQUE")
    event.add("class", "PRIVATE")
    if clinic.address:
        event.add("location", ", ".join(clinic.address.split("\n")))
    if clinic.phone:
        event.add("description", _("Questions? Call %(phone)s.") % {"phone": clinic.phone})
    event["organizer"] = _organizer(clinic)
    if appointment.patient.email:
        event.add("attendee", _attendee(appointment.patient.email), encode=False)
    return event


def _organizer(clinic: Clinic) -> vCalAddress:
    address = vCalAddress(f"mailto:{clinic.sender_email}")
    address.params["cn"] = vText(clinic.name)
    return address


def _attendee(email: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{email}")
    address.params["rsvp"] = vText("FALSE")
    address.params["partstat"] = vText("ACCEPTED")
    return address

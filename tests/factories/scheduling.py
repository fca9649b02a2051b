"""A clinic that can be booked: rooms, visit types and hours; and visits in it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.common.intervals import Interval
from patients.models import Patient, ScreeningResult
from scheduling import services
from scheduling.models import (
    Appointment,
    FreedTime,
    Room,
    TimeOff,
    VisitType,
    WaitlistEntry,
    WaitlistOffer,
    WorkingHours,
)
from scheduling.selectors.calendars import range_of
from tests.factories.treatments import NOW, actor_of, patient, screen

MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)


@dataclass
class Desk:
    """What can be booked, and by whom."""

    clinic: Clinic
    member: Membership
    room: Room
    second_room: Room
    consulting_room: Room
    consultation: VisitType
    session: VisitType

    @property
    def actor(self) -> Actor:
        """The practitioner."""
        return actor_of(self.member)

    def at(self, day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
        """A time on the clinic's clock as an instant."""
        local = dt.datetime.combine(day, dt.time(hour, minute), self.clinic.zone)
        return local.astimezone(dt.UTC)

    def book(self, who: Patient, start: dt.datetime, **changes: Any) -> Appointment:
        """Book a consultation (or what `changes` say) as the practitioner."""
        now = changes.pop("now", NOW)
        actor = changes.pop("actor", self.actor)
        wanted: dict[str, Any] = {
            "patient_id": who.pk,
            "visit_type_id": self.consultation.pk,
            "practitioner_id": self.member.staff_id,
            "start": start,
        }
        booking = services.Booking(**{**wanted, **changes})
        return services.book_appointment(clinic=self.clinic, actor=actor, now=now, booking=booking)


def hours(
    member: Membership, weekdays: range = range(5), blocks: tuple[tuple[int, int], ...] = ((9, 17),)
) -> None:
    """Working hours on the weekdays, in whole hours."""
    WorkingHours.objects.bulk_create(
        [
            WorkingHours(
                clinic=member.clinic, practitioner=member.staff, weekday=day,
                starts=dt.time(start), ends=dt.time(end),
            )
            for day in weekdays
            for start, end in blocks
        ]
    )  # fmt: skip


def visit_type(clinic: Clinic, key: str, **fields: Any) -> VisitType:
    """A visit type of 30 minutes on a grid of 15, in a treatment room."""
    defaults: dict[str, Any] = {
        "name": key.capitalize(), "kind": "consultation", "duration_min": 30, "grid_min": 15,
    }  # fmt: skip
    return VisitType.objects.create(clinic=clinic, key=key, **{**defaults, **fields})


def desk(member: Membership) -> Desk:
    """Two treatment rooms, one consulting room; Monday to Friday 9 to 17."""
    clinic = member.clinic
    hours(member)
    return Desk(
        clinic=clinic,
        member=member,
        room=Room.objects.create(clinic=clinic, name="Room 1", order=1),
        second_room=Room.objects.create(clinic=clinic, name="Room 2", order=2),
        consulting_room=Room.objects.create(
            clinic=clinic, name="Talk", kind="consultation", order=3
        ),
        consultation=visit_type(clinic, "consultation"),
        session=visit_type(
            clinic, "session", kind="session", duration_min=45, buffer_before_min=5,
            buffer_after_min=10, needs_licence=True,
        ),
    )  # fmt: skip


def visit(desk: Desk, who: Patient, start: dt.datetime, **fields: Any) -> Appointment:
    """A visit written straight into the table, past the services."""
    kind = fields.pop("visit_type", desk.consultation)
    minutes = fields.pop("minutes", kind.duration_min)
    during = range_of(Interval(start, start + minutes * MINUTE))
    defaults: dict[str, Any] = {
        "practitioner": desk.member.staff, "room": desk.room, "visit_type": kind,
        "during": during, "occupies": during,
    }  # fmt: skip
    return Appointment.objects.create(clinic=desk.clinic, patient=who, **{**defaults, **fields})


def time_off(desk: Desk, start: dt.datetime, end: dt.datetime, **fields: Any) -> TimeOff:
    """Leave of the practitioner, unless told whose."""
    label = fields.pop("label", "Leave")
    whose = fields or {"practitioner": desk.member.staff}
    return TimeOff.objects.create(
        clinic=desk.clinic, during=range_of(Interval(start, end)), label=label,
        **{key: value for key, value in whose.items() if value is not None},
    )  # fmt: skip


def waiting(desk: Desk, who: Patient, **fields: Any) -> WaitlistEntry:
    """Somebody on the waiting list for a consultation at any time."""
    return WaitlistEntry.objects.create(
        clinic=desk.clinic, patient=who, **{"visit_type": desk.consultation, **fields}
    )


def freed(desk: Desk, start: dt.datetime, minutes: int = 30) -> FreedTime:
    """Time of the practitioner that is offered from now on."""
    return FreedTime.objects.create(
        clinic=desk.clinic, practitioner=desk.member.staff, offered_from=start - 2 * DAY,
        during=range_of(Interval(start, start + minutes * MINUTE)),
    )  # fmt: skip


def offer(desk: Desk, entry: WaitlistEntry, start: dt.datetime) -> WaitlistOffer:
    """A time held for somebody on the waiting list."""
    until = start - MINUTE
    hold = visit(desk, entry.patient, start, status="pending", held_until=until)
    return WaitlistOffer.objects.create(
        clinic=desk.clinic, patient=entry.patient, entry=entry, freed=freed(desk, start),
        hold=hold, expires_at=until,
    )  # fmt: skip


def contraindicate(who: Patient, at: dt.datetime) -> ScreeningResult:
    """A screening that found an absolute contraindication."""
    finding = {
        "rule": "pregnancy", "severity": "absolute", "kind": "answered", "message": "Pregnant",
    }  # fmt: skip
    return screen(who, outcome="contraindicated", at=at, findings=[finding])


__all__ = [
    "DAY", "MINUTE", "NOW", "Desk", "Interval", "contraindicate", "desk", "freed", "hours", "offer",
    "patient", "range_of", "time_off", "visit", "visit_type", "waiting",
]  # fmt: skip

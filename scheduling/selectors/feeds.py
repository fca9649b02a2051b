"""Visits for calendars outside the house: a practitioner's, and a patient's own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from mesoclinic.clinic.models import Clinic
from patients.models import Patient
from scheduling.domain.status import BLOCKING, Status
from scheduling.models import Appointment, CalendarFeed

# How far a calendar reaches back and ahead.
BACK = timedelta(days=30)
AHEAD = timedelta(days=400)
_OURS = frozenset({Status.BOOKED, Status.CONFIRMED, Status.ARRIVED, Status.IN_SESSION, Status.DONE})


def find_feed(digest: str) -> CalendarFeed | None:
    """The feed of a secret, with person and clinic, while it works. One query."""
    return (
        CalendarFeed.objects.select_related("membership__staff", "clinic")
        .filter(digest=digest, revoked_at__isnull=True, membership__is_active=True)
        .filter(membership__staff__is_active=True, clinic__is_active=True)
        .first()
    )


def feeds_of(clinic: Clinic, staff_id: UUID) -> list[CalendarFeed]:
    """The feeds of a person in the clinic that work."""
    rows = CalendarFeed.objects.for_clinic(clinic).filter(membership__staff=staff_id)
    return list(rows.filter(revoked_at__isnull=True))


def practitioner_visits(feed: CalendarFeed, now: datetime) -> Iterable[Appointment]:
    """What takes up the person's time in this clinic, held times too. One query."""
    rows = _around(feed.clinic, now).filter(
        practitioner=feed.membership.staff_id, status__in=sorted(BLOCKING)
    )
    return rows.select_related("room")


def patient_visits(clinic: Clinic, patient: Patient, now: datetime) -> Iterable[Appointment]:
    """The patient's visits that take or took place. One query."""
    return _around(clinic, now).filter(patient=patient, status__in=sorted(_OURS))


def _around(clinic: Clinic, now: datetime) -> QuerySet[Appointment]:
    return (
        Appointment.objects.for_clinic(clinic)
        .filter(during__endswith__gt=now - BACK, during__startswith__lt=now + AHEAD)
        .order_by("during")
    )

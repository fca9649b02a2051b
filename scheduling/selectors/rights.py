"""What a person's right to be forgotten needs to know of visits."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from patients.models import Patient
from scheduling.domain.status import BLOCKING
from scheduling.models import Appointment


def visit_to_come(patient: Patient, now: dt.datetime) -> str | None:
    """Visits that are booked must be cancelled first, so that nobody waits for them. One query."""
    booked = Appointment.objects.filter(patient=patient, status__in=sorted(BLOCKING))
    coming = booked.filter(during__endswith__gt=now)
    return _("There are visits to come: cancel them first.") if coming.exists() else None

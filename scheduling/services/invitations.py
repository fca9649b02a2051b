"""Asking for the questionnaire in time: nobody shall stand at the desk without a valid screening."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.utils import timezone

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from patients.models import Patient, PatientLink
from patients.selectors import screening_status_for
from patients.services import invite_to_screening
from scheduling.models import Appointment

AHEAD = dt.timedelta(days=7)
QUIET = dt.timedelta(days=5)
_STATES = (Appointment.StatusChoices.BOOKED, Appointment.StatusChoices.CONFIRMED)


def invite_unscreened(*, clinic: Clinic, now: dt.datetime) -> int:
    """Mail the questionnaire to whoever comes within a week without a screening valid on that day.

    Nobody is asked twice within five days, nor without an address, nor at night. Returns how many were
    asked.
    """
    if (
        not clinic.sending_from
        <= timezone.localtime(now, clinic.zone).time()
        < clinic.sending_until
    ):
        return 0
    visits = dict(
        Appointment.objects.for_clinic(clinic)
        .filter(during__startswith__gt=now, during__startswith__lt=now + AHEAD)
        .filter(status__in=_STATES, visit_type__needs_licence=True)
        .order_by("-during__startswith")
        .values_list("patient_id", "during__startswith")
    )
    wanted = _unscreened(clinic, visits) - _asked_lately(visits, now)
    people = Patient.objects.for_clinic(clinic).filter(pk__in=wanted).exclude(email="")
    actor = Actor.system(clinic.pk, "screening invitations")
    asked = 0
    for patient in people:
        patient.clinic = clinic
        if patient.can_be_contacted:
            invite_to_screening(actor=actor, patient=patient, now=now)
            asked += 1
    return asked


def _unscreened(clinic: Clinic, visits: dict[UUID, dt.datetime]) -> set[UUID]:
    """Patients whose screening does not reach the day of their next visit; two queries a day."""
    by_day: dict[dt.date, list[UUID]] = {}
    for patient, start in visits.items():
        by_day.setdefault(timezone.localtime(start, clinic.zone).date(), []).append(patient)
    return {
        patient
        for day, patients in by_day.items()
        for patient, status in screening_status_for(patients, day, clinic=clinic).items()
        if not status.is_valid
    }


def _asked_lately(patients: Iterable[UUID], now: dt.datetime) -> set[UUID]:
    links = PatientLink.objects.filter(
        patient_id__in=list(patients), purpose=PatientLink.Purpose.SCREENING,
        created_at__gt=now - QUIET,
    )  # fmt: skip
    return set(links.values_list("patient_id", flat=True))

"""A consent that is to be signed by link: the patient is asked by mail."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.dispatch import receiver

from aftercare.models import Message, ProgrammeStep
from aftercare.services import planning
from aftercare.services.planning import Subject
from mesoclinic.clinic.models import Clinic
from patients.models import Patient
from treatments.models import Cocktail
from treatments.signals import consent_asked


@receiver(consent_asked)
def ask_to_sign(
    clinic: Clinic, patient: Patient, cocktail: Cocktail, now: dt.datetime, **_kwargs: Any
) -> None:
    """The message says neither what is treated nor with what."""
    asked = Message.objects.filter(subject_type="consent", subject_id=cocktail.pk).count()
    subject = Subject(
        kind="consent", id=cocktail.pk, patient_id=patient.pk, anchor=now, version=asked + 1
    )
    planning.plan(clinic, ProgrammeStep.Anchor.CONSENT, [subject], now=now)

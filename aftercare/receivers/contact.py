"""How a patient is reached: codes for links, and a new address."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.dispatch import receiver

from aftercare.models import ProgrammeStep
from aftercare.services import feedback, planning, tasks
from aftercare.services.planning import Subject
from mesoclinic.clinic.models import Clinic
from patients.models import Patient, PatientLink
from patients.signals import contact_changed, link_code_requested

Anchor = ProgrammeStep.Anchor


@receiver(link_code_requested)
def send_code(
    clinic: Clinic, patient: Patient, link: PatientLink, code: str, now: dt.datetime, **_kwargs: Any
) -> None:
    """A one-time code, valid for minutes; it is worthless by the time anybody reads the table."""
    count = link.codes.count()
    subject = Subject(
        kind="code", id=link.pk, patient_id=patient.pk, anchor=now, version=max(count, 1),
        context={"code": code},
    )  # fmt: skip
    planning.plan(clinic, Anchor.CODE, [subject], now=now)


@receiver(contact_changed)
def look_again_at_failures(
    clinic: Clinic, patient: Patient, now: dt.datetime, **_kwargs: Any
) -> None:
    """With a new address what failed may be sent again; a person presses the button."""
    feedback.address_corrected(patient, now=now)
    tasks.address_changed(clinic, patient, now=now)

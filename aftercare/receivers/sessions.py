"""Sessions held: advice at once and check-ins later."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.dispatch import receiver

from aftercare.models import ProgrammeStep
from aftercare.services import planning
from aftercare.services.planning import Subject
from mesoclinic.clinic.models import Clinic
from treatments.models import SessionRecord
from treatments.signals import session_signed

Anchor = ProgrammeStep.Anchor


@receiver(session_signed)
def plan_aftercare(clinic: Clinic, record: SessionRecord, now: dt.datetime, **_kwargs: Any) -> None:
    """Advice at once, check-ins later, counted from the end of the session."""
    subject = Subject(
        kind="session", id=record.pk, patient_id=record.patient_id, anchor=now, is_session=True
    )
    planning.plan(clinic, Anchor.SIGNED, [subject], now=now)

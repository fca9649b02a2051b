"""Sessions held: advice at once and check-ins later."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.dispatch import receiver

from aftercare.models import ProgrammeStep
from aftercare.services import planning
from aftercare.services.planning import Subject
from mesoclinic.clinic.models import Clinic
from treatments.models import PlannedSession, SessionRecord
from treatments.signals import session_signed

Anchor = ProgrammeStep.Anchor


@receiver(session_signed)
def plan_aftercare(clinic: Clinic, record: SessionRecord, now: dt.datetime, **_kwargs: Any) -> None:
    """Advice at once, check-ins later; after the last session of a course its review and more."""
    subject = Subject(
        kind="session", id=record.pk, patient_id=record.patient_id, anchor=now, is_session=True
    )
    planning.plan(clinic, Anchor.SIGNED, [subject], now=now)
    if _was_the_last(record):
        course = Subject(
            kind="plan", id=record.planned_session.plan_id, patient_id=record.patient_id, anchor=now
        )
        planning.plan(clinic, Anchor.FINISHED, [course], now=now)


def _was_the_last(record: SessionRecord) -> bool:
    """Whether every session of its course that was not dropped is signed now."""
    left = PlannedSession.objects.filter(
        plan_id=record.planned_session.plan_id, dropped_at=None
    ).exclude(record__signed_at__isnull=False)
    return not left.exclude(pk=record.planned_session_id).exists()

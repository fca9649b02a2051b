"""Sessions held: advice at once and check-ins later."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.dispatch import receiver

from aftercare.models import ProgrammeStep
from aftercare.selectors.sessions import facts_of
from aftercare.services import planning
from aftercare.services.care import settings_of
from aftercare.services.planning import Subject
from mesoclinic.clinic.models import Clinic
from treatments.models import PlannedSession, SessionRecord
from treatments.signals import session_signed

Anchor = ProgrammeStep.Anchor


@receiver(session_signed)
def plan_aftercare(clinic: Clinic, record: SessionRecord, now: dt.datetime, **_kwargs: Any) -> None:
    """Advice at once and check-ins later, counted from the end of the session.

    Deep techniques that break the skin are watched for late infections too, unless the clinic has
    switched that off. After the last session of a course come its review and what follows it.
    """
    subject = Subject(
        kind="session", id=record.pk, patient_id=record.patient_id, anchor=now, is_session=True
    )
    watched = [subject] if settings_of(clinic).late_watch and facts_of(record).deep else []
    finished = [_course(record, now)] if _was_the_last(record) else []
    planning.plan_each(
        clinic,
        [(Anchor.SIGNED, [subject]), (Anchor.DEEP, watched), (Anchor.FINISHED, finished)],
        now=now,
    )


def _course(record: SessionRecord, now: dt.datetime) -> Subject:
    """The course a session ends."""
    return Subject(
        kind="plan", id=record.planned_session.plan_id, patient_id=record.patient_id, anchor=now
    )


def _was_the_last(record: SessionRecord) -> bool:
    """Whether every session of its course that was not dropped is signed now."""
    left = PlannedSession.objects.filter(
        plan_id=record.planned_session.plan_id, dropped_at=None
    ).exclude(record__signed_at__isnull=False)
    return not left.exclude(pk=record.planned_session_id).exists()

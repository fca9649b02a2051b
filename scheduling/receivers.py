"""What happens elsewhere and changes visits; runs inside the announcer's transaction."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext as _

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from patients.models import Patient
from patients.signals import patient_contraindicated
from scheduling.domain.status import Status
from scheduling.services import follow_session, hold_visits
from treatments.models import SessionRecord
from treatments.signals import session_signed, session_started


@receiver(patient_contraindicated, dispatch_uid="scheduling.hold_visits")
def hold_future_sessions(
    clinic: Clinic, actor: Actor, patient: Patient, now: dt.datetime, **_kwargs: Any
) -> None:
    """Future sessions wait on hold; staff release them once the patient is cleared."""
    hold_visits(
        clinic=clinic, actor=actor, now=now, patient=patient,
        reason=_("The screening found a contraindication."),
    )  # fmt: skip


@receiver(session_started, dispatch_uid="scheduling.session_started")
def begin_visit(
    clinic: Clinic, actor: Actor, record: SessionRecord, now: dt.datetime, **_kwargs: Any
) -> None:
    """The patient is in the chair."""
    follow_session(
        clinic=clinic, actor=actor, now=now,
        planned_session_id=record.planned_session_id, target=Status.IN_SESSION,
    )  # fmt: skip


@receiver(session_signed, dispatch_uid="scheduling.session_signed")
def end_visit(
    clinic: Clinic, actor: Actor, record: SessionRecord, now: dt.datetime, **_kwargs: Any
) -> None:
    """Signing the record completes the visit."""
    follow_session(
        clinic=clinic, actor=actor, now=now,
        planned_session_id=record.planned_session_id, target=Status.DONE,
    )  # fmt: skip

"""What happens elsewhere and changes visits; runs inside the announcer's transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext as _

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from mesoclinic.clinic.signals import defaults_wanted
from patients.models import Patient
from patients.signals import patient_contraindicated
from scheduling.domain.status import Status
from scheduling.models import Appointment, AppointmentMove, WaitlistEntry
from scheduling.selectors.calendars import interval_of
from scheduling.services import (
    follow_session,
    hold_visits,
    load_public_holidays,
    note_freed,
    release_visits,
    seed_clinic,
    settle_waiting,
)
from scheduling.signals import appointments_booked, appointments_cancelled, appointments_moved
from treatments.models import AdverseEvent, PlannedSession, SessionRecord, TreatmentPlan
from treatments.signals import (
    adverse_event_reported,
    plan_stopped,
    session_dropped,
    session_signed,
    session_started,
)


@receiver(defaults_wanted, dispatch_uid="scheduling.seed_clinic")
def furnish(clinic: Clinic, now: dt.datetime, **_kwargs: Any) -> None:
    """Usual visit types and the public holidays of its country; a manager changes both."""
    seed_clinic(clinic)
    years = range(now.year, now.year + 3)
    load_public_holidays(clinic=clinic, years=years, now=now)


@receiver(patient_contraindicated, dispatch_uid="scheduling.hold_visits")
def hold_future_sessions(
    clinic: Clinic, actor: Actor, patient: Patient, now: dt.datetime, **_kwargs: Any
) -> None:
    """Future sessions wait on hold; staff release them once the patient is cleared."""
    hold_visits(
        clinic=clinic, actor=actor, now=now, patient=patient,
        reason=_("The screening found a contraindication."),
    )  # fmt: skip


@receiver(adverse_event_reported, dispatch_uid="scheduling.hold_for_reaction")
def hold_for_reaction(
    clinic: Clinic, actor: Actor, event: AdverseEvent, now: dt.datetime, **_kwargs: Any
) -> None:
    """A severe reaction stops the gate: the sessions to come wait on hold with it."""
    if event.stops_treatment:
        hold_visits(
            clinic=clinic, actor=actor, now=now, patient=event.patient,
            reason=_("A severe reaction was reported."),
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


@receiver(appointments_booked, dispatch_uid="scheduling.waits_no_longer")
def end_waiting(
    clinic: Clinic,
    actor: Actor,
    appointments: Sequence[Appointment],
    now: dt.datetime,
    **_kwargs: Any,
) -> None:
    """Whoever got a visit at the desk is not asked about it any more."""
    settle_waiting(clinic=clinic, actor=actor, now=now, appointments=appointments)


@receiver(appointments_cancelled, dispatch_uid="scheduling.freed_by_cancelling")
def offer_cancelled_time(
    clinic: Clinic, appointments: Sequence[Appointment], now: dt.datetime, **_kwargs: Any
) -> None:
    """Whoever waits may have it."""
    for visit in appointments:
        note_freed(
            clinic=clinic, now=now, practitioner_id=visit.practitioner_id,
            during=interval_of(visit.during),
        )  # fmt: skip


@receiver(appointments_moved, dispatch_uid="scheduling.freed_by_moving")
def offer_time_moved_from(
    clinic: Clinic,
    moves: Sequence[AppointmentMove],
    now: dt.datetime,
    *,
    undone: bool = False,
    **_kwargs: Any,
) -> None:
    """The time that a visit moved away from."""
    if undone or not WaitlistEntry.objects.for_clinic(clinic).filter(status="waiting").exists():
        return
    for move in moves:
        note_freed(
            clinic=clinic, now=now, practitioner_id=move.from_practitioner_id,
            during=interval_of(move.from_during),
        )  # fmt: skip


@receiver(plan_stopped, dispatch_uid="scheduling.plan_stopped")
def release_plan(
    clinic: Clinic, actor: Actor, plan: TreatmentPlan, reason: str, now: dt.datetime, **_kwargs: Any
) -> None:
    """A plan that stops gives its visits back."""
    release_visits(
        clinic=clinic, actor=actor, now=now, reason=reason,
        session_ids=plan.sessions.values_list("pk", flat=True),
    )  # fmt: skip


@receiver(session_dropped, dispatch_uid="scheduling.session_dropped")
def release_session(
    clinic: Clinic,
    actor: Actor,
    session: PlannedSession,
    reason: str,
    now: dt.datetime,
    **_kwargs: Any,
) -> None:
    """A session that is left out gives its visit back."""
    release_visits(clinic=clinic, actor=actor, now=now, reason=reason, session_ids=[session.pk])

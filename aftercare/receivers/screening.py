"""Screenings: the invitation, and what a judgement means for the staff."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q
from django.dispatch import receiver
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from aftercare.domain.outbox import State
from aftercare.models import Message, ProgrammeStep, StaffTask
from aftercare.services import ledger, planning, tasks
from aftercare.services.planning import Subject
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.calendar import to_utc
from patients.models import Patient, PatientLink, ScreeningDecision, ScreeningResult
from patients.signals import (
    patient_cleared,
    patient_contraindicated,
    screening_decided,
    screening_evaluated,
    screening_invited,
    screening_uninvited,
)
from scheduling.models import Appointment

Anchor = ProgrammeStep.Anchor


@receiver(screening_invited)
def send_invitation(
    clinic: Clinic, patient: Patient, link: PatientLink, now: dt.datetime, **_kwargs: Any
) -> None:
    """The patient is asked to fill in the questionnaire."""
    subject = Subject(kind="invitation", id=link.pk, patient_id=patient.pk, anchor=now)
    planning.plan(clinic, Anchor.INVITED, [subject], now=now)


@receiver(screening_uninvited)
def withdraw_invitation(patient: Patient, now: dt.datetime, **_kwargs: Any) -> None:
    """What has not left yet stays: the link in it would be a new one."""
    waiting = Q(subject_type="invitation", patient_id=patient.pk, state=State.PLANNED.value)
    ledger.transition(waiting, to=State.SKIPPED, why=_("The invitation was withdrawn."), now=now)


@receiver(patient_contraindicated)
def alert_staff(
    clinic: Clinic, patient: Patient, result: ScreeningResult, now: dt.datetime, **_kwargs: Any
) -> None:
    """Somebody speaks with the patient: the visits are on hold, the mail only asks to call."""
    tasks.open_task(
        clinic.pk,
        patient.pk,
        tasks.NewTask(
            kind=StaffTask.Kind.CONTRAINDICATED,
            role=StaffTask.Role.CLINICAL,
            title=gettext_noop("can't be treated now"),
            detail=_("The visits are on hold. Call the patient."),
            subject_id=patient.pk,
            url_name="patients:chart",
            is_urgent=True,
            due_at=now + dt.timedelta(hours=4),
        ),
        now=now,
    )
    if _has_visits(patient, now):
        subject = Subject(kind="held", id=result.pk, patient_id=patient.pk, anchor=now)
        planning.plan(clinic, Anchor.HELD, [subject], now=now)


def _has_visits(patient: Patient, now: dt.datetime) -> bool:
    """Whether sessions to come are on hold now, or are about to be: receivers have no order."""
    states = Appointment.StatusChoices
    waiting = [states.BOOKED, states.CONFIRMED, states.ON_HOLD]
    visits = Appointment.objects.filter(patient=patient, during__startswith__gt=now)
    return visits.filter(status__in=waiting, visit_type__needs_licence=True).exists()


@receiver(patient_cleared)
def withdraw_alert(patient: Patient, now: dt.datetime, **_kwargs: Any) -> None:
    """The reason is gone."""
    waiting = Q(subject_type="held", patient_id=patient.pk, state=State.PLANNED.value)
    why = _("Not contraindicated any more.")
    ledger.transition(waiting, to=State.SKIPPED, why=why, now=now)
    tasks.close_tasks(
        kind=StaffTask.Kind.CONTRAINDICATED,
        subject_id=patient.pk,
        outcome=_("Not contraindicated any more."),
        now=now,
    )


@receiver(screening_evaluated)
def ask_for_review(
    clinic: Clinic, patient: Patient, result: ScreeningResult, now: dt.datetime, **_kwargs: Any
) -> None:
    """A screening that needs a practitioner's decision waits in the inbox; older ones don't."""
    _close_reviews(patient, _("A newer screening is there."), now)
    if result.outcome != ScreeningResult.Outcome.REVIEW:
        return
    tasks.open_task(
        clinic.pk,
        patient.pk,
        tasks.NewTask(
            kind=StaffTask.Kind.SCREENING_REVIEW,
            role=StaffTask.Role.CLINICAL,
            title=gettext_noop("screening to review"),
            subject_id=result.screening_id,
            url_name="patients:screening-detail",
            due_at=now + dt.timedelta(days=2),
        ),
        now=now,
    )


@receiver(screening_decided)
def close_review(
    patient: Patient, decision: ScreeningDecision, now: dt.datetime, **_kwargs: Any
) -> None:
    """The practitioner has decided."""
    _close_reviews(patient, decision.get_decision_display(), now)


@receiver(screening_evaluated)
def remind_before_it_runs_out(
    clinic: Clinic, patient: Patient, result: ScreeningResult, now: dt.datetime, **_kwargs: Any
) -> None:
    """A screening holds for a set time; who has a visit after that is asked again in time.

    Only the newest one: what was planned about those before it is not wanted any more.
    """
    older = Message.objects.filter(
        patient=patient, subject_type="screening", state=State.PLANNED.value
    ).exclude(subject_id=result.screening_id)
    planning.withdraw(
        "screening",
        older.values_list("subject_id", flat=True),
        why=_("A newer screening is there."),
        now=now,
    )
    if result.valid_until is None:
        return
    ends = to_utc(dt.datetime.combine(result.valid_until, dt.time(12)), clinic.zone)
    subject = Subject(kind="screening", id=result.screening_id, patient_id=patient.pk, anchor=ends)
    planning.plan(clinic, Anchor.EXPIRING, [subject], now=now)


def _close_reviews(patient: Patient, outcome: str, now: dt.datetime) -> None:
    tasks.close_tasks_of(
        patient_id=patient.pk, kind=StaffTask.Kind.SCREENING_REVIEW, outcome=outcome, now=now
    )

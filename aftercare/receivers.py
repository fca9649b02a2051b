"""What happens elsewhere and means a message or a task here; runs in the announcer's transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftercare.models import ProgrammeStep, StaffTask
from aftercare.services import planning, tasks
from aftercare.services.planning import Subject
from mesoclinic.clinic.models import Clinic
from patients.models import Patient, PatientLink, ScreeningDecision, ScreeningResult
from patients.signals import (
    contact_changed,
    link_code_requested,
    patient_cleared,
    patient_contraindicated,
    screening_decided,
    screening_evaluated,
    screening_invited,
)
from scheduling.models import Appointment
from scheduling.signals import (
    appointment_status_changed,
    appointments_booked,
    appointments_cancelled,
    appointments_moved,
)
from treatments.models import SessionRecord
from treatments.signals import session_signed

Anchor = ProgrammeStep.Anchor
_QUIET = {
    Appointment.StatusChoices.NO_SHOW: gettext_lazy("The patient did not come."),
    Appointment.StatusChoices.ON_HOLD: gettext_lazy("The visit is on hold."),
}


@receiver(appointments_booked)
def plan_for_booking(
    clinic: Clinic, appointments: Sequence[Appointment], now: dt.datetime, **_kwargs: Any
) -> None:
    """One confirmation for all of them, and the reminders of each."""
    visits = [_visit(appointment) for appointment in appointments]
    told = planning.to_announce(clinic, visits, calendar="booked", now=now)
    planning.plan_each(clinic, [(Anchor.BOOKED, told), (Anchor.VISIT, visits)], now=now)


@receiver(appointments_moved)
def replan_for_move(
    clinic: Clinic, appointments: Sequence[Appointment], now: dt.datetime, **_kwargs: Any
) -> None:
    """Withdraw what spoke of the old times, then announce the new ones once."""
    visits = [_visit(appointment) for appointment in appointments]
    why = _("The visit was moved.")
    planning.withdraw("appointment", [visit.id for visit in visits], why=why, now=now)
    told = planning.to_announce(clinic, visits, calendar="moved", now=now)
    planning.plan_each(clinic, [(Anchor.MOVED, told), (Anchor.VISIT, visits)], now=now)


@receiver(appointments_cancelled)
def withdraw_for_cancellation(
    clinic: Clinic, appointments: Sequence[Appointment], now: dt.datetime, **_kwargs: Any
) -> None:
    """Withdraw the reminders and say once that the visits do not take place."""
    visits = [_visit(appointment) for appointment in appointments]
    why = _("The visit was cancelled.")
    planning.withdraw("appointment", [visit.id for visit in visits], why=why, now=now)
    planning.announce(clinic, Anchor.CANCELLED, visits, calendar="cancelled", now=now)


@receiver(appointment_status_changed)
def follow_status(
    clinic: Clinic,
    appointment: Appointment,
    from_status: str,
    to_status: str,
    now: dt.datetime,
    **_kwargs: Any,
) -> None:
    """A visit on hold or missed is not spoken of; one that is on again is reminded of again."""
    if to_status in _QUIET:
        why = str(_QUIET[Appointment.StatusChoices(to_status)])
        planning.withdraw("appointment", [appointment.pk], why=why, now=now)
    elif from_status in _QUIET:
        planning.revive(_visit(appointment), why=_("The visit takes place after all."), now=now)


@receiver(session_signed)
def plan_aftercare(clinic: Clinic, record: SessionRecord, now: dt.datetime, **_kwargs: Any) -> None:
    """Advice at once, check-ins later, counted from the end of the session."""
    subject = Subject(
        kind="session", id=record.pk, patient_id=record.patient_id, anchor=now, is_session=True
    )
    planning.plan(clinic, Anchor.SIGNED, [subject], now=now)


@receiver(screening_invited)
def send_invitation(
    clinic: Clinic, patient: Patient, link: PatientLink, now: dt.datetime, **_kwargs: Any
) -> None:
    """The patient is asked to fill in the questionnaire."""
    subject = Subject(kind="invitation", id=link.pk, patient_id=patient.pk, anchor=now)
    planning.plan(clinic, Anchor.INVITED, [subject], now=now)


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
    tasks.address_changed(clinic, patient, now=now)


@receiver(patient_contraindicated)
def alert_staff(
    clinic: Clinic, patient: Patient, result: ScreeningResult, now: dt.datetime, **_kwargs: Any
) -> None:
    """Somebody speaks with the patient: the visits are on hold, the mail says nothing."""
    tasks.open_task(
        clinic.pk,
        patient.pk,
        tasks.NewTask(
            kind=StaffTask.Kind.CONTRAINDICATED,
            role=StaffTask.Role.CLINICAL,
            title=_("can't be treated now"),
            detail=_("The visits are on hold. Call the patient."),
            subject_id=patient.pk,
            url_name="patients:chart",
            is_urgent=True,
            due_at=now + dt.timedelta(hours=4),
        ),
    )


@receiver(patient_cleared)
def withdraw_alert(patient: Patient, now: dt.datetime, **_kwargs: Any) -> None:
    """The reason is gone."""
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
            title=_("screening to review"),
            subject_id=result.screening_id,
            url_name="patients:screening-detail",
            due_at=now + dt.timedelta(days=2),
        ),
    )


@receiver(screening_decided)
def close_review(
    patient: Patient, decision: ScreeningDecision, now: dt.datetime, **_kwargs: Any
) -> None:
    """The practitioner has decided."""
    _close_reviews(patient, decision.get_decision_display(), now)


def _close_reviews(patient: Patient, outcome: str, now: dt.datetime) -> None:
    tasks.close_tasks_of(
        patient_id=patient.pk, kind=StaffTask.Kind.SCREENING_REVIEW, outcome=outcome, now=now
    )


def _visit(appointment: Appointment) -> Subject:
    return Subject(
        kind="appointment",
        id=appointment.pk,
        patient_id=appointment.patient_id,
        anchor=appointment.during.lower,
        version=appointment.schedule_version,
        is_session=appointment.planned_session_id is not None,
    )

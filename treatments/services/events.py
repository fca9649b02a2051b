"""Adverse events: reported, and closed by a practitioner. Severe open ones stop the gate."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.common.errors import Invalid
from patients.models import Patient
from treatments.exceptions import EventClosed
from treatments.models import AdverseEvent, SessionRecord
from treatments.services.rights import check_can_treat
from treatments.signals import adverse_event_reported


@dataclass(frozen=True)
class EventReport:
    """What happened. `severity` is 1 (mild) to 5 (death), after the CTCAE grades.

    `is_draft` marks what a patient said and nobody has judged yet; it weighs all the same.
    """

    effect: str
    severity: int
    onset_on: dt.date
    description: str = ""
    session: SessionRecord | None = None
    is_draft: bool = False


def report_adverse_event(
    *, patient: Patient, report: EventReport, actor: Actor, now: dt.datetime
) -> AdverseEvent:
    """Store an unwanted effect of a patient. By a practitioner, or by the house for a check-in.

    Raises Invalid for a grade or day that can't be, and for another patient's session.
    """
    if actor.kind != "link":
        check_can_treat(actor)
    if report.severity not in range(1, 6):
        raise Invalid(_("The severity is a grade from 1 to 5."), field="severity")
    if report.onset_on > patient.clinic.today(now):
        raise Invalid(_("It can't have begun in the future."), field="onset_on")
    if report.session is not None and report.session.patient_id != patient.pk:
        raise Invalid(_("This session is another patient's."), field="session")
    with audited(actor):
        event = AdverseEvent.objects.create(
            clinic_id=patient.clinic_id,
            patient=patient,
            session=report.session,
            effect=report.effect.strip()[:60],
            severity=report.severity,
            onset_on=report.onset_on,
            description=report.description.strip(),
            is_draft=report.is_draft,
            created_at=now,
        )
        adverse_event_reported.send(
            AdverseEvent, clinic=patient.clinic, actor=actor, now=now, event=event
        )
    return event


def resolve_adverse_event(
    *, event: AdverseEvent, outcome: str, actor: Actor, now: dt.datetime
) -> AdverseEvent:
    """Close an event with its outcome; it no longer stops treatment.

    Raises Invalid without an outcome, EventClosed when it is closed already.
    """
    check_can_treat(actor)
    if not outcome.strip():
        raise Invalid(_("Say how it ended."), code="outcome_missing", field="outcome")
    with audited(actor):
        event = AdverseEvent.objects.select_for_update().get(pk=event.pk)
        if event.resolved_at is not None:
            raise EventClosed
        event.resolved_at, event.outcome, event.is_draft = now, outcome.strip()[:300], False
        event.save(update_fields=["resolved_at", "outcome", "is_draft"])
    return event

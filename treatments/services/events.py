"""Adverse events: reported, judged and followed, closed, opened again. Severe open ones stop the gate.

The row shows how the event stands; every step is an entry that is never changed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.common.errors import Invalid
from patients.models import Patient
from treatments.exceptions import EventClosed, EventOpen
from treatments.models import AdverseEvent, AdverseEventEntry, SessionRecord
from treatments.services.rights import check_can_treat
from treatments.signals import adverse_event_reported

Kind = AdverseEventEntry.Kind


@dataclass(frozen=True)
class EventReport:
    """What happened. `severity` is 1 (mild) to 5 (death), after the CTCAE grades.

    `is_draft` marks what a patient said and nobody has judged yet; it weighs all the same.
    `source`, `course` and `cause` are values of the model's choices.
    """

    effect: str
    severity: int
    onset_on: dt.date
    description: str = ""
    session: SessionRecord | None = None
    is_draft: bool = False
    source: str = ""
    course: str = AdverseEvent.Course.NEW.value
    cause: str = AdverseEvent.Cause.UNKNOWN.value
    actions: str = ""


@dataclass(frozen=True)
class FollowUp:
    """How an event stands now; `text` says what was seen or done."""

    severity: int
    course: str
    cause: str
    text: str


def report_adverse_event(
    *, patient: Patient, report: EventReport, actor: Actor, now: dt.datetime
) -> AdverseEvent:
    """Store an unwanted effect of a patient. By a practitioner, or by the house for a check-in.

    Raises Invalid for a grade or day that can't be, and for another patient's session.
    """
    if actor.kind != "link":
        check_can_treat(actor)
    _check_severity(report.severity)
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
            source=report.source or _source(report, actor),
            course=report.course,
            cause=report.cause,
            description=report.description.strip(),
            actions=report.actions.strip(),
            is_draft=report.is_draft,
            created_at=now,
        )
        _note(event, Kind.REPORTED, report.actions or report.description, actor, now)
        adverse_event_reported.send(
            AdverseEvent, clinic=patient.clinic, actor=actor, now=now, event=event
        )
    return event


def follow_adverse_event(
    *, event: AdverseEvent, follow_up: FollowUp, actor: Actor, now: dt.datetime
) -> AdverseEvent:
    """Judge an event anew: a draft becomes a judged one. A lower grade may set the patient free.

    Raises Invalid for a grade that can't be or without a word, EventClosed once it is closed.
    """
    check_can_treat(actor)
    _check_severity(follow_up.severity)
    if not follow_up.text.strip():
        raise Invalid(_("Say what was seen or done."), code="text_missing", field="text")
    with audited(actor):
        row = _locked(event)
        if row.resolved_at is not None:
            raise EventClosed
        row.severity, row.course, row.cause = (
            follow_up.severity, follow_up.course, follow_up.cause,
        )  # fmt: skip
        row.is_draft = False
        row.save(update_fields=["severity", "course", "cause", "is_draft"])
        _note(row, Kind.FOLLOWED, follow_up.text, actor, now)
    return row


def resolve_adverse_event(
    *,
    event: AdverseEvent,
    outcome: str,
    actor: Actor,
    now: dt.datetime,
    ending: str = AdverseEvent.Ending.RECOVERED.value,
) -> AdverseEvent:
    """Close an event with its outcome; it no longer stops treatment.

    Raises Invalid without an outcome, EventClosed when it is closed already.
    """
    check_can_treat(actor)
    if not outcome.strip():
        raise Invalid(_("Say how it ended."), code="outcome_missing", field="outcome")
    if ending not in AdverseEvent.Ending.values:
        raise Invalid(_("Choose how it ended."), field="ending")
    with audited(actor):
        row = _locked(event)
        if row.resolved_at is not None:
            raise EventClosed
        row.is_draft = False
        _close(row, outcome.strip()[:300], ending, actor, now)
    return row


def close_events_of(
    *, patients: Collection[UUID], outcome: str, actor: Actor, now: dt.datetime
) -> None:
    """Close what is open of these patients, ending unknown: their record is being closed.

    Nobody could close it afterwards. What nobody had judged stays so. Part of the erasure, which
    has asked whether the actor may.
    """
    with audited(actor):
        rows = AdverseEvent.objects.select_for_update().filter(patient__in=patients)
        for row in rows.filter(resolved_at__isnull=True).order_by("pk"):
            _close(row, outcome, AdverseEvent.Ending.UNKNOWN.value, actor, now)


def reopen_adverse_event(
    *, event: AdverseEvent, reason: str, actor: Actor, now: dt.datetime
) -> AdverseEvent:
    """Open a closed event again: it counts for the gate as before.

    Raises Invalid without a reason, EventOpen while it is open.
    """
    check_can_treat(actor)
    if not reason.strip():
        raise Invalid(_("Say why it is opened again."), code="reason_missing", field="reason")
    with audited(actor):
        row = _locked(event)
        if row.resolved_at is None:
            raise EventOpen
        row.resolved_at, row.outcome, row.ending = None, "", ""
        row.course = AdverseEvent.Course.NEW
        row.save(update_fields=["resolved_at", "outcome", "ending", "course"])
        _note(row, Kind.REOPENED, reason, actor, now)
    return row


def _source(report: EventReport, actor: Actor) -> str:
    if actor.kind == "link":
        return AdverseEvent.Source.CHECKIN.value
    source = AdverseEvent.Source.SESSION if report.session else AdverseEvent.Source.OTHER
    return source.value


def _close(row: AdverseEvent, outcome: str, ending: str, actor: Actor, now: dt.datetime) -> None:
    row.resolved_at, row.outcome, row.ending = now, outcome, ending
    if ending == AdverseEvent.Ending.RECOVERED:
        row.course = AdverseEvent.Course.GONE
    row.save(update_fields=["resolved_at", "outcome", "is_draft", "ending", "course"])
    _note(row, Kind.RESOLVED, outcome, actor, now)


def _check_severity(severity: int) -> None:
    if severity not in range(1, 6):
        raise Invalid(_("The severity is a grade from 1 to 5."), field="severity")


def _locked(event: AdverseEvent) -> AdverseEvent:
    return AdverseEvent.objects.select_for_update().get(pk=event.pk)


def _note(event: AdverseEvent, kind: Kind, text: str, actor: Actor, now: dt.datetime) -> None:
    AdverseEventEntry.objects.create(
        clinic_id=event.clinic_id,
        patient_id=event.patient_id,
        event=event,
        kind=kind,
        severity=event.severity,
        course=event.course,
        text=text.strip(),
        at=now,
        by_label=actor.label[:200],
    )

"""Check-ins: what the patient says is judged at once, and whoever must know is told."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _

from aftercare.domain.codec import from_json
from aftercare.domain.triage import Report, ReportedEffect, Triage, TriageRules, Urgency, assess
from aftercare.exceptions import AlreadyAnswered, NoTriageRules
from aftercare.models import CheckIn, StaffTask, TriageRuleSet
from aftercare.services import tasks
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.errors import NotFound
from patients.models import PatientLink
from patients.services import link_actor, mark_used
from treatments.models import SessionRecord
from treatments.services import EventReport, report_adverse_event

_SEVERE = 3
_DUE = {
    Urgency.REVIEW: dt.timedelta(hours=24),
    Urgency.URGENT: dt.timedelta(minutes=15),
    Urgency.EMERGENCY: dt.timedelta(minutes=5),
}


@dataclass(frozen=True)
class CheckInAnswer:
    """What the patient said. `feeling` 1 (very good) to 5 (very bad); effects by key."""

    feeling: int
    effects: tuple[ReportedEffect, ...]
    text: str = ""


def rules_in_force(clinic: Clinic) -> tuple[TriageRuleSet, TriageRules]:
    """The published rules of a clinic. Raises `NoTriageRules` where there are none."""
    row = (
        TriageRuleSet.objects.for_clinic(clinic)
        .filter(status=TriageRuleSet.Status.PUBLISHED)
        .first()
    )
    if row is None:
        raise NoTriageRules
    return row, from_json(row.spec)


def answer_checkin(*, link: PatientLink, answer: CheckInAnswer, now: dt.datetime) -> Triage:
    """Store and judge an answer; open a task, and draft an adverse event when it is grave.

    Raises `AlreadyAnswered` for a second answer by the same link, `NotFound` when the link is not
    about a session.
    """
    actor = link_actor(link)
    session = _session_of(link)
    row, rules = rules_in_force(link.clinic)
    since = session.signed_at or session.started_at
    report = Report(
        effects=answer.effects,
        hours_since=max(int((now - since).total_seconds() // 3600), 0),
        feeling=answer.feeling,
        asks_for_help=bool(answer.text.strip()),
    )
    triage = assess(report, rules)
    with audited(actor):
        # One winner of a double click: the loser finds the link used and writes nothing.
        if not mark_used(actor=actor, link=link, now=now):
            raise AlreadyAnswered
        checkin = CheckIn.objects.create(
            clinic_id=link.clinic_id,
            patient_id=link.patient_id,
            session=session,
            link=link,
            rules=row,
            feeling=answer.feeling,
            effects=[_as_json(effect) for effect in answer.effects],
            text=answer.text.strip(),
            level=triage.urgency.value,
            answered_at=now,
        )
        if triage.urgency is not Urgency.SELF_CARE:
            _tell_staff(checkin, triage, now)
        if triage.alerts_staff:
            _draft_event(link, session, triage, answer, now)
    return triage


def _session_of(link: PatientLink) -> SessionRecord:
    records = SessionRecord.objects.for_clinic(link.clinic_id).filter(patient=link.patient_id)
    found = records.filter(pk=link.subject_id).first() if link.subject_id else None
    if found is None:
        raise NotFound
    return found


def _as_json(effect: ReportedEffect) -> dict[str, object]:
    return {
        "effect": effect.effect,
        "severity": effect.severity,
        "growing": effect.growing,
        "spreading": effect.spreading,
    }


def _tell_staff(checkin: CheckIn, triage: Triage, now: dt.datetime) -> None:
    urgent = triage.alerts_staff
    tasks.open_task(
        checkin.clinic_id,
        checkin.patient_id,
        tasks.NewTask(
            kind=StaffTask.Kind.CHECKIN_URGENT if urgent else StaffTask.Kind.CHECKIN_REVIEW,
            role=StaffTask.Role.CLINICAL,
            title=_("needs a call now") if urgent else _("check-in to review"),
            detail=checkin.get_level_display(),
            subject_id=checkin.pk,
            url_name="aftercare:checkin",
            is_urgent=urgent,
            due_at=now + _DUE[triage.urgency],
        ),
    )  # fmt: skip


def _draft_event(
    link: PatientLink,
    session: SessionRecord,
    triage: Triage,
    answer: CheckInAnswer,
    now: dt.datetime,
) -> None:
    """The worst effect as a draft of an adverse event: it stops the gate until it is judged."""
    worst = max(triage.effects, key=lambda one: one.urgency.rank, default=None)
    if worst is None:
        return
    reported = {one.effect: one.severity or _SEVERE for one in answer.effects}
    report_adverse_event(
        patient=link.patient,
        report=EventReport(
            effect=worst.effect,
            severity=max(reported.get(worst.effect, _SEVERE), _SEVERE),
            onset_on=link.clinic.today(now),
            description=answer.text,
            session=session,
            is_draft=True,
        ),
        actor=link_actor(link),
        now=now,
    )

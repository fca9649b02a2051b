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


def questions_for(link: PatientLink, *, now: dt.datetime) -> tuple[TriageRules, int]:
    """The rules to ask by, and the whole hours since the session the link is about.

    Raises `NoTriageRules`, and `NotFound` when the link is not about a session.
    """
    _row, rules = rules_in_force(link.clinic)
    return rules, _hours_since(_session_of(link), now)


def answer_checkin(*, link: PatientLink, answer: CheckInAnswer, now: dt.datetime) -> Triage:
    """Store and judge an answer; open a task, and draft an adverse event when it is grave.

    The same answer twice (a double click) is stored once and judged alike. Raises
    `AlreadyAnswered` for another answer by the same link, `NotFound` when the link is not about a
    session.
    """
    actor = link_actor(link)
    session = _session_of(link)
    row, rules = rules_in_force(link.clinic)
    report = Report(
        effects=answer.effects,
        hours_since=_hours_since(session, now),
        feeling=answer.feeling,
        asks_for_help=bool(answer.text.strip()),
    )
    triage = assess(report, rules)
    with audited(actor):
        # One winner of a double click: the loser waits here, then finds the answer stored.
        if not mark_used(actor=actor, link=link, now=now):
            if not _is_stored(link, answer):
                raise AlreadyAnswered
            return triage
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
        if triage.alerts_staff or _is_severe(answer):
            _draft_event(link, session, triage, answer, now)
    return triage


def _hours_since(session: SessionRecord, now: dt.datetime) -> int:
    since = session.signed_at or session.started_at
    return max(int((now - since).total_seconds() // 3600), 0)


def _is_stored(link: PatientLink, answer: CheckInAnswer) -> bool:
    stored = CheckIn.objects.filter(link=link).first()
    return stored is not None and (
        (stored.feeling, stored.text, stored.effects)
        == (answer.feeling, answer.text.strip(), [_as_json(one) for one in answer.effects])
    )


def _is_severe(answer: CheckInAnswer) -> bool:
    """Whether the patient calls something strong; the gate stops at an open severe reaction."""
    return any((one.severity or 0) >= _SEVERE for one in answer.effects)


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

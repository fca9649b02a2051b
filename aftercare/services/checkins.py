"""Check-ins: what the patient says is judged at once, and whoever must know is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from aftercare.domain.codec import from_json
from aftercare.domain.triage import (
    Report,
    ReportedEffect,
    SessionFacts,
    Triage,
    TriageRules,
    Urgency,
    assess,
)
from aftercare.exceptions import AlreadyAnswered, NoTriageRules
from aftercare.models import CheckIn, CheckInPhoto, StaffTask, TriageRuleSet
from aftercare.selectors.sessions import facts_of
from aftercare.services import alarm, tasks
from aftercare.services.photos import keep_photos
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.errors import NotFound
from patients.models import PatientLink
from patients.services import Kept, Upload, link_actor, mark_used
from treatments.models import SessionRecord
from treatments.services import EventReport, report_adverse_event

_SEVERE = 3
# From here on a check-in is one of the late watch: two weeks, less a day for those who are early.
LATE_HOURS = 13 * 24
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


@dataclass(frozen=True)
class Questions:
    """What to ask by: the rules, whole hours since the session, and what was done at it."""

    rules: TriageRules
    hours_since: int
    session: SessionFacts

    @property
    def is_late(self) -> bool:
        """Whether only the watch for late infections is asked."""
        return self.hours_since >= LATE_HOURS


def questions_for(link: PatientLink, *, now: dt.datetime) -> Questions:
    """What the link's check-in asks by.

    Raises `NoTriageRules`, and `NotFound` when the link is not about a session.
    """
    session = _session_of(link)
    _row, rules = rules_in_force(link.clinic)
    return Questions(rules, _hours_since(session, now), facts_of(session))


def answer_checkin(*, link: PatientLink, answer: CheckInAnswer, now: dt.datetime) -> Triage:
    """Store and judge an answer; open a task, and draft an adverse event when it is grave.

    The same answer twice (a double click) is stored once and judged alike. Raises
    `AlreadyAnswered` for another answer by the same link, `NotFound` when the link is not about a
    session.
    """
    session = _session_of(link)
    row, rules = rules_in_force(link.clinic)
    report = _report(answer, session, now)
    triage = assess(report, rules)
    with audited(link_actor(link)):
        # One winner of a double click: the loser waits here, then finds the answer stored.
        if not mark_used(actor=link_actor(link), link=link, now=now):
            if not _is_stored(link, answer):
                raise AlreadyAnswered
            return triage
        checkin = _store(link, session, row, answer, report, triage, now)
        _close_silence(session, now)
        if triage.urgency is not Urgency.SELF_CARE:
            _tell_staff(checkin, triage, now)
        if triage.alerts_staff or _is_severe(answer):
            _draft_event(link, session, triage, report, answer, rules, now)
    return triage


def attach_photos(*, link: PatientLink, uploads: Iterable[Upload], now: dt.datetime) -> list[Kept]:
    """Keep photographs of an answered check-in; one that is refused harms nothing else.

    After the answer, in transactions of their own: a broken picture must not hold up an alarm.
    """
    checkin = CheckIn.objects.filter(link=link).first()
    if checkin is None:
        return []
    kept = keep_photos(link=link, uploads=uploads, now=now)
    with audited(link_actor(link)):
        for one in kept:
            if one.file is not None:
                CheckInPhoto.objects.get_or_create(
                    checkin=checkin, file=one.file,
                    defaults={"clinic_id": link.clinic_id, "patient_id": link.patient_id},
                )  # fmt: skip
    return kept


def _report(answer: CheckInAnswer, session: SessionRecord, now: dt.datetime) -> Report:
    return Report(
        effects=answer.effects,
        hours_since=_hours_since(session, now),
        feeling=answer.feeling,
        asks_for_help=bool(answer.text.strip()),
        session=facts_of(session),
    )


def _store(
    link: PatientLink,
    session: SessionRecord,
    row: TriageRuleSet,
    answer: CheckInAnswer,
    report: Report,
    triage: Triage,
    now: dt.datetime,
) -> CheckIn:
    return CheckIn.objects.create(
        clinic_id=link.clinic_id,
        patient_id=link.patient_id,
        session=session,
        link=link,
        rules=row,
        feeling=answer.feeling,
        effects=[_as_json(effect) for effect in answer.effects],
        text=answer.text.strip(),
        facts={
            "hours_since": report.hours_since,
            "ingredients": sorted(report.session.ingredients),
            "withdrawn_lots": sorted(report.session.withdrawn_lots),
            "deep": report.session.deep,
        },
        level=triage.urgency.value,
        answered_at=now,
    )


def _close_silence(session: SessionRecord, now: dt.datetime) -> None:
    """Whichever session the call was to be about: a word is a word."""
    tasks.close_tasks_of(
        patient_id=session.patient_id, kind=StaffTask.Kind.CHECKIN_SILENT,
        outcome=_("The patient has answered."), now=now,
    )  # fmt: skip


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
        "size": effect.size,
        "lasting_hours": effect.lasting_hours,
    }


def _tell_staff(checkin: CheckIn, triage: Triage, now: dt.datetime) -> None:
    urgent = triage.alerts_staff
    gave = checkin.session.practitioner_id
    task = tasks.open_task(
        checkin.clinic_id,
        checkin.patient_id,
        tasks.NewTask(
            kind=StaffTask.Kind.CHECKIN_URGENT if urgent else StaffTask.Kind.CHECKIN_REVIEW,
            role=StaffTask.Role.CLINICAL,
            title=gettext_noop("needs a call now")
            if urgent
            else gettext_noop("check-in to review"),
            detail=_detail(checkin),
            subject_id=checkin.pk,
            url_name="aftercare:checkin",
            is_urgent=urgent,
            due_at=now + _DUE[triage.urgency],
            assigned_to_id=gave,
        ),
        now=now,
    )
    if urgent:
        # An emergency must not wait for whoever does not look: two are called at once.
        at_once = 2 if triage.urgency is Urgency.EMERGENCY else 1
        alarm.raise_alarm(task, first=gave, now=now, at_once=at_once)


def _detail(checkin: CheckIn) -> str:
    """What is told of the worst, for practitioners: "Heat or pus, fever. Day 4"."""
    known = from_json(checkin.rules.spec).by_key
    language = checkin.session.practitioner.language[:2]
    names = [
        known[key].name.get(language) or known[key].name["en"]
        for one in checkin.effects
        if (key := str(one["effect"])) in known
    ]
    day = int(checkin.facts["hours_since"]) // 24
    told = ", ".join(names[:3]) or checkin.get_level_display()
    return _("%(what)s (day %(day)s)") % {"what": told, "day": day}


def _draft_event(
    link: PatientLink,
    session: SessionRecord,
    triage: Triage,
    report: Report,
    answer: CheckInAnswer,
    rules: TriageRules,
    now: dt.datetime,
) -> None:
    """The worst effect as a draft of an adverse event: it stops the gate until it is judged."""
    worst = max(triage.effects, key=lambda one: one.urgency.rank, default=None)
    if worst is None:
        return
    mine = [one for one in report.effects if one.effect == worst.effect]
    known = rules.by_key.get(worst.effect)
    lasting = max((one.lasting_hours or 0 for one in mine), default=0)
    report_adverse_event(
        patient=link.patient,
        report=EventReport(
            effect=(known.event if known else "") or worst.effect,
            severity=max([_SEVERE, *(one.severity or _SEVERE for one in mine)]),
            onset_on=link.clinic.today(now - dt.timedelta(hours=lasting)),
            description=answer.text,
            session=session,
            is_draft=True,
        ),
        actor=link_actor(link),
        now=now,
    )

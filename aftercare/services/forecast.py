"""Everything a patient got, gets and would get from the programme as it stands, in one list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from aftercare.domain.outbox import State
from aftercare.models import Channel, Message, ProgrammeStep
from aftercare.services.care import settings_of
from aftercare.services.planning import Subject, meant_for, when
from mesoclinic.clinic.models import Clinic
from patients.models import ContactPreference, Patient
from scheduling.models import Appointment
from treatments.models import TreatmentPlan

_Anchor = ProgrammeStep.Anchor
_COMING = [Appointment.StatusChoices.BOOKED.value, Appointment.StatusChoices.CONFIRMED.value]
EXPECTED = "expected"
_MOST = 300


@dataclass(frozen=True)
class Line:
    """One message: when (UTC), its name, its state (`EXPECTED`: not written down yet), and why."""

    at: dt.datetime
    title: str
    state: str
    why: str = ""
    channel: str = "email"
    message_id: UUID | None = None
    visit_at: dt.datetime | None = None


def forecast(clinic: Clinic, patient: Patient, *, now: dt.datetime) -> list[Line]:
    """Past and planned messages, and those that the sessions booked will bring; soonest first.

    What follows a session is counted from its start, the nearest that is known before it is held.
    What the patient has opted out of stands there as it will end.
    """
    refused = _refused(patient)
    rows = Message.objects.for_clinic(clinic).filter(patient=patient).order_by("-due_at")
    lines = [
        Line(
            one.sent_at or one.due_at, one.title,
            *_as_wished(one, (one.state, one.why), refused), one.channel, one.pk,
        )
        for one in rows[:_MOST]
    ]  # fmt: skip
    if patient.can_be_contacted:
        lines += _after_sessions(clinic, patient, refused, now)
    return sorted(lines, key=lambda line: line.at)


def _refused(patient: Patient) -> frozenset[tuple[str, str]]:
    """Channel and purpose of what the patient has opted out of."""
    rows = ContactPreference.objects.filter(patient=patient, allowed=False)
    return frozenset(rows.values_list("channel", "purpose"))


def _as_wished(
    one: Message | ProgrammeStep, stands: tuple[str, str], refused: frozenset[tuple[str, str]]
) -> tuple[str, str]:
    """State and reason of what is to come, as the patient's wishes will have it."""
    wish = Channel(one.channel).wish
    to_come = stands[0] in {State.PLANNED.value, EXPECTED}
    if not to_come or one.is_essential or (wish, one.purpose) not in refused:
        return stands
    return State.SUPPRESSED.value, _("The patient opted out of such messages.")


def _after_sessions(
    clinic: Clinic, patient: Patient, refused: frozenset[tuple[str, str]], now: dt.datetime
) -> list[Line]:
    visits = list(
        Appointment.objects.for_clinic(clinic)
        .filter(patient=patient, during__startswith__gt=now, status__in=_COMING)
        .filter(planned_session__isnull=False)
        .select_related("planned_session")
        .order_by("during")
    )
    steps = ProgrammeStep.objects.for_clinic(clinic).filter(is_active=True)
    signed = [step for step in steps if step.anchor == _Anchor.SIGNED]
    finished = [step for step in steps if step.anchor == _Anchor.FINISHED]
    deep = [step for step in steps if step.anchor == _Anchor.DEEP]
    pairs = [(_subject(visit), step) for visit in visits for step in signed]
    pairs += [(_subject(visit), step) for visit in _watched(clinic, visits) for step in deep]
    pairs += [(_course(visit), step) for visit in _last_of_course(visits) for step in finished]
    lines = []
    for subject, step in meant_for(clinic, pairs):
        planned = when(clinic, step, subject.anchor, now=now)
        state, why = _as_wished(step, (EXPECTED, ""), refused)
        lines.append(
            Line(planned.due_at, step.name, state, why, step.channel, visit_at=subject.anchor)
        )
    return lines


def _watched(clinic: Clinic, visits: Sequence[Appointment]) -> list[Appointment]:
    """The visits after which is watched for late infections: the plan goes deep."""
    if not settings_of(clinic).late_watch:
        return []
    plans = TreatmentPlan.objects.filter(sessions__in=[one.planned_session_id for one in visits])
    deep = set(plans.filter(techniques__is_skin_breaking_deep=True).values_list("pk", flat=True))
    return [one for one in visits if one.planned_session and one.planned_session.plan_id in deep]


def _last_of_course(visits: Sequence[Appointment]) -> list[Appointment]:
    """The visits with which a course is booked to its end."""
    last = []
    for visit in visits:
        session = visit.planned_session
        assert session is not None  # noqa: S101  (for the type checker: the query asks for it)
        left = session.plan.sessions.filter(dropped_at=None, number__gt=session.number)
        if not left.exists():
            last.append(visit)
    return last


def _subject(visit: Appointment) -> Subject:
    return Subject(
        kind="appointment", id=visit.pk, patient_id=visit.patient_id, anchor=visit.during.lower,
        is_session=True,
    )  # fmt: skip


def _course(visit: Appointment) -> Subject:
    session = visit.planned_session
    assert session is not None  # noqa: S101  (for the type checker)
    return Subject(
        kind="plan", id=session.plan_id, patient_id=visit.patient_id, anchor=visit.during.lower
    )

"""The gate: booking, confirmation and the chair ask here, and nowhere else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from uuid import UUID

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.access import Policy, can
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.errors import Invalid
from treatments.domain.readiness import Moment, Readiness, assess
from treatments.exceptions import OverrideRefused, WrongPlanStatus
from treatments.models import PlannedSession, ReadinessOverride, TreatmentPlan
from treatments.selectors.gate import Visit, gather, inputs_for
from treatments.selectors.windows import has_record, sessions_of


def assess_readiness(
    *,
    planned_session: PlannedSession | None = None,
    plan: TreatmentPlan | None = None,
    at: Moment | str,
    now: dt.datetime,
    on: dt.date,
    booked: Mapping[UUID, dt.date] | None = None,
    practitioner_id: UUID | None = None,
) -> Readiness:
    """May this session be held on the clinic's local day `on`? Go, review or stop, with reasons.

    Asked about a `plan`, the answer is for its next session that has not begun. `at` is the
    moment of asking: booking, confirmation or chair. `booked` holds the local days of other
    sessions of the plan (by planned session id); the plan's practitioner is meant unless
    `practitioner_id` names another. Raises WrongPlanStatus when a plan has no session left.
    """
    session = planned_session or _next_session(plan)
    if session is None:
        raise WrongPlanStatus
    practitioners = {} if practitioner_id is None else {session.pk: practitioner_id}
    answers = readiness_for(
        [session], at=at, now=now, on=on, booked=booked, practitioners=practitioners
    )
    return answers[session.pk]


def readiness_for(
    planned_sessions: Iterable[PlannedSession],
    *,
    at: Moment | str,
    now: dt.datetime,
    on: Mapping[UUID, dt.date] | dt.date,
    booked: Mapping[UUID, dt.date] | None = None,
    practitioners: Mapping[UUID, UUID] | None = None,
) -> dict[UUID, Readiness]:
    """The gate's answer by planned session id, with a number of queries that does not grow.

    `on` is one local day for all, or a day for each session; the sessions of one plan anchor each
    other's windows, and so do further `booked` days. `practitioners` names who would give a
    session where that is not the plan's practitioner. `now` is the moment of asking (a visit
    before the clinic's today is judged as on its own day).
    """
    sessions = list(
        PlannedSession.objects.filter(pk__in=[one.pk for one in planned_sessions]).select_related(
            "clinic", "plan", "record"
        )
    )
    moment = Moment(at)
    answers: dict[UUID, Readiness] = {}
    for clinic, group in _by_clinic(sessions).items():
        days = {one.pk: on if isinstance(on, dt.date) else on[one.pk] for one in group}
        visits = [
            Visit(one, days[one.pk], (practitioners or {}).get(one.pk, one.plan.practitioner_id))
            for one in group
        ]
        rows = gather(clinic, visits, moment)
        chosen = {**(booked or {}), **days}
        for visit in visits:
            answers[visit.session.pk] = assess(inputs_for(rows, visit, moment, chosen))
    return answers


def override_readiness(
    *,
    planned_session: PlannedSession,
    codes: Iterable[str],
    reason: str,
    actor: Actor,
    now: dt.datetime,
    on: dt.date,
) -> ReadinessOverride:
    """Set aside named reasons for one session: a practitioner, with a reason, recorded for good.

    Raises OverrideRefused for anybody else, for absolute reasons, and for codes that the gate does
    not give now; Invalid without a reason.
    """
    if not can(actor, Policy.CLINICAL) or actor.staff_id is None:
        raise OverrideRefused
    if not reason.strip():
        raise Invalid(code="reason_missing", field="reason")
    answer = assess_readiness(planned_session=planned_session, at=Moment.CHAIR, now=now, on=on)
    allowed = {one.code for one in answer.reasons if one.overridable}
    wanted = sorted(set(codes))
    if not wanted or not set(wanted) <= allowed:
        raise OverrideRefused
    with audited(actor, reason="override"):
        return ReadinessOverride.objects.create(
            clinic_id=planned_session.clinic_id,
            patient_id=planned_session.patient_id,
            planned_session=planned_session,
            codes=wanted,
            reason=reason.strip(),
            overridden_at=now,
            overridden_by_id=actor.staff_id,
        )


def _next_session(plan: TreatmentPlan | None) -> PlannedSession | None:
    if plan is None:
        raise ValueError("ask about a planned session or a plan")
    rows = sessions_of([plan.pk]).get(plan.pk, [])
    return next((row for row in rows if not has_record(row)), None)


def _by_clinic(sessions: Iterable[PlannedSession]) -> dict[Clinic, list[PlannedSession]]:
    groups: dict[Clinic, list[PlannedSession]] = {}
    for session in sessions:
        groups.setdefault(session.clinic, []).append(session)
    return groups

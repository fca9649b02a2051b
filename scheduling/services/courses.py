"""The protocol's side of booking: sessions that are still open, and what the gate says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from django.db.models import Case, Q, Value, When

from mesoclinic.clinic.models import Clinic
from mesoclinic.common.calendar import local_date
from patients.models import Patient
from scheduling.domain.spacing import Treated
from scheduling.domain.status import UPCOMING
from scheduling.exceptions import (
    NotBookable,
    OrderOfSessions,
    PlanNotBookable,
    SessionBooked,
    TooCloseTogether,
)
from scheduling.models import Appointment, VisitType
from scheduling.selectors.spacing import spacings, words
from scheduling.services.checks import ask_gate, booked_days
from scheduling.services.drafts import Draft, Terms
from treatments.models import PlannedSession, TreatmentPlan
from treatments.selectors.windows import given_days, has_record, sessions_of

_OPEN = frozenset({TreatmentPlan.Status.DRAFT.value, TreatmentPlan.Status.ACTIVE.value})


def bookable_plan(clinic: Clinic, pk: UUID) -> TreatmentPlan:
    """The plan, if visits may still be booked for it. Raises NotBookable, PlanNotBookable."""
    plan = TreatmentPlan.objects.for_clinic(clinic).filter(pk=pk).first()
    if plan is None:
        raise NotBookable(field="plan")
    if plan.status not in _OPEN:
        raise PlanNotBookable
    return plan


def open_session(clinic: Clinic, patient: Patient, pk: UUID) -> PlannedSession:
    """A session of this patient that is neither dropped nor given. Raises NotBookable."""
    session = (
        PlannedSession.objects.for_clinic(clinic)
        .filter(pk=pk, patient=patient, dropped_at__isnull=True)
        .select_related("plan", "record")
        .first()
    )
    if session is None:
        raise NotBookable(field="planned_session")
    if session.plan.status not in _OPEN:
        raise PlanNotBookable
    if has_record(session):
        raise SessionBooked
    return session


def open_sessions(plan: TreatmentPlan) -> dict[UUID, PlannedSession]:
    """The sessions of a plan that are neither dropped nor given, by id, in order."""
    rows = sessions_of([plan.pk]).get(plan.pk, [])
    return {row.pk: row for row in rows if not has_record(row)}


def judge(terms: Terms, drafts: Sequence[Draft], ignoring: Sequence[UUID] = ()) -> frozenset[UUID]:
    """Ask the gate about drafts of one plan: the planned sessions that will be off protocol.

    Called under the locks, so that a contraindication committed a moment ago is seen. Visits
    without a planned session pass: a consultation is how somebody is screened at all; but sessions
    outside plans keep clear of those of courses, as courses do of each other.
    """
    sessions = [draft.session for draft in drafts if draft.session is not None]
    if not sessions:
        check_spacing(terms, drafts, (), ignoring)
        return frozenset()
    plan_id = sessions[0].plan_id
    siblings = sessions_of([plan_id])[plan_id]
    zone = terms.clinic.zone
    days = {
        draft.session.pk: local_date(draft.timing.during.start, zone)
        for draft in drafts
        if draft.session is not None
    }
    others = booked_days(terms.clinic, plan_id, ignoring)
    if not ignoring and set(days) & set(others):
        raise SessionBooked
    others = {pk: day for pk, day in others.items() if pk not in days}
    check_order(siblings, {**given_days(siblings), **others, **days})
    who = {draft.session.pk: draft.member.staff_id for draft in drafts if draft.session is not None}
    judged = ask_gate(
        [one for one in siblings if not has_record(one)],
        days, others, who, exceptions=terms.exceptions, now=terms.now,
    )  # fmt: skip
    check_spacing(terms, drafts, siblings, ignoring)
    return judged.off_protocol


def check_spacing(
    terms: Terms,
    drafts: Sequence[Draft],
    siblings: Sequence[PlannedSession],
    ignoring: Sequence[UUID] = (),
) -> None:
    """Sessions keep clear of those of the person's other courses. Raises TooCloseTogether.

    `siblings` are the sessions of the drafts' plan, in order. A hold outside a plan passes: it is
    for a session whose day is judged when the patient says yes.
    """
    injections = [one for one in drafts if one.session or one.kind.kind == VisitType.Kind.SESSION]
    held = terms.hold_until is not None and not siblings
    if not injections or held or terms.exceptions.clinical:
        return
    plans = {one.plan_id for one in siblings}
    found = spacings(
        terms.clinic, {one.patient.pk for one in injections}, plans, terms.now, ignoring
    )
    treated = found.treated(siblings)
    for draft in injections:
        session = draft.session
        own = treated[session.number] if session else Treated()
        day = local_date(draft.timing.during.start, terms.clinic.zone)
        spacing = found.of(draft.patient.pk, session.plan_id if session else None)
        clash = spacing.check(own, day)
        if clash is not None:
            raise TooCloseTogether(words(clash, spacing.least_days), field="start")


def check_order(siblings: Sequence[PlannedSession], days: Mapping[UUID, date]) -> None:
    """Sessions keep their order. Raises OrderOfSessions."""
    placed = [days[one.pk] for one in siblings if one.pk in days]
    if placed != sorted(placed):
        raise OrderOfSessions(field="start")


def flag_siblings(plan_id: UUID, off_protocol: frozenset[UUID], but: Sequence[UUID]) -> None:
    """Bring the flag of the plan's other coming visits up to date. One query, few rows."""
    off = Q(planned_session__in=off_protocol)
    rows = Appointment.objects.filter(
        plan_id=plan_id, planned_session__isnull=False, status__in=sorted(UPCOMING)
    ).exclude(pk__in=list(but))
    rows.filter((off & Q(off_protocol=False)) | (~off & Q(off_protocol=True))).update(
        off_protocol=Case(When(off, then=Value(True)), default=Value(False))  # noqa: FBT003
    )

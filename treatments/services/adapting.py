"""Adapting a running plan: sessions are added, left out or get another window, always with a reason.

The protocol in the plan stays as agreed; what is adapted says why on the session itself.
"""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.common.errors import Invalid
from treatments.domain.protocol import Gap
from treatments.exceptions import WrongPlanStatus
from treatments.models import PlannedSession, TreatmentPlan
from treatments.services.plans import complete_if_done, locked_plan
from treatments.services.rights import check_can_treat
from treatments.signals import session_dropped

MOST_SESSIONS = 60


def drop_session(
    *, session: PlannedSession, reason: str, actor: Actor, now: dt.datetime
) -> PlannedSession:
    """Leave out a session that has not begun; those after it close up to the one before.

    Upper rooms release its visit. Twice is once. Raises Invalid without a reason, WrongPlanStatus
    for a session that has begun or the last one left of a plan.
    """
    check_can_treat(actor)
    why = _reason(reason)
    with audited(actor, reason="session left out"):
        plan, row = _open(session)
        if row.dropped_at is not None:
            return row
        rest = plan.sessions.filter(dropped_at__isnull=True).exclude(pk=row.pk)
        if not rest.exists():
            raise WrongPlanStatus(_("This is the only session left. Stop the plan instead."))
        row.dropped_at = row.changed_at = now
        row.change_reason = why
        row.save(update_fields=["dropped_at", "changed_at", "change_reason"])
        session_dropped.send(
            PlannedSession, clinic=plan.clinic, actor=actor, now=now, session=row, reason=why
        )
        complete_if_done(plan)
    return row


def add_session(
    *, plan: TreatmentPlan, gap: Gap | None, reason: str, actor: Actor, now: dt.datetime
) -> PlannedSession:
    """One more session at the end, with the gap of the last one unless another is given.

    Raises Invalid without a reason, WrongPlanStatus for a plan that is over or has very many.
    """
    check_can_treat(actor)
    why = _reason(reason)
    with audited(actor, reason="session added"):
        plan = _running(locked_plan(plan))
        last = plan.sessions.order_by("-number").first()
        if last is None or last.number >= MOST_SESSIONS:
            raise WrongPlanStatus(_("A plan has sixty sessions at most. Draw up a new one."))
        row = PlannedSession(
            clinic_id=plan.clinic_id, patient_id=plan.patient_id, plan=plan, created_at=now,
            number=last.number + 1, phase_name=last.phase_name, phase_index=last.phase_index,
            gap_min=last.gap_min, gap_ideal=last.gap_ideal, gap_max=last.gap_max,
            gap_unit=last.gap_unit, changed_at=now, change_reason=why,
        )  # fmt: skip
        if gap is not None:
            _take(row, gap)
        elif row.gap_min is None:
            raise Invalid(_("Say how many days after the session before."), field="gap_min")
        row.save(force_insert=True)
    return row


def rewindow_session(
    *, session: PlannedSession, gap: Gap, reason: str, actor: Actor, now: dt.datetime
) -> PlannedSession:
    """Give a session that has not begun another gap to the one before it.

    Raises Invalid without a reason or for the first session, which has no gap; WrongPlanStatus.
    """
    check_can_treat(actor)
    why = _reason(reason)
    with audited(actor, reason="window changed"):
        _plan, row = _open(session)
        if row.dropped_at is not None:
            raise WrongPlanStatus(_("This session was left out."))
        if row.gap_min is None:
            raise Invalid(
                _("The first session of a course has no gap: it is free from the first day on."),
                field="gap_min",
            )
        _take(row, gap)
        row.changed_at, row.change_reason = now, why
        row.save(
            update_fields=[
                "gap_min", "gap_ideal", "gap_max", "gap_unit", "changed_at", "change_reason"
            ]
        )  # fmt: skip
    return row


def _take(row: PlannedSession, gap: Gap) -> None:
    row.gap_min, row.gap_ideal, row.gap_max = gap.min, gap.ideal, gap.max
    row.gap_unit = gap.unit.value


def _open(session: PlannedSession) -> tuple[TreatmentPlan, PlannedSession]:
    """The plan and the session, locked in this order, while both can still be changed."""
    plan = _running(locked_plan(session.plan))
    row = PlannedSession.objects.select_for_update().get(pk=session.pk)
    if hasattr(row, "record"):
        raise WrongPlanStatus(_("This session has begun: it can't be changed any more."))
    row.plan = plan
    return plan, row


def _running(plan: TreatmentPlan) -> TreatmentPlan:
    if plan.status not in {TreatmentPlan.Status.DRAFT, TreatmentPlan.Status.ACTIVE}:
        raise WrongPlanStatus
    return plan


def _reason(text: str) -> str:
    if not text.strip():
        raise Invalid(_("Say why the course changes."), code="reason_missing", field="reason")
    return text.strip()[:300]

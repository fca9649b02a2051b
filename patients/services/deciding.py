"""The practitioner's signed decision on a judgement."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Role
from mesoclinic.common.errors import Invalid
from patients import signals
from patients.domain.screening import Outcome
from patients.exceptions import ClinicalContent, DecisionNotAllowed, DecisionOutdated
from patients.models import ScreeningDecision
from patients.models import ScreeningResult as ResultRow
from patients.selectors import screening_status, stored_result
from patients.services.judging import announce, lock_patient


@dataclass(frozen=True)
class DecisionData:
    """A practitioner's judgement: `decision` is one of ScreeningDecision.Decision."""

    decision: str
    reason: str
    conditions: str = ""
    defer_until: dt.date | None = None


def decide_screening(
    *, actor: Actor, result: ResultRow, data: DecisionData, now: dt.datetime
) -> ScreeningDecision:
    """Sign a decision on the judgement in force.

    Only practitioners decide (ClinicalContent), only on the latest judgement (DecisionOutdated),
    and nobody overrides an absolute finding (DecisionNotAllowed). Raises Invalid with the field.
    """
    if actor.role != Role.PRACTITIONER or actor.staff_id is None:
        raise ClinicalContent
    patient = result.patient
    today = patient.clinic.today(now)
    _check_decision(data, today)
    with audited(actor):
        lock_patient(patient)
        before = screening_status(patient, today)
        if before.result_id != result.pk:
            raise DecisionOutdated
        if data.decision not in allowed_decisions(result, today):
            raise DecisionNotAllowed(field="decision")
        decision = ScreeningDecision.objects.create(
            clinic_id=result.clinic_id,
            patient=patient,
            result=result,
            decision=data.decision,
            reason=data.reason.strip(),
            conditions=data.conditions.strip(),
            defer_until=data.defer_until if data.decision == "defer" else None,
            decided_at=now,
            decided_by_id=actor.staff_id,
            created_at=now,
        )
        announce(actor=actor, before=before, row=result, now=now)
        signals.screening_decided.send(
            sender=ScreeningDecision, clinic=patient.clinic, actor=actor, now=now,
            patient=patient, result=result, decision=decision,
        )  # fmt: skip
    return decision


def allowed_decisions(result: ResultRow, today: dt.date) -> tuple[str, ...]:
    """What may be decided: an absolute finding leaves only "defer" and "do not treat"."""
    kinds = ScreeningDecision.Decision
    if stored_result(result).outcome_on(today) in {Outcome.CONTRAINDICATED, Outcome.INCOMPLETE}:
        return (kinds.DEFER, kinds.REFUSE)
    return (kinds.TREAT, kinds.CONDITIONS, kinds.DEFER, kinds.REFUSE)


def _check_decision(data: DecisionData, today: dt.date) -> None:
    kinds = ScreeningDecision.Decision
    if data.decision not in kinds.values:
        raise Invalid(_("Choose one of the decisions."), field="decision")
    if not data.reason.strip():
        raise Invalid(_("Write the reason: it is part of the record."), field="reason")
    if data.decision == kinds.CONDITIONS and not data.conditions.strip():
        raise Invalid(_("Write the conditions."), field="conditions")
    if data.decision == kinds.DEFER and (data.defer_until is None or data.defer_until <= today):
        raise Invalid(_("Choose a day after today."), field="defer_until")

"""Plans: drawn up with a snapshot of the protocol, activated, stopped, completed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.common.errors import Invalid
from patients.exceptions import PatientClosed
from patients.models import Patient
from treatments.domain.protocol import Gap, GapUnit, Phase, ProtocolSpec, SessionSpec, expand
from treatments.exceptions import WrongPlanStatus
from treatments.models import (
    RUNNING,
    Indication,
    PlannedSession,
    Protocol,
    ProtocolPhase,
    TargetArea,
    Technique,
    TreatmentPlan,
)
from treatments.models.catalogue import CatalogueEntry
from treatments.selectors.checks import Line
from treatments.services.cocktails import Version, add_version, check_current
from treatments.services.rights import check_can_treat
from treatments.services.terms import Terms, apply_terms
from treatments.signals import plan_activated, plan_stopped

_Row = TypeVar("_Row", bound=CatalogueEntry)


@dataclass(frozen=True)
class PlanDraft:
    """What a practitioner and a patient agree on. Ids of the clinic's own catalogue.

    `counts` are the sessions of each phase, None for those the protocol plans; `start_on` is the
    first session's earliest local day.
    """

    practitioner_id: UUID
    indication_id: UUID
    protocol_id: UUID
    technique_ids: frozenset[UUID]
    area_ids: frozenset[UUID]
    lines: tuple[Line, ...]
    start_on: dt.date
    goals: str = ""
    counts: tuple[int, ...] | None = None
    terms: Terms = Terms()  # noqa: RUF009 - frozen


def create_plan(
    *, patient: Patient, draft: PlanDraft, actor: Actor, now: dt.datetime
) -> TreatmentPlan:
    """A draft plan with its sessions and the first cocktail version.

    Raises Invalid (naming the field) for what the clinic does not have, CocktailStopped when the
    cocktail has an absolute finding for this patient, PatientClosed, Forbidden.
    """
    check_can_treat(actor)
    if not patient.can_be_contacted:
        raise PatientClosed
    clinic = patient.clinic
    protocol = _one(Protocol, clinic, draft.protocol_id, "protocol")
    snapshot = protocol_snapshot(protocol)
    sessions = _sessions(snapshot, draft.counts)
    with audited(actor):
        plan = TreatmentPlan(
            clinic=clinic,
            patient=patient,
            practitioner_id=_practitioner(clinic, draft.practitioner_id),
            indication=_one(Indication, clinic, draft.indication_id, "indication"),
            protocol=protocol,
            protocol_snapshot=snapshot,
            goals=draft.goals.strip(),
            start_on=draft.start_on,
            created_at=now,
        )
        apply_terms(plan, draft.terms).save(force_insert=True)
        plan.areas.set(_some(TargetArea, clinic, draft.area_ids, "areas"))
        plan.techniques.set(_some(Technique, clinic, draft.technique_ids, "techniques"))
        PlannedSession.objects.bulk_create(_rows(plan, sessions, now))
        add_version(plan, Version(draft.lines), actor=actor, now=now)
    return plan


def activate_plan(*, plan: TreatmentPlan, actor: Actor, now: dt.datetime) -> TreatmentPlan:
    """Draft → active, after a last look at the cocktail. Twice is once.

    Raises CocktailStopped, WrongPlanStatus, Forbidden.
    """
    check_can_treat(actor)
    with audited(actor):
        plan = locked_plan(plan)
        if plan.status == TreatmentPlan.Status.ACTIVE:
            return plan
        if plan.status != TreatmentPlan.Status.DRAFT:
            raise WrongPlanStatus
        check_current(plan, plan.clinic.today(now))
        _move(plan, TreatmentPlan.Status.ACTIVE)
        plan_activated.send(TreatmentPlan, clinic=plan.clinic, actor=actor, now=now, plan=plan)
    return plan


def stop_plan(*, plan: TreatmentPlan, reason: str, actor: Actor, now: dt.datetime) -> TreatmentPlan:
    """Draft or active → stopped, with a reason; upper rooms release what was booked. Twice is once."""
    check_can_treat(actor)
    if not reason.strip():
        raise Invalid(_("Say why the plan stops."), code="reason_missing", field="reason")
    with audited(actor, reason="stop"):
        plan = locked_plan(plan)
        if plan.status == TreatmentPlan.Status.STOPPED:
            return plan
        if plan.status == TreatmentPlan.Status.COMPLETED:
            raise WrongPlanStatus
        _stop(plan, reason.strip()[:300], actor, now)
    return plan


def stop_plans_of(
    *, patients: Collection[UUID], reason: str, actor: Actor, now: dt.datetime
) -> None:
    """Stop whatever is drafted or active of these patients: their record is being closed.

    Part of the erasure, which has asked whether the actor may.
    """
    with audited(actor, reason="stop"):
        running = TreatmentPlan.objects.filter(patient__in=patients, status__in=RUNNING)
        for plan in running.order_by("pk"):
            _stop(locked_plan(plan), reason, actor, now)


def complete_if_done(plan: TreatmentPlan) -> bool:
    """Active → completed when every session that was not dropped is signed. In a transaction."""
    plan = locked_plan(plan)
    left = plan.sessions.filter(dropped_at__isnull=True).exclude(record__signed_at__isnull=False)
    if plan.status != TreatmentPlan.Status.ACTIVE or left.exists():
        return False
    _move(plan, TreatmentPlan.Status.COMPLETED)
    return True


def protocol_snapshot(protocol: Protocol) -> dict[str, Any]:
    """The protocol with its phases as plain JSON, so that a later edit never changes a plan."""
    phases = protocol.phases.order_by("order")
    return {
        "key": protocol.key,
        "name": protocol.name,
        "version": protocol.version,
        "phases": [
            {
                "name": phase.name,
                "sessions_min": phase.sessions_min,
                "sessions_planned": phase.sessions_planned,
                "sessions_max": phase.sessions_max,
                "gap_min": phase.gap_min,
                "gap_ideal": phase.gap_ideal,
                "gap_max": phase.gap_max,
                "gap_unit": phase.gap_unit,
                "repeats": phase.repeats,
            }
            for phase in phases
        ],
    }


def spec_of(snapshot: Mapping[str, Any]) -> ProtocolSpec:
    """The domain's protocol of a snapshot. Raises Invalid where it makes no course."""
    try:
        return ProtocolSpec(tuple(_phase(phase) for phase in snapshot["phases"]))
    except ValueError as error:
        raise Invalid(
            _("This protocol has no usable phases. Correct it in the catalogue."), field="protocol"
        ) from error


def _phase(phase: Mapping[str, Any]) -> Phase:
    gap = Gap(phase["gap_min"], phase["gap_ideal"], phase["gap_max"], GapUnit(phase["gap_unit"]))
    return Phase(
        name=phase["name"],
        sessions_min=phase["sessions_min"],
        sessions_planned=phase["sessions_planned"],
        sessions_max=phase["sessions_max"],
        gap=gap,
        repeats=phase["repeats"],
    )


def _sessions(snapshot: Mapping[str, Any], counts: Sequence[int] | None) -> tuple[SessionSpec, ...]:
    spec = spec_of(snapshot)
    try:
        return expand(spec, counts)
    except ValueError as error:
        raise Invalid(
            _("The protocol does not allow this number of sessions in a phase."),
            code="session_counts",
            field="counts",
        ) from error


def _rows(
    plan: TreatmentPlan, sessions: Iterable[SessionSpec], now: dt.datetime
) -> list[PlannedSession]:
    return [
        PlannedSession(
            clinic_id=plan.clinic_id,
            patient_id=plan.patient_id,
            plan=plan,
            created_at=now,
            number=one.number,
            phase_name=one.phase_name,
            phase_index=one.phase_index,
            gap_min=one.gap.min if one.gap else None,
            gap_ideal=one.gap.ideal if one.gap else None,
            gap_max=one.gap.max if one.gap else None,
            gap_unit=one.gap.unit.value if one.gap else ProtocolPhase.Unit.DAYS,
        )
        for one in sessions
    ]


def _practitioner(clinic: Clinic, staff_id: UUID) -> UUID:
    members = Membership.objects.for_clinic(clinic).active().practitioners()
    if not members.filter(staff_id=staff_id).exists():
        raise Invalid(
            _("Choose a practitioner of this clinic."), code="practitioner", field="practitioner"
        )
    return staff_id


def _one(model: type[_Row], clinic: Clinic, pk: UUID, field: str) -> _Row:
    rows = cast("models.QuerySet[_Row]", model._default_manager.all())
    row = rows.filter(clinic=clinic, pk=pk, is_active=True).first()
    if row is None:
        raise Invalid(_("Choose one from the list."), code="not_in_catalogue", field=field)
    return row


def _some(model: type[_Row], clinic: Clinic, ids: Iterable[UUID], field: str) -> list[_Row]:
    wanted = set(ids)
    all_rows = cast("models.QuerySet[_Row]", model._default_manager.all())
    rows = list(all_rows.filter(clinic=clinic, pk__in=wanted, is_active=True))
    if not rows or len(rows) != len(wanted):
        raise Invalid(_("Choose at least one from the list."), code="not_in_catalogue", field=field)
    return rows


def locked_plan(plan: TreatmentPlan) -> TreatmentPlan:
    """The plan, read anew and locked, with its clinic; in a transaction."""
    rows: models.QuerySet[TreatmentPlan] = TreatmentPlan.objects.select_related("clinic")
    return rows.select_for_update(of=("self",)).get(pk=plan.pk)


def _stop(plan: TreatmentPlan, reason: str, actor: Actor, now: dt.datetime) -> None:
    _move(plan, TreatmentPlan.Status.STOPPED, reason)
    plan_stopped.send(
        TreatmentPlan, clinic=plan.clinic, actor=actor, now=now, plan=plan, reason=reason
    )


def _move(plan: TreatmentPlan, status: str, reason: str = "") -> None:
    plan.status, plan.status_reason = status, reason
    plan.save(update_fields=["status", "status_reason"])

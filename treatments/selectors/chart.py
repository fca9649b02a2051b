"""What this room shows on a patient's chart: panels, buttons and entries on the time line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.access import Policy, can
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.calendar import day_interval
from patients.models import Patient
from patients.panels import ChartAction, TimelineEntry
from treatments.models import AdverseEvent, SessionRecord, TreatmentPlan
from treatments.selectors.effects import effect_label
from treatments.selectors.plans import plans_of

_MANY = 100


def plans_panel(
    clinic: Clinic, actor: Actor, patient: Patient, now: dt.datetime
) -> dict[str, object] | None:
    """The patient's plans; one query."""
    patient.clinic = clinic
    return {
        "plans": plans_of(patient),
        "patient_id": patient.pk,
        "can_plan": can(actor, Policy.CLINICAL) and patient.can_be_contacted,
    }


def events_panel(
    clinic: Clinic, actor: Actor, patient: Patient, now: dt.datetime
) -> dict[str, object] | None:
    """The patient's reactions, for practitioners; one query."""
    if not can(actor, Policy.CLINICAL):
        return None
    rows = AdverseEvent.objects.for_clinic(clinic).filter(patient=patient)[:_MANY]
    return {
        "events": [(event, effect_label(event.effect)) for event in rows],
        "patient_id": patient.pk,
    }


def plan_actions(clinic: Clinic, actor: Actor, patient: Patient) -> Iterator[ChartAction]:
    """The button that begins a plan."""
    if can(actor, Policy.CLINICAL) and patient.can_be_contacted:
        url = f"{reverse('treatments:plan-create')}?patient={patient.pk}"
        yield ChartAction(_("New plan"), url, "clipboard2-plus")


def treatment_entries(
    clinic: Clinic, actor: Actor, patient: Patient, now: dt.datetime, *, limit: int
) -> Iterator[TimelineEntry]:
    """Plans for everybody; sessions and reactions for practitioners. Three queries at most."""
    for plan in TreatmentPlan.objects.filter(patient=patient).select_related("indication")[:limit]:
        yield TimelineEntry(
            at=plan.created_at,
            kind="plan",
            title=_("Plan: %(name)s") % {"name": plan.indication.name},
            detail=plan.get_status_display(),
            url=reverse("treatments:plan-detail", args=[plan.pk]),
            state="info",
            icon="clipboard2-pulse",
        )
    if can(actor, Policy.CLINICAL):
        yield from _session_entries(patient, limit)
        yield from _event_entries(clinic, patient, limit)


def _session_entries(patient: Patient, limit: int) -> Iterator[TimelineEntry]:
    rows = SessionRecord.objects.filter(patient=patient).select_related("planned_session")
    for record in rows.order_by(Coalesce("signed_at", "started_at").desc())[:limit]:
        yield TimelineEntry(
            at=record.signed_at or record.started_at,
            kind="session",
            title=_("Session %(number)s") % {"number": record.planned_session.number},
            detail=_("signed") if record.is_signed else _("begun, not signed yet"),
            url=reverse("treatments:session", args=[record.planned_session_id]),
            state="ok" if record.is_signed else "warn",
            icon="eyedropper",
        )


def _event_entries(clinic: Clinic, patient: Patient, limit: int) -> Iterator[TimelineEntry]:
    for event in AdverseEvent.objects.filter(patient=patient)[:limit]:
        yield TimelineEntry(
            at=day_interval(event.onset_on, clinic.zone).start,
            kind="adverse_event",
            title=_("Reaction: %(name)s") % {"name": effect_label(event.effect)},
            detail=event.outcome,
            url=reverse("treatments:event", args=[event.pk]),
            state="stop" if event.stops_treatment else "warn",
            icon="exclamation-diamond",
        )

"""What a person's right to their data needs to know of treatments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients.models import Patient
from treatments.models import RUNNING, AdverseEvent, SessionRecord, TreatmentPlan


def last_treatment(patients: Collection[UUID]) -> dt.date | None:
    """The day of the last signed session. One query."""
    signed = SessionRecord.objects.filter(patient__in=patients, signed_at__isnull=False)
    day: dt.date | None = signed.aggregate(last=Max("performed_on"))["last"]
    return day


def unsigned_session(patient: Patient, now: dt.datetime) -> str | None:
    """A session that was begun must be signed or discarded first. One query."""
    if SessionRecord.objects.filter(patient=patient, signed_at__isnull=True).exists():
        return _("A session record is not signed yet: sign it, or set it aside.")
    return None


def running_plans(patients: Collection[UUID]) -> str | None:
    """How many plans an erasure would stop. One query."""
    count = TreatmentPlan.objects.filter(patient__in=patients, status__in=RUNNING).count()
    text = ngettext(
        "%(n)s plan is under way: it is stopped.",
        "%(n)s plans are under way: they are stopped.",
        count,
    )
    return text % {"n": count} if count else None


def open_reactions(patients: Collection[UUID]) -> str | None:
    """How many reactions an erasure would close, though nobody knows how they end. One query."""
    count = AdverseEvent.objects.filter(patient__in=patients, resolved_at__isnull=True).count()
    text = ngettext(
        "%(n)s reaction is still open: it is closed without anybody knowing how it ended.",
        "%(n)s reactions are still open: they are closed without anybody knowing how they ended.",
        count,
    )
    return text % {"n": count} if count else None


def procedures(patients: Collection[UUID]) -> Iterator[dict[str, Any]]:
    """Signed sessions as FHIR Procedures, without subject. Two queries."""
    rows = SessionRecord.objects.filter(patient__in=patients, signed_at__isnull=False)
    for row in rows.select_related("planned_session__plan__indication").order_by("performed_on"):
        plan = row.planned_session.plan
        yield {
            "resourceType": "Procedure",
            "id": str(row.pk),
            "status": "completed",
            "code": {"text": f"Mesotherapy: {plan.indication}"},
            "performedDateTime": row.performed_on.isoformat(),
            **({"note": [{"text": row.notes}]} if row.notes else {}),
        }

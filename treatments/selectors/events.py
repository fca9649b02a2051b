"""Adverse events as lists show them.

The list is the clinic's register of vigilance: it stays complete when a person is erased, and the
views name nobody there. The page of one event is closed then, as their other pages are.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Value

from mesoclinic.clinic.models import Clinic
from mesoclinic.common.errors import NotFound
from patients.selectors.search import Fold
from treatments.models import AdverseEvent, SessionDose


@dataclass(frozen=True)
class EventFilter:
    """What narrows the list; empty parts don't. `query` is a patient's name or a lot's number."""

    show: str = "open"
    severity: int = 0
    effect: str = ""
    since: dt.date | None = None
    until: dt.date | None = None
    query: str = ""


def event_list(clinic: Clinic, wanted: str | EventFilter = "open") -> QuerySet[AdverseEvent]:
    """Events of the clinic, gravest first. `wanted` as text is open (default), resolved or all.

    Erased persons' events too, to be shown by `Patient.shown_name`; their names find nothing.
    """
    asked = EventFilter(wanted) if isinstance(wanted, str) else wanted
    rows = AdverseEvent.objects.for_clinic(clinic).select_related("patient", "session")
    if asked.show == "open":
        rows = rows.filter(resolved_at__isnull=True)
    elif asked.show == "resolved":
        rows = rows.filter(resolved_at__isnull=False)
    rows = rows.filter(severity__gte=asked.severity)
    if asked.effect:
        rows = rows.filter(effect=asked.effect)
    if asked.since:
        rows = rows.filter(onset_on__gte=asked.since)
    if asked.until:
        rows = rows.filter(onset_on__lte=asked.until)
    for word in asked.query.split()[:6]:
        lot = SessionDose.objects.filter(session=OuterRef("session"), lot__number__istartswith=word)
        named = Q(patient__erased_at=None, patient__search__contains=Fold(Value(word)))
        rows = rows.filter(named | Q(patient__record_number__iexact=word) | Exists(lot))
    return rows.order_by("-severity", "-onset_on", "-pk")


def get_event(clinic: Clinic, pk: UUID) -> AdverseEvent:
    """One event of the clinic. Raises NotFound, also once the person is erased."""
    event = event_list(clinic, "all").filter(pk=pk, patient__erased_at=None).first()
    if event is None:
        raise NotFound
    return event

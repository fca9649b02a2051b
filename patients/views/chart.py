"""The chart: everything about one patient, with what upper apps add."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.http import is_htmx
from patients import panels
from patients.models import Patient
from patients.models.record import RecordFact
from patients.selectors import (
    SafetyRecord,
    latest_invitation,
    merges_into,
    open_drafts,
    safety_record,
    screening_status,
    stands_for,
)
from patients.services import can_fill, readable_phone
from patients.views.base import StaffView

STRETCH = 30
_MOST_SHOWN = 2000


class _WithTimeline(StaffView):
    """What the chart and its time line share: `?kind=` filters, `?from=` goes on with older ones."""

    def timeline(self, patient: Patient) -> dict[str, object]:
        """One stretch of the time line; without htmx everything down to there."""
        kind, start = self.request.GET.get("kind", ""), self._start()
        first = start if is_htmx(self.request) else 0
        found = panels.load_timeline(
            self.request.clinic, self.request.actor, patient, self.now,
            kind=kind, shown=slice(first, start + STRETCH),
        )  # fmt: skip
        return {
            "timeline": found,
            "kind": kind,
            "first": first,
            "older": start + STRETCH if found.more else 0,
        }

    def _start(self) -> int:
        text = self.request.GET.get("from", "")
        return min(int(text), _MOST_SHOWN) if text.isascii() and text.isdigit() else 0


@access(Policy.FRONT_DESK)
class PatientChart(_WithTimeline):
    """One patient: alerts, safety record, screening, panels of upper apps, time line."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The chart. Clinical content only for practitioners."""
        kept = stands_for(self.request.clinic, pk)
        if kept is not None:
            return redirect("patients:chart", pk=kept)
        patient = self.patient(pk)
        record_read(
            self.request.actor, model="patients.patient", patients=[patient.pk],
            object_id=str(patient.pk), reason="chart",
        )  # fmt: skip
        context = {**self._head(patient), **self._screening(patient), **self._extras(patient)}
        return render(request, "patients/chart.html", context)

    def _head(self, patient: Patient) -> dict[str, object]:
        return {
            "patient": patient,
            "age": patient.age_on(self.today),
            "phone": readable_phone(patient.phone),
            "clinical": self.clinical,
            "merges": merges_into(patient, self.now),
            "facts": fact_groups(safety_record(patient)) if self.clinical else None,
        }

    def _screening(self, patient: Patient) -> dict[str, object]:
        drafts = open_drafts(patient)
        return {
            "status": screening_status(patient, self.today),
            "drafts": [one for one in drafts if can_fill(self.request.actor, one)],
            "invitation": latest_invitation(patient, self.now),
        }

    def _extras(self, patient: Patient) -> dict[str, object]:
        scope = (self.request.clinic, self.request.actor, patient)
        shown = panels.load_panels(*scope, self.now)
        return {
            "panels": [self._render(panel, patient) for panel in shown if not panel.side],
            "side_panels": [self._render(panel, patient) for panel in shown if panel.side],
            **self.timeline(patient),
            "actions": panels.load_actions(*scope),
        }

    def _render(self, panel: panels.ShownPanel, patient: Patient) -> str:
        context = {"patient": patient, "clinical": self.clinical, **panel.context}
        return render_to_string(panel.template, context, request=self.request)


@access(Policy.FRONT_DESK)
class PatientTimeline(_WithTimeline):
    """A part of the time line, for htmx: all of it after a filter, or older entries to append."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The filtered line from its top, or further items."""
        patient = self.patient(pk)
        record_read(
            self.request.actor, model="patients.patient", patients=[patient.pk],
            object_id=str(patient.pk), reason="time line",
        )  # fmt: skip
        context = {"patient": patient, **self.timeline(patient)}
        template = "_timeline_items" if context["first"] else "_timeline"
        return render(request, f"patients/{template}.html", context)


@dataclass(frozen=True)
class FactGroup:
    """One list of the safety record: what applies now, and what is over."""

    kind: str
    title: str
    add_label: str
    none: str
    active: tuple[RecordFact, ...]
    over: tuple[RecordFact, ...]


def fact_groups(record: SafetyRecord) -> list[FactGroup]:
    """The three lists in the order a practitioner reads them."""
    words = (
        ("allergy", _("Allergies"), _("Add an allergy"), _("No allergy recorded"), record.allergies),
        (
            "medicine", _("Medicines"), _("Add a medicine"), _("No medicine recorded"),
            record.medicines,
        ),
        (
            "condition", _("Conditions"), _("Add a condition"), _("No condition recorded"),
            record.conditions,
        ),
    )  # fmt: skip
    return [
        FactGroup(
            kind, title, add_label, none,
            active=tuple(fact for fact in facts if fact.is_active),
            over=tuple(fact for fact in facts if not fact.is_active),
        )
        for kind, title, add_label, none, facts in words
    ]  # fmt: skip

"""Allergies, medicines and conditions: pages for practitioners."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.pages import again
from mesoclinic.common.errors import DomainError
from patients.forms import AllergyForm, ConditionForm, MedicineForm
from patients.models import Allergy, Condition, Medicine, Patient
from patients.selectors import get_fact
from patients.services import add_fact, change_fact, end_fact
from patients.views.base import StaffView

FORMS: dict[str, type[AllergyForm] | type[MedicineForm] | type[ConditionForm]] = {
    "allergy": AllergyForm,
    "medicine": MedicineForm,
    "condition": ConditionForm,
}
TITLES = {
    "allergy": (gettext_lazy("Add an allergy"), gettext_lazy("Change the allergy")),
    "medicine": (gettext_lazy("Add a medicine"), gettext_lazy("Change the medicine")),
    "condition": (gettext_lazy("Add a condition"), gettext_lazy("Change the condition")),
}
TEMPLATE = "patients/fact_form.html"


class FactView(StaffView):
    """A page about one kind of fact; the kind is part of the address."""

    def form_class(self, kind: str) -> type[AllergyForm] | type[MedicineForm] | type[ConditionForm]:
        """The form of the kind, or 404."""
        if kind not in FORMS:
            raise Http404
        return FORMS[kind]


@access(Policy.CLINICAL)
class FactAdd(FactView):
    """Add to the safety record."""

    def get(self, request: HttpRequest, pk: UUID, kind: str) -> HttpResponse:
        """An empty form."""
        patient = self.patient(pk)
        return render(request, TEMPLATE, _context(kind, patient, self.form_class(kind)()))

    def post(self, request: HttpRequest, pk: UUID, kind: str) -> HttpResponse:
        """Add, and judge the screening anew."""
        patient = self.patient(pk)
        form = self.form_class(kind)(request.POST)
        if form.is_valid():
            try:
                add_fact(
                    actor=self.request.actor, patient=patient, data=form.to_data(), now=self.now
                )
            except DomainError as error:
                form.refuse(error)
            else:
                messages.success(request, _("Added to the record."))
                return redirect("patients:chart", pk=pk)
        return again(request, TEMPLATE, _context(kind, patient, form))


@access(Policy.CLINICAL)
class FactEdit(FactView):
    """Correct an entry."""

    def get(self, request: HttpRequest, pk: UUID, kind: str, fact: UUID) -> HttpResponse:
        """The form with what is stored."""
        form_class = self.form_class(kind)
        row = get_fact(self.request.clinic, pk, kind, fact)
        form = form_class(initial={name: getattr(row, name) for name in form_class.base_fields})
        record_read(self.request.actor, model=row._meta.label_lower, patients=[pk])
        return render(request, TEMPLATE, _context(kind, row.patient, form, row))

    def post(self, request: HttpRequest, pk: UUID, kind: str, fact: UUID) -> HttpResponse:
        """Store, and judge the screening anew."""
        form = self.form_class(kind)(request.POST)
        row = get_fact(self.request.clinic, pk, kind, fact)
        if form.is_valid():
            try:
                change_fact(actor=self.request.actor, fact=row, data=form.to_data(), now=self.now)
            except DomainError as error:
                form.refuse(error)
            else:
                messages.success(request, _("Saved."))
                return redirect("patients:chart", pk=pk)
        return again(request, TEMPLATE, _context(kind, row.patient, form, row))


@access(Policy.CLINICAL)
class FactEnd(FactView):
    """It does not apply any more."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: UUID, kind: str, fact: UUID) -> HttpResponse:
        """End it today; it stays as history."""
        self.form_class(kind)
        row = get_fact(self.request.clinic, pk, kind, fact)
        end_fact(actor=self.request.actor, fact=row, now=self.now)
        messages.success(request, _("“%(text)s” has ended.") % {"text": row.text})
        return redirect("patients:chart", pk=pk)


def _context(
    kind: str,
    patient: Patient,
    form: object,
    fact: Allergy | Medicine | Condition | None = None,
) -> dict[str, object]:
    return {
        "kind": kind,
        "patient": patient,
        "form": form,
        "fact": fact,
        "heading": TITLES[kind][0 if fact is None else 1],
    }

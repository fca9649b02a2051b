"""Registering patients and changing who they are."""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.pages import again
from mesoclinic.common.errors import DomainError
from mesoclinic.common.ids import new_id
from patients.exceptions import PossibleDuplicate
from patients.forms import PatientForm
from patients.models import Patient
from patients.services import PatientData, readable_phone, register_patient, update_patient
from patients.views.base import StaffView


@access(Policy.FRONT_DESK)
class PatientCreate(StaffView):
    """Register a patient."""

    template = "patients/patient_form.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """An empty form; the name may come from the search (`?name=`)."""
        form = PatientForm(
            clinic=self.request.clinic,
            with_clinical=self.clinical,
            initial={"name": request.GET.get("name", "")[:200]},
        )
        return render(request, self.template, {"form": form, "form_id": new_id()})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Register; somebody alike is shown first, unless "register anyway" was pressed."""
        form = PatientForm(request.POST, clinic=self.request.clinic, with_clinical=self.clinical)
        context: dict[str, object] = {"form": form, "form_id": request.POST.get("form_id", "")}
        if form.is_valid():
            try:
                patient = self._register(form)
            except PossibleDuplicate as found:
                context["candidates"] = self._shown(found)
            except DomainError as error:
                form.refuse(error)
            else:
                messages.success(request, _("%(name)s is registered.") % {"name": patient.name})
                return redirect("patients:chart", pk=patient.pk)
        return again(request, self.template, context)

    def _register(self, form: PatientForm) -> Patient:
        return register_patient(
            actor=self.request.actor,
            clinic=self.request.clinic,
            data=form.to_data(),
            now=self.now,
            accept_duplicate="accept_duplicate" in self.request.POST,
            patient_id=_uuid(self.request.POST.get("form_id", "")),
        )

    def _shown(self, found: PossibleDuplicate) -> list[dict[str, object]]:
        patients = [one for one in found.candidates if isinstance(one, Patient)]
        record_read(
            self.request.actor,
            model="patients.patient",
            patients=[one.pk for one in patients],
            reason="possible duplicates",
        )
        return [
            {"patient": one, "phone": readable_phone(one.phone), "age": one.age_on(self.today)}
            for one in patients
        ]


@access(Policy.FRONT_DESK)
class PatientEdit(StaffView):
    """Change identity, contact and preferences."""

    template = "patients/patient_form.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The form with what is stored."""
        patient = self.patient(pk)
        form = PatientForm(clinic=self.request.clinic, with_clinical=self.clinical, patient=patient)
        record_read(self.request.actor, model="patients.patient", patients=[patient.pk])
        return render(request, self.template, self._context(form, patient))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Store what changed; a page left behind first says that somebody else has saved."""
        patient = self.patient(pk)
        form = PatientForm(
            request.POST, clinic=self.request.clinic, with_clinical=self.clinical, patient=patient
        )
        context = self._context(form, patient)
        if form.is_valid() and request.POST.get("seen", context["seen"]) != context["seen"]:
            form.add_error(None, _(
                "This record was changed in the meantime, in another tab or by somebody else. "
                "Look at the chart. Saving again replaces that with what stands here."
            ))  # fmt: skip
        if form.is_valid() and self._update(form, patient, form.to_data()):
            messages.success(request, _("Saved."))
            return redirect("patients:chart", pk=patient.pk)
        return again(request, self.template, context)

    def _context(self, form: PatientForm, patient: Patient) -> dict[str, object]:
        """With a mark of what is stored now, by which a page left behind is known."""
        stored = [str(getattr(patient, field.attname)) for field in patient._meta.concrete_fields]
        seen = hashlib.sha256("\0".join(stored).encode()).hexdigest()[:16]
        return {"form": form, "patient": patient, "seen": seen}

    def _update(self, form: PatientForm, patient: Patient, data: PatientData) -> bool:
        try:
            update_patient(actor=self.request.actor, patient=patient, data=data, now=self.now)
        except DomainError as error:
            form.refuse(error)
            return False
        return True


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

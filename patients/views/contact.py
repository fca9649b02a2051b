"""What a patient wants to be told, and how."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access
from patients.forms import ContactForm
from patients.services import contact_wishes, set_contact_wishes
from patients.views.base import StaffView


@access(Policy.FRONT_DESK)
class PatientContact(StaffView):
    """Contact preferences per channel and purpose."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """What is stored."""
        patient = self.patient(pk)
        record_read(self.request.actor, model="patients.contactpreference", patients=[patient.pk])
        form = ContactForm(wishes=contact_wishes(patient))
        return render(request, "patients/contact.html", {"patient": patient, "form": form})

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Store what changed; planned messages follow."""
        patient = self.patient(pk)
        form = ContactForm(request.POST, wishes=contact_wishes(patient))
        form.is_valid()  # boxes can't be wrong
        set_contact_wishes(
            actor=self.request.actor, patient=patient, wishes=form.wishes(), now=self.now
        )
        messages.success(request, _("Saved."))
        return redirect("patients:chart", pk=patient.pk)

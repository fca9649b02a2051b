"""A person's rights over their data: what is held, handing it out, restricting its use, erasing it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.pages import again
from mesoclinic.common.errors import DomainError
from patients.forms import EraseForm, RestrictForm
from patients.models import Patient
from patients.selectors import get_closed_record
from patients.selectors.dossier import closed_records
from patients.services import (
    archive_response,
    erase_patient,
    erasure_plan,
    export_patient,
    lift_restriction,
    restrict_patient,
)
from patients.views.base import StaffView

TEMPLATE = "patients/rights.html"
_PAGE = 50


class _Rights(StaffView):
    def context(
        self,
        patient: Patient,
        erase: EraseForm | None = None,
        restrict: RestrictForm | None = None,
    ) -> dict[str, object]:
        """How much is held, and what erasing would leave: counts, never content."""
        return {
            "patient": patient,
            "plan": erasure_plan(patient, self.now),
            "erase_form": erase or EraseForm(patient=patient),
            "restrict_form": restrict or RestrictForm(),
        }


@access(Policy.CLINICAL_OR_MANAGER)
class PatientRights(_Rights):
    """What is held about a person, and what may be done with it."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The page."""
        patient = self.patient(pk)
        record_read(self.request.actor, model="patients.patient", patients=[pk], reason="rights")
        return render(request, TEMPLATE, self.context(patient))


@access(Policy.CLINICAL)
class PatientHandOut(StaffView):
    """Everything held about a person, as a ZIP."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        """The download; on record as an export."""
        patient = self.patient(pk)
        out = export_patient(actor=self.request.actor, patient=patient, now=self.now)
        return archive_response(out, patient)


@access(Policy.CLINICAL_OR_MANAGER)
class PatientRestrict(_Rights):
    """Keep the data, but use them no more."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Restrict, with a reason."""
        patient, form = self.patient(pk), RestrictForm(request.POST)
        if not form.is_valid():
            return again(request, TEMPLATE, self.context(patient, restrict=form))
        restrict_patient(
            actor=self.request.actor, patient=patient, reason=form.cleaned_data["reason"],
            now=self.now,
        )  # fmt: skip
        messages.success(request, _("Restricted: nothing is planned or sent any more."))
        return redirect("patients:rights", pk=pk)


@access(Policy.CLINICAL_OR_MANAGER)
class PatientLift(_Rights):
    """Use the data again."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Lift the restriction."""
        lift_restriction(actor=self.request.actor, patient=self.patient(pk), now=self.now)
        messages.success(request, _("The restriction is lifted."))
        return redirect("patients:rights", pk=pk)


@access(Policy.CLINICAL_OR_MANAGER)
class PatientErase(_Rights):
    """Forget a person. The record number must be typed, so that nobody is erased by a slip."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Erase, and go to where what is kept by law can be found."""
        patient = self.patient(pk)
        form = EraseForm(request.POST, patient=patient)
        if form.is_valid():
            try:
                erase_patient(actor=self.request.actor, patient=patient, now=self.now)
            except DomainError as error:
                form.refuse(error)
            else:
                messages.success(
                    request, _("%(number)s is erased.") % {"number": patient.record_number}
                )
                return redirect("patients:closed")
        return again(request, TEMPLATE, self.context(patient, erase=form))


@access(Policy.CLINICAL_OR_MANAGER)
class ClosedRecords(StaffView):
    """Erased persons whose record of treatment the law still wants."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Whose it is, and until when it is kept; a page at a time, `?q=` narrows."""
        query = request.GET.get("q", "").strip()
        rows = closed_records(self.request.clinic, query)
        page = Paginator(rows, _PAGE).get_page(request.GET.get("page"))
        record_read(
            self.request.actor, model="patients.patient", patients=[one.pk for one in page],
            reason="closed records",
        )  # fmt: skip
        context = {"patients": page.object_list, "page_obj": page, "query": query}
        return render(request, "patients/closed.html", context)


@access(Policy.CLINICAL)
class ClosedHandOut(StaffView):
    """What the law keeps of an erased person, as a ZIP: for a court, an insurer, the person."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        """The download; on record as an export."""
        patient = get_closed_record(self.request.clinic, pk)
        out = export_patient(actor=self.request.actor, patient=patient, now=self.now)
        return archive_response(out, patient)

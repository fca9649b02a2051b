"""Finding patients: the list, and the answers of the search at the top of every page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.http import is_htmx, wants_json
from mesoclinic.clinic.names import initials_of
from patients.models import Patient
from patients.selectors import Page, screening_status_for, search_patients
from patients.services import readable_phone
from patients.views.base import StaffView

FOUND = 8
_MOST = 100


@access(Policy.FRONT_DESK)
class PatientList(StaffView):
    """All patients by name, twenty at a time; the same page answers htmx with rows alone."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """One page of the list or of what was found."""
        query = self.request.GET.get("q", "").strip()[:_MOST]
        page = search_patients(self.request.clinic, query, after=self.request.GET.get("after", ""))
        statuses = screening_status_for(page.patients, self.today)
        shown = [patient.pk for patient in page.patients]
        record_read(self.request.actor, model="patients.patient", patients=shown, reason="list")
        template = "patients/_list_rows.html" if is_htmx(self.request) else "patients/list.html"
        context = {
            "query": query,
            "page": page,
            "rows": [
                self._row(patient, statuses[patient.pk].standing) for patient in page.patients
            ],
            "next_url": self._next(query, page),
        }
        return render(self.request, template, context)

    def _row(self, patient: Patient, standing: str) -> dict[str, object]:
        return {
            "patient": patient,
            "age": patient.age_on(self.today),
            "phone": readable_phone(patient.phone),
            "standing": standing,
        }

    def _next(self, query: str, page: Page) -> str:
        if not page.after:
            return ""
        return f"{reverse('patients:list')}?{urlencode({'q': query, 'after': page.after})}"


@access(Policy.FRONT_DESK)
class PatientSearch(StaffView):
    """Search as you type: a listbox for htmx, JSON for `Accept: application/json`."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """At most eight patients; nobody for an empty query."""
        query = self.request.GET.get("q", "").strip()[:_MOST]
        page = search_patients(self.request.clinic, query, limit=FOUND) if query else Page(())
        shown = [patient.pk for patient in page.patients]
        record_read(self.request.actor, model="patients.patient", patients=shown, reason="search")
        results = [self._result(patient) for patient in page.patients]
        if wants_json(self.request):
            return JsonResponse({"query": query, "results": results})
        context = {"results": results, "query": query, "create_url": reverse("patients:create")}
        return render(self.request, "_components/find_results.html", context)

    def _result(self, patient: Patient) -> dict[str, object]:
        age = patient.age_on(self.today)
        note = [patient.record_number, str(age) if age is not None else "", patient.alert]
        return {
            "id": str(patient.pk),
            "url": reverse("patients:chart", args=[patient.pk]),
            "initials": initials_of(patient.name),
            "title": patient.name,
            "note": " · ".join(part for part in (*note, readable_phone(patient.phone)) if part),
            "name": patient.name,
            "record_number": patient.record_number,
            "birth_date": patient.birth_date.isoformat() if patient.birth_date else None,
        }

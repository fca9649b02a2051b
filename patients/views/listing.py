"""Finding patients: the list, and the answers of the search at the top of every page."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.models import Action, AuditEntry
from mesoclinic.audit.services import record, record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.http import is_htmx, wants_json
from mesoclinic.clinic.names import initials_of
from mesoclinic.clinic.spreadsheets import csv_file
from patients.models import Patient
from patients.selectors import (
    ListFilter,
    Page,
    Standing,
    all_patients,
    list_patients,
    search_patients,
)
from patients.services import readable_phone
from patients.views.base import StaffView

FOUND = 8
STANDING_WORDS = {
    Standing.NONE: _("Not screened"),
    Standing.EXPIRED: _("Screening expired"),
    Standing.INCOMPLETE: _("Incomplete"),
    Standing.CLEARED: _("Cleared"),
    Standing.ACCEPTED: _("Treat"),
    Standing.REVIEW: _("Review"),
    Standing.DEFERRED: _("Deferred"),
    Standing.STOPPED: _("Do not treat"),
}
_MOST = 100


class _Filtered(StaffView):
    """What the list and its file share: `?q=`, `?standing=` and `?language=`."""

    @property
    def wanted(self) -> ListFilter:
        """The filters in the address; what is unknown narrows nothing."""
        asked = self.request.GET
        standing, language = asked.get("standing", ""), asked.get("language", "")
        return ListFilter(
            query=asked.get("q", "").strip()[:_MOST],
            standing=standing if standing in set(Standing) else "",
            language=language if language in dict(settings.LANGUAGES) else "",
        )

    def address(self, name: str, **more: str) -> str:
        """The URL of `name` under the same filters."""
        wanted = self.wanted
        asked = {"q": wanted.query, "standing": wanted.standing, "language": wanted.language}
        kept = {key: value for key, value in {**asked, **more}.items() if value}
        return f"{reverse(name)}?{urlencode(kept)}" if kept else reverse(name)


@access(Policy.FRONT_DESK)
class PatientList(_Filtered):
    """All patients by name, twenty at a time; the same page answers htmx with rows alone."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """One page of the list or of what was found."""
        found = list_patients(
            self.request.clinic, self.wanted, self.today, after=self.request.GET.get("after", "")
        )
        page = found.page
        shown = [patient.pk for patient in page.patients]
        record_read(self.request.actor, model="patients.patient", patients=shown, reason="list")
        template = "patients/_list_rows.html" if is_htmx(self.request) else "patients/list.html"
        context = {
            "query": self.wanted.query,
            "wanted": self.wanted,
            "page": page,
            "rows": [self._row(patient, found.standings[patient.pk]) for patient in page.patients],
            "next_url": self.address("patients:list", after=page.after) if page.after else "",
            "export_url": self.address("patients:export"),
            "standings": [(one.value, STANDING_WORDS[one]) for one in Standing],
            "languages": settings.LANGUAGES,
        }
        return render(self.request, template, context)

    def _row(self, patient: Patient, standing: str) -> dict[str, object]:
        return {
            "patient": patient,
            "age": patient.age_on(self.today),
            "phone": readable_phone(patient.phone),
            "standing": standing,
        }


@access(Policy.FRONT_DESK)
class PatientExport(_Filtered):
    """The list under its filters as a CSV file. Identity alone: no clinical content for anybody."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The whole list; one audit row names everybody in it."""
        rows = all_patients(self.request.clinic, self.wanted, self.today)
        patients = [patient for patient, _standing in rows]
        record(
            self.request.actor,
            Action.EXPORT,
            AuditEntry(
                model="patients.patient",
                patients=[one.pk for one in patients],
                reason="list as CSV",
            ),
        )
        return csv_file(f"patients-{self.today.isoformat()}", _HEAD, map(_cells, patients))


_HEAD = [
    _("Number"), _("Name"), _("Born"), _("Sex"), _("Phone"), _("E-mail"), _("Language"), _("Died"),
]  # fmt: skip


def _cells(one: Patient) -> list[str]:
    """Who it is and how to reach them, nothing clinical; dates are ISO."""
    return [
        one.record_number, one.name, one.birth_date.isoformat() if one.birth_date else "",
        one.get_sex_display(),
        # A no-break space keeps a spreadsheet from adding the number up.
        f"\u00a0{readable_phone(one.phone)}" if one.phone else "",
        one.email, one.language, one.deceased_on.isoformat() if one.deceased_on else "",
    ]  # fmt: skip


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

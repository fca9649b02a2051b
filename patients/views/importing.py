"""Importing FHIR bundles in the browser."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.clinic.access import Policy, access
from mesoclinic.common.errors import DomainError
from patients.models import Patient
from patients.services import ImportOutcome, import_bundle
from patients.views.base import StaffView

MOST_MEGABYTES = 20
MOST_FILES = 50


@dataclass(frozen=True)
class Line:
    """One line of the result: a patient, or a bundle that was refused."""

    name: str
    text: str = ""
    error: str = ""
    patient: Patient | None = None


@access(Policy.FRONT_DESK)
class PatientImport(StaffView):
    """Choose or drop bundles; one line says what became of each. Shows no clinical content."""

    template = "patients/import.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The place to drop them."""
        return render(request, self.template, {"most_megabytes": MOST_MEGABYTES})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Import; a bad bundle is a line, and the others go on."""
        files = request.FILES.getlist("bundles")
        lines = [line for file in files[:MOST_FILES] for line in self._import(file)]
        lines += [
            Line(name=file.name or "", error=_("Too many at once. Import this one afterwards."))
            for file in files[MOST_FILES:]
        ]
        if not lines:
            lines = [Line(name=_("No file"), error=_("Choose at least one bundle."))]
        good = sum(1 for line in lines if not line.error)
        summary = _("%(good)s imported, %(bad)s refused") % {"good": good, "bad": len(lines) - good}
        return render(
            request,
            self.template,
            {"lines": lines, "summary": summary, "most_megabytes": MOST_MEGABYTES},
        )

    def _import(self, file: UploadedFile[bytes]) -> list[Line]:
        name = file.name or ""
        if (file.size or 0) > MOST_MEGABYTES * 1_000_000:
            return [Line(name=name, error=_("The file is too large."))]
        try:
            outcomes = import_bundle(
                actor=self.request.actor, clinic=self.request.clinic, data=file.read(), now=self.now
            )
        except DomainError as error:
            return [Line(name=name, error=error.message)]
        return [Line(name=name, text=in_words(one), patient=one.patient) for one in outcomes]


def in_words(outcome: ImportOutcome) -> str:
    """What became of one patient, in counts."""
    if outcome.is_unchanged:
        parts = [_("nothing new")]
    else:
        parts = [
            _("registered") if outcome.created else _("completed"),
            _many(ngettext("%(n)s allergy", "%(n)s allergies", outcome.allergies.total), outcome.allergies.total),
            _many(ngettext("%(n)s medicine", "%(n)s medicines", outcome.medicines.total), outcome.medicines.total),
            _many(ngettext("%(n)s condition", "%(n)s conditions", outcome.conditions.total), outcome.conditions.total),
        ]  # fmt: skip
    return ", ".join([*parts, *outcome.problems])


def _many(text: str, number: int) -> str:
    return text % {"n": number}

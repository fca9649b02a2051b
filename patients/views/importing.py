"""Importing: FHIR bundles at once; tables by steps, looked at before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.audit.models import Action, AuditEntry
from mesoclinic.audit.services import record, record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.http import is_htmx
from mesoclinic.clinic.pages import again
from mesoclinic.clinic.spreadsheets import csv_file
from mesoclinic.common.errors import DomainError
from patients.forms import MappingForm
from patients.models import ImportRow, ImportRun, Patient
from patients.selectors.imports import get_run, lines_of, recent_runs
from patients.services import MOST_MEGABYTES, ImportOutcome, import_bundle
from patients.services.runs import (
    advance_run,
    counts_of,
    discard_run,
    drop_if_empty,
    importable,
    set_mapping,
    start_bundles,
    start_importing,
    start_table,
)
from patients.services.undoing import undo_import
from patients.views.base import StaffView

MOST_FILES = 50
_LINES_SHOWN = 200
_UNDER_WAY = frozenset({ImportRun.State.CHECKING, ImportRun.State.RUNNING})


@dataclass(frozen=True)
class Line:
    """One line of the result: a patient, or a bundle that was refused."""

    name: str
    text: str = ""
    error: str = ""
    patient: Patient | None = None


@access(Policy.FRONT_DESK)
class PatientImport(StaffView):
    """Choose or drop files. A table leads to its own pages; of bundles one line says what became
    of each, without clinical content.
    """

    template = "patients/import.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The place to drop them, and the imports so far."""
        return render(request, self.template, self._context())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Read what came: one table, or bundles."""
        files = request.FILES.getlist("bundles")
        if len(files) == 1 and not _is_json(files[0]):
            return self._table(files[0])
        lines = self._bundles(files[:MOST_FILES])
        lines += [
            Line(name=file.name or "", error=_("Too many at once. Import this one afterwards."))
            for file in files[MOST_FILES:]
        ]
        if not lines:
            lines = [Line(name=_("No file"), error=_("Choose at least one file."))]
        good = sum(1 for line in lines if not line.error)
        summary = _("%(good)s imported, %(bad)s refused") % {"good": good, "bad": len(lines) - good}
        return render(request, self.template, self._context(lines=lines, summary=summary))

    def _context(self, **more: object) -> dict[str, object]:
        runs = recent_runs(self.request.clinic)
        return {"runs": runs, "most_megabytes": MOST_MEGABYTES, "now": self.now, **more}

    def _table(self, file: UploadedFile[bytes]) -> HttpResponse:
        try:
            run = start_table(
                actor=self.request.actor, clinic=self.request.clinic, name=file.name or "",
                data=_read(file), now=self.now,
            )  # fmt: skip
        except DomainError as error:
            lines = [Line(name=file.name or "", error=error.message)]
            return again(self.request, self.template, self._context(lines=lines))
        return redirect("patients:import-run", pk=run.pk)

    def _bundles(self, files: list[UploadedFile[bytes]]) -> list[Line]:
        if not files:
            return []
        name = files[0].name or ""
        if len(files) > 1:
            name = _("%(name)s and %(n)d more") % {"name": name, "n": len(files) - 1}
        actor, clinic = self.request.actor, self.request.clinic
        run = start_bundles(actor=actor, clinic=clinic, name=name, now=self.now)
        lines = [line for file in files for line in self._import(file, run)]
        drop_if_empty(actor=actor, run=run)
        return lines

    def _import(self, file: UploadedFile[bytes], run: ImportRun) -> list[Line]:
        name = file.name or ""
        if not _is_json(file):
            return [Line(name=name, error=_("Import tables one at a time, without bundles."))]
        try:
            outcomes = import_bundle(
                actor=self.request.actor, clinic=self.request.clinic, data=_read(file),
                now=self.now, run=run,
            )  # fmt: skip
        except DomainError as error:
            return [Line(name=name, error=error.message)]
        return [Line(name=name, text=in_words(one), patient=one.patient) for one in outcomes]


def _is_json(file: UploadedFile[bytes]) -> bool:
    """What begins with a brace is a bundle, whatever its name, and what is named so wants to be one."""
    if (file.name or "").lower().endswith(".json"):
        return True
    start: bytes = file.read(64)
    file.seek(0)
    return start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"["))


def _read(file: UploadedFile[bytes]) -> bytes:
    if (file.size or 0) > MOST_MEGABYTES * 1_000_000:
        raise DomainError(_("The file is too large."))
    data: bytes = file.read()
    return data


@access(Policy.FRONT_DESK)
class ImportPage(StaffView):
    """One import, wherever it stands: matching columns, the report, the progress, the result."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The page; htmx gets the progress alone."""
        run = get_run(self.request.clinic, pk)
        if run.state == ImportRun.State.MAPPING or "columns" in request.GET:
            return render(
                request, "patients/import_mapping.html", _mapping(run, MappingForm(run=run))
            )
        return self._report(run)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Take over what each column is, and have the lines checked."""
        run = get_run(self.request.clinic, pk)
        form = MappingForm(request.POST, run=run)
        if form.is_valid():
            try:
                set_mapping(actor=self.request.actor, run=run, **form.to_data())
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                return redirect("patients:import-run", pk=pk)
        return again(request, "patients/import_mapping.html", _mapping(run, form))

    def _report(self, run: ImportRun) -> HttpResponse:
        context = report(run, self.request.GET.get("state", ""))
        shown = [line.patient_id for line in context["lines"] if line.patient_id]  # type: ignore[attr-defined]
        record_read(self.request.actor, model="patients.patient", patients=shown, reason="import")
        return render(self.request, "patients/import_run.html", {**context, "now": self.now})


@access(Policy.FRONT_DESK)
class ImportStep(StaffView):
    """What is done with an import: the next batch, start, discard, undo."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: UUID, step: str) -> HttpResponse:
        """Do it, and show where the import stands."""
        run, actor = get_run(self.request.clinic, pk), self.request.actor
        if step not in {"advance", "start", "discard", "undo"}:
            raise Http404
        if step == "discard":
            discard_run(actor=actor, run=run)
            messages.success(request, _("Discarded. Nothing was imported."))
            return redirect("patients:import")
        if step == "undo":
            undo_import(actor=actor, run=run, now=self.now)
            messages.success(request, _("The import is undone."))
        elif step == "start":
            start_importing(actor=actor, run=run)
        else:
            run = advance_run(actor=actor, run=run, now=self.now)
            if is_htmx(self.request):
                return _progress(self.request, run)
        return redirect("patients:import-run", pk=pk)


def _progress(request: HttpRequest, run: ImportRun) -> HttpResponse:
    """The bar, which asks for the next batch by itself; at the end, the whole page anew."""
    if run.state in _UNDER_WAY:
        return render(request, "patients/_import_progress.html", report(run, ""))
    answer = HttpResponse()
    answer["HX-Redirect"] = reverse("patients:import-run", args=[run.pk])
    return answer


@access(Policy.FRONT_DESK)
class ImportLines(StaffView):
    """The lines that were not imported, as a CSV with what is wrong, to be mended and sent again."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The file."""
        run = get_run(self.request.clinic, pk)
        lines = lines_of(run).filter(state__in=[ImportRow.State.BAD, ImportRow.State.TWICE])
        width = len(run.columns)
        rows = (
            [*line.values, *[""] * (width - len(line.values)), " ".join(line.problems)]
            for line in lines
        )
        record(
            self.request.actor, Action.EXPORT,
            AuditEntry(model="patients.importrow", object_id=str(pk), reason="lines to be corrected"),
        )  # fmt: skip
        return csv_file("to-be-corrected", [*run.columns, _("To be corrected")], rows)


def report(run: ImportRun, state: str) -> dict[str, object]:
    """Where an import stands: counts by state, and the first lines of those asked for."""
    counts = counts_of(run)
    wanted = state if state in ImportRow.State.values else ""
    total = sum(counts.values())
    waiting = counts.get(ImportRow.State.WAITING, 0)
    if run.state == ImportRun.State.RUNNING:
        waiting = importable(run).count()
    return {
        "run": run,
        "counts": [(one, counts[one.value]) for one in ImportRow.State if counts.get(one.value)],
        "state": wanted,
        "lines": list(lines_of(run, wanted)[:_LINES_SHOWN]),
        "more": max(0, (counts.get(wanted, 0) if wanted else total) - _LINES_SHOWN),
        "total": total,
        "finished": total - waiting,
        "good": importable(run).count() if run.state == ImportRun.State.CHECKED else 0,
        "bad": counts.get(ImportRow.State.BAD, 0) + counts.get(ImportRow.State.TWICE, 0),
        "under_way": run.state in _UNDER_WAY,
    }


def _mapping(run: ImportRun, form: MappingForm) -> dict[str, object]:
    lines = list(run.rows.order_by("number")[:3])
    samples = [
        (form[f"column_{n}"], heading, [one.values[n] for one in lines if n < len(one.values)])
        for n, heading in enumerate(run.columns)
    ]
    return {"run": run, "form": form, "columns": samples, "total": run.rows.count()}


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

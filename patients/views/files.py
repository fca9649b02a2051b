"""Photographs and documents: gallery, upload, comparison, and the bytes themselves."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.pages import UNPROCESSABLE, again
from mesoclinic.common.calendar import local_date
from mesoclinic.common.errors import DomainError
from patients.forms import LabelsForm, UploadForm, WithdrawForm
from patients.forms.files import ACCEPTED, PICTURES
from patients.models import Patient, PatientFile
from patients.selectors import gallery, get_file, pair_to_compare, photographs_of
from patients.services import (
    MAX_FILES,
    MAX_MEGABYTES,
    Kept,
    add_files,
    file_response,
    relabel_file,
    withdraw_file,
)
from patients.views.base import StaffView

MODEL = "patients.patientfile"


class FileView(StaffView):
    """A page about files; every look is recorded."""

    def looked(self, patient_id: UUID, reason: str, file: PatientFile | None = None) -> None:
        """One audit row."""
        record_read(
            self.request.actor, model=MODEL, patients=[patient_id], reason=reason,
            object_id=str(file.pk) if file else "",
        )  # fmt: skip

    def file(self, pk: UUID) -> PatientFile:
        """The file of this clinic, or 404."""
        return get_file(self.request.clinic, pk)


@access(Policy.CLINICAL)
class PatientFiles(FileView):
    """Everything kept of one patient, and where more is added."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The gallery."""
        patient = self.patient(pk)
        self.looked(patient.pk, "gallery")
        initial = {key: request.GET.get(key, "") for key in ("area", "view")}
        return render(request, "patients/files.html", _page(patient, UploadForm(initial=initial)))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Keep files. Each stands for itself; JSON where a script asks, one file at a time."""
        patient = self.patient(pk)
        form = UploadForm(request.POST, request.FILES)
        kept = self._keep(patient, form) if form.is_valid() else []
        if request.accepts("text/html"):
            return self._as_page(patient, form, kept)
        return _as_json(form, kept)

    def _keep(self, patient: Patient, form: UploadForm) -> list[Kept]:
        try:
            kept = add_files(
                actor=self.request.actor, patient=patient, uploads=form.to_uploads(),
                labels=form.to_labels(), now=self.now,
            )  # fmt: skip
        except DomainError as error:
            form.refuse(error)
            return []
        for one in kept:
            if one.error is not None:
                form.add_error("files", f"{one.name}: {one.error.message}")
        return kept

    def _as_page(self, patient: Patient, form: UploadForm, kept: list[Kept]) -> HttpResponse:
        for text in _told(kept):
            messages.success(self.request, text)
        if form.errors:
            return again(self.request, "patients/files.html", _page(patient, form))
        return redirect("patients:files", pk=patient.pk)


def _told(kept: list[Kept]) -> list[str]:
    """What became of several files, in sentences."""
    new = sum(1 for one in kept if one.file and not one.is_known)
    known = sum(1 for one in kept if one.is_known)
    texts = []
    if new:
        texts.append(ngettext("%(n)d file is kept.", "%(n)d files are kept.", new) % {"n": new})
    if known:
        words = ngettext("%(n)d file was there already.", "%(n)d files were there already.", known)
        texts.append(words % {"n": known})
    return texts


def _as_json(form: UploadForm, kept: list[Kept]) -> JsonResponse:
    errors = [str(error) for field in form.errors.values() for error in field]
    if errors:
        errors = [str(one.error.message) for one in kept if one.error is not None] or errors
        return JsonResponse({"errors": errors}, status=UNPROCESSABLE)
    return JsonResponse(
        {"kept": [{"id": str(one.file.pk), "known": one.is_known} for one in kept if one.file]}
    )


def _page(patient: Patient, form: UploadForm) -> dict[str, object]:
    return {
        "patient": patient,
        "form": form,
        "gallery": gallery(patient),
        "accepted": ACCEPTED,
        "pictures": PICTURES,
        "most_megabytes": MAX_MEGABYTES,
        "most_files": MAX_FILES,
    }


@access(Policy.CLINICAL)
class FilesCompare(FileView):
    """Two photographs side by side, or one over the other with a slider."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The pair in the address, else the newest and the oldest that fit together."""
        patient = self.patient(pk)
        self.looked(patient.pk, "compare")
        photographs = photographs_of(patient)
        wanted = [_uuid(request.GET.get(name, "")) for name in ("before", "after")]
        context = {
            "patient": patient,
            "photographs": photographs,
            "pair": pair_to_compare(photographs, wanted[0], wanted[1]),
        }
        return render(request, "patients/files_compare.html", context)


@access(Policy.CLINICAL)
class FileDetail(FileView):
    """One file: large, with its labels."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The file and two forms: correct the labels, withdraw."""
        file = self.file(pk)
        self.looked(file.patient_id, "detail", file)
        return render(request, "patients/file.html", _detail(file, _labels(file), WithdrawForm()))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Correct the labels."""
        file = self.file(pk)
        form = LabelsForm(request.POST, initial={"area": file.area})
        if form.is_valid():
            try:
                relabel_file(
                    actor=self.request.actor, file=file, labels=form.to_labels(), now=self.now
                )
            except DomainError as error:
                form.refuse(error)
            else:
                messages.success(request, _("Saved."))
                return redirect("patients:files", pk=file.patient_id)
        return again(request, "patients/file.html", _detail(file, form, WithdrawForm()))


@access(Policy.CLINICAL)
class FileWithdraw(FileView):
    """Take a file out of sight."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """With a reason; it stays in the record."""
        file = self.file(pk)
        form = WithdrawForm(request.POST)
        if not form.is_valid():
            return again(request, "patients/file.html", _detail(file, _labels(file), form))
        withdraw_file(
            actor=self.request.actor, file=file, reason=form.cleaned_data["reason"], now=self.now
        )
        messages.success(request, _("Withdrawn. The record keeps it, nobody sees it."))
        return redirect("patients:files", pk=file.patient_id)


@access(Policy.CLINICAL)
class FileContent(FileView):
    """The bytes, after the check of access."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        """A picture to show, or a document to download."""
        file = self.file(pk)
        self.looked(file.patient_id, "content", file)
        return file_response(file)


@access(Policy.CLINICAL)
class FileThumbnail(FileView):
    """The small version of a picture."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponseBase:
        """The small picture."""
        file = self.file(pk)
        self.looked(file.patient_id, "thumbnail", file)
        return file_response(file, thumbnail=True)


def _labels(file: PatientFile) -> LabelsForm:
    initial = {
        "area": file.area, "view": file.view, "title": file.title,
        "taken_on": local_date(file.taken_at, file.clinic.zone),
    }  # fmt: skip
    return LabelsForm(initial=initial)


def _detail(file: PatientFile, form: LabelsForm, withdraw: WithdrawForm) -> dict[str, object]:
    return {"file": file, "patient": file.patient, "form": form, "withdraw": withdraw}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

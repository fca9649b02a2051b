"""Forms of photographs and documents."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from patients.forms.base import DateInput, DomainForm
from patients.models import PatientFile
from patients.models.files import AREAS
from patients.services import MAX_FILES, FileLabels, Upload

# Named one by one, so that iPhones hand over a JPEG instead of HEIC.
PICTURES = "image/jpeg,image/png,image/webp"
ACCEPTED = f"{PICTURES},application/pdf"


class ManyFilesInput(forms.ClearableFileInput):
    """Several inputs of one name (the camera's, the chooser's), each with several files."""

    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """A list of files; every one is judged by the service, which reads its content."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=ManyFilesInput, allow_empty_file=True, **kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:
        """All files that came. Raises ValidationError for none and for too many."""
        files = [file for file in data or [] if file]
        if not files:
            raise forms.ValidationError(_("Choose at least one file."), code="required")
        if len(files) > MAX_FILES:
            raise forms.ValidationError(
                ngettext_lazy(
                    "Send at most %(n)d file at a time.", "Send at most %(n)d files at a time.",
                    MAX_FILES,
                )
                % {"n": MAX_FILES}
            )  # fmt: skip
        return files


class LabelsForm(DomainForm):
    """What staff say about a file."""

    area = forms.ChoiceField(label=_("Area"), required=False)
    view = forms.ChoiceField(
        label=_("View"), required=False, choices=[("", _("Not given")), *PatientFile.View.choices]
    )
    taken_on = forms.DateField(label=_("Taken on"), required=False, widget=DateInput())
    title = forms.CharField(
        label=_("Title"), required=False, max_length=200,
        help_text=_("For a document, for example “Laboratory, March”."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known: dict[str, Any] = {"": _("Not given"), **AREAS}
        # An area of the clinic's own catalogue stays what it is when a file is relabelled.
        current = self.initial.get("area", "")
        if current and current not in known:
            known[current] = PatientFile(area=current).area_label
        area = self.fields["area"]
        assert isinstance(area, forms.ChoiceField)  # noqa: S101 - for the type checker
        area.choices = list(known.items())

    def to_labels(self) -> FileLabels:
        """The labels for the service."""
        return FileLabels(**self.cleaned_data)


class UploadForm(LabelsForm):
    """Files with what they have in common."""

    taken_on = forms.DateField(
        label=_("Taken on"), required=False, widget=DateInput(),
        help_text=_("Empty: as the camera says, else today."),
    )  # fmt: skip
    # Read as form["files"]; the attribute form.files stays what came with the request.
    files = ManyFilesField(label=_("Files"))  # type: ignore[assignment]
    kind = forms.ChoiceField(
        label=_("These are"), required=False, choices=PatientFile.Kind.choices,
        initial=PatientFile.Kind.PHOTOGRAPH.value,
    )  # fmt: skip

    def to_labels(self) -> FileLabels:
        """The labels for the service."""
        labels = {key: value for key, value in self.cleaned_data.items() if key != "files"}
        return FileLabels(**{**labels, "kind": labels["kind"] or PatientFile.Kind.PHOTOGRAPH.value})

    def to_uploads(self) -> list[Upload]:
        """The files for the service, not read yet."""
        files: list[UploadedFile[Any]] = self.cleaned_data["files"]
        return [Upload(file.name or "", file.size or 0, file.read) for file in files]


class WithdrawForm(DomainForm):
    """Why a file is taken out of sight."""

    reason = forms.CharField(
        label=_("Why"), max_length=300,
        help_text=_("For example “belongs to another patient”. It stays in the record, unseen."),
    )  # fmt: skip

"""The form that takes in a shared catalogue."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from treatments.selectors.sharing import MAX_BYTES


class SharedFileForm(forms.Form):
    """A file, or the text of one that was looked at already; `bytes` is either."""

    file = forms.FileField(
        label=_("File of another clinic (JSON)"),
        required=False,
        widget=forms.ClearableFileInput(attrs={"accept": ".json,application/json"}),
    )
    content = forms.CharField(required=False, widget=forms.HiddenInput(), strip=False)

    def clean(self) -> dict[str, Any]:
        """The uploaded file, else the text."""
        data: dict[str, Any] = super().clean() or {}
        upload = data.get("file")
        if upload is not None and upload.size > MAX_BYTES:
            self.add_error("file", _("The file is larger than one megabyte."))
        elif upload is not None:
            data["bytes"] = upload.read()
        elif data.get("content"):
            data["bytes"] = data["content"].encode()
        elif "file" not in self.errors:
            self.add_error("file", _("Choose a file."))
        return data

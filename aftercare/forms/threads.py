"""Shapes of questions and answers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from patients.forms.base import DomainForm

LONGEST = 2000


class AskForm(DomainForm):
    """What a patient wants to know. Photographs are read from the request, one by one."""

    text = forms.CharField(
        label=_("Your question"), max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Write a few words.")},
    )  # fmt: skip


class AnswerForm(DomainForm):
    """What a practitioner answers."""

    text = forms.CharField(
        label=_("Your answer"), max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 7}),
        error_messages={"required": _("Write a few words.")},
    )  # fmt: skip


class CloseThreadForm(DomainForm):
    """Why a conversation ends without an answer."""

    why = forms.CharField(
        label=_("Why?"), max_length=300,
        widget=forms.TextInput(attrs={"placeholder": _("For example: called")}),
    )  # fmt: skip


class ThreadListForm(forms.Form):
    """The filters over conversations."""

    q = forms.CharField(label=_("Patient"), max_length=100, required=False)
    state = forms.ChoiceField(
        label=_("State"), required=False,
        choices=[
            ("", _("All")), ("waiting", _("Waits for an answer")), ("answered", _("Answered")),
            ("closed", _("Closed")),
        ],
    )  # fmt: skip

    def wanted(self) -> tuple[str, str]:
        """Part of a name, and a state ("" for all)."""
        data: dict[str, Any] = self.cleaned_data if self.is_valid() else {}
        return data.get("q", ""), data.get("state", "")

"""Shapes of what people type in the aftercare room."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.forms.boundfield import BoundWidget
from django.utils.translation import gettext_lazy as _

from aftercare.domain.triage import Report, ReportedEffect, TriageRules, Urgency, assess
from aftercare.models import Message
from aftercare.selectors import LedgerFilter, Show


class LedgerForm(forms.Form):
    """The filters over the ledger."""

    show = forms.ChoiceField(
        required=False, choices=[(one.value, one.value) for one in Show], widget=forms.HiddenInput
    )
    name = forms.CharField(label=_("Patient"), max_length=100, required=False)
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All states")), *Message.State.choices]
    )
    patient = forms.UUIDField(required=False, widget=forms.HiddenInput)
    before = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_before(self) -> tuple[dt.datetime, UUID] | None:
        """`<due time>_<id>` of the last row of the page before; nonsense starts from the top."""
        moment, _sep, pk = self.cleaned_data["before"].partition("_")
        try:
            at = dt.datetime.fromisoformat(moment)
            return (at, UUID(pk)) if at.tzinfo else None
        except ValueError:
            return None

    def wanted(self) -> LedgerFilter:
        """What to look for; a value that is not valid is left out."""
        data: dict[str, Any] = self.cleaned_data if self.is_valid() else {}
        return LedgerFilter(
            show=Show(data.get("show") or Show.PAST),
            state=data.get("state", ""),
            patient_id=data.get("patient"),
            name=data.get("name", ""),
            before=data.get("before"),
        )


class FinishTaskForm(forms.Form):
    """What came of a task."""

    outcome = forms.CharField(
        label=_("What came of it?"), max_length=300, required=True,
        widget=forms.TextInput(attrs={"placeholder": _("For example: called, will come at 3")}),
    )  # fmt: skip


_ACUTE = Urgency.URGENT.rank


@dataclass(frozen=True)
class EffectRow:
    """One effect to tick; `level` is its urgency by itself, `answer` what to say at once."""

    box: BoundWidget
    level: str
    answer: str


def _said(text: Mapping[str, str], language: str) -> str:
    return text.get(language) or text["en"]


class CheckInForm(forms.Form):
    """How it is: a face, what is noticed, how strong, whether it gets worse."""

    FEELINGS = [
        ("1", _("Very good")),
        ("2", _("Good")),
        ("3", _("So-so")),
        ("4", _("Bad")),
        ("5", _("Very bad")),
    ]
    STRENGTHS = [("1", _("A little")), ("2", _("It bothers me")), ("3", _("Strong"))]

    feeling = forms.ChoiceField(
        label=_("How is it today?"), choices=FEELINGS, widget=forms.RadioSelect,
        error_messages={"required": _("Choose the face that fits best.")},
    )  # fmt: skip
    effects = forms.MultipleChoiceField(
        label=_("Do you notice any of these?"), required=False, widget=forms.CheckboxSelectMultiple
    )
    strength = forms.ChoiceField(
        label=_("How strong is it?"), choices=STRENGTHS, required=False, widget=forms.RadioSelect
    )
    worse = forms.BooleanField(label=_("It gets worse or spreads"), required=False)
    text = forms.CharField(
        label=_("Anything else?"), max_length=2000, required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip

    def __init__(
        self, rules: TriageRules, language: str, *args: Any, hours_since: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.rules, self.language, self.hours_since = rules, language, hours_since
        field = self.fields["effects"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101  (for the type checker)
        field.choices = [(effect.key, _said(effect.name, language)) for effect in rules.effects]

    def effect_rows(self) -> list[EffectRow]:
        """Each effect with its box, and what to say as soon as it is ticked."""
        return [
            EffectRow(
                box=box,
                level=self._level(effect.key).value,
                answer=_said(effect.advice, self.language),
            )
            for effect, box in zip(self.rules.effects, self["effects"], strict=True)
        ]

    def clean(self) -> dict[str, Any]:
        """Ask how strong it is, unless help must not wait for an answer."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        asked = [key for key in data.get("effects", []) if self._level(key).rank < _ACUTE]
        acute = len(asked) < len(data.get("effects", []))
        if asked and not acute and not data.get("strength"):
            self.add_error("strength", _("Say how strong it is."))
        return data

    def _level(self, key: str) -> Urgency:
        """How an effect is judged when it is mild and does not grow."""
        alone = Report(effects=(ReportedEffect(key, 1),), hours_since=self.hours_since)
        return assess(alone, self.rules).urgency

    def reported(self) -> tuple[ReportedEffect, ...]:
        """The effects as the rules read them; a strength that was not said counts as unknown."""
        strength = self.cleaned_data["strength"]
        worse = self.cleaned_data["worse"]
        return tuple(
            ReportedEffect(
                effect=key,
                severity=int(strength) if strength else None,
                growing=worse,
                spreading=worse,
            )
            for key in self.cleaned_data["effects"]
        )

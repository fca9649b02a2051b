"""Triage rules as practitioners edit them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from aftercare.domain.triage import SEVERITIES, SIZES, Effect, Escalation, TriageRules, Urgency
from aftercare.models import AlarmNumber, CareSettings
from aftercare.selectors.rules import EXTENTS, STRENGTHS, when_graver
from patients.forms.base import DomainForm

URGENCIES = [
    (Urgency.SELF_CARE.value, _("Self-care: advice at once")),
    (Urgency.REVIEW.value, _("Review: somebody looks at it")),
    (Urgency.URGENT.value, _("Urgent: a practitioner is alerted")),
    (Urgency.EMERGENCY.value, _("Emergency: call for help")),
]
SPARE = 2
_ANY = ("", _("any"))


class EffectForm(DomainForm):
    """One effect: its words in each language, how it is judged by itself, and when it is graver."""

    base = forms.ChoiceField(label=_("By itself"), choices=URGENCIES)
    on_skin = forms.BooleanField(label=_("Has a size on the skin"), required=False)
    late = forms.BooleanField(label=_("Asked weeks later too"), required=False)
    red_flag = forms.BooleanField(label=_("Warning sign"), required=False)

    def __init__(self, effect: Effect, languages: Iterable[str], *args: Any, **kwargs: Any) -> None:
        self.effect, self.languages = effect, list(languages)
        initial = {
            "base": effect.base.value,
            "on_skin": effect.on_skin,
            "late": effect.late,
            "red_flag": effect.red_flag,
        }
        for code in self.languages:
            initial[f"name_{code}"] = effect.name.get(code, "")
            initial[f"advice_{code}"] = effect.advice.get(code, "")
        super().__init__(*args, **{**kwargs, "initial": initial})
        for code in self.languages:
            needed = code == "en"
            self.fields[f"name_{code}"] = forms.CharField(
                label=_("Name (%(language)s)") % {"language": code}, max_length=80, required=needed
            )
            self.fields[f"advice_{code}"] = forms.CharField(
                label=_("What is said at once (%(language)s)") % {"language": code},
                max_length=300, required=needed, widget=forms.Textarea(attrs={"rows": 2}),
            )  # fmt: skip

    def words(self, what: str) -> dict[str, str]:
        """The texts that are not empty, by language."""
        said = {code: self.cleaned_data[f"{what}_{code}"].strip() for code in self.languages}
        return {code: text for code, text in said.items() if text}


class EscalationForm(forms.Form):
    """One line "graver when": all conditions that are given hold. Without a level it is left out."""

    to = forms.ChoiceField(
        label=_("Then"), required=False, choices=[("", _("(leave out)")), *URGENCIES[1:]]
    )
    severity = forms.ChoiceField(
        label=_("Strength from"), required=False,
        choices=[_ANY, *((str(n), STRENGTHS[n]) for n in SEVERITIES if n in STRENGTHS)],
    )  # fmt: skip
    size = forms.ChoiceField(
        label=_("Size from"), required=False, choices=[_ANY, *((str(n), EXTENTS[n]) for n in SIZES)]
    )
    after_hours = forms.IntegerField(
        label=_("Hours after the session"), required=False, min_value=0, max_value=9000
    )
    lasting_hours = forms.IntegerField(
        label=_("There for hours"), required=False, min_value=0, max_value=9000
    )
    growing = forms.BooleanField(label=_("gets worse"), required=False)
    spreading = forms.BooleanField(label=_("spreads"), required=False)
    deep = forms.BooleanField(label=_("deep technique"), required=False)
    together_with = forms.MultipleChoiceField(
        label=_("Together with one of"), required=False, widget=forms.SelectMultiple({"size": 3})
    )
    ingredients = forms.CharField(
        label=_("After one of these ingredients"), required=False, max_length=400,
        help_text=_("Names or keys of the catalogue, parted by commas."),
    )  # fmt: skip

    def __init__(
        self,
        line: Escalation | None,
        effects: list[tuple[str, str]],
        catalogue: Mapping[str, str],
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """`line`: as it stands, None for a new one; `effects`: (key, name) of the others;
        `catalogue`: names of the ingredients by key."""
        initial = self._initial_of(line) if line is not None else {}
        super().__init__(*args, **{**kwargs, "initial": initial})
        self.line = line
        self.words = when_graver(line, dict(effects)) if line is not None else ""
        self.catalogue = catalogue
        field = self.fields["together_with"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101  (for the type checker)
        field.choices = effects

    def clean_ingredients(self) -> str:
        """Keys, for names too; a rule about what nobody can be given would never hold.

        What the line names already stays possible, though the catalogue may have lost it.
        """
        known = {name.casefold(): key for key, name in self.catalogue.items()}
        kept = self.initial.get("ingredients", "").split(", ")
        known |= {key.casefold(): key for key in (*kept, *self.catalogue)}
        said = [one.strip() for one in self.cleaned_data["ingredients"].split(",") if one.strip()]
        if unknown := [one for one in said if one.casefold() not in known]:
            raise forms.ValidationError(not_in_catalogue(unknown, self.catalogue))
        return ", ".join(dict.fromkeys(known[one.casefold()] for one in said))

    def clean(self) -> dict[str, Any]:
        """A level needs a condition."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("to") and not self.errors:
            try:
                self.to_escalation()
            except ValueError:
                self.add_error("to", _("Give a condition, or leave the line out."))
        return data

    def to_escalation(self) -> Escalation | None:
        """The line for the rules; None where it is left out."""
        data = self.cleaned_data
        if not data.get("to"):
            return None
        return Escalation(
            to=Urgency(data["to"]),
            severity=int(data["severity"]) if data["severity"] else None,
            size=int(data["size"]) if data["size"] else None,
            after_hours=data["after_hours"],
            lasting_hours=data["lasting_hours"],
            growing=data["growing"],
            spreading=data["spreading"],
            deep=data["deep"],
            together_with=tuple(data["together_with"]),
            ingredients=tuple(one.strip() for one in data["ingredients"].split(",") if one.strip()),
        )

    @staticmethod
    def _initial_of(one: Escalation) -> dict[str, Any]:
        """A line as the form shows it."""
        return {
            "to": one.to.value,
            "severity": str(one.severity or ""),
            "size": str(one.size or ""),
            "after_hours": one.after_hours,
            "lasting_hours": one.lasting_hours,
            "growing": one.growing,
            "spreading": one.spreading,
            "deep": one.deep,
            "together_with": list(one.together_with),
            "ingredients": ", ".join(one.ingredients),
        }


def not_in_catalogue(unknown: Sequence[str], catalogue: Iterable[str]) -> str:
    """What is said of ingredients that the catalogue does not have, with what may be meant."""
    said = _("Not in the catalogue: %(keys)s.") % {"keys": ", ".join(unknown)}
    near = [found for one in unknown for found in get_close_matches(one, list(catalogue), n=2)]
    if not near:
        return said
    return said + " " + _("Did you mean %(keys)s?") % {"keys": ", ".join(dict.fromkeys(near))}


class GeneralForm(DomainForm):
    """From which face on somebody reads it, and what is said to each urgency."""

    unwell_from = forms.TypedChoiceField(
        label=_("Somebody reads it from this face on"), coerce=int,
        choices=[(3, _("So-so")), (4, _("Bad")), (5, _("Very bad"))],
    )  # fmt: skip

    def __init__(
        self, rules: TriageRules, languages: Iterable[str], *args: Any, **kwargs: Any
    ) -> None:
        self.languages = list(languages)
        initial: dict[str, Any] = {"unwell_from": rules.unwell_from}
        for key, text in rules.advice.items():
            for code in self.languages:
                initial[f"advice_{key}_{code}"] = text.get(code, "")
        super().__init__(*args, **{**kwargs, "initial": initial})
        for value, label in URGENCIES:
            for code in self.languages:
                self.fields[f"advice_{value}_{code}"] = forms.CharField(
                    label=f"{label} ({code})", max_length=300, required=code == "en",
                    widget=forms.Textarea(attrs={"rows": 2}),
                )  # fmt: skip

    def advice(self) -> dict[str, dict[str, str]]:
        """What is said, by urgency and language."""
        return {
            urgency.value: {
                code: text
                for code in self.languages
                if (text := self.cleaned_data[f"advice_{urgency.value}_{code}"].strip())
            }
            for urgency in Urgency
        }


class PublishForm(DomainForm):
    """What a new version changes; where it would notice less, that this was read and is meant."""

    seen = forms.CharField(widget=forms.HiddenInput)
    accepts_milder = forms.BooleanField(
        label=_("I have read what is judged more mildly, and it is meant"),
        error_messages={"required": _("Nothing is in force yet: tick this, or change the draft.")},
    )
    note = forms.CharField(label=_("What changed, and why?"), max_length=300)

    def __init__(self, *args: Any, asks_milder: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not asks_milder:
            del self.fields["accepts_milder"]


class CareForm(forms.ModelForm):  # type: ignore[type-arg]
    """How the clinic watches over its patients."""

    class Meta:
        model = CareSettings
        fields = (
            "escalate_minutes", "alert_by_email", "alert_by_sms", "late_watch", "silent_after"
        )  # fmt: skip
        help_texts = {
            "late_watch": _(
                "Short check-ins 2, 4, 8 and 12 weeks after deep techniques. Switched off, those "
                "that are planned are left out; switched on again, those still to come are sent."
            )
        }


class NumberForm(forms.ModelForm):  # type: ignore[type-arg]
    """One's own number for alerts by text message."""

    phone = forms.RegexField(
        r"^\+[0-9 ().-]{6,30}$", label=_("Your mobile number for alerts"), required=False,
        help_text=_("With the country: +33 6 12 34 56 78. Empty: no text messages."),
        error_messages={"invalid": _("Begin with + and the number of the country.")},
    )  # fmt: skip

    class Meta:
        model = AlarmNumber
        fields = ("phone",)

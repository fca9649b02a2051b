"""The check-in as a form: a face, what is noticed, and of each effect how strong, large and old."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField, BoundWidget
from django.utils.functional import cached_property
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from aftercare.domain.triage import Effect, Report, ReportedEffect, Urgency, assess
from aftercare.services.checkins import Questions
from patients.models import Patient

_ACUTE = Urgency.URGENT.rank
# Sooner than this "since when" has one answer only.
_ASK_SINCE_FROM = 36
_SESSION = "all"


@dataclass(frozen=True)
class EffectRow:
    """One effect to tick; `level` is its urgency by itself, `answer` what to say at once.

    `details` are the questions about it, none where help must not wait for an answer.
    """

    key: str
    name: str
    box: BoundWidget
    level: str
    answer: str
    details: list[BoundField]
    worse: BoundField | None


def spoken_to(patient: Patient) -> tuple[str, ...]:
    """In which languages the clinic's own words are looked for: the patient's, else the page's."""
    return patient.language[:2], (get_language() or "en")[:2], "en"


def said(text: Mapping[str, str], languages: Sequence[str]) -> str:
    """A text of the rules in the first of the languages it has, "" where it has none."""
    return next((text[language] for language in languages if text.get(language)), "")


class CheckInForm(forms.Form):
    """How it is. Fields of an effect are named `<question>_<effect>`."""

    FEELINGS = [
        ("1", _("Very good")),
        ("2", _("Good")),
        ("3", _("So-so")),
        ("4", _("Bad")),
        ("5", _("Very bad")),
    ]
    STRENGTHS = [("1", _("A little")), ("2", _("It bothers me")), ("3", _("Strong"))]
    SIZES = [("1", _("Like a coin")), ("2", _("Up to a palm")), ("3", _("Larger"))]
    SINCE = [
        ("6", _("Today")), ("36", _("Yesterday")), ("72", _("Some days")),
        (_SESSION, _("The visit")),
    ]  # fmt: skip
    SINCE_LATE = [
        ("24", _("Today")),
        ("96", _("Some days")),
        ("336", _("Weeks")),
        (_SESSION, _("The visit")),
    ]

    feeling = forms.ChoiceField(
        label=_("How is it today?"), choices=FEELINGS, widget=forms.RadioSelect,
        error_messages={"required": _("Choose the face that fits best.")},
    )  # fmt: skip
    effects = forms.MultipleChoiceField(
        label=_("Do you notice any of these?"), required=False, widget=forms.CheckboxSelectMultiple
    )
    other = forms.BooleanField(label=_("Something else"), required=False)
    text = forms.CharField(
        label=_("Anything else you want to tell us?"), max_length=2000, required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip

    def __init__(
        self, questions: Questions, languages: Sequence[str], *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.questions, self.languages = questions, languages
        field = self.fields["effects"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101  (for the type checker)
        field.choices = [(effect.key, said(effect.name, languages)) for effect in self.asked]
        for effect in self.asked:
            if not self._is_acute(effect.key):
                self._add_details(effect)

    @cached_property
    def asked(self) -> list[Effect]:
        """The effects to ask for; weeks later only those that show then, and what is an emergency."""
        rules = self.questions.rules
        if not self.questions.is_late:
            return list(rules.effects)
        return [one for one in rules.effects if one.late or one.base is Urgency.EMERGENCY]

    def effect_rows(self) -> list[EffectRow]:
        """Each effect with its box, and what to say as soon as it is ticked."""
        return [
            EffectRow(
                key=effect.key,
                name=said(effect.name, self.languages),
                box=box,
                level=self._level(effect.key).value,
                answer=said(effect.advice, self.languages),
                details=[
                    self[f"{question}_{effect.key}"]
                    for question in ("strength", "size", "since")
                    if f"{question}_{effect.key}" in self.fields
                ],
                worse=(
                    self[f"worse_{effect.key}"] if f"worse_{effect.key}" in self.fields else None
                ),
            )
            for effect, box in zip(self.asked, self["effects"], strict=True)
        ]

    def clean(self) -> dict[str, Any]:
        """Ask how strong, how large and since when, unless help must not wait for an answer."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        ticked = data.get("effects", [])
        if not any(self._is_acute(key) for key in ticked):
            for name in (f"{question}_{key}" for key in ticked for question in _MISSING):
                if name in self.fields and not data.get(name):
                    self.add_error(name, _MISSING[name.partition("_")[0]])
        if data.get("other") and not data.get("text", "").strip():
            self.add_error("text", _("Say in a few words what it is."))
        return data

    def reported(self) -> tuple[ReportedEffect, ...]:
        """The effects as the rules read them; what was not said counts as unknown."""
        return tuple(self._reported(key) for key in self.cleaned_data["effects"])

    def _reported(self, key: str) -> ReportedEffect:
        worse = bool(self.cleaned_data.get(f"worse_{key}"))
        since = self._number("since", key)
        return ReportedEffect(
            effect=key,
            severity=self._number("strength", key),
            growing=worse,
            spreading=worse,
            size=self._number("size", key),
            lasting_hours=None if since is None else min(since, self.questions.hours_since),
        )

    def _number(self, question: str, key: str) -> int | None:
        said = self.cleaned_data.get(f"{question}_{key}") or _SESSION
        return None if said == _SESSION else int(said)

    def _add_details(self, effect: Effect) -> None:
        self._ask(f"strength_{effect.key}", _("How strong is it?"), self.STRENGTHS)
        if effect.on_skin:
            self._ask(f"size_{effect.key}", _("How large is it?"), self.SIZES)
        if self.questions.hours_since >= _ASK_SINCE_FROM:
            choices = self.SINCE_LATE if self.questions.is_late else self.SINCE
            self._ask(f"since_{effect.key}", _("Since when?"), choices)
        self.fields[f"worse_{effect.key}"] = forms.BooleanField(
            label=_("It gets worse or spreads"), required=False
        )

    def _ask(self, name: str, label: Any, choices: list[tuple[str, Any]]) -> None:
        self.fields[name] = forms.ChoiceField(
            label=label, choices=choices, required=False, widget=forms.RadioSelect
        )

    def _is_acute(self, key: str) -> bool:
        return self._level(key).rank >= _ACUTE

    def _level(self, key: str) -> Urgency:
        """How an effect is judged when it is mild, small, new and does not grow."""
        alone = Report(
            effects=(ReportedEffect(key, 1),),
            hours_since=self.questions.hours_since,
            session=self.questions.session,
        )
        return assess(alone, self.questions.rules).urgency


_MISSING = {
    "strength": _("Say how strong it is."),
    "size": _("Say how large it is."),
    "since": _("Say since when."),
}

"""Steps of the programme, their texts and the look of mails."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from aftercare.models import Channel, ProgrammeStep
from patients.forms.base import TimeInput
from patients.models import ContactPreference

Choices = list[tuple[str, Any]]


class StepForm(forms.Form):
    """One step of the programme: when, to whom, by which way, in which words."""

    BEFORE, AFTER, AT_ONCE = "before", "after", "at_once"
    SIDES = [(AT_ONCE, _("At once")), (BEFORE, _("Before")), (AFTER, _("After"))]

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("For the staff."))
    anchor = forms.ChoiceField(label=_("Counted from"), choices=ProgrammeStep.Anchor.choices)
    side = forms.ChoiceField(label=_("When"), choices=SIDES)
    distance = forms.IntegerField(
        label=_("How long"), min_value=0, max_value=1000, required=False, initial=0
    )
    offset_unit = forms.ChoiceField(label=_("Unit"), choices=ProgrammeStep.Unit.choices)
    at_local_time = forms.TimeField(
        label=_("At this time of day"), required=False, widget=TimeInput(),
        help_text=_("On the day that comes out. Empty: the hour of what it is counted from."),
    )  # fmt: skip
    expires = forms.IntegerField(
        label=_("Not sent later than"), required=False, min_value=-1000, max_value=1000,
        help_text=_("Counted from the same. Empty: until the visit, or for 7 days."),
    )  # fmt: skip
    expires_unit = forms.ChoiceField(label=_("Unit"), choices=ProgrammeStep.Unit.choices)
    template_key = forms.ChoiceField(label=_("Words"))
    channel = forms.ChoiceField(label=_("Sent by"), choices=Channel.choices)
    purpose = forms.ChoiceField(label=_("Kind"), choices=ContactPreference.Purpose.choices)
    is_essential = forms.BooleanField(
        label=_("Needed for care: also to those who don't want this kind"), required=False
    )
    is_urgent = forms.BooleanField(label=_("Urgent: leaves at night as well"), required=False)
    is_active = forms.BooleanField(label=_("In use"), required=False, initial=True)
    sessions_only = forms.BooleanField(label=_("Only for treatment sessions"), required=False)
    which_sessions = forms.ChoiceField(
        label=_("Which sessions"), choices=ProgrammeStep.Which.choices
    )

    def __init__(
        self, *args: Any, templates: Choices, conditions: dict[str, tuple[Any, Choices]],
        step: ProgrammeStep | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        """`conditions`: label and choices by kind, in the order in which they are shown."""
        kwargs.setdefault("initial", _initial(step))
        super().__init__(*args, **kwargs)
        words = self.fields["template_key"]
        assert isinstance(words, forms.ChoiceField)  # noqa: S101  (for the type checker)
        words.choices = templates
        self.kinds = list(conditions)
        for kind, (label, choices) in conditions.items():
            self.fields[kind] = forms.MultipleChoiceField(
                label=label, choices=choices, required=False,
                widget=forms.SelectMultiple(attrs={"size": min(max(len(choices), 2), 6)}),
            )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """A distance goes with before and after."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        is_said = "distance" in self.errors or data.get("distance")
        if data.get("side") in {self.BEFORE, self.AFTER} and not is_said:
            self.add_error("distance", _("Say how long before or after."))
        return data

    def condition_fields(self) -> list[forms.BoundField]:
        """The fields that say whom it is for."""
        return [self[kind] for kind in self.kinds]

    def values(self) -> dict[str, Any]:
        """The step as the service takes it."""
        data = {name: said for name, said in self.cleaned_data.items() if name != "seen"}
        sign = {self.AT_ONCE: 0, self.BEFORE: -1, self.AFTER: 1}[data.pop("side")]
        data["offset"] = sign * (data.pop("distance") or 0)
        data["conditions"] = {kind: found for kind in self.kinds if (found := data.pop(kind))}
        return data


def _initial(step: ProgrammeStep | None) -> dict[str, Any]:
    if step is None:
        return {"side": StepForm.BEFORE, "is_active": True, "offset_unit": "days"}
    names = [name for name in StepForm.base_fields if hasattr(step, name)]
    side = StepForm.BEFORE if step.offset < 0 else StepForm.AFTER
    return {
        **{name: getattr(step, name) for name in names},
        "seen": step.version,
        "side": side if step.offset else StepForm.AT_ONCE,
        "distance": abs(step.offset),
        **step.conditions,
    }


class TextsForm(forms.Form):
    """The words of one template."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    subject = forms.CharField(
        label=_("Subject"), max_length=150, help_text=_("Others may read it: nothing about health.")
    )
    preheader = forms.CharField(
        label=_("First line in the inbox"), max_length=150, required=False,
        help_text=_("Stands beside the subject. Empty: who writes, and the number to call."),
    )  # fmt: skip
    body = forms.CharField(label=_("Text"), widget=forms.Textarea(attrs={"rows": 18}))
    short_text = forms.CharField(
        label=_("Short text, for SMS and WhatsApp"), max_length=320, required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip


def look_again(form: forms.Form, seen: object) -> None:
    """Let a form that came back know what is stored now, so that saving it again replaces that."""
    typed = cast(QueryDict, form.data).copy()
    typed["seen"] = str(seen)
    form.data = typed


class LookForm(forms.Form):
    """Colour, logo and how many a day."""

    accent = forms.RegexField(
        label=_("Colour"), regex=r"^#[0-9a-fA-F]{6}$",
        widget=forms.TextInput(attrs={"type": "color", "class": "form-control-color"}),
        help_text=_("Of buttons, times and the clinic's name."),
    )  # fmt: skip
    logo = forms.FileField(
        label=_("Logo"), required=False,
        help_text=_("PNG or JPEG. It is made small and travels with each mail."),
        widget=forms.ClearableFileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )  # fmt: skip
    without_logo = forms.BooleanField(label=_("Without a logo"), required=False)
    daily_cap = forms.IntegerField(
        label=_("Messages a day to one patient, at most"), min_value=1, max_value=20,
        help_text=_("Reminders and what is needed for care always leave; the rest waits a day."),
    )  # fmt: skip

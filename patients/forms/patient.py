"""The form of a patient's identity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields as data_fields
from typing import Any, ClassVar

from crispy_forms.bootstrap import InlineCheckboxes  # type: ignore[import-untyped]
from crispy_forms.helper import FormHelper  # type: ignore[import-untyped]
from crispy_forms.layout import Div, Fieldset, Layout  # type: ignore[import-untyped]
from django import forms
from django.conf import settings
from django.conf.locale import LANG_INFO
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from mesoclinic.clinic.models import Clinic
from mesoclinic.common.errors import DomainError
from patients.forms.base import DateInput, DomainForm, TimeInput
from patients.models import Patient
from patients.services import PatientData, normalise_country, normalise_phone


def _section(title: object, *rows: object) -> Fieldset:
    return Fieldset(title, *rows, css_class="form-section")


def _row(*names: str) -> Div:
    shown = [InlineCheckboxes(name) if name == "preferred_weekdays" else name for name in names]
    return Div(*shown, css_class="form-row")


def _optional(choices: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    return [("", _("Not recorded")), *choices]


class PatientForm(DomainForm):
    """Identity, contact and preferences of a patient."""

    name = forms.CharField(
        label=_("Name"), max_length=200, help_text=_("The whole name, as the patient writes it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    preferred_name = forms.CharField(
        label=_("How to address them"), max_length=100, required=False,
        help_text=_("In messages. Empty: the whole name."),
    )  # fmt: skip
    family_name = forms.CharField(
        label=_("Sort under"), max_length=100, required=False,
        help_text=_("Empty: the last word of the name."),
    )  # fmt: skip
    birth_date = forms.DateField(label=_("Date of birth"), required=False, widget=DateInput())
    sex = forms.ChoiceField(
        label=_("Sex"), choices=Patient.Sex.choices, initial=Patient.Sex.UNKNOWN, required=False
    )
    phone = forms.CharField(
        label=_("Phone"), max_length=40, required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )  # fmt: skip
    email = forms.EmailField(
        label=_("E-mail"), required=False,
        help_text=_("Reminders and the questionnaire go there."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    language = forms.ChoiceField(label=_("Language"), required=False)
    country = forms.CharField(
        label=_("Country"), max_length=2, required=False,
        help_text=_("Two letters; for phone numbers from abroad."),
    )  # fmt: skip
    address = forms.CharField(
        label=_("Address"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    emergency_contact = forms.CharField(
        label=_("Emergency contact"), max_length=200, required=False,
        help_text=_("Name, who they are to the patient, and phone."),
    )  # fmt: skip
    guardian_name = forms.CharField(
        label=_("Guardian"), max_length=200, required=False, help_text=_("Of a minor.")
    )
    guardian_contact = forms.CharField(
        label=_("How to reach the guardian"), max_length=200, required=False,
        help_text=_("For example: mother, +33 6 12 34 56 78"),
    )  # fmt: skip
    guardian_consent_on = forms.DateField(
        label=_("Guardian agreed on"), required=False, widget=DateInput()
    )
    found_through = forms.ChoiceField(
        label=_("How they found the clinic"), required=False,
        choices=_optional(Patient.Found.choices),
    )  # fmt: skip
    found_note = forms.CharField(label=_("Through whom or what"), max_length=100, required=False)
    alert = forms.CharField(
        label=_("Alert"), max_length=200, required=False,
        help_text=_("Shown to everybody wherever the patient appears. Keep it short."),
    )  # fmt: skip
    preferred_weekdays = forms.TypedMultipleChoiceField(
        label=_("Preferred weekdays"), choices=list(WEEKDAYS.items()), coerce=int, required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    preferred_from = forms.TimeField(label=_("From"), required=False, widget=TimeInput())
    preferred_until = forms.TimeField(label=_("Until"), required=False, widget=TimeInput())
    deceased_on = forms.DateField(
        label=_("Died on"), required=False, widget=DateInput(),
        help_text=_("Nothing is sent any more."),
    )  # fmt: skip

    clinical: ClassVar[tuple[str, ...]] = (
        "phototype", "weight_kg", "sun_exposure", "smoking", "alcohol", "stress", "notes",
    )  # fmt: skip
    phototype = forms.TypedChoiceField(
        label=_("Skin phototype"), required=False, coerce=int, empty_value=None,
        choices=[("", _("Not recorded")), *((n, str(n)) for n in range(1, 7))],
        help_text=_("Fitzpatrick, 1 always burns, 6 never burns."),
    )  # fmt: skip
    weight_kg = forms.DecimalField(
        label=_("Weight (kg)"), required=False, max_digits=5, decimal_places=1, min_value=1,
        max_value=500,
    )  # fmt: skip
    sun_exposure = forms.ChoiceField(
        label=_("Sun exposure"), required=False, choices=_optional(Patient.Amount.choices)
    )
    smoking = forms.ChoiceField(
        label=_("Smoking"), required=False, choices=_optional(Patient.Smoking.choices)
    )
    alcohol = forms.ChoiceField(
        label=_("Alcohol"), required=False, choices=_optional(Patient.Alcohol.choices)
    )
    stress = forms.ChoiceField(
        label=_("Stress"), required=False, choices=_optional(Patient.Amount.choices)
    )
    notes = forms.CharField(
        label=_("Notes"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(
        self, *args: Any, clinic: Clinic, with_clinical: bool, patient: Patient | None = None,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        self.clinic = clinic
        self.patient = patient
        if patient is not None:
            kwargs["initial"] = {
                one.name: getattr(patient, one.name) for one in data_fields(PatientData)
            }
        super().__init__(*args, **kwargs)
        self._set_languages(patient)
        if not with_clinical:
            for name in self.clinical:
                del self.fields[name]
        if patient is None:
            del self.fields["deceased_on"]
        self.helper = _patient_helper(self.fields)

    def _set_languages(self, patient: Patient | None) -> None:
        choices: dict[str, Any] = dict(settings.LANGUAGES)
        current = patient.language if patient is not None else self.clinic.language
        if current not in choices:
            known = LANG_INFO.get(current, {})
            choices[current] = str(known.get("name_local", current)).capitalize()
        field = self.fields["language"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101
        field.choices = list(choices.items())
        self.initial.setdefault("language", current)

    def clean(self) -> dict[str, Any]:
        """Read the phone number the way the patient's or the clinic's country writes it."""
        values: dict[str, Any] = super().clean() or {}
        try:
            country = normalise_country(values.get("country") or "") or self.clinic.country
            normalise_phone(values.get("phone") or "", country)
        except DomainError as error:
            self.add_error(error.field, error.message)
        return values

    def to_data(self) -> PatientData:
        """What was typed, on top of what is stored for the fields this role does not see."""
        stored = PatientData.of(self.patient) if self.patient is not None else PatientData(name="")
        values = {
            one.name: self.cleaned_data.get(one.name, getattr(stored, one.name))
            for one in data_fields(PatientData)
        }
        values["sex"] = values["sex"] or Patient.Sex.UNKNOWN.value
        return PatientData(**values)


def _patient_helper(shown: Mapping[str, forms.Field]) -> FormHelper:
    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    rows: list[tuple[object, list[tuple[str, ...]]]] = [
        (_("Who"), [("name",), ("preferred_name", "family_name"), ("birth_date", "sex")]),
        (_("How to reach them"), [("phone", "email"), ("language", "country"), ("address",)]),
        (
            _("Good to know"),
            [
                ("alert",), ("emergency_contact",), ("guardian_name", "guardian_contact"),
                ("guardian_consent_on",), ("found_through", "found_note"), ("deceased_on",),
            ],
        ),
        (
            _("Skin and habits"),
            [
                ("phototype", "weight_kg"), ("sun_exposure", "stress"), ("smoking", "alcohol"),
                ("notes",),
            ],
        ),
        (
            _("When visits suit them"),
            [("preferred_weekdays",), ("preferred_from", "preferred_until")],
        ),
    ]  # fmt: skip
    sections = []
    for title, lines in rows:
        kept = [[name for name in line if name in shown] for line in lines]
        if any(kept):
            sections.append(_section(title, *(_row(*line) for line in kept if line)))
    helper.layout = Layout(*sections)
    return helper

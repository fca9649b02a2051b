"""Forms of the settings page: shape and validation only."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from mesoclinic.clinic.models import Clinic, Membership, Role
from mesoclinic.clinic.selectors import staff_of
from mesoclinic.clinic.services import NewStaff, TokenRequest

if TYPE_CHECKING:
    ChoiceOfMembership = forms.ModelChoiceField[Membership]
else:
    ChoiceOfMembership = forms.ModelChoiceField


class DateInput(forms.DateInput):
    """The browser's own date field; its value is always ISO."""

    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


class MembershipChoice(ChoiceOfMembership):
    """A person by title, name and role."""

    def label_from_instance(self, obj: Any) -> str:
        """What the list shows."""
        return str(obj)


class TokenForm(forms.Form):
    """A new API token."""

    name = forms.CharField(
        label=_("Program"), max_length=80, help_text=_("Which program will use the token.")
    )
    membership = MembershipChoice(
        label=_("Acts as"),
        queryset=Membership.objects.none(),
        help_text=_("The program may do what this person may, and the record names both."),
    )
    last_day = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=DateInput(),
        help_text=_("Leave empty for a token that ends only when you revoke it."),
    )

    def __init__(self, *args: Any, clinic: Clinic, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["membership"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        field.queryset = staff_of(clinic)

    def wanted(self) -> TokenRequest:
        """The valid form as the service takes it."""
        data = self.cleaned_data
        return TokenRequest(data["name"], data["membership"], data["last_day"])


class PersonForm(forms.Form):
    """A person new to the clinic."""

    email = forms.EmailField(label=_("E-mail"), help_text=_("They sign in with it."))
    full_name = forms.CharField(label=_("Full name"), max_length=120)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)
    title = forms.CharField(
        label=_("Title"), max_length=40, required=False, help_text=_("For example Dr.")
    )
    licence_number = forms.CharField(
        label=_("Licence number"),
        max_length=60,
        required=False,
        help_text=_("Of a practitioner; leave empty where the country has none."),
    )
    licence_expires_on = forms.DateField(
        label=_("Licence expires on"), required=False, widget=DateInput()
    )

    def clean(self) -> dict[str, Any]:
        """The rules of a licence, said at the field."""
        data = super().clean() or {}
        number: str = data.get("licence_number") or ""
        expires: dt.date | None = data.get("licence_expires_on")
        if (number or expires) and data.get("role") not in (None, Role.PRACTITIONER):
            self.add_error(
                "licence_number", ValidationError(_("Only a practitioner has a licence."))
            )
        elif expires and not number:
            self.add_error(
                "licence_number",
                ValidationError(_("Write the number of the licence that expires.")),
            )
        return data

    def person(self) -> NewStaff:
        """The valid form as the service takes it."""
        return NewStaff(**self.cleaned_data)

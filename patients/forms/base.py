"""What the forms of this room share."""

from __future__ import annotations

from typing import Any

from django import forms

from mesoclinic.common.errors import DomainError


class DateInput(forms.DateInput):
    """The browser's own date field; its value is always ISO."""

    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


class TimeInput(forms.TimeInput):
    """The browser's own time field."""

    input_type = "time"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%H:%M", **kwargs)


class DomainForm(forms.Form):
    """A form that can show a refusal of the domain at the field it names."""

    def refuse(self, error: DomainError) -> None:
        """Add the error to its field, or to the whole form where it names none of this form."""
        field = error.field if error.field in self.fields else None
        self.add_error(field, error.message)

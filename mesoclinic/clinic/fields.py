"""Field types and validators of the clinic's own tables."""

from __future__ import annotations

import zoneinfo
from functools import cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

validate_colour = RegexValidator(
    r"^#[0-9a-f]{6}\Z", _("Write a colour as # and six lower-case hex digits, e.g. #0e6f6d.")
)
validate_country = RegexValidator(
    r"^[A-Z]{2}\Z", _("Write the country as its two capital letters (ISO 3166), e.g. FR.")
)
validate_language = RegexValidator(
    r"^[a-z]{2,3}(-[a-z]{2,4})?\Z", _("Write the language as its code, e.g. en or pt-br.")
)


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def validate_time_zone(value: str) -> None:
    """ValidationError unless `value` is an IANA time zone name that this machine knows."""
    if value not in _zones():
        raise ValidationError(
            _("%(zone)s is not a time zone. Write an IANA name such as Europe/Paris."),
            code="time_zone",
            params={"zone": value},
        )


if TYPE_CHECKING:
    EmailField = models.EmailField[str, str]
else:
    EmailField = models.EmailField


class LowerEmailField(EmailField):
    """An e-mail address kept, compared and looked up in lower case, so that unique means it."""

    def to_python(self, value: Any) -> Any:
        """Lower case already in forms and `full_clean`."""
        value = super().to_python(value)
        return value.lower() if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        """Lower case in every INSERT, UPDATE and filter."""
        value = super().get_prep_value(value)
        return value.lower() if isinstance(value, str) else value

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:  # noqa: FBT001
        """The instance in memory shows what is stored."""
        value = super().pre_save(model_instance, add)
        if isinstance(value, str):
            value = value.lower()
            setattr(model_instance, self.attname, value)
        return value

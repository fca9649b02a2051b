"""Phone numbers, e-mail addresses and names as they are stored."""

from __future__ import annotations

import hashlib

import phonenumbers
from django.utils.translation import gettext as _

from mesoclinic.clinic.names import readable_phone
from mesoclinic.common.errors import Invalid
from patients.exceptions import InvalidPhone

__all__ = [
    "hidden_value", "is_country", "normalise_country", "normalise_phone", "readable_phone",
    "sort_name",
]  # fmt: skip


def is_country(code: str) -> bool:
    """Whether these are the two capital letters of a country (ISO 3166)."""
    return code in phonenumbers.SUPPORTED_REGIONS


def normalise_country(text: str) -> str:
    """Capital letters of a country (ISO 3166, two letters); "" for nothing. Raises Invalid."""
    code = text.strip().upper()
    if code and not is_country(code):
        raise Invalid(
            _("“%(value)s” is no country: write two letters, such as FR.") % {"value": text},
            field="country",
        )
    return code


def normalise_phone(text: str, country: str) -> str:
    """International form (`+33612345678`) of what somebody typed; "" for nothing.

    `country` (ISO 3166, two letters) is taken for numbers without a country code. Raises
    InvalidPhone.
    """
    if not text.strip():
        return ""
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException as error:
        raise InvalidPhone(field="phone") from error
    if not phonenumbers.is_possible_number(number):
        raise InvalidPhone(field="phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def sort_name(name: str) -> str:
    """A guess at what lists sort by: the last word of the name. People may correct it."""
    words = name.split()
    return words[-1] if words else ""


def hidden_value(system: str, value: str) -> str:
    """What is kept of a number at another system when its person is erased: a digest."""
    return f"sha256:{hashlib.sha256(f'{system} {value}'.encode()).hexdigest()}"

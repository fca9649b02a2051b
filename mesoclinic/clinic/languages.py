"""In which languages the product can speak to patients: as a whole, or not at all."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.translation import to_locale


@cache
def has_texts(language: str) -> bool:
    """Whether the product's own texts are there in a language: English, and what `locale/` holds."""
    places = [Path(one) / to_locale(language) / "LC_MESSAGES" for one in settings.LOCALE_PATHS]
    return language == "en" or any((place / "django.mo").exists() for place in places)


def readable(*languages: str) -> str:
    """The first of the languages in which a page or paper can be written as a whole, its dates included."""
    forms = (form for one in languages for form in (one, one[:2]))
    return next((form for form in forms if has_texts(form)), "en")

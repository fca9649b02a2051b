"""What the pages of all rooms share."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import to_locale
from django.views import View

from mesoclinic.clinic.access import Policy, can
from mesoclinic.clinic.http import StaffRequest

UNPROCESSABLE = 422


@cache
def has_texts(language: str) -> bool:
    """Whether the product's own texts are there in a language: English, and what `locale/` holds."""
    places = [Path(one) / to_locale(language) / "LC_MESSAGES" for one in settings.LOCALE_PATHS]
    return language == "en" or any((place / "django.mo").exists() for place in places)


def readable(*languages: str) -> str:
    """The first of the languages in which a page can be written as a whole, its dates included."""
    forms = (form for one in languages for form in (one, one[:2]))
    return next((form for form in forms if has_texts(form)), "en")


class StaffPage(View):
    """A page of somebody with a role: `request.clinic`, `.membership` and `.actor` are there."""

    request: StaffRequest

    @property
    def now(self) -> dt.datetime:
        """The instant of the request: read once, passed on everywhere."""
        if not hasattr(self, "_now"):
            self._now = timezone.now()
        return self._now

    @property
    def today(self) -> dt.date:
        """The clinic's day."""
        return self.request.clinic.today(self.now)

    @property
    def clinical(self) -> bool:
        """Whether this person sees clinical content and may judge it."""
        return can(self.request.actor, Policy.CLINICAL)


def again(request: HttpRequest, template: str, context: dict[str, object]) -> HttpResponse:
    """A form that came back: 422, with what was typed."""
    return render(request, template, context, status=UNPROCESSABLE)

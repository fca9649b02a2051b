"""What the pages of all rooms share."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views import View

from mesoclinic.clinic.access import Policy, can
from mesoclinic.clinic.http import StaffRequest

UNPROCESSABLE = 422


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

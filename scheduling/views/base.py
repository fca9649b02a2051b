"""What the pages of this room share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import urlencode
from django.views import View

from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, can
from mesoclinic.clinic.http import StaffRequest
from mesoclinic.common.calendar import add_days
from scheduling.selectors.booking import STRIP_DAYS, FreeTimes

UNPROCESSABLE = 422


class StaffView(View):
    """A page of somebody with a role: `self.request.clinic` and friends are there."""

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
        """Whether this person may set clinical rules aside."""
        return can(self.request.actor, Policy.CLINICAL)

    def shown(self, patients: Iterable[UUID], why: str, object_id: str = "") -> None:
        """The one audit row of a page that shows visits of these patients."""
        record_read(
            self.request.actor,
            model="scheduling.appointment",
            patients=patients,
            object_id=object_id,
            reason=why,
        )


def strip_links(times: FreeTimes, **params: object) -> dict[str, object]:
    """What the strip of days needs for its links: the rest of the address, a week either way."""
    said = {name: str(value) for name, value in params.items() if value}
    return {
        "strip_base": urlencode(said),
        "strip_before": add_days(times.day, -STRIP_DAYS),
        "strip_after": add_days(times.day, STRIP_DAYS),
    }


def again(request: HttpRequest, template: str, context: dict[str, object]) -> HttpResponse:
    """A form that came back: 422, with what was typed."""
    return render(request, template, context, status=UNPROCESSABLE)


def as_uuid(text: str | None) -> UUID | None:
    """The id in a query string, or None for anything that is none."""
    try:
        return UUID(text or "")
    except ValueError:
        return None


def as_date(text: str | None) -> dt.date | None:
    """The day in a query string, or None for anything that is none."""
    try:
        return dt.date.fromisoformat(text or "")
    except ValueError:
        return None

"""What the pages of this room share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.utils.http import urlencode
from django.utils.translation import gettext as _

from mesoclinic.audit.services import record_read
from mesoclinic.clinic.pages import StaffPage
from mesoclinic.common.calendar import add_days
from scheduling.domain.status import BLOCKING
from scheduling.models import Appointment
from scheduling.selectors.booking import STRIP_DAYS, FreeTimes


class StaffView(StaffPage):
    """A page that shows visits."""

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


def other_room(before: Appointment, after: Appointment) -> str:
    """That a visit came back into another room, because its own is taken; else nothing."""
    old, new = before.room, after.room
    if before.status in BLOCKING or old is None or new is None or old == new:
        return ""
    names = {"old": old.name, "new": new.name}
    return _("%(old)s is taken: the visit is in %(new)s now.") % names


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

"""Free times, for pages, the API and the refusals that offer something instead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from mesoclinic.clinic.models import Clinic
from mesoclinic.common.calendar import add_days, day_interval
from mesoclinic.common.intervals import Interval
from scheduling.domain import slots as domain
from scheduling.domain.slots import Pick, Slot
from scheduling.models import VisitType
from scheduling.selectors.calendars import Search, load_resources

# As far as a refusal looks for something else to offer.
_OFFER_DAYS = 21


def days_between(clinic: Clinic, first: date, last: date) -> Interval[datetime]:
    """The instants of the clinic's local days from `first` to `last`, both included."""
    zone = clinic.zone
    return Interval(day_interval(first, zone).start, day_interval(last, zone).end)


def free_slots(search: Search, pick: Pick = Pick.EACH_PRACTITIONER) -> list[Slot]:
    """The times that can be booked, in order. Five queries at most, however many weeks."""
    return domain.free_slots(search.request, load_resources(search), pick)


def next_free(
    clinic: Clinic,
    visit_type: VisitType,
    practitioners: Sequence[UUID],
    *,
    after: datetime,
    now: datetime,
    patient_id: UUID | None = None,
) -> list[Slot]:
    """The next free times from `after` on, within three weeks: what a refusal offers."""
    start = max(after, now)
    zone = clinic.zone
    last = add_days(start.astimezone(zone).date(), _OFFER_DAYS)
    search = Search(
        clinic=clinic,
        visit_type=visit_type,
        practitioners=tuple(practitioners),
        within=Interval(start, max(day_interval(last, zone).end, start + timedelta(days=1))),
        now=now,
        patient_id=patient_id,
    )
    return free_slots(search)

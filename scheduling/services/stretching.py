"""Making a visit longer or shorter: it begins when it did and ends at another time."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError
from django.utils.translation import gettext as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.errors import Invalid
from mesoclinic.common.intervals import Interval
from scheduling.domain.status import UPCOMING, Status
from scheduling.exceptions import (
    AppointmentNotFound,
    ChangedMeanwhile,
    ChangeNotAllowed,
    SlotTaken,
)
from scheduling.models import Appointment
from scheduling.selectors.calendars import range_of
from scheduling.selectors.conflicts import clashes
from scheduling.services import checks, lapsing, locking
from scheduling.services.booking import refusal
from scheduling.services.drafts import Terms
from scheduling.services.requests import Exceptions, Stretch
from scheduling.services.status import parties_of, wanted_of

LEAST_MIN = 5
MOST_MIN = 480
# Who is in the chair may need longer; what is over is history.
_ELASTIC = UPCOMING | {Status.ARRIVED, Status.IN_SESSION}


def stretch_appointment(
    *, clinic: Clinic, actor: Actor, now: datetime, stretch: Stretch
) -> Appointment:
    """Let the visit last `stretch.minutes` from its start; its buffers stay as long as they are.

    Nobody is written to and `schedule_version` stays: the patient comes at the same time. Raises
    AppointmentNotFound, ChangeNotAllowed, ChangedMeanwhile, Invalid, OutsideHours (a visit that has
    not begun) and SlotTaken.
    """
    if not LEAST_MIN <= stretch.minutes <= MOST_MIN:
        raise Invalid(_("A visit lasts between 5 minutes and 8 hours."), field="minutes")
    terms = Terms(clinic, actor, now, Exceptions())
    try:
        with audited(actor):
            return _stretch(terms, stretch)
    except IntegrityError as error:
        raise refusal(terms, (), error) from error


def _stretch(terms: Terms, stretch: Stretch) -> Appointment:
    seen = Appointment.objects.for_clinic(terms.clinic).filter(pk=stretch.appointment_id).first()
    if seen is None:
        raise AppointmentNotFound
    locking.lock_parties(parties_of([seen]))
    (row,) = locking.lock_visits([seen.pk])
    if row.schedule_version != (stretch.version or seen.schedule_version):
        raise ChangedMeanwhile
    if row.status not in _ELASTIC:
        raise ChangeNotAllowed
    added = row.during.lower + timedelta(minutes=stretch.minutes) - row.during.upper
    if not added:
        return row
    row.during = range_of(Interval(row.during.lower, row.during.upper + added))
    row.occupies = range_of(Interval(row.occupies.lower, row.occupies.upper + added))
    if added > timedelta() and row.status in UPCOMING:
        during = Interval(row.during.lower, row.during.upper)
        hours = terms.hours_of([row.practitioner_id])
        checks.check_hours(terms.clinic, hours, [(row.practitioner_id, during)])
    found = clashes([wanted_of(row)], terms.now, [row.pk])
    lapsing.let_lapse(terms, [one.appointment_id for one in found if one.lapsed])
    taken = [one for one in found if not one.lapsed]
    if taken:
        raise SlotTaken(taken[0].parties)
    row.save(update_fields=["during", "occupies"])
    return row

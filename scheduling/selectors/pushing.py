"""Whom a late or long visit would push, before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mesoclinic.clinic.models import Clinic
from mesoclinic.common.intervals import Interval
from scheduling.domain.pushing import Spell, push
from scheduling.domain.slots import ResourceCalendar, SlotRequest, open_intervals
from scheduling.domain.status import Status
from scheduling.models import Appointment
from scheduling.selectors.appointments import appointments
from scheduling.selectors.calendars import away, interval_of, load_hours, range_of
from scheduling.selectors.conflicts import Clash, Wanted, clashes
from scheduling.selectors.slots import days_between

_AHEAD = [
    Status.PENDING.value, Status.BOOKED.value, Status.CONFIRMED.value, Status.ARRIVED.value,
    Status.ON_HOLD.value,
]  # fmt: skip

# The reason on record of every move of a push: by it the whole push is taken back.
PUSHED = gettext_noop("The day was pushed.")


@dataclass(frozen=True, slots=True)
class Pushed:
    """A visit and its new time."""

    appointment: Appointment
    start: datetime
    end: datetime

    @property
    def during(self) -> Interval[datetime]:
        """Its new time."""
        return Interval(self.start, self.end)

    @property
    def wanted(self) -> Wanted:
        """What it takes there: the same people, room and device."""
        row, here = self.appointment, spell_of(self.appointment)
        occupies = Interval(self.start - here.before, self.end + here.after)
        return Wanted(
            row.practitioner_id, row.room_id, row.device_id, row.patient_id, self.during, occupies
        )


@dataclass(frozen=True, slots=True)
class InTheWay:
    """`visit` has what a pushed visit needs at its new time; None: it is another clinic's."""

    pushed: Pushed
    parties: tuple[str, ...]
    visit: Appointment | None

    @property
    def what(self) -> str:
        """Of the pushed visit: whoever or whatever is taken, by name."""
        row = self.pushed.appointment
        names = {
            "practitioner": row.practitioner.full_name, "room": row.room, "device": row.device,
            "patient": row.patient.name,
        }  # fmt: skip
        return ", ".join(str(names[party]) for party in self.parties)

    def title(self, clinic: Clinic) -> str:
        """Whose visit it concerns, and what is taken."""
        return _("%(time)s %(name)s: %(what)s is taken.") % {
            "time": _clock(clinic, self.pushed.start),
            "name": self.pushed.appointment.patient.name,
            "what": self.what,
        }

    def detail(self, clinic: Clinic) -> str:
        """By whom, and until when."""
        if self.visit is None:
            return _("By a visit of another clinic.")
        return _("By %(name)s with %(practitioner)s, %(start)s - %(end)s.") % {
            "name": self.visit.patient.name,
            "practitioner": self.visit.practitioner.full_name,
            "start": _clock(clinic, self.visit.during.lower),
            "end": _clock(clinic, self.visit.during.upper),
        }


def effect_of_push(clinic: Clinic, appointment: Appointment, minutes: int) -> list[Pushed]:
    """The visit itself first, then everybody after it on the practitioner's day who must move.

    A visit that is under way runs over (its end moves); any other begins later. One query.
    """
    day = clinic.local(appointment.during.lower).date()
    rows = {
        row.pk: row
        for row in appointments(clinic)
        .filter(practitioner_id=appointment.practitioner_id, status__in=_AHEAD)
        .filter(during__overlap=range_of(days_between(clinic, day, day)))
    }
    rows[appointment.pk] = appointment
    here = spell_of(appointment)
    late = timedelta(minutes=minutes)
    start = here.start if appointment.status == Status.IN_SESSION else here.start + late
    changed = replace(here, start=start, end=here.end + late)
    moved = [changed, *push(changed, _after(here, rows))]
    return [Pushed(rows[spell.id], spell.start, spell.end) for spell in moved]


def pushed_out(clinic: Clinic, effect: Sequence[Pushed]) -> list[Pushed]:
    """Which of them would newly lie (in part) outside the practitioner's hours. Two queries."""
    first = effect[0].appointment
    date = clinic.local(first.during.lower).date()
    day = days_between(clinic, date, date)
    hours = load_hours(clinic, (first.practitioner_id,)).blocks(first.practitioner_id)
    absent = away(clinic, day)
    absences = (*absent.by_id.get(first.practitioner_id, ()), *absent.closures)
    calendar = ResourceCalendar(first.practitioner_id, hours, absences)
    request = SlotRequest(within=day, zone=clinic.zone, duration=day.duration)
    working = open_intervals(request, calendar)
    return [
        one
        for one in effect
        if not any(stretch.covers(one.during) for stretch in working)
        and any(stretch.covers(interval_of(one.appointment.during)) for stretch in working)
    ]


def push_clashes(effect: Sequence[Pushed], now: datetime) -> list[Clash]:
    """Visits that don't move along, where the pushed ones would come. One query."""
    along = [one.appointment.pk for one in effect]
    return clashes([one.wanted for one in effect], now, along)


def in_the_way(clinic: Clinic, effect: Sequence[Pushed], now: datetime) -> list[InTheWay]:
    """Who stops the push: it moves everybody or nobody, and nobody's room. Two queries."""
    found = [one for one in push_clashes(effect, now) if not one.lapsed]
    if not found:
        return []
    rows = appointments(clinic).in_bulk([one.appointment_id for one in found])
    return [InTheWay(effect[one.index], one.parties, rows.get(one.appointment_id)) for one in found]


def spell_of(row: Appointment) -> Spell:
    """A stored visit with the buffers that it has."""
    during, occupies = row.during, row.occupies
    return Spell(
        during.lower, during.upper, row.pk, during.lower - occupies.lower,
        occupies.upper - during.upper,
    )  # fmt: skip


def _after(here: Spell, rows: dict[UUID, Appointment]) -> list[Spell]:
    """The visits that began after this one, before anything moved."""
    spells = [spell_of(row) for row in rows.values()]
    return [spell for spell in spells if spell.id != here.id and spell.start >= here.end]


def _clock(clinic: Clinic, moment: datetime) -> str:
    return formats.time_format(clinic.local(moment), "TIME_FORMAT")

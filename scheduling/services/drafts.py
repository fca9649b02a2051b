"""Visits on their way into the calendar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.common.ids import new_id
from patients.models import Patient
from scheduling.models import VisitType
from scheduling.selectors.calendars import Hours, load_hours
from scheduling.selectors.conflicts import Wanted
from scheduling.services.checks import Timing
from scheduling.services.requests import Exceptions
from treatments.models import PlannedSession


@dataclass(slots=True)
class Terms:
    """What all visits of one request share: whose clinic, who asks, when, and what is set aside."""

    clinic: Clinic
    actor: Actor
    now: datetime
    exceptions: Exceptions
    key: str = ""
    hold_until: datetime | None = None
    note: str = ""

    _hours: Hours | None = None

    def hours_of(self, practitioners: Iterable[UUID]) -> Hours:
        """The working hours of everybody who takes part: read once for one request."""
        if self._hours is None:
            self._hours = load_hours(self.clinic, set(practitioners))
        return self._hours

    def forget_key(self) -> None:
        """Book anew what was booked once and ended since."""
        self.key = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A visit about to be written. `fixed_room`: somebody asked for exactly this room."""

    id: UUID
    patient: Patient
    kind: VisitType
    member: Membership
    timing: Timing
    room_id: UUID | None
    device_id: UUID | None
    session: PlannedSession | None = None
    fixed_room: bool = False

    @property
    def wanted(self) -> Wanted:
        """The time that it takes from everybody."""
        return Wanted(
            self.member.staff_id,
            self.room_id,
            self.device_id,
            self.patient.pk,
            self.timing.during,
            self.timing.occupies,
        )


def visit_id(terms: Terms, *content: object) -> UUID:
    """The id of the visit that this request books.

    With a key it follows from clinic, key and content, so that a repeated request meets its own
    visit instead of making a second one; without a key it is a new one.
    """
    if not terms.key:
        return new_id()
    return uuid5(terms.clinic.pk, "|".join(map(str, (terms.key, *content))))

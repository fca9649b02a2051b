"""A course as a picture of time: where each session may lie, should lie, and does.

All positions are percent of the picture's width, for `_components/course_row.html`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.clinic.models import Clinic
from mesoclinic.common.calendar import add_days, add_months, local_date
from scheduling.domain.courses import PlannedVisit, Proposal
from scheduling.domain.slots import Absence
from scheduling.domain.status import Status
from scheduling.domain.words import Code
from scheduling.selectors.courses import Course
from treatments.domain.protocol import Window
from treatments.models import PlannedSession

_MARGIN_DAYS = 5
_SHORTEST_DAYS = 60
_EDGE = 3


@dataclass(frozen=True, slots=True)
class Axis:
    """From the first to the last day of the picture."""

    first: date
    last: date

    def x(self, day: date) -> float:
        """Where a day begins, 0 to 100, clipped to the picture."""
        span = (self.last - self.first).days or 1
        return round(min(max((day - self.first).days / span * 100, 0.0), 100.0), 2)

    @property
    def months(self) -> list[dict[str, object]]:
        """The first of each month with its name."""
        found: list[dict[str, object]] = []
        month = add_months(self.first.replace(day=1), 1)
        step = 1 if (self.last - self.first).days < 500 else 3
        while month < self.last:
            found.append({"x": self.x(month), "label": formats.date_format(month, "M")})
            month = add_months(month, step)
        return found

    @property
    def ticks(self) -> list[float]:
        """The first of each month."""
        return [float(str(month["x"])) for month in self.months]


@dataclass(frozen=True, slots=True)
class Bead:
    """A session that has its day: given, booked, or proposed."""

    session: PlannedSession
    day: date
    start: datetime | None
    window: Window | None
    note: str
    state: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """What the template draws."""

    rows: list[dict[str, object]]
    months: list[dict[str, object]]
    ticks: list[float]
    closures: list[dict[str, float]]


def draw(
    clinic: Clinic, course: Course, proposal: Proposal | None, closures: Iterable[Absence]
) -> Picture:
    """The picture of a course: what is given and booked, and the proposal for the rest."""
    beads = _beads(clinic, course, proposal)
    axis = _axis(beads)
    days = {bead.session.pk: bead.day for bead in beads}
    before: date | None = None
    rows = []
    for bead in beads:
        rows.append(_row(clinic, axis, bead, before))
        before = days[bead.session.pk]
    return Picture(rows, axis.months, axis.ticks, _closures(clinic, axis, closures))


def _beads(clinic: Clinic, course: Course, proposal: Proposal | None) -> list[Bead]:
    proposed = {visit.number: visit for visit in proposal.visits} if proposal else {}
    beads = []
    for session in course.sessions:
        visit = course.booked.get(session.pk)
        if session.pk in course.given:
            beads.append(Bead(session, course.given[session.pk], None, None, _("given"), "neutral"))
        elif visit is not None:
            day = local_date(visit.during.lower, clinic.zone)
            url = reverse("scheduling:appointment", args=[visit.pk])
            note = str(visit.get_status_display()).lower()
            state = "stop" if visit.status == Status.ON_HOLD else "open"
            beads.append(Bead(session, day, visit.during.lower, None, note, state, url))
        elif session.number in proposed:
            beads.append(_proposed(session, proposed[session.number]))
    return beads


def _proposed(session: PlannedSession, visit: PlannedVisit) -> Bead:
    notes = []
    if any(reason.code is Code.HIGH_UV for reason in visit.reasons):
        notes.append(_("strong sun: protect the skin"))
    if any(reason.code is Code.PRACTITIONER_CHANGED for reason in visit.reasons):
        notes.append(_("another practitioner"))
    if not visit.window.is_open and abs(visit.from_ideal) >= _EDGE:
        notes.append(_distance(visit.from_ideal))
    state = "warn" if notes else ""
    return Bead(session, visit.day, visit.slot.start, visit.window, " · ".join(notes), state)


def _distance(days: int) -> str:
    if days > 0:
        return ngettext("%(n)s day late", "%(n)s days late", days) % {"n": days}
    return ngettext("%(n)s day early", "%(n)s days early", -days) % {"n": -days}


def _axis(beads: Sequence[Bead]) -> Axis:
    days = [bead.day for bead in beads]
    if not days:
        return Axis(date(2000, 1, 1), date(2000, 3, 1))
    first = add_days(min(days), -_MARGIN_DAYS)
    ends = [bead.window.latest for bead in beads if bead.window and not bead.window.is_open]
    last = add_days(max([*days, *ends]), _MARGIN_DAYS)
    return Axis(first, max(last, add_days(first, _SHORTEST_DAYS)))


def _row(clinic: Clinic, axis: Axis, bead: Bead, before: date | None) -> dict[str, object]:
    number = {"number": bead.session.number}
    title = _("Session %(number)s") % number
    when = _when(clinic, bead)
    gap = ""
    if before is not None:
        days = (bead.day - before).days
        gap = ngettext("%(n)s day", "%(n)s days", days) % {"n": days}
    note = " · ".join(part for part in (gap, bead.note) if part)
    window = bead.window
    row: dict[str, object] = {
        "number": bead.session.number, "title": title, "note": bead.session.phase_name,
        "x": axis.x(bead.day), "when": when, "when_note": note, "state": bead.state,
        "spoken": ", ".join(part for part in (title, when, note) if part), "url": bead.url,
        "ideal_x": None,
    }  # fmt: skip
    if window is not None and not window.is_open:
        left = axis.x(window.earliest)
        row["window_x"] = left
        row["window_width"] = round(max(axis.x(window.latest) - left, 0.8), 2)
        row["ideal_x"] = axis.x(window.ideal)
    return row


def _when(clinic: Clinic, bead: Bead) -> str:
    day = formats.date_format(bead.day, "D j M")
    if bead.start is None:
        return day
    return f"{day} {formats.time_format(clinic.local(bead.start).time(), 'H:i')}"


def _closures(clinic: Clinic, axis: Axis, closures: Iterable[Absence]) -> list[dict[str, float]]:
    """Closures of two days and more: a single holiday would be a hair."""
    found = []
    for closure in closures:
        first = local_date(closure.during.start, clinic.zone)
        last = local_date(closure.during.end, clinic.zone)
        left, right = axis.x(first), axis.x(last)
        if (last - first).days >= 2 and right > left:
            found.append({"x": left, "width": round(right - left, 2)})
    return found

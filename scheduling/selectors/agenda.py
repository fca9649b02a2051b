"""Visits as lists: the agenda day after day, and the courses that are under way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Exists, OuterRef
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mesoclinic.clinic.models import Clinic
from mesoclinic.common.calendar import add_days, local_date
from scheduling.domain.status import BLOCKING, Status
from scheduling.models import Appointment
from scheduling.selectors.calendars import range_of
from scheduling.selectors.feed import CalendarEvent, Filters, calendar_events
from scheduling.selectors.pictures import Axis
from scheduling.selectors.slots import days_between
from treatments.models import PlannedSession

AGENDA_DAYS = 7
# A page of the agenda ends with the day on which it reaches this many visits.
_ENOUGH = 200

COURSE_DAYS_BACK = 28
COURSE_DAYS_AHEAD = 112
COURSES_SHOWN = 40


@dataclass(frozen=True, slots=True)
class AgendaDay:
    """A local day and its visits in order."""

    day: date
    visits: tuple[CalendarEvent, ...]


@dataclass(frozen=True, slots=True)
class Agenda:
    """The days with visits, the day after the last one looked at, and whose visits they are."""

    days: tuple[AgendaDay, ...]
    after: date
    patients: tuple[UUID, ...]

    @property
    def count(self) -> int:
        """How many visits."""
        return sum(len(one.visits) for one in self.days)


def agenda(clinic: Clinic, first: date, filters: Filters) -> Agenda:
    """The visits of a week from `first` on, fewer days where they are very full. One query."""
    feed = calendar_events(
        clinic, days_between(clinic, first, add_days(first, AGENDA_DAYS - 1)), filters
    )
    by_day: dict[str, list[CalendarEvent]] = {}
    for event in feed.events:
        by_day.setdefault(event["start"][:10], []).append(event)
    days: list[AgendaDay] = []
    shown, after = 0, add_days(first, AGENDA_DAYS)
    for text, visits in sorted(by_day.items()):
        day = date.fromisoformat(text)
        if shown and shown + len(visits) > _ENOUGH:
            after = day
            break
        days.append(AgendaDay(day, tuple(visits)))
        shown += len(visits)
    return Agenda(tuple(days), after, tuple(feed.patients[:shown]))


@dataclass(frozen=True, slots=True)
class CourseBead:
    """One visit of a course on the picture; `x` in percent of its width, `words` what it shows."""

    number: int
    x: float
    state: str
    words: str


@dataclass(slots=True)
class CourseLine:
    """A course under way: its visits in the time shown, and how many sessions wait for a date."""

    plan_id: UUID
    patient: str
    url: str
    beads: list[CourseBead] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)
    next: datetime | None = None
    unbooked: int = 0
    held: int = 0

    @property
    def words(self) -> str:
        """The line in one sentence, for who does not see the picture."""
        return f"{self.patient}: {', '.join(self.spoken)}"

    @property
    def note(self) -> str:
        """What is left to do."""
        dateless = ngettext(
            "%(n)s session without a date", "%(n)s sessions without a date", self.unbooked
        )
        held = ngettext("%(n)s visit on hold", "%(n)s visits on hold", self.held)
        said = ((self.held, held), (self.unbooked, dateless))
        return ", ".join(words % {"n": count} for count, words in said if count)


@dataclass(frozen=True, slots=True)
class CoursesUnderWay:
    """The lines of a page, their axis, and whether more follow."""

    lines: tuple[CourseLine, ...]
    axis: Axis
    today_x: float
    patients: tuple[UUID, ...]
    more: bool


_STATES = dict(Appointment.StatusChoices.choices)
_BEADS = {
    Status.DONE.value: "neutral", Status.ON_HOLD.value: "stop", Status.NO_SHOW.value: "stop",
}  # fmt: skip
LEGEND = (
    ("", gettext_lazy("Booked")),
    ("neutral", gettext_lazy("Done")),
    ("warn", gettext_lazy("Outside its window")),
    ("stop", gettext_lazy("On hold or missed")),
)


def courses_under_way(
    clinic: Clinic, day: date, filters: Filters, *, now: datetime, page: int = 1
) -> CoursesUnderWay:
    """Courses with a visit from four weeks before `day` to sixteen after, next visit first.

    Two queries, however many.
    """
    axis = Axis(add_days(day, -COURSE_DAYS_BACK), add_days(day, COURSE_DAYS_AHEAD))
    rows = (
        Appointment.objects.for_clinic(clinic)
        .filter(filters.q, plan__isnull=False, planned_session__isnull=False)
        .filter(status__in=[*sorted(BLOCKING), Status.NO_SHOW.value])
        .filter(during__overlap=range_of(days_between(clinic, axis.first, axis.last)))
        .order_by("during")
        .values_list(
            "plan_id", "patient_id", "patient__name", "planned_session__number", "during",
            "status", "off_protocol",
        )
    )  # fmt: skip
    lines: dict[UUID, CourseLine] = {}
    whose: dict[UUID, UUID] = {}
    for plan, patient, name, number, during, status, off in rows:
        whose[plan] = patient
        line = lines.setdefault(
            plan, CourseLine(plan, name, reverse("scheduling:course", args=[plan]))
        )
        _add(clinic, axis, line, number, during.lower, status, off=off)
        if during.lower >= now and line.next is None:
            line.next = during.lower
    ordered = sorted(lines.values(), key=lambda one: (one.next is None, one.next or now))
    start = (page - 1) * COURSES_SHOWN
    shown = ordered[start : start + COURSES_SHOWN]
    _count_unbooked(shown)
    return CoursesUnderWay(
        tuple(shown), axis, axis.x(clinic.today(now)),
        tuple(whose[line.plan_id] for line in shown), len(ordered) > start + COURSES_SHOWN,
    )  # fmt: skip


def _add(
    clinic: Clinic, axis: Axis, line: CourseLine, number: int, start: datetime, status: str,
    *, off: bool,
) -> None:  # fmt: skip
    day = local_date(start, clinic.zone)
    known = _BEADS.get(status, "")
    state = "warn" if off and known != "stop" else known
    when = formats.date_format(day, "j F")
    words = _("session %(number)s on %(day)s") % {"number": number, "day": when}
    if off:
        words = f"{words}, {_('outside its window')}"
    if known:
        words = f"{words} ({_STATES[status]})"
    line.held += status == Status.ON_HOLD
    line.beads.append(CourseBead(number, axis.x(day), state, words))
    line.spoken.append(words)


def _count_unbooked(lines: Iterable[CourseLine]) -> None:
    by_plan = {line.plan_id: line for line in lines}
    if not by_plan:
        return
    standing = Appointment.objects.filter(
        planned_session=OuterRef("pk"), status__in=sorted(BLOCKING)
    )
    rows = (
        PlannedSession.objects.filter(
            ~Exists(standing), plan__in=by_plan, dropped_at__isnull=True, record__isnull=True
        )
        .order_by()
        .values_list("plan")
        .annotate(n=Count("pk"))
    )
    for plan, count in rows:
        by_plan[plan].unbooked = count


def week_of(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())

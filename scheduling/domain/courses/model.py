"""What the course planner takes and gives. Days are local calendar days of the clinic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, tzinfo
from enum import StrEnum
from uuid import UUID

from mesoclinic.common.intervals import Interval
from scheduling.domain.obstacles import Obstacle
from scheduling.domain.slots import Slot
from scheduling.domain.words import Reason
from treatments.domain.protocol import SessionSpec, Verdict, Window

Candidates = Sequence[Slot] | Callable[[int, date, date], Sequence[Slot]]
"""Free slots: one list for all sessions, or a function of (session number, first day, last day).

The function is asked once for each session, for the days (both included) that it can reach; it
may return more than that. It is how sessions of different length get slots of their own.
"""

Obstacles = Sequence[Obstacle] | Callable[[date, date], Sequence[Obstacle]]
"""Why days have no slot: a list, or a function of (first day, last day), asked only when needed."""


@dataclass(frozen=True, slots=True)
class DayRange:
    """Local days from first to last, both included. Raises ``ValueError`` when reversed."""

    first: date
    last: date
    label: str = ""

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"a range of days ends before it starts: {self.first} .. {self.last}")

    def contains(self, day: date) -> bool:
        """Whether the day is in the range."""
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What suits the patient and the clinic.

    ``weekdays`` (Monday is 0; empty means any) and ``times`` (a visit starts at or after the
    first and before the second; local) are wishes, and conditions when ``strict_weekdays`` or
    ``strict_times`` is set. ``not_in`` is always a condition: the patient is not there.
    ``avoid_months`` are the high-UV months when the course treats sun-exposed skin (S4): a
    wish. ``practitioner_id`` and ``room_id`` are wishes.
    """

    weekdays: frozenset[int] = frozenset()
    times: tuple[time, time] | None = None
    not_in: tuple[DayRange, ...] = ()
    practitioner_id: UUID | None = None
    room_id: UUID | None = None
    avoid_months: frozenset[int] = frozenset()
    strict_weekdays: bool = False
    strict_times: bool = False

    def __post_init__(self) -> None:
        if self.times is not None and self.times[0] >= self.times[1]:
            raise ValueError("the preferred time must end after it starts")
        if not self.weekdays <= frozenset(range(7)):
            raise ValueError("weekdays are 0 (Monday) to 6")

    def suit(self, start: datetime) -> bool:
        """Whether a start, on the clinic's clock, is on a wished weekday at a wished time."""
        timely = self.times is None or self.times[0] <= start.time() < self.times[1]
        return timely and (not self.weekdays or start.weekday() in self.weekdays)

    def leave_out(self, day: date) -> bool:
        """Whether the patient is not there on that day."""
        return any(days.contains(day) for days in self.not_in)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What a departure costs, in whole points; the sum over a course is made least.

    ``day`` counts for each *squared* day from the ideal gap, so one day off three times beats
    three days off once. ``wait`` counts for each day that a free first session is away from
    its ideal day. A wished weekday is never more than three days away, so by default it wins
    over the ideal day (10 against 9) and a wished time wins over a day or two. ``load`` is for
    a practitioner's day that is completely full, and less in proportion.

    Raises ``ValueError`` for a negative weight.
    """

    day: int = 1
    wait: int = 1
    weekday: int = 10
    time: int = 8
    time_hour: int = 2
    preferred_practitioner: int = 15
    preferred_room: int = 2
    practitioner_change: int = 12
    room_change: int = 1
    uv_month: int = 60
    load: int = 4

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if getattr(self, name) < 0:
                raise ValueError(f"weight {name} must not be negative")


@dataclass(frozen=True, slots=True)
class Visit:
    """A session of the course at a time: booked already, or to be booked."""

    number: int
    slot: Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseRequest:
    """A course, or the rest of one, to be planned.

    ``sessions`` are the sessions to place, in order of their numbers. ``first`` is the window
    of the first of them: free from a day (`Window.open_from`), or, for the rest of a course,
    `window_after` the day on which the last session was really given. ``until`` is the last
    local day that may be booked; no session is placed after it.

    ``candidates`` are free slots (see `Candidates`); for best choice of rooms load them with
    `Pick.EACH_COMBINATION`. When planning around visits of this same course, load them
    without counting those visits as busy. ``patient_busy`` is taken off here too, for
    candidates that were loaded without it. ``load`` is as `slots.day_load` gives it.
    ``previous`` is the last given visit: whom and where to keep. ``obstacles`` and
    ``alternatives`` (slots of other practitioners) serve the explanation only.
    """

    sessions: tuple[SessionSpec, ...]
    first: Window
    until: date
    zone: tzinfo
    candidates: Candidates
    preferences: Preferences = field(default_factory=Preferences)
    weights: Weights = field(default_factory=Weights)
    load: Mapping[tuple[date, UUID], int] = field(default_factory=dict)
    patient_busy: tuple[Interval[datetime], ...] = ()
    previous: Visit | None = None
    obstacles: Obstacles = ()
    alternatives: Candidates = ()

    def __post_init__(self) -> None:
        if not self.sessions:
            raise ValueError("a course to plan has at least one session")
        numbers = [session.number for session in self.sessions]
        if numbers != sorted(set(numbers)):
            raise ValueError("sessions must come in the order of their numbers")
        if any(session.gap is None for session in self.sessions[1:]):
            raise ValueError("only the first session of a course has no gap")


class Emphasis(StrEnum):
    """What a proposal was made best at."""

    BALANCED = "balanced"  # the weights as given
    PROTOCOL = "protocol"  # closest to the ideal days, the rest only breaks ties
    PREFERRED_TIME = "preferred_time"  # wished weekdays and times first
    SAME_PRACTITIONER = "same_practitioner"  # no change of practitioner first
    OTHER_DAYS = "other_days"  # the best that shares no session's day with the others


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """One session of a proposal.

    ``window`` is the one opened by the day of the session before it. ``reasons`` say what was
    met and what was not; `words.describe` puts each into words.
    """

    number: int
    slot: Slot
    day: date
    window: Window
    reasons: tuple[Reason, ...]

    @property
    def from_ideal(self) -> int:
        """Days from the ideal day: negative before it."""
        return self.window.distance(self.day)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A time for every session. ``cost`` is in the request's weights, for every emphasis.

    ``emphases`` names every emphasis of which this is an optimum, the one it was made for first.
    """

    emphases: tuple[Emphasis, ...]
    visits: tuple[PlannedVisit, ...]
    cost: int

    @property
    def emphasis(self) -> Emphasis:
        """The emphasis that the proposal was made for."""
        return self.emphases[0]


@dataclass(frozen=True, slots=True)
class Blocked:
    """Why there is no plan: the first session that no choice for those before it can place.

    ``window`` spans all days that the session could fall on, over every choice for the
    sessions before it (its ideal is the middle of what the ideal gap gives). ``obstacles`` say
    what took each day away, ``suggestions`` what would give it a time.
    """

    number: int
    window: Window
    obstacles: tuple[Obstacle, ...]
    suggestions: tuple[Reason, ...]

    @property
    def furthest(self) -> int:
        """The number of the last session that can still be placed."""
        return self.number - 1


@dataclass(frozen=True, slots=True)
class CoursePlan:
    """Up to three really different proposals, the balanced one first; or what blocks."""

    proposals: tuple[Proposal, ...]
    blocked: Blocked | None = None

    @property
    def feasible(self) -> bool:
        """Whether there is at least one proposal."""
        return bool(self.proposals)

    @property
    def best(self) -> Proposal:
        """The balanced proposal. Raises ``IndexError`` when there is none."""
        return self.proposals[0]


@dataclass(frozen=True, slots=True)
class Change:
    """A visit that moves, from a slot to a slot, with its new window and the reasons."""

    number: int
    before: Slot
    after: Slot
    day: date
    window: Window
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class OffProtocol:
    """A visit that lies outside its window after the move.

    ``existing`` tells that it did so before, by the same gap: the move did not cause it.
    """

    number: int
    day: date
    window: Window
    verdict: Verdict
    existing: bool


@dataclass(frozen=True, slots=True)
class Replan:
    """What a move does to the course: ``changes`` (the moved visit first), what is ``kept``.

    ``off_protocol`` lists visits outside their window; empty means that all fits.
    """

    changes: tuple[Change, ...]
    kept: tuple[Visit, ...]
    off_protocol: tuple[OffProtocol, ...]

    @property
    def fits(self) -> bool:
        """Whether the move leaves no visit newly outside its window."""
        return all(item.existing for item in self.off_protocol)

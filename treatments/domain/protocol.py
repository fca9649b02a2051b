"""Protocols: phases of sessions, the gaps between sessions, and the windows these open.

Source: docs/clinical-defaults.md, protocols. Nothing here is a clinical
constant: the numbers come from the clinic's catalogue. All arithmetic is in local calendar
days; instants are made of them elsewhere, last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from mesoclinic.common.calendar import add_days, add_months


class GapUnit(StrEnum):
    """What a gap is counted in."""

    DAYS = "days"
    MONTHS = "months"


class Verdict(StrEnum):
    """Where a day lies against a window.

    ``TOO_EARLY`` is refused unless a practitioner overrides it with a reason;
    ``OFF_PROTOCOL`` (after the latest day) is flagged only.
    """

    INSIDE = "inside"
    TOO_EARLY = "too_early"
    OFF_PROTOCOL = "off_protocol"


@dataclass(frozen=True, slots=True)
class Gap:
    """Days or months from the session before: the least, the one aimed at, the most.

    Raises ``ValueError`` unless ``0 < min <= ideal <= max``.
    """

    min: int
    ideal: int
    max: int
    unit: GapUnit = GapUnit.DAYS

    def __post_init__(self) -> None:
        if not 0 < self.min <= self.ideal <= self.max:
            raise ValueError(
                f"a gap needs 0 < min <= ideal <= max, got {self.min}, {self.ideal}, {self.max}"
            )


@dataclass(frozen=True, slots=True)
class Phase:
    """A run of sessions with one gap; the gap holds before every session of the phase.

    It holds before the phase's first session too (counted from the last session of the phase
    before), except for the very first session of a course, which is free. ``repeats`` marks
    an open-ended phase: after its planned sessions more may follow at the same gap.

    Raises ``ValueError`` unless ``0 <= sessions_min <= sessions_planned <= sessions_max`` and
    ``sessions_max >= 1``.
    """

    name: str
    sessions_min: int
    sessions_planned: int
    sessions_max: int
    gap: Gap
    repeats: bool = False

    def __post_init__(self) -> None:
        ordered = 0 <= self.sessions_min <= self.sessions_planned <= self.sessions_max
        if not ordered or self.sessions_max < 1:
            raise ValueError(
                f"phase {self.name!r} needs 0 <= min <= planned <= max sessions and max >= 1"
            )


@dataclass(frozen=True, slots=True)
class ProtocolSpec:
    """The phases of a protocol in order.

    Raises ``ValueError`` when no session is planned at all, or when a phase repeats that is
    not the last one.
    """

    phases: tuple[Phase, ...]

    def __post_init__(self) -> None:
        if not any(phase.sessions_planned for phase in self.phases):
            raise ValueError("a protocol plans at least one session")
        if any(phase.repeats for phase in self.phases[:-1]):
            raise ValueError("only the last phase of a protocol may repeat")


@dataclass(frozen=True, slots=True)
class SessionSpec:
    """One session of a course: its number from 1, its phase, and the gap to the one before.

    ``gap`` is ``None`` only for the first session of a course.
    """

    number: int
    phase_name: str
    phase_index: int
    gap: Gap | None


@dataclass(frozen=True, slots=True)
class Window:
    """The local days on which a session should be: both ends included.

    Raises ``ValueError`` unless ``earliest <= ideal <= latest``.
    """

    earliest: date
    ideal: date
    latest: date

    def __post_init__(self) -> None:
        if not self.earliest <= self.ideal <= self.latest:
            raise ValueError(
                f"a window needs earliest <= ideal <= latest, got "
                f"{self.earliest}, {self.ideal}, {self.latest}"
            )

    @classmethod
    def open_from(cls, day: date) -> Window:
        """The free window of a first session: any day from ``day`` on, the sooner the better."""
        return cls(day, day, date.max)

    @property
    def is_open(self) -> bool:
        """Whether the window has no latest day."""
        return self.latest == date.max

    def verdict(self, day: date) -> Verdict:
        """Whether a day is inside, too early, or off protocol (after the latest day)."""
        if day < self.earliest:
            return Verdict.TOO_EARLY
        return Verdict.INSIDE if day <= self.latest else Verdict.OFF_PROTOCOL

    def distance(self, day: date) -> int:
        """Days from the ideal day: negative before it."""
        return (day - self.ideal).days


@dataclass(frozen=True, slots=True)
class SessionWindow:
    """A session with its window and the day that the next window counts from.

    ``day`` is the day it was given, else the day chosen for it, else the window's ideal day;
    ``given`` tells whether it has taken place.
    """

    session: SessionSpec
    window: Window
    day: date
    given: bool


def expand(spec: ProtocolSpec, counts: Sequence[int] | None = None) -> tuple[SessionSpec, ...]:
    """The sessions of a protocol in order, as planned or with other counts per phase.

    ``counts`` holds one number for each phase. Raises ``ValueError`` when it has another
    length, leaves no session, or leaves a phase's bounds (a repeating phase has no most).
    """
    planned = [phase.sessions_planned for phase in spec.phases]
    chosen = planned if counts is None else list(counts)
    if len(chosen) != len(spec.phases) or sum(chosen) < 1:
        raise ValueError("give one number of sessions for each phase, and at least one session")
    sessions: list[SessionSpec] = []
    for index, (phase, count) in enumerate(zip(spec.phases, chosen, strict=True)):
        if count < phase.sessions_min or (count > phase.sessions_max and not phase.repeats):
            raise ValueError(
                f"phase {phase.name!r} takes {phase.sessions_min} to {phase.sessions_max} "
                f"sessions, not {count}"
            )
        for _ in range(count):
            gap = phase.gap if sessions else None
            sessions.append(SessionSpec(len(sessions) + 1, phase.name, index, gap))
    return tuple(sessions)


def session_after(spec: ProtocolSpec, last: SessionSpec) -> SessionSpec | None:
    """One more session of a repeating last phase, or ``None`` when the protocol does not repeat."""
    phase = spec.phases[-1]
    if not phase.repeats:
        return None
    return SessionSpec(last.number + 1, phase.name, len(spec.phases) - 1, phase.gap)


def window_after(last: date, gap: Gap) -> Window:
    """The window that a gap opens after the local day of the session before."""
    add = add_days if gap.unit is GapUnit.DAYS else add_months
    return Window(add(last, gap.min), add(last, gap.ideal), add(last, gap.max))


def chain_windows(
    first: Window | date,
    sessions: Sequence[SessionSpec],
    actual: Mapping[int, date],
    chosen: Mapping[int, date] | None = None,
) -> tuple[SessionWindow, ...]:
    """The window of every session, each anchored to the session before it.

    The anchor is the day on which the session before was really given (``actual``, by session
    number), else the day chosen for it (``chosen``: its booking), else the ideal day of its
    own window. ``first`` is the window of the first session in the list, or the day from which
    it is free; when the list is the rest of a course and ``actual`` knows the session before
    it, that anchors it instead.
    """
    booked = chosen or {}
    chain: list[SessionWindow] = []
    for session in sessions:
        before = chain[-1].day if chain else actual.get(session.number - 1)
        if session.gap is not None and before is not None:
            window = window_after(before, session.gap)
        else:
            window = first if isinstance(first, Window) else Window.open_from(first)
        given = session.number in actual
        day = actual[session.number] if given else booked.get(session.number, window.ideal)
        chain.append(SessionWindow(session, window, day, given))
    return tuple(chain)


def reach(first: Window, sessions: Sequence[SessionSpec], until: date) -> tuple[Window, ...]:
    """The days each session can fall on when every gap before it may be chosen freely.

    Earliest by always taking the least gap, latest by always taking the most (but never after
    ``until``), ideal by always taking the ideal gap: what a planner has to load. Sessions that
    can't be reached by ``until`` are left out, so the result may be shorter than the list.
    """
    reached: list[Window] = []
    earliest, ideal, latest = first.earliest, first.ideal, first.latest
    for index, session in enumerate(sessions):
        if index and session.gap is not None:
            earliest = window_after(earliest, session.gap).earliest
            ideal = window_after(ideal, session.gap).ideal
            latest = window_after(latest, session.gap).latest
        latest = min(latest, until)
        ideal = min(ideal, latest)
        if earliest > latest:
            break
        reached.append(Window(earliest, ideal, latest))
    return tuple(reached)

"""Cluster watch: does one lot, ingredient, technique, room or practitioner see too many events?

Pure. For each group, Fisher's exact test, one-sided: of N sessions, E were followed by an event; a
group has n of the sessions and k of the events. If events fell on sessions by chance, k would be
hypergeometric, so p = P(K >= k) is exact for any size and needs no estimated base rate (the
base rate shown beside it is that of all *other* sessions). A group is looked at from two events on.

Multiplicity: many groups are looked at, so some low p arises by chance alone. Holm's step-down
correction over all groups of one kind keeps the chance of any false warning at 5 %. `WARN` is a
corrected p below 0.05; `LOOK` is a raw p below 0.01 that does not survive the correction.
It is a signal to look, not a finding: groups overlap (one session has one lot of each ingredient).

Late signs: an infection (atypical mycobacteria) shows weeks after the
injection, so signs are counted by week since the last session before them, for twelve weeks.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import exp, lgamma
from typing import TypeVar

K = TypeVar("K", bound=Hashable)

LEAST_EVENTS = 2
ALPHA = 0.05
LOOK_AT = 0.01
LATE_WEEKS = 12


class Signal(StrEnum):
    """Nothing < look (low, but not low enough for so many groups) < warn."""

    NONE = "none"
    LOOK = "look"
    WARN = "warn"


@dataclass(frozen=True)
class Tally:
    """A group's sessions, and how many of them were followed by an event."""

    key: Hashable
    sessions: int
    events: int


@dataclass(frozen=True)
class Judged:
    """A tally against all others: rates are events per session; `p` raw, `adjusted` after Holm."""

    tally: Tally
    rate: float
    base_rate: float
    p: float
    adjusted: float
    signal: Signal


def tail(k: int, sessions: int, events: int, all_sessions: int) -> float:
    """P(K >= k) for K events among `sessions` of `all_sessions`, `events` of which had one.

    Raises ValueError for counts that can't be.
    """
    if not 0 <= k <= sessions <= all_sessions or not 0 <= events <= all_sessions or k > events:
        raise ValueError("the counts contradict each other")
    most = min(sessions, events)
    least = max(0, sessions + events - all_sessions)
    if k <= least:
        return 1.0
    whole = _log_choose(all_sessions, sessions)
    rest = all_sessions - events
    terms = (
        exp(_log_choose(events, one) + _log_choose(rest, sessions - one) - whole)
        for one in range(k, most + 1)
    )
    return min(1.0, sum(terms))


def judge(tallies: Sequence[Tally], all_sessions: int, all_events: int) -> tuple[Judged, ...]:
    """Every group of one kind, most suspicious first; Holm's correction over those looked at."""
    looked = {
        one.key: tail(one.events, one.sessions, all_events, all_sessions)
        for one in tallies
        if one.events >= LEAST_EVENTS
    }
    corrected = holm(looked)
    judged = [
        _judged(
            one, looked.get(one.key, 1.0), corrected.get(one.key, 1.0), all_sessions, all_events
        )
        for one in tallies
    ]
    return tuple(sorted(judged, key=lambda one: (one.adjusted, one.p, -one.rate)))


def holm(raw: Mapping[K, float]) -> dict[K, float]:
    """Holm's step-down p values: never below the raw ones, in the same order, 1 at most."""
    ordered = sorted(raw.items(), key=lambda item: item[1])
    corrected: dict[K, float] = {}
    worst = 0.0
    for place, (key, p) in enumerate(ordered):
        worst = max(worst, min(1.0, p * (len(ordered) - place)))
        corrected[key] = worst
    return corrected


def late_signs(
    sessions: Mapping[K, Iterable[date]],
    signs: Iterable[tuple[K, date]],
    weeks: int = LATE_WEEKS,
) -> tuple[int, ...]:
    """How many signs began in each week after the last session before them (week 1 = days 0 to 6).

    `sessions` holds days by patient; `signs` are patient and day of onset. Signs before any session
    or after `weeks` weeks count nowhere.
    """
    counts = [0] * weeks
    for patient, onset in signs:
        before = [day for day in sessions.get(patient, ()) if day <= onset]
        if before:
            week = (onset - max(before)).days // 7
            if week < weeks:
                counts[week] += 1
    return tuple(counts)


def _judged(one: Tally, p: float, adjusted: float, all_sessions: int, all_events: int) -> Judged:
    others = all_sessions - one.sessions
    signal = Signal.NONE
    if one.events >= LEAST_EVENTS and adjusted < ALPHA:
        signal = Signal.WARN
    elif one.events >= LEAST_EVENTS and p < LOOK_AT:
        signal = Signal.LOOK
    return Judged(
        tally=one,
        rate=one.events / one.sessions if one.sessions else 0.0,
        base_rate=(all_events - one.events) / others if others else 0.0,
        p=p,
        adjusted=adjusted,
        signal=signal,
    )


def _log_choose(n: int, k: int) -> float:
    if not 0 <= k <= n:
        return float("-inf")
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)

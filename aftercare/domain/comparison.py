"""What a new version of the triage rules changes, found by judging every report with both. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from aftercare.domain.triage import (
    SIZES,
    Effect,
    Report,
    ReportedEffect,
    SessionFacts,
    TriageRules,
    Urgency,
    judge,
)

DAYS = (0, 1, 3, 7, 14, 28, 84)
"""The days after a session on which two versions are compared."""
# What is graver is an emergency in all versions.
_SEVERITIES = (1, 2, 3)


@dataclass(frozen=True)
class Change:
    """A report that two versions judge differently: what, how strong, on which day."""

    effect: Effect
    severity: int
    size: int
    day: int
    growing: bool
    before: Urgency
    after: Urgency

    @property
    def is_milder(self) -> bool:
        """Whether the new rules are the milder ones."""
        return self.after.rank < self.before.rank


@dataclass(frozen=True)
class Shift:
    """Reports of one effect that all go from one urgency to another, as people read them."""

    effect: Effect
    before: Urgency
    after: Urgency
    severities: tuple[int, ...]
    sizes: tuple[int, ...]
    days: tuple[int, ...]
    only_growing: bool


@dataclass(frozen=True)
class Comparison:
    """Everything by which a new version differs in what becomes of a report.

    `unasked` and `unasked_late` are effects that patients are no longer asked about, at all or in
    the weeks after; `reads_later` says that a patient must feel worse before somebody reads it.
    """

    milder: tuple[Shift, ...] = ()
    graver: tuple[Shift, ...] = ()
    unasked: tuple[Effect, ...] = ()
    unasked_late: tuple[Effect, ...] = ()
    reads_later: bool = False

    @property
    def weakens(self) -> bool:
        """Whether anything could be missed that is noticed today."""
        return bool(self.milder or self.unasked or self.unasked_late or self.reads_later)


def compare(before: TriageRules, after: TriageRules) -> Comparison:
    """What changes from one version to the next."""
    changes = differences(before, after)
    kept = [(one, after.by_key[one.key]) for one in before.effects if one.key in after.by_key]
    return Comparison(
        milder=_shifts(one for one in changes if one.is_milder),
        graver=_shifts(one for one in changes if not one.is_milder),
        unasked=tuple(one for one in before.effects if one.key not in after.by_key),
        unasked_late=tuple(new for old, new in kept if old.late and not new.late),
        reads_later=after.unwell_from > before.unwell_from,
    )


def differences(before: TriageRules, after: TriageRules) -> list[Change]:
    """Every kind of report of one effect that the two judge differently, milder ones first."""
    found = [
        one
        for effect in after.effects
        if effect.key in before.by_key and before.by_key[effect.key] != effect
        for one in _of_effect(effect, before, after)
    ]
    return sorted(found, key=lambda one: (not one.is_milder, one.effect.key, one.day))


def _shifts(changes: Iterable[Change]) -> tuple[Shift, ...]:
    """Changes of an effect between the same urgencies; strengths that fare alike together."""
    kinds: dict[tuple[str, Urgency, Urgency], dict[int, list[Change]]] = {}
    for one in changes:
        kind = kinds.setdefault((one.effect.key, one.before, one.after), defaultdict(list))
        kind[one.severity].append(one)
    return tuple(
        _shift([severity for severity, _ in alike], [one for _, some in alike for one in some])
        for by_severity in kinds.values()
        for alike in _alike(by_severity)
    )


def _alike(by_severity: dict[int, list[Change]]) -> Iterable[list[tuple[int, list[Change]]]]:
    """Strengths with the same sizes, days and growth, together."""
    found: dict[frozenset[tuple[int, int, bool]], list[tuple[int, list[Change]]]] = {}
    for severity, some in sorted(by_severity.items()):
        fate = frozenset((one.size, one.day, one.growing) for one in some)
        found.setdefault(fate, []).append((severity, some))
    return found.values()


def _shift(severities: list[int], changes: list[Change]) -> Shift:
    return Shift(
        effect=changes[0].effect,
        before=changes[0].before,
        after=changes[0].after,
        severities=tuple(severities),
        sizes=tuple(sorted({one.size for one in changes})),
        days=tuple(sorted({one.day for one in changes})),
        only_growing=all(one.growing for one in changes),
    )


def _of_effect(effect: Effect, before: TriageRules, after: TriageRules) -> Iterator[Change]:
    """At most one milder and one graver change for each strength, size, day and growth."""
    found: dict[tuple[int, int, int, bool, bool], Change] = {}
    for report in (*_grid(effect, before), *_borders(effect, before)):
        said = report.effects[0]
        old, new = (judge(said, report, rules) for rules in (before, after))
        if old is not new:
            severity, size, day = said.severity or 3, said.size or 3, report.hours_since // 24
            worse = said.growing or said.spreading
            change = Change(effect, severity, size, day, worse, old, new)
            found.setdefault((severity, size, day, worse, change.is_milder), change)
    return iter(found.values())


def _grid(effect: Effect, before: TriageRules) -> Iterator[Report]:
    """The effect on every day, alone and beside what its rules name: how far a change reaches."""
    grows = ((False, False), (True, False), (False, True))
    around = _circumstances(effect, before)
    for severity, size, day, worse in product(_SEVERITIES, SIZES, DAYS, grows):
        said = ReportedEffect(effect.key, severity, *worse, size, day * 24)
        for others, session in around:
            yield Report((said, *others), day * 24, session=session)


def _borders(effect: Effect, before: TriageRules) -> Iterator[Report]:
    """The mildest reports that each line of either version lifts.

    Judging is monotone, so whatever one version judges more mildly, it judges one of these more
    mildly: nothing is missed between the days and circumstances of the grid.
    """
    for line in (*before.by_key[effect.key].escalations, *effect.escalations):
        since = max(line.after_hours or 0, line.lasting_hours or 0)
        said = ReportedEffect(
            effect.key, line.severity or 1, line.growing, line.spreading, line.size or 1,
            line.lasting_hours or 0,
        )  # fmt: skip
        for partner, given in product(line.together_with or ("",), line.ingredients or ("",)):
            others = (ReportedEffect(partner),) if partner and partner != effect.key else ()
            session = SessionFacts(frozenset({given} if given else ()), deep=line.deep)
            yield Report((said, *others), since, session=session)


def _circumstances(
    effect: Effect, before: TriageRules
) -> list[tuple[tuple[ReportedEffect, ...], SessionFacts]]:
    """What may lift the effect from outside: the other effects reported, and the session."""
    both = (before.by_key[effect.key], effect)
    lines = [line for one in both for line in one.escalations]
    partners = {key for line in lines for key in line.together_with} - {effect.key}
    given = frozenset(key for line in lines for key in line.ingredients)
    others = tuple(ReportedEffect(key) for key in sorted(partners))
    return [
        ((), SessionFacts()),
        ((), SessionFacts(deep=True)),
        ((), SessionFacts(given)),
        *(((other,), SessionFacts()) for other in others),
        (others, SessionFacts(given, deep=True)),
    ]

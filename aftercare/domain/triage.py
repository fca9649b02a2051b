"""How urgent is what a patient reports after a session? Rules are versioned clinic data.

Source: clinical-knowledge §8 (S1 to S4, G). Pure and monotone: one more effect, a graver or
growing or longer one never gives a milder answer. What the rules do not know is a review at least.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Text = Mapping[str, str]

SEVERITIES = range(1, 6)
"""1 mild, 2 moderate, 3 severe, 4 life-threatening, 5 fatal (as in CTCAE)."""


class Urgency(StrEnum):
    """self_care < review (the same working day) < urgent (now) < emergency (call for help)."""

    SELF_CARE = "self_care"
    REVIEW = "review"
    URGENT = "urgent"
    EMERGENCY = "emergency"

    @property
    def rank(self) -> int:
        """0 for self-care up to 3 for emergency."""
        return list(Urgency).index(self)


@dataclass(frozen=True)
class Escalation:
    """Lifts an effect to `to` when every condition given here holds.

    `severity` or more; `after_hours` or more since the session; `growing`; `spreading`; another
    effect of `together_with` reported too.
    """

    to: Urgency
    severity: int | None = None
    after_hours: int | None = None
    growing: bool = False
    spreading: bool = False
    together_with: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an escalation without a condition: that is the base of the effect."""
        if self.severity is not None and self.severity not in SEVERITIES:
            raise ValueError("Severity goes from 1 to 5.")
        given = (self.severity, self.after_hours, self.growing or None, self.spreading or None)
        if not any(one is not None for one in given) and not self.together_with:
            raise ValueError("An escalation needs a condition.")


@dataclass(frozen=True)
class Effect:
    """One effect of the catalogue. `base` is the urgency when it is mild, new and not growing."""

    key: str
    name: Text
    question: Text
    base: Urgency
    usual_course: Text
    advice: Text
    source: str
    escalations: tuple[Escalation, ...] = ()
    red_flag: bool = False


@dataclass(frozen=True)
class TriageRules:
    """One version of the catalogue: effects, and the advice that goes with each urgency."""

    version: str
    effects: tuple[Effect, ...]
    advice: Mapping[str, Text] = field(default_factory=dict)
    unwell_from: int = 4
    review_note: str = ""

    def __post_init__(self) -> None:
        """Refuse duplicate keys, unknown partners and missing advice."""
        keys = [effect.key for effect in self.effects]
        if len(set(keys)) < len(keys):
            raise ValueError("Effect keys must be unique.")
        for effect in self.effects:
            for escalation in effect.escalations:
                if not set(escalation.together_with) <= set(keys):
                    raise ValueError(f"“{effect.key}” escalates with an effect that is not known.")
        if not 1 <= self.unwell_from <= 5:
            raise ValueError("Feeling goes from 1 to 5.")
        missing = {urgency.value for urgency in Urgency} - set(self.advice)
        if missing:
            raise ValueError(f"Advice is missing for: {', '.join(sorted(missing))}.")

    @property
    def by_key(self) -> Mapping[str, Effect]:
        """Effects by key."""
        return {effect.key: effect for effect in self.effects}


@dataclass(frozen=True)
class ReportedEffect:
    """One effect as reported. `severity` 1 to 5; None (“don't know”) counts as severe (3)."""

    effect: str
    severity: int | None = 1
    growing: bool = False
    spreading: bool = False


@dataclass(frozen=True)
class Report:
    """One check-in: effects, elapsed hours since the session, how the patient feels.

    `feeling` is 1 (very good) to 5 (very bad), None if not said. `asks_for_help` is a free text
    or a question that somebody must read.
    """

    effects: tuple[ReportedEffect, ...]
    hours_since: int
    feeling: int | None = None
    asks_for_help: bool = False


@dataclass(frozen=True)
class EffectUrgency:
    """The urgency of one reported effect and its advice."""

    effect: str
    urgency: Urgency
    advice: Text


@dataclass(frozen=True)
class Triage:
    """The answer: overall urgency, what to tell the patient, and each effect's own urgency."""

    urgency: Urgency
    advice: Text
    effects: tuple[EffectUrgency, ...]
    version: str

    @property
    def alerts_staff(self) -> bool:
        """Whether a practitioner must be told at once."""
        return self.urgency.rank >= Urgency.URGENT.rank


def assess(report: Report, rules: TriageRules) -> Triage:
    """Judge a report. Effects that the rules don't know are a review at least, never dropped."""
    keys = frozenset(one.effect for one in report.effects)
    judged = tuple(
        sorted(
            {_judge(one, keys, report.hours_since, rules) for one in report.effects},
            key=lambda one: (-one[1].rank, one[0]),
        )
    )
    found = [urgency for _, urgency in judged]
    if report.asks_for_help or _unwell(report, rules):
        found.append(Urgency.REVIEW)
    overall = max(found, key=lambda one: one.rank, default=Urgency.SELF_CARE)
    return Triage(
        urgency=overall,
        advice=rules.advice[overall.value],
        effects=tuple(EffectUrgency(key, one, _advice(key, rules)) for key, one in judged),
        version=rules.version,
    )


def _unwell(report: Report, rules: TriageRules) -> bool:
    return report.feeling is not None and report.feeling >= rules.unwell_from


def _advice(key: str, rules: TriageRules) -> Text:
    effect = rules.by_key.get(key)
    return effect.advice if effect is not None else {}


def _judge(
    reported: ReportedEffect, keys: frozenset[str], hours: int, rules: TriageRules
) -> tuple[str, Urgency]:
    effect = rules.by_key.get(reported.effect)
    if effect is None:
        return reported.effect, _by_severity(reported, Urgency.REVIEW)
    lifted = [
        escalation.to
        for escalation in effect.escalations
        if _holds(escalation, reported, keys, hours)
    ]
    worst = _worst([effect.base, *lifted])
    return reported.effect, _by_severity(reported, worst)


def _holds(
    escalation: Escalation, reported: ReportedEffect, keys: frozenset[str], hours: int
) -> bool:
    return (
        (escalation.severity is None or _severity(reported) >= escalation.severity)
        and (escalation.after_hours is None or hours >= escalation.after_hours)
        and (reported.growing or not escalation.growing)
        and (reported.spreading or not escalation.spreading)
        and (not escalation.together_with or bool(keys & set(escalation.together_with)))
    )


def _severity(reported: ReportedEffect) -> int:
    return 3 if reported.severity is None else reported.severity


def _by_severity(reported: ReportedEffect, urgency: Urgency) -> Urgency:
    """Whatever the effect: severe is a review, life-threatening an emergency (G)."""
    if _severity(reported) >= 4:
        return Urgency.EMERGENCY
    return _worst([urgency, Urgency.REVIEW]) if _severity(reported) == 3 else urgency


def _worst(urgencies: Iterable[Urgency]) -> Urgency:
    return max(urgencies, key=lambda one: one.rank)

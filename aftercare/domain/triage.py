"""How urgent is what a patient reports after a session? Rules are versioned clinic data.

Source: docs/clinical-defaults.md. Pure and monotone: one more effect, a graver, larger,
growing or longer one, a later day, one more ingredient or a withdrawn lot never gives a milder
answer. What the rules do not know is a review at least.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Text = Mapping[str, str]

SEVERITIES = range(1, 6)
"""1 mild, 2 moderate, 3 severe, 4 life-threatening, 5 fatal (as in CTCAE)."""
SIZES = range(1, 4)
"""1 smaller than a coin, 2 up to a palm, 3 larger than a palm."""


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

    `severity` or more; `size` or more; `after_hours` or more since the session; there for
    `lasting_hours` or more; `growing`; `spreading`; another effect of `together_with` reported
    too; one of `ingredients` (keys of the catalogue) given; a `deep` technique used.
    """

    to: Urgency
    severity: int | None = None
    after_hours: int | None = None
    growing: bool = False
    spreading: bool = False
    together_with: tuple[str, ...] = ()
    size: int | None = None
    lasting_hours: int | None = None
    ingredients: tuple[str, ...] = ()
    deep: bool = False

    def __post_init__(self) -> None:
        """Refuse an escalation without a condition: that is the base of the effect."""
        if self.severity is not None and self.severity not in SEVERITIES:
            raise ValueError("Severity goes from 1 to 5.")
        if self.size is not None and self.size not in SIZES:
            raise ValueError("Size goes from 1 to 3.")
        numbers = (self.severity, self.size, self.after_hours, self.lasting_hours)
        flags = (self.growing, self.spreading, self.together_with, self.ingredients, self.deep)
        if all(one is None for one in numbers) and not any(flags):
            raise ValueError("An escalation needs a condition.")


@dataclass(frozen=True)
class Effect:
    """One effect of the catalogue. `base` is the urgency when it is mild, new and not growing.

    `on_skin`: it has a size. `late`: asked for in the watch of the weeks after, too. `event` is
    what the catalogue of adverse events calls it.
    """

    key: str
    name: Text
    question: Text
    base: Urgency
    usual_course: Text
    advice: Text
    source: str
    escalations: tuple[Escalation, ...] = ()
    red_flag: bool = False
    on_skin: bool = False
    late: bool = False
    event: str = ""


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

    @property
    def ingredients(self) -> frozenset[str]:
        """Keys of all ingredients that make an effect graver."""
        lines = (line for effect in self.effects for line in effect.escalations)
        return frozenset(key for line in lines for key in line.ingredients)


@dataclass(frozen=True)
class ReportedEffect:
    """One effect as reported.

    `severity` 1 to 5 and `size` 1 to 3: None (not known) counts as severe and large.
    `lasting_hours` is how long it has been there; None counts as since the session.
    """

    effect: str
    severity: int | None = 1
    growing: bool = False
    spreading: bool = False
    size: int | None = 1
    lasting_hours: int | None = 0


@dataclass(frozen=True)
class SessionFacts:
    """What was done at the session: keys of the ingredients given, whether deep in the skin.

    `withdrawn_lots` are the numbers of lots given that have been withdrawn since.
    """

    ingredients: frozenset[str] = frozenset()
    deep: bool = False
    withdrawn_lots: frozenset[str] = frozenset()


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
    session: SessionFacts = SessionFacts()


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
    judged = tuple(
        sorted(
            {(one.effect, judge(one, report, rules)) for one in report.effects},
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


def judge(reported: ReportedEffect, report: Report, rules: TriageRules) -> Urgency:
    """How one effect of a report is judged, whatever becomes of those beside it."""
    effect = rules.by_key.get(reported.effect)
    found = [_floor(reported, report.session)]
    if effect is None:
        return _worst([Urgency.REVIEW, *found])
    lifted = [one.to for one in effect.escalations if _holds(one, reported, report)]
    return _worst([effect.base, *lifted, *found])


def _floor(reported: ReportedEffect, session: SessionFacts) -> Urgency:
    """Whatever the effect (G): life-threatening is an emergency; severe a review; so is anything
    after a lot that has been withdrawn since."""
    severity = _severity(reported)
    if severity >= 4:
        return Urgency.EMERGENCY
    return Urgency.REVIEW if severity == 3 or session.withdrawn_lots else Urgency.SELF_CARE


def _holds(escalation: Escalation, reported: ReportedEffect, report: Report) -> bool:
    others = {one.effect for one in report.effects}
    return (
        _reaches(_severity(reported), escalation.severity)
        and _reaches(_size(reported), escalation.size)
        and _reaches(report.hours_since, escalation.after_hours)
        and _reaches(_lasting(reported, report), escalation.lasting_hours)
        and (reported.growing or not escalation.growing)
        and (reported.spreading or not escalation.spreading)
        and (report.session.deep or not escalation.deep)
        and _meets(others, escalation.together_with)
        and _meets(report.session.ingredients, escalation.ingredients)
    )


def _reaches(value: int, bound: int | None) -> bool:
    return bound is None or value >= bound


def _meets(there: Iterable[str], wanted: tuple[str, ...]) -> bool:
    return not wanted or not set(there).isdisjoint(wanted)


def _severity(reported: ReportedEffect) -> int:
    return 3 if reported.severity is None else reported.severity


def _size(reported: ReportedEffect) -> int:
    return 3 if reported.size is None else reported.size


def _lasting(reported: ReportedEffect, report: Report) -> int:
    return report.hours_since if reported.lasting_hours is None else reported.lasting_hours


def _worst(urgencies: Iterable[Urgency]) -> Urgency:
    return max(urgencies, key=lambda one: one.rank)

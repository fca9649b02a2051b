"""What a screening found, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from patients.domain.questionnaire import Severity


class Outcome(StrEnum):
    """Cleared < review < deferred < contraindicated; incomplete stands apart."""

    CLEARED = "cleared"
    REVIEW = "review"
    DEFERRED = "deferred"
    CONTRAINDICATED = "contraindicated"
    INCOMPLETE = "incomplete"

    @property
    def rank(self) -> int:
        """Place in the lattice, 0 to 3; incomplete ranks with review: it may not be treated as is."""
        return 1 if self is Outcome.INCOMPLETE else list(Outcome).index(self)


class FindingKind(StrEnum):
    """Where a finding comes from."""

    ANSWERED = "answered"
    RECORD = "record"
    CONTRADICTION = "contradiction"
    UNKNOWN = "unknown"
    UNANSWERED = "unanswered"


@dataclass(frozen=True)
class Finding:
    """One reason for the outcome, in words for staff. Tuples are sorted.

    `tags` are the safety tags behind it (`heart_disease`, `past:cancer`): certain for answered and
    record findings, possible for unknown ones. `severity` holds where the limits (`areas`, `ingredient_tags`) apply; `general_severity` for
    the patient as a whole. `evidence` are the words of the answer or the record. `until` is the
    first day on which the finding no longer holds.
    """

    rule: str
    severity: Severity
    kind: FindingKind
    message: str
    advice: str = ""
    source: str = ""
    question: str = ""
    evidence: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    ingredient_tags: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    temporary: bool = False
    until: date | None = None
    defers: bool = False

    @property
    def limited(self) -> bool:
        """Whether it weighs fully only for certain areas or ingredients."""
        return bool(self.areas or self.ingredient_tags)

    @property
    def general_severity(self) -> Severity:
        """Weight for the patient in general: a limited finding is a caution at most."""
        if self.limited and self.severity is Severity.ABSOLUTE:
            return Severity.CAUTION
        return self.severity

    def holds_on(self, day: date) -> bool:
        """Whether it still applies on that local day."""
        return self.until is None or day < self.until

    def touches(self, ingredient_tags: Iterable[str], areas: Iterable[str]) -> bool:
        """Whether a limited finding concerns any of these ingredient tags or areas."""
        return bool(
            set(self.ingredient_tags) & set(ingredient_tags) or set(self.areas) & set(areas)
        )


@dataclass(frozen=True)
class ScreeningResult:
    """The judgement of one screening on `evaluated_on` (local day of the clinic).

    `valid_until` is the last day on which the screening may be relied on: the very day when it is
    incomplete.
    """

    outcome: Outcome
    findings: tuple[Finding, ...]
    missing: tuple[str, ...]
    evaluated_on: date
    valid_until: date
    version: str

    @property
    def deferred_until(self) -> date | None:
        """The first day on which no dated finding stands in the way any more."""
        days = [finding.until for finding in self.findings if finding.defers and finding.until]
        return max(days, default=None)

    def outcome_on(self, day: date) -> Outcome:
        """The outcome that the same answers give on another day, once dated findings have ended."""
        return outcome_of(self.findings, self.missing, day)

    def limited_findings(
        self, ingredient_tags: Iterable[str], areas: Iterable[str]
    ) -> tuple[Finding, ...]:
        """Findings that are kept for these ingredient tags (`allergen:fish`) or areas."""
        tags, places = frozenset(ingredient_tags), frozenset(areas)
        return tuple(finding for finding in self.findings if finding.touches(tags, places))

    def severity_for(self, ingredient_tags: Iterable[str], areas: Iterable[str]) -> Severity | None:
        """The gravest finding for a cocktail with these tags on these areas; None if there is none."""
        tags, places = frozenset(ingredient_tags), frozenset(areas)
        found = [
            finding.severity if finding.touches(tags, places) else finding.general_severity
            for finding in self.findings
        ]
        return max(found, key=lambda severity: severity.rank, default=None)


def outcome_of(findings: Iterable[Finding], missing: tuple[str, ...], day: date) -> Outcome:
    """Fold findings and missing answers into the outcome on one day (see `screening`)."""
    holding = [finding for finding in findings if finding.holds_on(day)]
    worst = max((finding.general_severity.rank for finding in holding), default=0)
    if worst == Severity.ABSOLUTE.rank:
        return Outcome.CONTRAINDICATED
    if missing:
        return Outcome.INCOMPLETE
    if any(finding.defers and finding.until is not None for finding in holding):
        return Outcome.DEFERRED
    return Outcome.REVIEW if worst == Severity.CAUTION.rank else Outcome.CLEARED


def weight(finding: Finding) -> tuple[object, ...]:
    """Sort key: gravest first, then stable."""
    return (
        -finding.general_severity.rank,
        -finding.severity.rank,
        finding.rule,
        finding.kind.value,
        finding.question,
        finding.ingredient_tags,
        finding.evidence,
        finding.tags,
    )

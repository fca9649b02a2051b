"""What would a new version of the questionnaire have said about people screened before?

Pure: the same cases are judged by the old rules and by the new ones, side by side, and nothing that
is stored changes. A question that only the new version requires has never been put to these people;
it is reported as unanswerable and set aside, else every old screening would merely be incomplete.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from patients.domain.findings import FindingKind, Outcome, ScreeningResult, outcome_of
from patients.domain.questionnaire import QuestionnaireSpec
from patients.domain.record import RecordFacts
from patients.domain.screening import evaluate
from patients.domain.terms import Term

# From mild to grave; incomplete comes after cleared, as it may not be treated as it is.
_ORDER = (
    Outcome.CLEARED,
    Outcome.INCOMPLETE,
    Outcome.REVIEW,
    Outcome.DEFERRED,
    Outcome.CONTRAINDICATED,
)


@dataclass(frozen=True)
class Case:
    """One screening as it was judged: `today` is the local day of that judgement.

    `id` is whatever the caller finds it by again; `answers` are as stored, by question key.
    """

    id: str
    answers: Mapping[str, object]
    record: RecordFacts
    today: date


@dataclass(frozen=True)
class ChangedCase:
    """A case whose outcome changes, and the keys of the rules whose findings come and go."""

    case: str
    before: Outcome
    after: Outcome
    appeared: tuple[str, ...] = ()
    vanished: tuple[str, ...] = ()

    @property
    def stricter(self) -> bool:
        """Whether the new version is harder on this case."""
        return _ORDER.index(self.after) > _ORDER.index(self.before)


@dataclass(frozen=True)
class Transition:
    """How many cases go from one outcome to another (or stay: `before` is `after`)."""

    before: Outcome
    after: Outcome
    count: int


@dataclass(frozen=True)
class Unanswerable:
    """A case that lacks answers which the new version requires and the old one did not miss."""

    case: str
    questions: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """What a new version changes.

    `changed` has the gravest new outcome first and keeps the order of the cases within it;
    `counts` has every transition that occurs, also to the same outcome, from mild to grave.
    """

    total: int
    changed: tuple[ChangedCase, ...]
    counts: tuple[Transition, ...]
    unanswerable: tuple[Unanswerable, ...]

    @property
    def stricter(self) -> int:
        """Number of cases on which the new version is harder."""
        return sum(case.stricter for case in self.changed)

    @property
    def milder(self) -> int:
        """Number of cases on which it is milder: each of them deserves a look before publishing."""
        return len(self.changed) - self.stricter


def compare(
    old: QuestionnaireSpec,
    new: QuestionnaireSpec,
    cases: Iterable[Case],
    terms: Iterable[Term] = (),
) -> Comparison:
    """Judge every case by both versions, with the same `terms`. Reads `cases` once."""
    known = tuple(terms)
    changed: list[ChangedCase] = []
    unanswerable: list[Unanswerable] = []
    counts: Counter[tuple[Outcome, Outcome]] = Counter()
    for case in cases:
        before = evaluate(old, case.answers, case.record, case.today, known)
        after = evaluate(new, case.answers, case.record, case.today, known)
        unasked = tuple(key for key in after.missing if key not in before.missing)
        if unasked:
            unanswerable.append(Unanswerable(case.id, unasked))
        outcome = _set_aside(after, unasked)
        counts[before.outcome, outcome] += 1
        if outcome is not before.outcome:
            changed.append(_changed(case, before, after, outcome))
    return Comparison(
        total=counts.total(),
        changed=tuple(sorted(changed, key=lambda one: -_ORDER.index(one.after))),
        counts=tuple(
            Transition(*pair, counts[pair])
            for pair in sorted(counts, key=lambda pair: [_ORDER.index(one) for one in pair])
        ),
        unanswerable=tuple(unanswerable),
    )


def _set_aside(result: ScreeningResult, unasked: tuple[str, ...]) -> Outcome:
    """The outcome as if the questions that were never put had not been required."""
    findings = [
        finding
        for finding in result.findings
        if finding.kind is not FindingKind.UNANSWERED or finding.question not in unasked
    ]
    missing = tuple(key for key in result.missing if key not in unasked)
    return outcome_of(findings, missing, result.evaluated_on)


def _changed(
    case: Case, before: ScreeningResult, after: ScreeningResult, outcome: Outcome
) -> ChangedCase:
    old, new = _rules(before), _rules(after)
    return ChangedCase(
        case=case.id,
        before=before.outcome,
        after=outcome,
        appeared=tuple(sorted(new - old)),
        vanished=tuple(sorted(old - new)),
    )


def _rules(result: ScreeningResult) -> frozenset[str]:
    return frozenset(
        finding.rule for finding in result.findings if finding.kind is not FindingKind.UNANSWERED
    )

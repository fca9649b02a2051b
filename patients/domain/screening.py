"""Judge a screening: answers and record against the rules of a questionnaire version.

Pure and order-free. Sources of the rules: clinical-knowledge §7 (S2, S3, S4, G). What holds
whatever the rules say:

- A positive answer or a further record fact never makes the outcome milder.
- “Don't know” to a question that a rule asks about is a caution at least, for every rule that it
  could fire. An answer that can't be read counts as “don't know” and as not given.
- A required question without an answer makes the screening incomplete, never cleared. An absolute
  finding weighs more: contraindicated is said even when answers are missing.
- The record counts like an answer. Where an answer denies what the record says, the contradiction
  is a finding of its own.
- An absolute finding that is limited to ingredients or areas is a caution for the patient in
  general; `ScreeningResult.severity_for` tells how it weighs for one cocktail or area.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from mesoclinic.common.calendar import add_days, add_months
from patients.domain.answers import Answer, AnswerState, list_items, read_answers
from patients.domain.questionnaire import (
    QuestionKind,
    QuestionnaireSpec,
    Rule,
    Severity,
    Trigger,
    say,
)
from patients.domain.record import MEDICINE, Fact, RecordFacts, item_facts, medicine_key
from patients.domain.terms import PAST, Term, classify

__all__ = [
    "Finding",
    "FindingKind",
    "Outcome",
    "QuestionnaireSpec",
    "RecordFacts",
    "ScreeningResult",
    "Severity",
    "evaluate",
]


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

    `severity` holds where the limits (`areas`, `ingredient_tags`) apply; `general_severity` for
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

    `valid_until` is the last day on which the screening may be relied on; None when incomplete.
    """

    outcome: Outcome
    findings: tuple[Finding, ...]
    missing: tuple[str, ...]
    evaluated_on: date
    valid_until: date | None
    version: str

    @property
    def deferred_until(self) -> date | None:
        """The first day on which no dated finding stands in the way any more."""
        days = [finding.until for finding in self.findings if finding.defers and finding.until]
        return max(days, default=None)

    def outcome_on(self, day: date) -> Outcome:
        """The outcome that the same answers give on another day, once dated findings have ended."""
        return _outcome(self.findings, self.missing, day)

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


def evaluate(
    spec: QuestionnaireSpec,
    answers: Mapping[str, object],
    record: RecordFacts,
    today: date,
    terms: Iterable[Term] = (),
) -> ScreeningResult:
    """Judge `answers` (by question key, see `QuestionKind`) and `record` by the rules of `spec`.

    `terms` classify allergy and medicine lists and free texts among the answers. Never raises on
    odd answers: what can't be read counts as unknown.
    """
    context = _Context.build(spec, answers, record, today, tuple(terms))
    findings = {finding for rule in spec.rules for finding in _judge(rule, context)}
    findings |= set(_contradictions(context))
    findings |= {_unanswered(context, key) for key in context.missing}
    ordered = tuple(sorted(findings, key=_weight))
    outcome = _outcome(ordered, context.missing, today)
    complete = not context.missing
    return ScreeningResult(
        outcome=outcome,
        findings=ordered,
        missing=context.missing,
        evaluated_on=today,
        valid_until=add_days(today, spec.validity_days) if complete else None,
        version=spec.version,
    )


def _outcome(findings: Iterable[Finding], missing: tuple[str, ...], day: date) -> Outcome:
    holding = [finding for finding in findings if finding.holds_on(day)]
    worst = max((finding.general_severity.rank for finding in holding), default=0)
    if worst == Severity.ABSOLUTE.rank:
        return Outcome.CONTRAINDICATED
    if missing:
        return Outcome.INCOMPLETE
    if any(finding.defers and finding.until is not None for finding in holding):
        return Outcome.DEFERRED
    return Outcome.REVIEW if worst == Severity.CAUTION.rank else Outcome.CLEARED


def _weight(finding: Finding) -> tuple[object, ...]:
    return (
        -finding.general_severity.rank,
        -finding.severity.rank,
        finding.rule,
        finding.kind.value,
        finding.question,
        finding.ingredient_tags,
        finding.evidence,
    )


class _State(StrEnum):
    NO = "no"
    MAYBE = "maybe"
    YES = "yes"


@dataclass(frozen=True)
class _Hit:
    """What made a trigger hold: an answer (`question`) or a fact of the record (`tag`)."""

    text: str
    question: str = ""
    tag: str = ""
    recorded: bool = False


@dataclass(frozen=True)
class _Match:
    state: _State
    hits: tuple[_Hit, ...] = ()
    doubts: tuple[_Hit, ...] = ()


@dataclass(frozen=True)
class _Context:
    """Everything that rules look at, read once."""

    spec: QuestionnaireSpec
    answers: Mapping[str, Answer]
    missing: tuple[str, ...]
    record: RecordFacts
    said: tuple[tuple[str, Fact], ...]
    hinted: tuple[tuple[str, Fact], ...]
    today: date

    @classmethod
    def build(
        cls,
        spec: QuestionnaireSpec,
        answers: Mapping[str, object],
        record: RecordFacts,
        today: date,
        terms: tuple[Term, ...],
    ) -> _Context:
        read = read_answers(spec, answers)
        return cls(
            spec=spec,
            answers=read,
            missing=tuple(key for key in spec.questions if read[key].missing),
            record=record,
            said=_said(spec, read, terms, today),
            hinted=_hinted(spec, read, terms),
            today=today,
        )

    def medicine_count(self) -> int:
        named = {fact.text for _, fact in self.said if fact.tag == MEDICINE}
        return len({medicine_key(name) for name in named | set(self.record.medicines)})


def _said(
    spec: QuestionnaireSpec, read: Mapping[str, Answer], terms: tuple[Term, ...], today: date
) -> tuple[tuple[str, Fact], ...]:
    """Facts that the patient has told: chosen options and entries of lists."""
    facts: set[tuple[str, Fact]] = set()
    for key, question in spec.questions.items():
        for option in question.options:
            if option.key in read[key].values:
                facts |= {(key, Fact(tag, say(option.label))) for tag in option.tags}
        for item in list_items(question, read[key]):
            facts |= {(key, fact) for fact in item_facts(item, terms, today)}
            if question.kind is QuestionKind.MEDICINE_LIST:
                facts.add((key, Fact(MEDICINE, item.text)))
    return tuple(sorted(facts, key=lambda pair: (pair[0], pair[1].tag, pair[1].text)))


def _hinted(
    spec: QuestionnaireSpec, read: Mapping[str, Answer], terms: tuple[Term, ...]
) -> tuple[tuple[str, Fact], ...]:
    """What free text seems to mention: never certain, so a caution at most."""
    hints: set[tuple[str, Fact]] = set()
    for key, question in spec.questions.items():
        if question.kind is QuestionKind.TEXT and read[key].text:
            for tag in classify(read[key].text, (), terms):
                hints.add((key, Fact(tag.removeprefix(PAST), read[key].text)))
    return tuple(sorted(hints, key=lambda pair: (pair[0], pair[1].tag)))


def _judge(rule: Rule, context: _Context) -> tuple[Finding, ...]:
    matches = [_match(trigger, context) for trigger in rule.when]
    if any(match.state is _State.NO for match in matches):
        return ()
    hits = tuple(hit for match in matches for hit in match.hits)
    doubts = tuple(hit for match in matches for hit in match.doubts)
    findings: list[Finding] = []
    if all(match.state is _State.YES for match in matches):
        findings += _fired(rule, hits, context)
    if doubts:
        findings.append(_doubtful(rule, doubts, context))
    return tuple(findings)


def _fired(rule: Rule, hits: tuple[_Hit, ...], context: _Context) -> list[Finding]:
    groups: dict[tuple[str, ...], list[_Hit]] = {}
    for hit in hits:
        limits = (hit.tag,) if rule.limit_to_matched_tags and hit.tag else rule.ingredient_tags
        groups.setdefault(tuple(limits), []).append(hit)
    return [
        _finding(rule, tuple(group), _kind(group), context, limits)
        for limits, group in groups.items()
    ]


def _kind(hits: Iterable[_Hit]) -> FindingKind:
    return FindingKind.ANSWERED if any(not hit.recorded for hit in hits) else FindingKind.RECORD


def _doubtful(rule: Rule, doubts: tuple[_Hit, ...], context: _Context) -> Finding:
    whole = _finding(rule, doubts, FindingKind.UNKNOWN, context, ())
    return Finding(
        rule=rule.key,
        severity=Severity.CAUTION,
        kind=FindingKind.UNKNOWN,
        message=whole.message,
        advice=whole.advice,
        source=rule.source,
        question=whole.question,
        evidence=whole.evidence,
        temporary=rule.temporary,
    )


def _finding(
    rule: Rule,
    hits: tuple[_Hit, ...],
    kind: FindingKind,
    context: _Context,
    ingredient_tags: tuple[str, ...],
) -> Finding:
    until = _until(rule, context)
    return Finding(
        rule=rule.key,
        severity=rule.severity,
        kind=kind,
        message=say(rule.message),
        advice=say(rule.advice),
        source=rule.source,
        question=min((hit.question for hit in hits if hit.question), default=""),
        evidence=tuple(sorted({hit.text for hit in hits if hit.text})),
        areas=tuple(sorted(rule.areas)),
        ingredient_tags=tuple(sorted(ingredient_tags)),
        temporary=rule.temporary,
        until=until,
        defers=rule.defers and until is not None,
    )


def _until(rule: Rule, context: _Context) -> date | None:
    """The first day without the finding; None when unknown or already gone by.

    A date that is already over contradicts an answer given today, so it must not soften it.
    """
    if rule.until is None:
        return None
    end: date | None = None
    if rule.until.age is not None and context.record.birth_date is not None:
        end = add_months(context.record.birth_date, 12 * rule.until.age)
    elif rule.until.question:
        day = context.answers[rule.until.question].day
        if day is not None and rule.until.days is not None:
            end = day + timedelta(days=rule.until.days)
    return end if end is not None and end > context.today else None


def _match(trigger: Trigger, context: _Context) -> _Match:
    hits = (*_answer_hits(trigger, context), *_fact_hits(trigger, context))
    hits = (*hits, *_count_hits(trigger, context))
    doubts = _doubts(trigger, context)
    if hits:
        return _Match(_State.YES, hits, doubts)
    return _Match(_State.MAYBE, (), doubts) if doubts else _Match(_State.NO)


def _answer_hits(trigger: Trigger, context: _Context) -> tuple[_Hit, ...]:
    if not trigger.question:
        return ()
    answer = context.answers[trigger.question]
    chosen = set(trigger.values) & set(answer.values)
    holds = bool(chosen)
    if trigger.at_least is not None and answer.number is not None:
        holds = holds or answer.number >= trigger.at_least
    if trigger.within_days is not None and answer.day is not None:
        holds = holds or context.today - answer.day < timedelta(days=trigger.within_days)
    return (_Hit(answer.shown, question=trigger.question),) if holds else ()


def _fact_hits(trigger: Trigger, context: _Context) -> tuple[_Hit, ...]:
    recorded = [
        _Hit(fact.text, tag=fact.tag, recorded=True) for fact in _recorded(trigger, context)
    ]
    told = [
        _Hit(fact.text, question=key, tag=fact.tag)
        for key, fact in context.said
        if _fits(trigger, fact)
    ]
    return (*recorded, *told)


def _recorded(trigger: Trigger, context: _Context) -> tuple[Fact, ...]:
    return tuple(fact for fact in context.record.facts if _fits(trigger, fact))


def _fits(trigger: Trigger, fact: Fact) -> bool:
    patterns = trigger.tags if fact.active else trigger.past_tags
    return any(_tag_fits(pattern, fact.tag) for pattern in patterns)


def _tag_fits(pattern: str, tag: str) -> bool:
    return tag.startswith(pattern[:-1]) if pattern.endswith("*") else tag == pattern


def _count_hits(trigger: Trigger, context: _Context) -> tuple[_Hit, ...]:
    hits: list[_Hit] = []
    count = context.medicine_count()
    if trigger.medicines_at_least is not None and count >= trigger.medicines_at_least:
        hits.append(_Hit(", ".join(context.record.medicines), recorded=True))
    born = context.record.birth_date
    if trigger.age_under is not None and born is not None and _needs_guardian(trigger, context):
        if context.today < add_months(born, 12 * trigger.age_under):
            hits.append(_Hit(born.isoformat(), recorded=True))
    return tuple(hits)


def _needs_guardian(trigger: Trigger, context: _Context) -> bool:
    return not (trigger.without_guardian_consent and context.record.guardian_consent)


def _doubts(trigger: Trigger, context: _Context) -> tuple[_Hit, ...]:
    doubts: list[_Hit] = []
    if trigger.question:
        answer = context.answers[trigger.question]
        if answer.state is AnswerState.UNKNOWN:
            doubts.append(_Hit(answer.shown, question=trigger.question))
    if trigger.age_under is not None and context.record.birth_date is None:
        if _needs_guardian(trigger, context):
            doubts.append(_Hit("", recorded=True))
    for key, fact in context.hinted:
        if any(_tag_fits(pattern, fact.tag) for pattern in (*trigger.tags, *trigger.past_tags)):
            doubts.append(_Hit(fact.text, question=key, tag=fact.tag))
    return tuple(doubts)


def _contradictions(context: _Context) -> Iterable[Finding]:
    for rule in context.spec.rules:
        for trigger in rule.when:
            denied = [
                fact
                for fact in _recorded(trigger, context)
                if _denies(trigger, fact, rule, context)
            ]
            if denied:
                yield _contradiction(rule, trigger.question, denied, context)


def _denies(trigger: Trigger, fact: Fact, rule: Rule, context: _Context) -> bool:
    """Whether the answer to the trigger's question plays down what the record says."""
    if not trigger.question or len(rule.when) > 1:
        return False
    answer = context.answers[trigger.question]
    if answer.state is not AnswerState.GIVEN:
        return False
    if any(key == trigger.question and told.tag == fact.tag for key, told in context.said):
        return False
    return not any(
        other.severity.rank >= rule.severity.rank and _answer_hits(one, context)
        for other in context.spec.rules
        for one in other.when
        if one.question == trigger.question
    )


def _contradiction(rule: Rule, question: str, facts: Iterable[Fact], context: _Context) -> Finding:
    # A caution at most, and never more than the rule itself: else “yes” would be milder than “no”.
    severity = Severity.NOTE if rule.severity is Severity.NOTE else Severity.CAUTION
    record = sorted({fact.text for fact in facts})
    answer = context.answers[question].shown
    return Finding(
        rule=rule.key,
        severity=severity,
        kind=FindingKind.CONTRADICTION,
        message=f"The record says “{', '.join(record)}”; the answer was “{answer}”.",
        advice="Ask the patient, then correct the record or the answer.",
        source=rule.source,
        question=question,
        evidence=(*record, answer),
    )


def _unanswered(context: _Context, key: str) -> Finding:
    question = context.spec.questions[key]
    return Finding(
        rule="unanswered",
        severity=Severity.CAUTION,
        kind=FindingKind.UNANSWERED,
        message=f"Not answered: {say(question.text)}",
        advice="Ask the patient before going on.",
        source="G",
        question=key,
    )

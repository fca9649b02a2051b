"""Judge a screening: answers and record against the rules of a questionnaire version.

Pure and order-free. Sources of the rules (S2, S3, S4, G): docs/clinical-defaults.md. What holds
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
from datetime import date

from mesoclinic.common.calendar import add_days
from patients.domain.answers import AnswerState
from patients.domain.findings import (
    Finding,
    FindingKind,
    Outcome,
    ScreeningResult,
    outcome_of,
    weight,
)
from patients.domain.matching import (
    Context,
    Hit,
    MatchState,
    answer_hits,
    birthday,
    match,
    recorded_facts,
)
from patients.domain.questionnaire import QuestionnaireSpec, Rule, Severity, Trigger, say
from patients.domain.record import MEDICINE, Fact, RecordFacts
from patients.domain.terms import Term

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


_DOUBTS = frozenset({FindingKind.UNKNOWN, FindingKind.UNANSWERED})


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
    context = Context.build(spec, answers, record, today, tuple(terms))
    findings = {finding for rule in spec.rules for finding in _judge(rule, context)}
    findings |= set(_contradictions(context))
    findings |= set(_told(context, findings))
    findings |= {_unanswered(context, key) for key in context.missing}
    findings |= set(_undecided(context, findings))
    ordered = tuple(sorted(findings, key=weight))
    outcome = outcome_of(ordered, context.missing, today)
    complete = not context.missing
    return ScreeningResult(
        outcome=outcome,
        findings=ordered,
        missing=context.missing,
        evaluated_on=today,
        valid_until=add_days(today, spec.validity_days if complete else 0),
        version=spec.version,
    )


def _judge(rule: Rule, context: Context) -> tuple[Finding, ...]:
    matches = [match(trigger, context) for trigger in rule.when]
    if any(match.state is MatchState.NO for match in matches):
        return ()
    hits = tuple(hit for match in matches for hit in match.hits)
    doubts = tuple(hit for match in matches for hit in match.doubts)
    findings: list[Finding] = []
    if all(match.state is MatchState.YES for match in matches):
        findings += _fired(rule, hits, context)
    if doubts:
        findings.append(_doubtful(rule, doubts, context))
    return tuple(findings)


def _fired(rule: Rule, hits: tuple[Hit, ...], context: Context) -> list[Finding]:
    groups: dict[tuple[str, ...], list[Hit]] = {}
    for hit in hits:
        limits = (hit.tag,) if rule.limit_to_matched_tags and hit.tag else rule.ingredient_tags
        groups.setdefault(tuple(limits), []).append(hit)
    return [
        _finding(rule, tuple(group), _kind(group), context, limits)
        for limits, group in groups.items()
    ]


def _kind(hits: Iterable[Hit]) -> FindingKind:
    return FindingKind.ANSWERED if any(not hit.recorded for hit in hits) else FindingKind.RECORD


def _doubtful(rule: Rule, doubts: tuple[Hit, ...], context: Context) -> Finding:
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
        tags=whole.tags,
        temporary=rule.temporary,
    )


def _finding(
    rule: Rule,
    hits: tuple[Hit, ...],
    kind: FindingKind,
    context: Context,
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
        areas=_areas(rule, context),
        ingredient_tags=tuple(sorted(ingredient_tags)),
        tags=tuple(sorted({tag for hit in hits for tag in hit.tags})),
        temporary=rule.temporary,
        until=until,
        defers=rule.defers and until is not None,
    )


def _areas(rule: Rule, context: Context) -> tuple[str, ...]:
    """Where the rule weighs in full; () for everywhere, also where the place is not known.

    A choice that stands apart from the others (“somewhere else”, “I don't know”) names no place.
    """
    if not rule.areas_from:
        return tuple(sorted(rule.areas))
    chosen = context.answers[rule.areas_from].values
    options = context.spec.questions[rule.areas_from].options
    if any(option.exclusive for option in options if option.key in chosen):
        return ()
    return tuple(sorted({*rule.areas, *chosen})) if chosen else ()


def _until(rule: Rule, context: Context) -> date | None:
    """The first day without the finding; None when unknown or already gone by.

    A date that is already over contradicts an answer given today, so it must not soften it.
    """
    if rule.until is None:
        return None
    end: date | None = None
    if rule.until.age is not None and context.record.birth_date is not None:
        end = birthday(context.record.birth_date, rule.until.age)
    elif rule.until.question:
        day = context.answers[rule.until.question].day
        if day is not None and rule.until.days is not None:
            end = _later(day, rule.until.days)
    return end if end is not None and end > context.today else None


def _later(day: date, days: int) -> date:
    try:
        return add_days(day, days)
    except OverflowError:  # a date typed wrong, beyond the calendar: never over
        return date.max


def _contradictions(context: Context) -> Iterable[Finding]:
    for rule in context.spec.rules:
        for trigger in rule.when:
            denied = [
                fact
                for fact in recorded_facts(trigger, context)
                if _denies(trigger, fact, rule, context)
            ]
            if denied:
                yield _contradiction(rule, trigger.question, denied, context)


def _denies(trigger: Trigger, fact: Fact, rule: Rule, context: Context) -> bool:
    """Whether the answer to the trigger's question plays down what the record says."""
    asked = trigger.question
    return (
        bool(asked)
        and len(rule.when) == 1
        and context.answers[asked].state is AnswerState.GIVEN
        and (asked, fact.spelled) not in {(key, told.spelled) for key, told in context.said}
        and not any(
            other.severity.rank >= rule.severity.rank and answer_hits(one, context)
            for other in context.spec.rules
            for one in other.when
            if one.question == asked
        )
    )


def _contradiction(rule: Rule, question: str, facts: Iterable[Fact], context: Context) -> Finding:
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


def _told(context: Context, findings: Iterable[Finding]) -> Iterable[Finding]:
    """What the patient has told and no rule asks about: a note, and a tag for the cocktail check."""
    covered = {tag for finding in findings for tag in finding.tags} | {MEDICINE}
    for key, fact in context.said:
        if fact.spelled not in covered:
            yield Finding(
                rule="told",
                severity=Severity.NOTE,
                kind=FindingKind.ANSWERED,
                message=f"Told by the patient: {fact.text}",
                advice="The cocktail check looks for ingredients that do not go with it.",
                source="G",
                question=key,
                evidence=(fact.text,),
                tags=(fact.spelled,),
            )


def _open(context: Context, key: str, kind: FindingKind, said: str, advice: str) -> Finding:
    """A question of which the answer is not there; `kind` is the name of the rule, too."""
    return Finding(
        rule=kind.value,
        severity=Severity.CAUTION,
        kind=kind,
        message=f"{said}: {say(context.spec.questions[key].text)}",
        advice=advice,
        source="G",
        question=key,
    )


def _unanswered(context: Context, key: str) -> Finding:
    advice = "Ask the patient before going on."
    return _open(context, key, FindingKind.UNANSWERED, "Not answered", advice)


def _undecided(context: Context, findings: Iterable[Finding]) -> Iterable[Finding]:
    """An “I don't know” that no rule comes to, because what else it asks for is not so."""
    doubted = {one.question for one in findings if one.kind in _DOUBTS}
    asked = {trigger.question for rule in context.spec.rules for trigger in rule.when}
    for key in asked - doubted - {""}:
        if context.answers[key].state is AnswerState.UNKNOWN:
            advice = "Find out before going on."
            yield _open(context, key, FindingKind.UNKNOWN, "Not known", advice)

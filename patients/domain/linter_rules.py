"""The linter's look at rules: those that can't fire, always fire, or are hidden behind others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import combinations, permutations

from patients.domain.linting import CHOICES, Inspection, LintCode, LintWarning, tag_covers
from patients.domain.questionnaire import (
    SEVERAL_CHOICES,
    Question,
    QuestionKind,
    Rule,
    Severity,
    Trigger,
)


def rule_warnings(inspection: Inspection) -> Iterator[LintWarning]:
    """Everything there is to say about the rules."""
    for rule in inspection.spec.rules:
        yield from _words(rule)
        yield from _names(rule, inspection)
        yield from _firing(rule, inspection)
        yield from _limits(rule)
        yield from _ends(rule, inspection)
    yield from _pairs(inspection)


def _warn(code: LintCode, rule: Rule, message: str) -> LintWarning:
    return LintWarning(code, f"rule:{rule.key}", message)


def _words(rule: Rule) -> Iterator[LintWarning]:
    if not rule.source.strip():
        yield _warn(LintCode.NO_SOURCE, rule, "Nobody knows where this rule comes from.")
    if not any(words.strip() for words in rule.advice.values()):
        yield _warn(LintCode.NO_ADVICE, rule, "It does not say what to do.")


def _names(rule: Rule, inspection: Inspection) -> Iterator[LintWarning]:
    tags = [tag for trigger in rule.when for tag in (*trigger.tags, *trigger.past_tags)]
    for tag in dict.fromkeys((*tags, *rule.ingredient_tags)):
        if not inspection.can_occur(tag):
            yield _warn(LintCode.UNKNOWN_TAG, rule, f"No term or answer gives the tag “{tag}”.")
    for area in rule.areas:
        if area not in inspection.areas:
            yield _warn(LintCode.UNKNOWN_AREA, rule, f"The clinic has no area “{area}”.")


def _firing(rule: Rule, inspection: Inspection) -> Iterator[LintWarning]:
    for number, trigger in enumerate(rule.when, start=1):
        for problem in dead_conditions(trigger, inspection):
            yield _warn(LintCode.DEAD_CONDITION, rule, f"Condition {number}: {problem}")
    alive = [can_fire(trigger, inspection) for trigger in rule.when]
    if not all(alive):
        number = alive.index(False) + 1
        yield _warn(
            LintCode.DEAD_RULE, rule, f"It can never fire: condition {number} can't be met."
        )
    elif contradiction := _contradiction(rule, inspection):
        yield _warn(LintCode.CONTRADICTORY_RULE, rule, contradiction)
    elif all(_always(trigger) for trigger in rule.when):
        yield _warn(LintCode.ALWAYS_FIRES, rule, "It fires for everybody.")


def can_fire(trigger: Trigger, inspection: Inspection) -> bool:
    """Whether any way of the trigger can come about."""
    return _by_answer(trigger, inspection) or _by_record(trigger, inspection)


def _by_record(trigger: Trigger, inspection: Inspection) -> bool:
    return (
        trigger.medicines_at_least is not None
        or (trigger.age_under is not None and trigger.age_under > 0)
        or any(inspection.can_occur(tag) for tag in (*trigger.tags, *trigger.past_tags))
    )


def _by_answer(trigger: Trigger, inspection: Inspection) -> bool:
    question = inspection.spec.questions.get(trigger.question)
    if question is None or not inspection.reachable(question.key):
        return False
    return (
        (bool(trigger.values) and question.kind in CHOICES)
        or _number_fits(trigger, question)
        or (trigger.within_days is not None and question.kind is QuestionKind.DATE)
    )


def _number_fits(trigger: Trigger, question: Question) -> bool:
    if trigger.at_least is None or question.kind is not QuestionKind.NUMBER:
        return False
    return question.maximum is None or question.maximum >= trigger.at_least


def dead_conditions(trigger: Trigger, inspection: Inspection) -> Iterator[str]:
    """What stands in a trigger without ever having an effect, in sentences."""
    question = inspection.spec.questions.get(trigger.question)
    if question is None:
        if trigger.at_least is not None or trigger.within_days is not None:
            yield "a number or a number of days needs a question."
    else:
        yield from _dead_answers(trigger, question, inspection)
    if trigger.age_under is not None and trigger.age_under <= 0:
        yield "nobody is younger than that."
    if trigger.without_guardian_consent and trigger.age_under is None:
        yield "consent of a guardian matters only beside an age."


def _dead_answers(trigger: Trigger, question: Question, inspection: Inspection) -> Iterator[str]:
    if not inspection.reachable(question.key) and (trigger.values or not _ways(trigger)):
        yield f"“{question.key}” can never be shown."
    if trigger.values and question.kind not in CHOICES:
        yield f"“{question.key}” has nothing to choose from."
    if trigger.at_least is not None and not _number_fits(trigger, question):
        yield f"“{question.key}” can't reach {trigger.at_least}."
    if trigger.within_days is not None and question.kind is not QuestionKind.DATE:
        yield f"“{question.key}” does not ask for a date."
    elif trigger.within_days is not None and trigger.within_days <= 0:
        yield "only days to come lie within that many days."


def _ways(trigger: Trigger) -> bool:
    """Whether the trigger has any way beside the values of an answer."""
    numbers = (trigger.at_least, trigger.within_days, trigger.medicines_at_least, trigger.age_under)
    return bool(trigger.tags or trigger.past_tags) or any(one is not None for one in numbers)


def _always(trigger: Trigger) -> bool:
    several = trigger.medicines_at_least
    return several is not None and several <= 0


def _contradiction(rule: Rule, inspection: Inspection) -> str:
    """Why the conditions of the rule can't be met together; "" when they can."""
    allowed: dict[str, frozenset[str]] = {}
    for trigger in rule.when:
        for key, values in _needs(trigger, inspection).items():
            question = inspection.spec.questions[key]
            before = allowed.get(key)
            if before is None:
                allowed[key] = values
            elif question.kind in SEVERAL_CHOICES:
                if not _together(question, before, values):
                    return f"The choices it needs of “{key}” exclude each other."
            elif not before & values:
                return f"No single answer to “{key}” meets all its conditions."
            else:
                allowed[key] = before & values
    return ""


def _needs(trigger: Trigger, inspection: Inspection) -> Mapping[str, frozenset[str]]:
    """The answers without which the trigger can't hold, also those that show its question."""
    if not trigger.values or _ways(trigger):
        return {}
    needs = {trigger.question: frozenset(trigger.values)}
    condition = inspection.spec.questions[trigger.question].show_if
    while condition is not None:
        needs[condition.question] = frozenset(condition.values)
        condition = inspection.spec.questions[condition.question].show_if
    return needs


def _together(question: Question, first: frozenset[str], second: frozenset[str]) -> bool:
    alone = {option.key for option in question.options if option.exclusive}
    return any(one == two or not {one, two} & alone for one in first for two in second)


def _limits(rule: Rule) -> Iterator[LintWarning]:
    tagged = any(trigger.tags or trigger.past_tags for trigger in rule.when)
    if rule.limit_to_matched_tags and not tagged:
        yield _warn(
            LintCode.IDLE_LIMIT, rule, "It is limited to the tags it matches, but matches none."
        )
    if rule.limited and rule.severity is Severity.NOTE:
        yield _warn(
            LintCode.IDLE_LIMIT, rule, "A note weighs the same everywhere: no limit needed."
        )


def _ends(rule: Rule, inspection: Inspection) -> Iterator[LintWarning]:
    end = rule.until
    problems: list[str] = []
    if rule.defers and end is None:
        problems.append("It defers, but says not until when.")
    if rule.defers and rule.severity is Severity.NOTE:
        problems.append("A note can't defer a treatment.")
    if end is not None:
        if not rule.temporary:
            problems.append("It ends, but is not marked temporary.")
        if end.age is None and not end.question:
            problems.append("Its end names neither an age nor a question.")
        if end.question:
            problems += _question_end(end.question, end.days, inspection)
    yield from (_warn(LintCode.ODD_END, rule, problem) for problem in problems)


def _question_end(key: str, days: int | None, inspection: Inspection) -> Iterator[str]:
    if inspection.spec.questions[key].kind is not QuestionKind.DATE:
        yield f"It ends by “{key}”, which does not ask for a date."
    elif not inspection.reachable(key):
        yield f"It ends by “{key}”, which can never be shown."
    if days is None:
        yield f"It does not say how many days after “{key}” it ends."
    elif days <= 0:
        yield "It has ended before it began."


def _pairs(inspection: Inspection) -> Iterator[LintWarning]:
    # A rule that can't fire has been reported; it would seem to be covered by all others.
    alive = [
        rule
        for rule in inspection.spec.rules
        if all(can_fire(trigger, inspection) for trigger in rule.when)
    ]
    for rule, other in permutations(alive, 2):
        if other.severity.rank > rule.severity.rank and _always_covers(other, rule):
            yield _warn(
                LintCode.SHADOWED_RULE,
                rule,
                f"Whenever it fires, the graver rule “{other.key}” fires too.",
            )
    for first, second in combinations(alive, 2):
        if first.severity is second.severity and _covers_both_ways(first, second):
            yield _warn(LintCode.DUPLICATE_RULE, second, f"“{first.key}” says the same.")


def _covers_both_ways(first: Rule, second: Rule) -> bool:
    return _always_covers(first, second) and _always_covers(second, first)


def _always_covers(other: Rule, rule: Rule) -> bool:
    """Whether `other` fires whenever `rule` does, lasts as long and reaches as far."""
    if other.until is not None and other.until != rule.until:
        return False
    if other.limited and _reach(other) != _reach(rule):
        return False
    return all(any(_implies(one, wanted) for one in rule.when) for wanted in other.when)


def _reach(rule: Rule) -> tuple[object, ...]:
    tags = frozenset(rule.ingredient_tags)
    return (frozenset(rule.areas), rule.areas_from, tags, rule.limit_to_matched_tags)


def _implies(trigger: Trigger, wanted: Trigger) -> bool:
    """Whether `wanted` holds whenever `trigger` does: each way of the one is a way of the other."""
    same = trigger.question == wanted.question
    values = not trigger.values or (same and set(trigger.values) <= set(wanted.values))
    return (
        values
        and _bound(trigger.at_least, wanted.at_least, same=same, least=True)
        and _bound(trigger.within_days, wanted.within_days, same=same, least=False)
        and _bound(trigger.medicines_at_least, wanted.medicines_at_least, same=True, least=True)
        and _age_implies(trigger, wanted)
        and _tags_imply(trigger.tags, wanted.tags)
        and _tags_imply(trigger.past_tags, wanted.past_tags)
    )


def _bound(
    mine: Decimal | int | None, theirs: Decimal | int | None, *, same: bool, least: bool
) -> bool:
    """Whether a bound of the one trigger lies within the bound of the other."""
    if mine is None:
        return True
    if theirs is None or not same:
        return False
    low, high = (theirs, mine) if least else (mine, theirs)
    return Decimal(low) <= Decimal(high)


def _age_implies(trigger: Trigger, wanted: Trigger) -> bool:
    if not _bound(trigger.age_under, wanted.age_under, same=True, least=False):
        return False
    asks_consent = wanted.without_guardian_consent and trigger.age_under is not None
    return trigger.without_guardian_consent or not asks_consent


def _tags_imply(mine: tuple[str, ...], theirs: tuple[str, ...]) -> bool:
    return all(any(tag_covers(pattern, tag) for pattern in theirs) for tag in mine)

"""What has changed since an earlier screening: the differences only, gravest first.

Answers are compared as the rules read them: `61,5` and `61.5`, or the same medicines in another
order, are no difference. The weight of a change is that of the gravest rule which either answer
can set off, alone or together with others; a required answer that is missing weighs like a caution.
It says where to look first, not what the outcome is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from patients.domain.answers import Answer, AnswerState
from patients.domain.matching import Context, match
from patients.domain.questionnaire import QuestionKind, QuestionnaireSpec, Severity
from patients.domain.record import RecordFacts
from patients.domain.terms import Term


@dataclass(frozen=True)
class Change:
    """One question that is answered otherwise now. `before` and `after` are English words, "" for
    no answer; the language of the page is in reach by `question` and the stored answers.

    `weight` is 0 where no rule looks, else 1 for note, 2 for caution, 3 for absolute: the graver of
    the two answers. `graver` says that the new answer weighs more than the old one.
    """

    question: str
    before: str
    after: str
    weight: int
    graver: bool = False


def differences(
    spec: QuestionnaireSpec,
    before_answers: Mapping[str, object],
    after_answers: Mapping[str, object],
    terms: Iterable[Term] = (),
) -> tuple[Change, ...]:
    """Compare two sets of answers to one questionnaire.

    Ordered by weight, then what became graver, then as asked. `terms` classify what lists and free
    texts name; without them these weigh nothing. Answers to questions that `spec` does not have
    are left out.
    """
    known = tuple(terms)
    before, after = _context(spec, before_answers, known), _context(spec, after_answers, known)
    old, new = _weights(before), _weights(after)
    changes = [
        Change(
            question=key,
            before=before.answers[key].shown,
            after=after.answers[key].shown,
            weight=max(old[key], new[key]),
            graver=new[key] > old[key],
        )
        for key in spec.questions
        if _meaning(before.answers[key]) != _meaning(after.answers[key])
    ]
    return tuple(sorted(changes, key=lambda change: (-change.weight, not change.graver)))


def _context(
    spec: QuestionnaireSpec, answers: Mapping[str, object], terms: tuple[Term, ...]
) -> Context:
    # On the first day of the calendar every date lies ahead, so rules on recent dates count as set
    # off: how grave could the answer be?
    return Context.build(spec, answers, RecordFacts(), date.min, terms)


def _meaning(answer: Answer) -> tuple[object, ...]:
    """What two answers must share to be the same; the words only where they could not be read."""
    read = (answer.values, answer.text, answer.number, answer.day, answer.codes)
    unreadable = answer.state is AnswerState.UNKNOWN and not answer.values
    return (answer.state, read, answer.shown if unreadable else "")


def _weights(context: Context) -> dict[str, int]:
    """How much the answer to each question could weigh."""
    weights = dict.fromkeys(context.spec.questions, 0)
    for key, severity in _touched(context):
        weights[key] = max(weights[key], severity.rank + 1)
    return weights


def _touched(context: Context) -> Iterator[tuple[str, Severity]]:
    """Each question with the severity of each rule that its answer sets off or leaves in doubt."""
    for rule in context.spec.rules:
        for trigger in rule.when:
            found = match(trigger, context)
            yield from ((hit.question, rule.severity) for hit in found.hits if hit.question)
            yield from ((hit.question, Severity.CAUTION) for hit in found.doubts if hit.question)
            if trigger.medicines_at_least is not None:
                yield from ((key, rule.severity) for key in _listed_medicines(context))
        end = rule.until
        if end is not None and end.question and context.answers[end.question].day is not None:
            yield end.question, rule.severity
    yield from ((key, Severity.CAUTION) for key in context.missing)


def _listed_medicines(context: Context) -> Iterator[str]:
    """Medicine lists with an entry: one more can make “several”."""
    for key, question in context.spec.questions.items():
        if question.kind is QuestionKind.MEDICINE_LIST and context.answers[key].values:
            yield key

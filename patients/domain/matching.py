"""Does a trigger of a rule hold? Answers and record, read once, against one trigger at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from mesoclinic.common.calendar import add_days, add_months
from patients.domain.answers import Answer, AnswerState, list_items, read_answers
from patients.domain.questionnaire import (
    YES,
    Question,
    QuestionKind,
    QuestionnaireSpec,
    Trigger,
    say,
)
from patients.domain.record import MEDICINE, Fact, RecordFacts, item_facts, medicine_key
from patients.domain.terms import PAST, Term, classify


class MatchState(StrEnum):
    """Whether a trigger holds; `maybe` when the patient does not know."""

    NO = "no"
    MAYBE = "maybe"
    YES = "yes"


@dataclass(frozen=True)
class Hit:
    """What made a trigger hold: an answer (`question`) or a fact of the record (`tag`).

    `tags` are all safety tags that go with it, spelled with `past:` where they are over.
    """

    text: str
    question: str = ""
    tag: str = ""
    recorded: bool = False
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Match:
    """How one trigger fared: what makes it hold, and what is in doubt."""

    state: MatchState
    hits: tuple[Hit, ...] = ()
    doubts: tuple[Hit, ...] = ()


@dataclass(frozen=True)
class Context:
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
    ) -> Context:
        """Read answers and lists once; nothing here raises on odd input."""
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
        """Different medicines taken now, from the record and the answers together."""
        named = {fact.text for _, fact in self.said if fact.tag == MEDICINE}
        return len({medicine_key(name) for name in named | set(self.record.medicines)})


def _said(
    spec: QuestionnaireSpec, read: Mapping[str, Answer], terms: tuple[Term, ...], today: date
) -> tuple[tuple[str, Fact], ...]:
    """Facts that the patient has told: chosen options and entries of lists."""
    facts: set[tuple[str, Fact]] = set()
    for key, question in spec.questions.items():
        facts |= {(key, fact) for fact in _chosen(question, read[key], read[key].values)}
        for item in list_items(question, read[key]):
            facts |= {(key, fact) for fact in item_facts(item, terms, today)}
            if question.kind is QuestionKind.MEDICINE_LIST:
                facts.add((key, Fact(MEDICINE, item.text)))
    return tuple(facts)


def _chosen(question: Question, answer: Answer, values: Iterable[str]) -> frozenset[Fact]:
    """The facts that those of the chosen `values` give."""
    taken = frozenset(values) & frozenset(answer.values)
    facts = {Fact.of(tag, answer.shown) for tag in question.tags if YES in taken}
    for option in question.options:
        if option.key in taken:
            facts |= {Fact.of(tag, say(option.label)) for tag in option.tags}
    return frozenset(facts)


def _possible(question: Question) -> tuple[str, ...]:
    """All tags that some answer to the question would give."""
    return (*question.tags, *(tag for option in question.options for tag in option.tags))


def _hinted(
    spec: QuestionnaireSpec, read: Mapping[str, Answer], terms: tuple[Term, ...]
) -> tuple[tuple[str, Fact], ...]:
    """What free text seems to mention: never certain, so a caution at most."""
    hints: set[tuple[str, Fact]] = set()
    for key in spec.questions:
        words = read[key].text
        if words:
            hints |= {
                (key, Fact(tag.removeprefix(PAST), words)) for tag in classify(words, (), terms)
            }
    return tuple(hints)


def match(trigger: Trigger, context: Context) -> Match:
    """Try one trigger: yes beats maybe beats no; doubts are kept beside a yes."""
    hits = (*answer_hits(trigger, context), *_fact_hits(trigger, context))
    hits = (*hits, *_count_hits(trigger, context))
    doubts = _doubts(trigger, context)
    if hits:
        return Match(MatchState.YES, hits, doubts)
    return Match(MatchState.MAYBE, (), doubts) if doubts else Match(MatchState.NO)


def answer_hits(trigger: Trigger, context: Context) -> tuple[Hit, ...]:
    """What in the answer to the trigger's own question makes it hold."""
    if not trigger.question:
        return ()
    answer = context.answers[trigger.question]
    number, day = answer.number, answer.day
    least, within = trigger.at_least, trigger.within_days
    holds = (
        bool(set(trigger.values) & set(answer.values))
        or (least is not None and number is not None and number >= least)
        or (within is not None and day is not None and context.today - day < timedelta(days=within))
    )
    if not holds:
        return ()
    facts = _chosen(context.spec.questions[trigger.question], answer, trigger.values)
    tags = tuple(fact.spelled for fact in facts)
    return (Hit(answer.shown, question=trigger.question, tags=tags),)


def _fact_hits(trigger: Trigger, context: Context) -> tuple[Hit, ...]:
    recorded = [
        Hit(fact.text, tag=fact.tag, recorded=True, tags=(fact.spelled,))
        for fact in recorded_facts(trigger, context)
    ]
    told = [
        Hit(fact.text, question=key, tag=fact.tag, tags=(fact.spelled,))
        for key, fact in context.said
        if _fits(trigger, fact)
    ]
    return (*recorded, *told)


def recorded_facts(trigger: Trigger, context: Context) -> tuple[Fact, ...]:
    """The facts of the record that make the trigger hold."""
    return tuple(fact for fact in context.record.facts if _fits(trigger, fact))


def _fits(trigger: Trigger, fact: Fact) -> bool:
    exact, beginnings = trigger.patterns if fact.active else trigger.past_patterns
    return fact.tag in exact or fact.tag.startswith(beginnings)


def _tag_fits(pattern: str, tag: str) -> bool:
    return tag.startswith(pattern[:-1]) if pattern.endswith("*") else tag == pattern


def _count_hits(trigger: Trigger, context: Context) -> tuple[Hit, ...]:
    hits: list[Hit] = []
    several = trigger.medicines_at_least
    if several is not None and context.medicine_count() >= several:
        hits.append(Hit(", ".join(sorted(context.record.medicines)), recorded=True))
    born = context.record.birth_date
    limit = trigger.age_under
    young = born is not None and limit is not None and context.today < birthday(born, limit)
    if young and _asks_age(trigger, context):
        hits.append(Hit(f"born {born}", recorded=True))
    return tuple(hits)


def birthday(born: date, age: int) -> date:
    """The day on which a person reaches an age; born on 29 February: 1 March in common years.

    Beyond the calendar (a year of birth typed wrong) it never comes.
    """
    if born.year + age > date.max.year:
        return date.max
    day = add_months(born, 12 * age)
    return day if day.day == born.day else add_days(day, 1)


def _asks_age(trigger: Trigger, context: Context) -> bool:
    consented = trigger.without_guardian_consent and context.record.guardian_consent
    return trigger.age_under is not None and not consented


def _doubts(trigger: Trigger, context: Context) -> tuple[Hit, ...]:
    doubts: list[Hit] = []
    if trigger.question:
        answer = context.answers[trigger.question]
        if answer.state is AnswerState.UNKNOWN:
            tags = _possible(context.spec.questions[trigger.question])
            doubts.append(Hit(answer.shown, question=trigger.question, tags=tags))
    if _asks_age(trigger, context) and context.record.birth_date is None:
        doubts.append(Hit("no date of birth"))
    for key, fact in context.hinted:
        if any(_tag_fits(pattern, fact.tag) for pattern in (*trigger.tags, *trigger.past_tags)):
            doubts.append(Hit(fact.text, question=key, tags=(fact.tag,)))
    return tuple(doubts)

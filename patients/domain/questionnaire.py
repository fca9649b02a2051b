"""The shape of a screening questionnaire and its rules: versioned data, never code.

A published questionnaire never changes; `from_json`/`to_json` of `patients.domain.codec` read and
write it. `QuestionnaireSpec` refuses to exist when a rule or a question points at nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

Text = Mapping[str, str]
"""Words by language code: `{"en": "…", "fr": "…"}`; English is always there."""

TagPatterns = tuple[frozenset[str], tuple[str, ...]]
"""Tags that are meant exactly, and beginnings of tags."""

YES, NO, UNKNOWN = "yes", "no", "unknown"


def say(text: Text, language: str = "en") -> str:
    """Return the words in `language` (`fr-CA` falls back to `fr`), else in English."""
    return text.get(language) or text.get(language[:2]) or text.get("en", "")


class QuestionKind(StrEnum):
    """How a question is answered.

    Values in `answers`: `yes_no_unknown` and `one_of` a string; `many_of` and `body_area` a list of
    option keys (those of a body area are keys of the clinic's areas); `text` a string; `number` a
    number or its text; `date` an ISO date; `allergy_list` and `medicine_list` a list of
    `{"name": …}` objects or strings; `photograph` a list of ids of the patient's files.
    """

    YES_NO_UNKNOWN = "yes_no_unknown"
    ONE_OF = "one_of"
    MANY_OF = "many_of"
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    BODY_AREA = "body_area"
    ALLERGY_LIST = "allergy_list"
    MEDICINE_LIST = "medicine_list"
    PHOTOGRAPH = "photograph"


SINGLE_CHOICE = frozenset({QuestionKind.YES_NO_UNKNOWN, QuestionKind.ONE_OF})
SEVERAL_CHOICES = frozenset({QuestionKind.MANY_OF, QuestionKind.BODY_AREA})


class Severity(StrEnum):
    """How much a rule weighs: `note` < `caution` < `absolute`."""

    NOTE = "note"
    CAUTION = "caution"
    ABSOLUTE = "absolute"

    @property
    def rank(self) -> int:
        """0 for note, 1 for caution, 2 for absolute."""
        return _SEVERITIES.index(self)


_SEVERITIES = tuple(Severity)


@dataclass(frozen=True)
class Option:
    """One choice. `tags` are safety tags that choosing it gives (`allergen:fish`, `past:cancer`).

    An `exclusive` option (“none of these”) can't be chosen together with others.
    """

    key: str
    label: Text
    tags: tuple[str, ...] = ()
    exclusive: bool = False


@dataclass(frozen=True)
class ShowIf:
    """The question is asked only when an earlier question has one of these answers."""

    question: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """One question in plain words. `tags` are the safety tags that “yes” gives."""

    key: str
    kind: QuestionKind
    text: Text
    help: Text = field(default_factory=dict)
    required: bool = False
    options: tuple[Option, ...] = ()
    show_if: ShowIf | None = None
    tags: tuple[str, ...] = ()
    unit: str = ""
    minimum: Decimal | None = None
    maximum: Decimal | None = None

    def __post_init__(self) -> None:
        """Refuse choices without options."""
        if self.kind in SEVERAL_CHOICES | {QuestionKind.ONE_OF} and not self.options:
            raise ValueError(f"Question “{self.key}” needs options to choose from.")

    @cached_property
    def values(self) -> frozenset[str] | None:
        """The values an answer may have; None where it is free."""
        if self.kind is QuestionKind.YES_NO_UNKNOWN:
            return frozenset({YES, NO, UNKNOWN})
        if self.options:
            return frozenset(option.key for option in self.options)
        return None


@dataclass(frozen=True)
class Section:
    """Questions that are shown together: one screen on a phone."""

    key: str
    title: Text
    questions: tuple[Question, ...]
    intro: Text = field(default_factory=dict)


@dataclass(frozen=True)
class Trigger:
    """One thing that must hold for a rule to fire: any of the ways named here is enough.

    `values` of the answer to `question`; a number `at_least`; a date answer less than
    `within_days` before today; a record fact that applies (`tags`) or is over (`past_tags`), where
    `allergen:*` stands for any ending; at least `medicines_at_least` medicines taken now; age
    under `age_under` years (not when a guardian has consented, if `without_guardian_consent`).
    """

    question: str = ""
    values: tuple[str, ...] = ()
    at_least: Decimal | None = None
    within_days: int | None = None
    tags: tuple[str, ...] = ()
    past_tags: tuple[str, ...] = ()
    medicines_at_least: int | None = None
    age_under: int | None = None
    without_guardian_consent: bool = False

    @cached_property
    def patterns(self) -> TagPatterns:
        """`tags`, sorted out for looking up."""
        return _tag_patterns(self.tags)

    @cached_property
    def past_patterns(self) -> TagPatterns:
        """`past_tags`, sorted out for looking up."""
        return _tag_patterns(self.past_tags)


def _tag_patterns(patterns: tuple[str, ...]) -> TagPatterns:
    beginnings = tuple(one[:-1] for one in patterns if one.endswith("*"))
    return frozenset(patterns), beginnings


@dataclass(frozen=True)
class Until:
    """When a finding ends: `days` after the date answered to `question`, or at an age in years."""

    days: int | None = None
    question: str = ""
    age: int | None = None


@dataclass(frozen=True)
class Rule:
    """One contraindication. It fires when every trigger of `when` holds.

    A rule with `areas`, `ingredient_tags` or `limit_to_matched_tags` weighs its `severity` only
    where these are used (a fish allergy: cocktails with fish-derived ingredients); for the patient
    in general it then counts as a caution at most. `areas_from` names a body-area question: where it
    is answered, the rule is limited to those areas, else it weighs everywhere. `defers` means that
    waiting until the end is enough (outcome deferred). `source` is S0 to S4 or G.
    """

    key: str
    severity: Severity
    message: Text
    when: tuple[Trigger, ...]
    source: str
    advice: Text = field(default_factory=dict)
    temporary: bool = False
    until: Until | None = None
    defers: bool = False
    areas: tuple[str, ...] = ()
    areas_from: str = ""
    ingredient_tags: tuple[str, ...] = ()
    limit_to_matched_tags: bool = False

    def __post_init__(self) -> None:
        """Refuse a rule that would fire for everybody."""
        if not self.when:
            raise ValueError(f"Rule “{self.key}” has no trigger: it would fire for everybody.")

    @property
    def limited(self) -> bool:
        """Whether the rule weighs fully only for certain areas or ingredients."""
        limits = (self.areas, self.areas_from, self.ingredient_tags, self.limit_to_matched_tags)
        return any(limits)


@dataclass(frozen=True)
class QuestionnaireSpec:
    """One version of the questionnaire with its rules. `validity_days` from the day it is filled."""

    version: str
    validity_days: int
    sections: tuple[Section, ...]
    rules: tuple[Rule, ...]
    title: Text = field(default_factory=dict)
    review_note: str = ""

    def __post_init__(self) -> None:
        """Refuse duplicate keys and references that point at nothing."""
        problems = list(_problems(self))
        if problems:
            raise ValueError(" ".join(problems))

    @cached_property
    def questions(self) -> Mapping[str, Question]:
        """All questions by key, in the order they are asked."""
        return {
            question.key: question for section in self.sections for question in section.questions
        }

    @cached_property
    def rules_by_key(self) -> Mapping[str, Rule]:
        """All rules by key."""
        return {rule.key: rule for rule in self.rules}


def _problems(spec: QuestionnaireSpec) -> Iterator[str]:
    if spec.validity_days < 1:
        yield "A screening must be valid for one day at least."
    yield from _question_problems(spec)
    keys = [rule.key for rule in spec.rules]
    yield from (f"Rule “{key}” appears twice." for key in sorted(set(keys)) if keys.count(key) > 1)
    questions = spec.questions
    for rule in spec.rules:
        for trigger in rule.when:
            yield from _trigger_problems(rule, trigger, questions)
        if rule.until and rule.until.question and rule.until.question not in questions:
            yield f"Rule “{rule.key}” ends by the unknown question “{rule.until.question}”."
        place = questions.get(rule.areas_from)
        if rule.areas_from and (place is None or place.kind is not QuestionKind.BODY_AREA):
            yield f"Rule “{rule.key}” takes areas from “{rule.areas_from}”, no body-area question."


def _question_problems(spec: QuestionnaireSpec) -> Iterator[str]:
    seen: dict[str, Question] = {}
    for section in spec.sections:
        for question in section.questions:
            if question.key in seen:
                yield f"Question “{question.key}” appears twice."
            condition = question.show_if
            if condition is not None:
                parent = seen.get(condition.question)
                if parent is None:
                    yield f"“{question.key}” depends on “{condition.question}”, not asked before it."
                elif parent.values is not None and not set(condition.values) <= parent.values:
                    yield f"“{question.key}” waits for an answer that “{parent.key}” does not have."
            seen[question.key] = question


def _trigger_problems(
    rule: Rule, trigger: Trigger, questions: Mapping[str, Question]
) -> Iterator[str]:
    if not trigger.question:
        if trigger.values:
            yield f"Rule “{rule.key}” has values but no question."
        return
    question = questions.get(trigger.question)
    if question is None:
        yield f"Rule “{rule.key}” asks for the unknown question “{trigger.question}”."
    elif question.values is not None and not set(trigger.values) <= question.values:
        yield f"Rule “{rule.key}” waits for an answer that “{question.key}” does not have."

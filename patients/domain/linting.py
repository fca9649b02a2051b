"""What the linter of questionnaires reports, and what it knows while it looks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from patients.domain.questionnaire import SEVERAL_CHOICES, SINGLE_CHOICE, QuestionnaireSpec
from patients.domain.record import ALLERGY, MEDICINE
from patients.domain.terms import PAST

# Tags that the record itself gives, whatever the terms say.
_BUILT_IN = frozenset({ALLERGY, MEDICINE, "pregnancy_unclear"})
CHOICES = (*SINGLE_CHOICE, *SEVERAL_CHOICES)


class LintCode(StrEnum):
    """What is wrong; stable, for filters and for words in other languages."""

    MISSING_LANGUAGE = "missing-language"
    EMPTY_SECTION = "empty-section"
    UNREACHABLE_QUESTION = "unreachable-question"
    REQUIRED_BUT_HIDDEN = "required-but-hidden"
    DUPLICATE_OPTION = "duplicate-option"
    NO_WAY_TO_DENY = "no-way-to-deny"
    IMPOSSIBLE_RANGE = "impossible-range"
    JARGON_WITHOUT_HELP = "jargon-without-help"
    UNKNOWN_TAG = "unknown-tag"
    UNKNOWN_AREA = "unknown-area"
    DEAD_RULE = "dead-rule"
    DEAD_CONDITION = "dead-condition"
    CONTRADICTORY_RULE = "contradictory-rule"
    ALWAYS_FIRES = "always-fires"
    NO_SOURCE = "no-source"
    NO_ADVICE = "no-advice"
    SHADOWED_RULE = "shadowed-rule"
    DUPLICATE_RULE = "duplicate-rule"
    IDLE_LIMIT = "idle-limit"
    ODD_END = "odd-end"


@dataclass(frozen=True)
class LintWarning:
    """One thing to look at. `place` is `questionnaire`, `section:<key>`, `question:<key>`,
    `question:<key>.<option>` or `rule:<key>`; `message` an English sentence for staff.
    """

    code: LintCode
    place: str
    message: str


@dataclass(frozen=True)
class Inspection:
    """The questionnaire with what can happen in it, worked out once."""

    spec: QuestionnaireSpec
    tags: frozenset[str]
    areas: frozenset[str]
    _reachable: Mapping[str, bool]
    _read: frozenset[str]

    @classmethod
    def of(
        cls, spec: QuestionnaireSpec, known_tags: Iterable[str], known_areas: Iterable[str]
    ) -> Inspection:
        """Work out which questions can be shown and which tags can occur."""
        known = {tag.removeprefix(PAST) for tag in known_tags} | _BUILT_IN
        triggers = [trigger for rule in spec.rules for trigger in rule.when]
        asked = {tag for trigger in triggers for tag in (*trigger.tags, *trigger.past_tags)}
        return cls(
            spec=spec,
            tags=frozenset(known),
            areas=frozenset(known_areas),
            _reachable=_reachable(spec),
            _read=frozenset(asked),
        )

    def reachable(self, question: str) -> bool:
        """Whether some answers make the question appear."""
        return self._reachable[question]

    def can_occur(self, pattern: str) -> bool:
        """Whether a rule's tag (`allergen:*` for any ending) can ever be met."""
        return any(tag_covers(pattern, tag) for tag in self.tags | self._given)

    def is_read(self, tag: str) -> bool:
        """Whether somebody makes something of a tag that an answer gives."""
        plain = tag.removeprefix(PAST)
        return plain in self.tags or any(tag_covers(pattern, plain) for pattern in self._read)

    @property
    def _given(self) -> frozenset[str]:
        """Tags that answers give, apart from what terms know."""
        questions = self.spec.questions.values()
        tags = {tag for question in questions for tag in question.tags}
        tags |= {tag for one in questions for option in one.options for tag in option.tags}
        return frozenset(tag.removeprefix(PAST) for tag in tags)


def tag_covers(pattern: str, tag: str) -> bool:
    """Whether `pattern` matches the tag, or everything that the pattern `tag` matches."""
    if pattern.endswith("*"):
        return tag.startswith(pattern[:-1])
    return pattern == tag


def _reachable(spec: QuestionnaireSpec) -> dict[str, bool]:
    reachable: dict[str, bool] = {}
    for key, question in spec.questions.items():
        condition = question.show_if
        if condition is None:
            reachable[key] = True
            continue
        # Only choices have values that are known beforehand; typed words and days never match.
        parent = spec.questions[condition.question]
        chosen = parent.kind in CHOICES and bool(condition.values)
        reachable[key] = chosen and reachable[condition.question]
    return reachable

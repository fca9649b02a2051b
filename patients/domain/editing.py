"""Change a draft of a questionnaire one piece at a time; pure, the old spec stays as it is.

Every function returns a new `QuestionnaireSpec`, which refuses to exist when the change leaves a
rule or a question pointing at nothing: ValueError with a sentence that names it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from patients.domain.questionnaire import Question, QuestionnaireSpec, Rule, Section


class Keyed(Protocol):
    """Something with a key that is its own within its list."""

    @property
    def key(self) -> str:
        """The key."""


K = TypeVar("K", bound=Keyed)


def new_key(words: str, taken: Iterable[str], *, fallback: str) -> str:
    """A key made of `words` ("Do you smoke?" gives `do_you_smoke`) that is not in `taken`."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().casefold()
    base = "_".join(re.findall(r"[a-z0-9]+", plain))[:40].strip("_") or fallback
    used = set(taken)
    number = next(n for n in range(1, len(used) + 2) if _numbered(base, n) not in used)
    return _numbered(base, number)


def _numbered(base: str, number: int) -> str:
    return base if number == 1 else f"{base}_{number}"


def put_section(spec: QuestionnaireSpec, section: Section) -> QuestionnaireSpec:
    """Exchange the section of the same key, or add it at the end. Its questions are its own."""
    return replace(spec, sections=_put(spec.sections, section))


def remove_section(spec: QuestionnaireSpec, key: str) -> QuestionnaireSpec:
    """Take a section away with its questions, and the rules that ask nothing else."""
    gone = next((section for section in spec.sections if section.key == key), None)
    for question in reversed(gone.questions if gone is not None else ()):
        spec = remove_question(spec, question.key)
    return replace(spec, sections=tuple(one for one in spec.sections if one.key != key))


def move_section(spec: QuestionnaireSpec, key: str, step: int) -> QuestionnaireSpec:
    """Move a section up (`step` -1) or down (1); at the end of the list it stays."""
    return replace(spec, sections=_moved(spec.sections, key, step))


def section_with(spec: QuestionnaireSpec, question: str) -> Section | None:
    """The section that asks a question."""
    return next(
        (one for one in spec.sections if any(q.key == question for q in one.questions)), None
    )


def put_question(spec: QuestionnaireSpec, section: str, question: Question) -> QuestionnaireSpec:
    """Exchange a question, or add it to the end of `section`; a change of section moves it."""
    sections = []
    for one in spec.sections:
        if one.key == section:
            questions = _put(one.questions, question)
        else:
            questions = tuple(other for other in one.questions if other.key != question.key)
        sections.append(replace(one, questions=questions))
    return replace(spec, sections=tuple(sections))


def remove_question(spec: QuestionnaireSpec, key: str) -> QuestionnaireSpec:
    """Take a question away, and the rules that ask nothing else. Raises where others wait for it."""
    rules = tuple(
        rule for rule in spec.rules if not any(trigger.question == key for trigger in rule.when)
    )
    sections = tuple(
        replace(one, questions=tuple(q for q in one.questions if q.key != key))
        for one in spec.sections
    )
    return replace(spec, sections=sections, rules=rules)


def move_question(spec: QuestionnaireSpec, key: str, step: int) -> QuestionnaireSpec:
    """Move a question up or down within its section."""
    sections = tuple(
        replace(one, questions=_moved(one.questions, key, step)) for one in spec.sections
    )
    return replace(spec, sections=sections)


def put_rule(spec: QuestionnaireSpec, rule: Rule) -> QuestionnaireSpec:
    """Exchange the rule of the same key, or add it."""
    return replace(spec, rules=_put(spec.rules, rule))


def remove_rule(spec: QuestionnaireSpec, key: str) -> QuestionnaireSpec:
    """Take a rule away."""
    return replace(spec, rules=tuple(rule for rule in spec.rules if rule.key != key))


def rules_about(spec: QuestionnaireSpec, question: str) -> tuple[Rule, ...]:
    """The rules that look at the answer to a question, also for their end or their places."""
    return tuple(
        rule
        for rule in spec.rules
        if any(trigger.question == question for trigger in rule.when)
        or (rule.until is not None and rule.until.question == question)
        or rule.areas_from == question
    )


def languages_of(spec: QuestionnaireSpec) -> tuple[str, ...]:
    """The languages in which anything is written, English first."""
    texts = [spec.title, *(section.title for section in spec.sections)]
    texts += [question.text for question in spec.questions.values()]
    found = {language for text in texts for language, words in text.items() if words.strip()}
    return ("en", *sorted(found - {"en"}))


def _put(items: Sequence[K], new: K) -> tuple[K, ...]:
    if any(one.key == new.key for one in items):
        return tuple(new if one.key == new.key else one for one in items)
    return (*items, new)


def _moved(items: Sequence[K], key: str, step: int) -> tuple[K, ...]:
    places = [place for place, one in enumerate(items) if one.key == key]
    if not places or not 0 <= places[0] + step < len(items):
        return tuple(items)
    ordered = list(items)
    ordered.insert(places[0] + step, ordered.pop(places[0]))
    return tuple(ordered)

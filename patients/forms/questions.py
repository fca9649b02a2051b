"""One section of a questionnaire as a form: what is shown, and how it is read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.http import QueryDict
from django.utils.translation import gettext as _

from patients.domain.answers import read_answers, visible
from patients.domain.questionnaire import (
    NO,
    SEVERAL_CHOICES,
    SINGLE_CHOICE,
    UNKNOWN,
    YES,
    Question,
    QuestionKind,
    QuestionnaireSpec,
    Section,
    say,
)
from patients.exceptions import AnswerNotAccepted
from patients.services import accepted

_LISTS = frozenset({QuestionKind.ALLERGY_LIST, QuestionKind.MEDICINE_LIST})
_SPARE_LINES = 2
_MOST_TEXT = 2000


@dataclass(frozen=True)
class Choice:
    """One answer to choose."""

    value: str
    label: str
    chosen: bool
    exclusive: bool = False


@dataclass(frozen=True)
class ShownQuestion:
    """A question ready for the page. `kind` picks the template's branch; `show_values` is the
    comma-separated list of answers to `show_parent` under which it is asked."""

    key: str
    kind: str
    text: str
    help: str
    required: bool
    value: str = ""
    choices: tuple[Choice, ...] = ()
    lines: tuple[str, ...] = ()
    unit: str = ""
    minimum: str = ""
    maximum: str = ""
    hints: tuple[str, ...] = ()
    error: str = ""
    show_parent: str = ""
    show_values: str = ""
    shown: bool = True
    photographs: tuple[str, ...] = ()


@dataclass(frozen=True)
class ShownSection:
    """One screen of the questionnaire; `number` counts from 1."""

    key: str
    number: int
    total: int
    title: str
    intro: str
    questions: tuple[ShownQuestion, ...]

    @property
    def is_last(self) -> bool:
        """Whether the signature comes next."""
        return self.number == self.total

    @property
    def errors(self) -> tuple[ShownQuestion, ...]:
        """The questions that want another look."""
        return tuple(question for question in self.questions if question.error)


@dataclass(frozen=True)
class Reading:
    """What a section's page sent: answers by key (None: taken back), and what was wrong."""

    answers: Mapping[str, object]
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Dressing:
    """What is shown beside the answers: hints from the record, and errors by question."""

    language: str = "en"
    hints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


def shown_section(
    spec: QuestionnaireSpec, number: int, answers: Mapping[str, object], dressing: Dressing
) -> ShownSection:
    """Section `number` (from 1) with the answers so far."""
    section = spec.sections[number - 1]
    read = read_answers(spec, answers)
    here = {question.key for question in section.questions}
    questions = []
    for question in section.questions:
        parent = question.show_if.question if question.show_if else ""
        asked = visible(question, read)
        # Questions of other sections can't change on this page: what they close stays away.
        if asked or parent in here:
            questions.append(_shown(question, answers.get(question.key), dressing, asked=asked))
    return ShownSection(
        key=section.key,
        number=number,
        total=len(spec.sections),
        title=say(section.title, dressing.language),
        intro=say(section.intro, dressing.language),
        questions=tuple(questions),
    )


def read_section(section: Section, data: QueryDict) -> Reading:
    """The answers of one page. Fields that the page did not have are left alone, and photographs
    are no fields: `photograph_questions` names them."""
    answers: dict[str, object] = {}
    errors: dict[str, str] = {}
    sent = set(data.getlist("asked"))
    for question in section.questions:
        if question.key not in sent or question.kind is QuestionKind.PHOTOGRAPH:
            continue
        try:
            answers[question.key] = accepted(question, _raw(question, data))
        except AnswerNotAccepted as error:
            errors[question.key] = _problem(question, error)
    return Reading(answers, errors)


def photograph_questions(section: Section) -> tuple[str, ...]:
    """The questions of a section that ask for photographs."""
    return tuple(one.key for one in section.questions if one.kind is QuestionKind.PHOTOGRAPH)


def open_questions(
    spec: QuestionnaireSpec, section: Section, answers: Mapping[str, object]
) -> dict[str, str]:
    """The required questions of `section` that are asked and not answered."""
    read = read_answers(spec, answers)
    return {
        question.key: _("Please answer this. “I don't know” is an answer too.")
        if question.kind is QuestionKind.YES_NO_UNKNOWN
        else _("Please answer this.")
        for question in section.questions
        if read[question.key].missing and visible(question, read)
    }


def section_of(spec: QuestionnaireSpec, key: str) -> int:
    """The number (from 1) of the section that asks `key`; 1 for an unknown key."""
    for number, section in enumerate(spec.sections, start=1):
        if any(question.key == key for question in section.questions):
            return number
    return 1


def _shown(question: Question, value: object, dressing: Dressing, *, asked: bool) -> ShownQuestion:
    condition = question.show_if
    return ShownQuestion(
        key=question.key,
        kind=_branch(question),
        text=say(question.text, dressing.language),
        help=say(question.help, dressing.language),
        required=question.required,
        value=str(value) if isinstance(value, str | int | float) else "",
        choices=_choices(question, value, dressing.language),
        lines=_lines(question, value),
        unit=question.unit,
        minimum=str(question.minimum) if question.minimum is not None else "",
        maximum=str(question.maximum) if question.maximum is not None else "",
        hints=dressing.hints.get(question.key, ()),
        error=dressing.errors.get(question.key, ""),
        show_parent=condition.question if condition else "",
        show_values=",".join(condition.values) if condition else "",
        shown=asked,
        photographs=_photographs(question, value),
    )


def _photographs(question: Question, value: object) -> tuple[str, ...]:
    if question.kind is not QuestionKind.PHOTOGRAPH or not isinstance(value, list):
        return ()
    return tuple(str(one) for one in value)


def _branch(question: Question) -> str:
    if question.kind in _LISTS:
        return "list"
    if question.kind in SEVERAL_CHOICES:
        return "many"
    if question.kind in SINGLE_CHOICE:
        return "one"
    return question.kind.value


def _choices(question: Question, value: object, language: str) -> tuple[Choice, ...]:
    chosen = value if isinstance(value, list) else [value]
    if question.kind is QuestionKind.YES_NO_UNKNOWN:
        labels = ((NO, _("No")), (YES, _("Yes")), (UNKNOWN, _("I don't know")))
        return tuple(Choice(key, label, key in chosen) for key, label in labels)
    return tuple(
        Choice(option.key, say(option.label, language), option.key in chosen, option.exclusive)
        for option in question.options
    )


def _lines(question: Question, value: object) -> tuple[str, ...]:
    if question.kind not in _LISTS:
        return ()
    entries = value if isinstance(value, list) else []
    names = [str(one.get("name", "")) if isinstance(one, dict) else str(one) for one in entries]
    return (*names, *([""] * _SPARE_LINES))


def _raw(question: Question, data: QueryDict) -> object:
    if question.kind in SEVERAL_CHOICES:
        return data.getlist(question.key)
    if question.kind in _LISTS:
        names = [" ".join(one.split())[:200] for one in data.getlist(question.key)]
        return [{"name": name} for name in names if name]
    return data.get(question.key, "").strip()[:_MOST_TEXT]


def _problem(question: Question, error: AnswerNotAccepted) -> str:
    if question.kind is QuestionKind.NUMBER:
        if question.minimum is not None and question.maximum is not None:
            return _("Write a number from %(low)s to %(high)s.") % {
                "low": question.minimum, "high": question.maximum,
            }  # fmt: skip
        return _("Write a number.")
    if question.kind is QuestionKind.DATE:
        return _("Write a day, for example 2026-03-12.")
    return error.message

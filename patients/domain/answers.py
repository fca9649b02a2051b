"""Read the answers of a questionnaire, whatever they look like, without ever guessing “no”."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from patients.domain.questionnaire import (
    UNKNOWN,
    Question,
    QuestionKind,
    QuestionnaireSpec,
    say,
)
from patients.domain.record import ItemKind, RecordItem


class AnswerState(StrEnum):
    """Given, honestly unknown (or unreadable), or not there."""

    GIVEN = "given"
    UNKNOWN = "unknown"
    ABSENT = "absent"


@dataclass(frozen=True)
class Answer:
    """One answer as rules see it. `missing`: required, visible, and not readable."""

    state: AnswerState = AnswerState.ABSENT
    values: tuple[str, ...] = ()
    text: str = ""
    number: Decimal | None = None
    day: date | None = None
    shown: str = ""
    missing: bool = False
    codes: tuple[tuple[str, ...], ...] = ()


def read_answers(spec: QuestionnaireSpec, given: Mapping[str, object]) -> Mapping[str, Answer]:
    """Read every question of `spec`; unknown keys in `given` are ignored.

    Hidden questions are never missing, but an answer to one still counts: telling more can't make
    an outcome milder.
    """
    read: dict[str, Answer] = {}
    for key, question in spec.questions.items():
        answer, readable = _read(question, given.get(key))
        wanted = question.required and visible(question, read)
        missing = wanted and (answer.state is AnswerState.ABSENT or not readable)
        read[key] = replace(answer, missing=True) if missing else answer
    return read


def visible(question: Question, read: Mapping[str, Answer]) -> bool:
    """Whether the question is asked, given the answers to the questions before it."""
    condition = question.show_if
    return condition is None or bool(set(condition.values) & set(read[condition.question].values))


def list_items(question: Question, answer: Answer) -> tuple[RecordItem, ...]:
    """The entries of an allergy or medicine list as record items."""
    kinds = {
        QuestionKind.ALLERGY_LIST: ItemKind.ALLERGY,
        QuestionKind.MEDICINE_LIST: ItemKind.MEDICINE,
    }
    kind = kinds.get(question.kind)
    if kind is None:
        return ()
    return tuple(
        RecordItem(kind, name, codes)
        for name, codes in zip(answer.values, answer.codes, strict=True)
    )


def _read(question: Question, value: object) -> tuple[Answer, bool]:
    """Return the answer, and whether it could be read."""
    if value is None or value in ("", [], (), {}):
        return Answer(), True
    answer = _READERS[question.kind](question, value)
    if answer is None:
        return Answer(state=AnswerState.UNKNOWN, shown=str(value)[:200]), False
    return answer, True


def _choice(question: Question, value: object) -> Answer | None:
    if isinstance(value, bool) and question.kind is QuestionKind.YES_NO_UNKNOWN:
        value = "yes" if value else "no"
    return _choices(question, [value])


def _choices(question: Question, value: object) -> Answer | None:
    if not isinstance(value, list | tuple | set | frozenset):
        return None
    allowed = question.values or frozenset()
    if not all(isinstance(one, str) and one in allowed for one in value):
        return None
    chosen = tuple(sorted({str(one) for one in value}))
    labels = {option.key: say(option.label) for option in question.options}
    state = AnswerState.UNKNOWN if UNKNOWN in chosen else AnswerState.GIVEN
    return Answer(state, chosen, shown=", ".join(labels.get(one, one) for one in chosen))


def _text(question: Question, value: object) -> Answer | None:
    if not isinstance(value, str):
        return None
    text = value.strip()
    return Answer(AnswerState.GIVEN if text else AnswerState.ABSENT, text=text, shown=text)


def _number(question: Question, value: object) -> Answer | None:
    try:
        number = Decimal(str(value).strip().replace(",", "."))
    except InvalidOperation:
        return None
    low, high = question.minimum, question.maximum
    if not number.is_finite() or (low is not None and number < low):
        return None
    if high is not None and number > high:
        return None
    return Answer(AnswerState.GIVEN, number=number, shown=f"{number} {question.unit}".strip())


def _day(question: Question, value: object) -> Answer | None:
    if isinstance(value, datetime):
        return None
    if not isinstance(value, date):
        if not isinstance(value, str):
            return None
        try:
            value = date.fromisoformat(value)
        except ValueError:
            return None
    return Answer(AnswerState.GIVEN, day=value, shown=value.isoformat())


def _entries(question: Question, value: object) -> Answer | None:
    if not isinstance(value, list | tuple):
        return None
    entries = set()
    for entry in value:
        name = entry.get("name") if isinstance(entry, Mapping) else entry
        codes = entry.get("codes", ()) if isinstance(entry, Mapping) else ()
        if not isinstance(name, str) or not name.strip() or not isinstance(codes, list | tuple):
            return None
        entries.add((name.strip(), tuple(str(code) for code in codes)))
    ordered = sorted(entries)
    names = tuple(name for name, _ in ordered)
    return Answer(
        AnswerState.GIVEN,
        names,
        shown=", ".join(names),
        codes=tuple(codes for _, codes in ordered),
    )


def _photographs(question: Question, value: object) -> Answer | None:
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        return None
    # No words: what a picture shows, nobody but a person can judge.
    return Answer(
        AnswerState.GIVEN, tuple(sorted(set(value))), shown=f"Photographs: {len(set(value))}"
    )


_READERS = {
    QuestionKind.YES_NO_UNKNOWN: _choice,
    QuestionKind.ONE_OF: _choice,
    QuestionKind.MANY_OF: _choices,
    QuestionKind.TEXT: _text,
    QuestionKind.NUMBER: _number,
    QuestionKind.DATE: _day,
    QuestionKind.BODY_AREA: _choices,
    QuestionKind.ALLERGY_LIST: _entries,
    QuestionKind.MEDICINE_LIST: _entries,
    QuestionKind.PHOTOGRAPH: _photographs,
}

"""Look a questionnaire over before it is published: what it allows but nobody can have meant.

`QuestionnaireSpec` itself refuses what is broken (a question that depends on a later one, hence
also every circle; a rule or a condition that waits for an answer the question does not have). The
linter reports what works, but not as intended. Pure; the words are for staff.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations

from patients.domain.linter_rules import rule_warnings
from patients.domain.linting import Inspection, LintCode, LintWarning
from patients.domain.questionnaire import (
    SEVERAL_CHOICES,
    Question,
    QuestionKind,
    QuestionnaireSpec,
    Text,
    say,
)

__all__ = ["JARGON", "LintCode", "LintWarning", "lint"]

JARGON: Mapping[str, tuple[str, ...]] = {
    "en": (
        "anticoagula*", "anti-inflammator*", "autoimmun*", "coagula*", "contraindicat*",
        "erythema*", "fibros*", "haematoma*", "hematoma*", "hypersensitiv*", "immuno*",
        "isotretinoin", "keloid*", "nsaid*", "oncolog*", "telangiectas*", "thrombo*", "urticaria*",
    ),
    "fr": (
        "anticoagulant*", "anti-inflammatoire*", "auto-immun*", "chéloïde*", "coagulation*",
        "contre-indiqu*", "érythème*", "fibrose*", "hématome*", "hypersensib*", "immuno*",
        "isotrétinoïne", "ains", "oncolog*", "télangiectas*", "thrombo*", "urticaire*",
    ),
}  # fmt: skip
"""Words a twelve-year-old does not know, by language; `*` stands for any ending."""


def lint(
    spec: QuestionnaireSpec,
    languages: Iterable[str] = ("en",),
    known_tags: Iterable[str] = (),
    known_areas: Iterable[str] = (),
) -> tuple[LintWarning, ...]:
    """Return what looks wrong with `spec`, in the order of the questionnaire; () when all is well.

    `languages` are the codes every text must be written in. `known_tags` are the tags that terms
    and ingredients can give (without `past:`), `known_areas` the keys of the clinic's areas.
    """
    inspection = Inspection.of(spec, known_tags, known_areas)
    wanted = tuple(dict.fromkeys(languages))
    found = [
        *_language_warnings(spec, wanted),
        *(warning for check in _QUESTION_CHECKS for warning in check(inspection, wanted)),
        *rule_warnings(inspection),
    ]
    places = {place: index for index, place in enumerate(_order(spec))}
    return tuple(
        sorted(dict.fromkeys(found), key=lambda one: places.get(one.place.split(".")[0], -1))
    )


def _order(spec: QuestionnaireSpec) -> Iterator[str]:
    yield "questionnaire"
    for section in spec.sections:
        yield f"section:{section.key}"
        yield from (f"question:{question.key}" for question in section.questions)
    yield from (f"rule:{rule.key}" for rule in spec.rules)


def _texts(spec: QuestionnaireSpec) -> Iterator[tuple[str, str, Text, bool]]:
    """Every text: its place, what it is, the words, and whether it may be left out altogether."""
    yield "questionnaire", "title", spec.title, True
    for section in spec.sections:
        yield f"section:{section.key}", "title", section.title, False
        yield f"section:{section.key}", "introduction", section.intro, True
        for question in section.questions:
            place = f"question:{question.key}"
            yield place, "question", question.text, False
            yield place, "help", question.help, True
            for option in question.options:
                yield f"{place}.{option.key}", f"choice “{option.key}”", option.label, False
    for rule in spec.rules:
        yield f"rule:{rule.key}", "message", rule.message, False
        yield f"rule:{rule.key}", "advice", rule.advice, True


def _language_warnings(
    spec: QuestionnaireSpec, languages: tuple[str, ...]
) -> Iterator[LintWarning]:
    for place, what, text, optional in _texts(spec):
        if optional and not any(words.strip() for words in text.values()):
            continue
        missing = [language for language in languages if not text.get(language, "").strip()]
        if missing:
            yield LintWarning(
                LintCode.MISSING_LANGUAGE,
                place,
                f"The {what} is not written in: {', '.join(missing)}.",
            )


def _question_place(question: Question) -> str:
    return f"question:{question.key}"


def _empty_sections(inspection: Inspection, languages: tuple[str, ...]) -> Iterator[LintWarning]:
    for section in inspection.spec.sections:
        if not section.questions:
            yield LintWarning(
                LintCode.EMPTY_SECTION,
                f"section:{section.key}",
                "This section has no question: an empty screen.",
            )


def _hidden_questions(inspection: Inspection, languages: tuple[str, ...]) -> Iterator[LintWarning]:
    for question in inspection.spec.questions.values():
        if inspection.reachable(question.key):
            continue
        if question.required:
            code, message = LintCode.REQUIRED_BUT_HIDDEN, "It is required, but can never be shown."
        else:
            code, message = LintCode.UNREACHABLE_QUESTION, "This question can never be shown."
        yield LintWarning(
            code, _question_place(question), f"{message} {_why(inspection, question)}"
        )


def _why(inspection: Inspection, question: Question) -> str:
    condition = question.show_if
    if condition is None or not condition.values:
        return "Its condition names no answer."
    parent = inspection.spec.questions[condition.question]
    if not inspection.reachable(parent.key):
        return f"The question “{parent.key}” before it can't be shown either."
    return f"It waits for a chosen answer, but “{parent.key}” has nothing to choose from."


def _options(inspection: Inspection, languages: tuple[str, ...]) -> Iterator[LintWarning]:
    for question in inspection.spec.questions.values():
        place = _question_place(question)
        for first, second in combinations(question.options, 2):
            if first.key == second.key:
                yield LintWarning(
                    LintCode.DUPLICATE_OPTION, place, f"The choice “{first.key}” appears twice."
                )
                continue
            same = [one for one in languages if _same(first.label, second.label, one)]
            if same:
                yield LintWarning(
                    LintCode.DUPLICATE_OPTION,
                    place,
                    f"“{first.key}” and “{second.key}” read the same in: {', '.join(same)}.",
                )


def _same(first: Text, second: Text, language: str) -> bool:
    words = first.get(language, "").strip().casefold()
    return bool(words) and words == second.get(language, "").strip().casefold()


def _denials(inspection: Inspection, languages: tuple[str, ...]) -> Iterator[LintWarning]:
    for question in inspection.spec.questions.values():
        many = question.kind in SEVERAL_CHOICES
        exclusive = {option.key for option in question.options if option.exclusive} - {"unknown"}
        if many and question.required and not exclusive:
            yield LintWarning(
                LintCode.NO_WAY_TO_DENY,
                _question_place(question),
                "An answer is required, but no choice says “none of these” (exclusive).",
            )


def _places(inspection: Inspection, languages: tuple[str, ...]) -> Iterator[LintWarning]:
    for question in inspection.spec.questions.values():
        if question.kind is not QuestionKind.BODY_AREA:
            continue
        for option in question.options:
            if not option.exclusive and option.key not in inspection.areas:
                yield LintWarning(
                    LintCode.UNKNOWN_AREA,
                    _question_place(question),
                    f"The clinic has no area “{option.key}”, and the choice does not stand apart.",
                )


def _ranges(inspection: Inspection, languages: tuple[str, ...]) -> Iterator[LintWarning]:
    for question in inspection.spec.questions.values():
        low, high = question.minimum, question.maximum
        if low is not None and high is not None and low > high:
            yield LintWarning(
                LintCode.IMPOSSIBLE_RANGE,
                _question_place(question),
                f"No number is at least {low} and at most {high}.",
            )


def _jargon(inspection: Inspection, languages: tuple[str, ...]) -> Iterator[LintWarning]:
    for question in inspection.spec.questions.values():
        for language in languages:
            hard = sorted(_hard_words(question, language))
            if hard and not question.help.get(language, "").strip():
                yield LintWarning(
                    LintCode.JARGON_WITHOUT_HELP,
                    _question_place(question),
                    f"Hard words in “{language}” and no help: {', '.join(hard)}.",
                )


def _hard_words(question: Question, language: str) -> Iterator[str]:
    """Jargon that is not explained on the spot, in brackets behind it or around it."""
    pattern = _jargon_pattern(language)
    if pattern is None:
        return
    for text in (question.text, *(option.label for option in question.options)):
        words = say(text, language) if text.get(language) else ""
        if "(" not in words:
            yield from (found.group().casefold() for found in pattern.finditer(words))


def _jargon_pattern(language: str) -> re.Pattern[str] | None:
    words = JARGON.get(language[:2])
    if not words:
        return None
    shapes = (re.escape(word.removesuffix("*")) + r"\w*" * word.endswith("*") for word in words)
    return re.compile(rf"\b(?:{'|'.join(shapes)})\b", re.IGNORECASE)


def _given_tags(inspection: Inspection, languages: tuple[str, ...]) -> Iterator[LintWarning]:
    for question in inspection.spec.questions.values():
        tags = {*question.tags, *(tag for option in question.options for tag in option.tags)}
        for tag in sorted(tags):
            if not inspection.is_read(tag):
                yield LintWarning(
                    LintCode.UNKNOWN_TAG,
                    _question_place(question),
                    f"It gives the tag “{tag}”, which no rule, term or ingredient knows.",
                )


_QUESTION_CHECKS: tuple[Callable[[Inspection, tuple[str, ...]], Iterator[LintWarning]], ...] = (
    _empty_sections,
    _hidden_questions,
    _options,
    _denials,
    _places,
    _ranges,
    _jargon,
    _given_tags,
)

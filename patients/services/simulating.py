"""Trying a version of the questionnaire on people who were screened before; nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mesoclinic.clinic.models import Clinic
from patients.domain.linter import LintWarning, lint
from patients.domain.questionnaire import QuestionnaireSpec, say
from patients.domain.simulation import Comparison, compare
from patients.models import Questionnaire
from patients.models import ScreeningResult as ResultRow
from patients.panels import load_vocabulary
from patients.selectors import clinic_terms, last_cases, published_questionnaire, tag_words
from patients.services.questionnaires import check_spec


@dataclass(frozen=True)
class Simulation:
    """What the version would change against the one in force (`current`; None where there is none).

    `rows` are the judgements behind the cases, by the id of the case; `words` the message of every
    rule of both versions and `questions` the words of every question of the new one, by key.
    """

    current: Questionnaire | None
    found: Comparison
    rows: Mapping[str, ResultRow]
    words: Mapping[str, str]
    questions: Mapping[str, str]

    @property
    def unasked(self) -> list[str]:
        """The questions that were never put to these patients, in words, as the page has them."""
        keys = {key for one in self.found.unanswerable for key in one.questions}
        return [text for key, text in self.questions.items() if key in keys]


def simulate(*, clinic: Clinic, questionnaire: Questionnaire) -> Simulation:
    """Judge the last 1,000 screenings by the version in force and by this one. Four queries.

    Raises QuestionnaireBroken.
    """
    current = published_questionnaire(clinic)
    new = check_spec(questionnaire.spec)
    old = check_spec(current.spec) if current is not None else new
    cases = list(last_cases(clinic))
    return Simulation(
        current=current,
        found=compare(old, new, (case for case, _row in cases), clinic_terms(clinic)),
        rows={case.id: row for case, row in cases},
        words={rule.key: say(rule.message) for rule in (*old.rules, *new.rules)},
        questions={key: say(question.text) for key, question in new.questions.items()},
    )


def warnings_about(
    *, clinic: Clinic, spec: QuestionnaireSpec, languages: tuple[str, ...]
) -> tuple[LintWarning, ...]:
    """What the linter says of `spec` with the clinic's own words and areas. Three queries."""
    words = load_vocabulary(clinic)
    known = {*tag_words(clinic), *words.ingredient_tags}
    return lint(spec, languages, known, words.areas)

"""Filling in a questionnaire, one section per page: shared by the desk and the mailed link."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.http import QueryDict
from django.utils.translation import gettext as _

from mesoclinic.audit.actors import Actor
from patients.domain.questionnaire import QuestionnaireSpec
from patients.exceptions import AnswersMissing
from patients.forms import (
    Dressing,
    Reading,
    ShownSection,
    SignForm,
    open_questions,
    read_section,
    section_of,
    shown_section,
)
from patients.models import PatientLink, Screening
from patients.services import missing_answers, questionnaire_spec, save_answers, submit_screening


@dataclass
class Filling:
    """A draft on its way through its sections. `step` counts from 1; one past the last is the
    signature."""

    screening: Screening
    actor: Actor
    now: dt.datetime
    language: str = "en"
    hints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    link: PatientLink | None = None

    def __post_init__(self) -> None:
        self.spec: QuestionnaireSpec = questionnaire_spec(self.screening.questionnaire)

    @property
    def total(self) -> int:
        """The number of sections."""
        return len(self.spec.sections)

    def step_from(self, text: str) -> int:
        """A step somebody asked for; the first for what makes no sense."""
        return min(max(int(text), 1), self.total + 1) if text.isascii() and text.isdigit() else 1

    def context(
        self, step: int, reading: Reading | None = None, errors: Mapping[str, str] | None = None
    ) -> dict[str, object]:
        """What the page of `step` shows; `reading` is what was typed and not accepted."""
        base: dict[str, object] = {
            "screening": self.screening,
            "step": step,
            "total": self.total,
            "back_step": step - 1,
            "progress": round(100 * (step - 1) / self.total),
        }
        if step > self.total:
            return {**base, "overview": self.overview(), "missing": missing_answers(self.screening)}
        return {**base, "section": self._section(step, reading, errors or {})}

    def _section(
        self, step: int, reading: Reading | None, errors: Mapping[str, str]
    ) -> ShownSection:
        answers = dict(self.screening.answers)
        if reading is not None:
            answers.update(reading.answers)
        return shown_section(self.spec, step, answers, Dressing(self.language, self.hints, errors))

    def overview(self) -> list[dict[str, object]]:
        """Each section with the number of its open questions, for the last page."""
        missing = missing_answers(self.screening)
        lines = []
        for number in range(1, self.total + 1):
            section = self._section(number, None, {})
            keys = [question.key for question in section.questions]
            open_here = [key for key in keys if key in missing]
            lines.append({"number": number, "title": section.title, "open": len(open_here)})
        return lines

    def keep(self, step: int, data: QueryDict) -> tuple[Reading, dict[str, str]]:
        """Save what the page of `step` sent; returns it with what still wants an answer."""
        section = self.spec.sections[step - 1]
        reading = read_section(section, data)
        self.screening = save_answers(
            actor=self.actor, screening=self.screening, answers=reading.answers, now=self.now
        )
        missing = open_questions(self.spec, section, self.screening.answers)
        return reading, {**missing, **reading.errors}

    def submit(self, form: SignForm) -> int:
        """Close the draft; 0 when done, else the step to go back to. Form errors stay in `form`."""
        try:
            submit_screening(
                actor=self.actor,
                screening=self.screening,
                now=self.now,
                signed_name=form.cleaned_data["signed_name"],
                link=self.link,
            )
        except AnswersMissing as error:
            form.add_error(None, _("Some questions still need an answer."))
            return section_of(self.spec, next(iter(error.missing), ""))
        return 0

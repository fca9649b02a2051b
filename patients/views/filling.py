"""Filling in a questionnaire, one section per page: shared by the desk and the mailed link."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, QueryDict
from django.utils import translation
from django.utils.datastructures import MultiValueDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.languages import readable
from patients.domain.questionnaire import QuestionnaireSpec, say
from patients.exceptions import AnswersMissing
from patients.forms import (
    STATEMENT,
    Dressing,
    Reading,
    ShownSection,
    SignForm,
    open_questions,
    photograph_questions,
    read_section,
    section_of,
    shown_section,
)
from patients.models import PatientLink, Screening
from patients.services import (
    FileLabels,
    Signature,
    Upload,
    add_files,
    missing_answers,
    questionnaire_spec,
    save_answers,
    submit_screening,
)

if TYPE_CHECKING:
    Files = MultiValueDict[str, UploadedFile[Any]]
MOST_PHOTOGRAPHS = 6


@dataclass
class Filling:
    """A draft on its way through its sections. `step` counts from 1; one past the last is the
    signature. `only` are the steps to go through ("what has changed"); empty for all. `refused`
    are the pictures that `keep` could not take."""

    screening: Screening
    actor: Actor
    now: dt.datetime
    language: str = "en"
    hints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    link: PatientLink | None = None
    only: tuple[int, ...] = ()

    refused: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.spec: QuestionnaireSpec = questionnaire_spec(self.screening.questionnaire)
        written = {one[:2] for one in self.spec.title}
        if self.language[:2] not in written:
            # Questions in English on a page in French would be two languages: the page's counts.
            self.language = get_language() or "en"

    @property
    def total(self) -> int:
        """The number of sections."""
        return len(self.spec.sections)

    def step_from(self, text: str) -> int:
        """A step somebody asked for; the first for what makes no sense."""
        return min(max(int(text), 1), self.total + 1) if text.isascii() and text.isdigit() else 1

    def resume(self) -> int:
        """Where to go on: the last section with an answer, or an earlier one with something open.

        The first one where the answers were filled in beforehand: they say nothing of how far
        somebody came.
        """
        answers, missing = self.screening.answers, missing_answers(self.screening)
        if self.screening.prefilled_from_id is not None:
            return 1
        keys = [[one.key for one in section.questions] for section in self.spec.sections]
        answered = [n for n, here in enumerate(keys, 1) if any(key in answers for key in here)]
        undone = [n for n, here in enumerate(keys, 1) if any(key in missing for key in here)]
        return min([*answered[-1:], *undone[:1]], default=1) if answered else 1

    def in_words(self) -> translation.override:
        """The page around the questions speaks their language, and so does what is signed."""
        return translation.override(readable(self.language, get_language() or "en"))

    def narrow(self, request: HttpRequest) -> None:
        """Go through the sections of `?only=2,5` only, in their order."""
        asked = {one for one in request.GET.get("only", "").split(",") if one.isascii()}
        self.only = tuple(n for n in range(1, self.total + 1) if str(n) in asked)

    def query(self, step: int) -> str:
        """The address of a step within this way through the sections."""
        only = f"&only={','.join(map(str, self.only))}" if self.only else ""
        return f"?step={step}{only}"

    def after(self, step: int) -> int:
        """The step that follows; one past the last section is the signature."""
        return next((one for one in self._way() if one > step), self.total + 1)

    def before(self, step: int) -> int:
        """The step before; the first one stays."""
        return next((one for one in reversed(self._way()) if one < step), self._way()[0])

    def _way(self) -> tuple[int, ...]:
        return self.only or tuple(range(1, self.total + 1))

    def context(
        self, step: int, reading: Reading | None = None, errors: Mapping[str, str] | None = None
    ) -> dict[str, object]:
        """What the page of `step` shows; `reading` is what was typed and not accepted."""
        way = self._way()
        done = sum(one < step for one in way)
        base: dict[str, object] = {
            "screening": self.screening,
            "step": step,
            "number": done + 1,
            "total": len(way),
            "first": done == 0,
            "back_query": self.query(self.before(step)),
            "next_query": self.query(self.after(step)),
            "progress": round(100 * done / len(way)),
            "changes": self.screening.prefilled_from_id is not None,
        }
        if step > self.total:
            missing = missing_answers(self.screening)
            return {**base, "overview": self.overview(), "missing": missing, "statement": STATEMENT}
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
            lines.append(
                {
                    "number": number, "title": section.title, "open": len(open_here),
                    "query": self.query(number),
                }
            )  # fmt: skip
        return lines

    def topics(self) -> list[dict[str, object]]:
        """Each section with what it asks, in words, and whether it must be gone through."""
        missing = missing_answers(self.screening)
        return [
            {
                "number": number,
                "title": say(section.title, self.language),
                "asks": [say(one.text, self.language) for one in section.questions],
                "open": any(one.key in missing for one in section.questions),
            }
            for number, section in enumerate(self.spec.sections, start=1)
        ]

    def keep(
        self, step: int, data: QueryDict, files: Files | None = None
    ) -> tuple[Reading, dict[str, str]]:
        """Save what the page of `step` sent; returns it with what still wants an answer."""
        section = self.spec.sections[step - 1]
        reading = read_section(section, data)
        photographs, refused = self._photographs(photograph_questions(section), data, files)
        self.screening = save_answers(
            actor=self.actor, screening=self.screening,
            answers={**reading.answers, **photographs}, now=self.now,
        )  # fmt: skip
        missing = open_questions(self.spec, section, self.screening.answers)
        self.refused = refused
        return reading, {**missing, **reading.errors, **refused}

    def _photographs(
        self, keys: tuple[str, ...], data: QueryDict, files: Files | None
    ) -> tuple[dict[str, object], dict[str, str]]:
        """The ids of the pictures to keep by question: those there were, without those taken
        back, with those that came; and what was refused. What the page says of ids is not asked."""
        answers: dict[str, object] = {}
        refused: dict[str, str] = {}
        for key in keys:
            stored = self.screening.answers.get(key)
            there = stored if isinstance(stored, list) else []
            kept = [one for one in there if one not in data.getlist(f"{key}-remove")]
            sent = files.getlist(key) if files is not None else []
            uploads = [Upload(one.name or "", one.size or 0, one.read) for one in sent if one]
            room = max(MOST_PHOTOGRAPHS - len(kept), 0)
            if len(uploads) > room:
                refused[key] = _("Send at most %(n)d pictures.") % {"n": MOST_PHOTOGRAPHS}
            outcomes = add_files(
                actor=self.actor, patient=self.screening.patient, uploads=uploads[:room],
                labels=FileLabels(), now=self.now,
            )  # fmt: skip
            for one in outcomes:
                if one.error is not None:
                    refused[key] = str(one.error.message)
            new = [str(one.file.pk) for one in outcomes if one.file is not None]
            answers[key] = list(dict.fromkeys([*kept, *new])) or None
        return answers, refused

    def submit(self, form: SignForm) -> int:
        """Close the draft; 0 when done, else the step to go back to. Form errors stay in `form`."""
        data = form.cleaned_data
        try:
            submit_screening(
                actor=self.actor,
                screening=self.screening,
                now=self.now,
                signed_name=data["signed_name"],
                signature=Signature(text=str(STATEMENT), drawing=data["signature"]),
                link=self.link,
            )
        except AnswersMissing as error:
            form.add_error(None, _("Some questions still need an answer."))
            return section_of(self.spec, next(iter(error.missing), ""))
        return 0


def changed_topics(filling: Filling, chosen: list[str]) -> tuple[int, ...]:
    """The sections to go through: those somebody chose, and those with something open."""
    return tuple(
        number
        for number, topic in enumerate(filling.topics(), start=1)
        if topic["open"] or str(number) in chosen
    )


def changes_since(screening: Screening) -> dt.datetime | None:
    """When the answers were given that this draft began with."""
    earlier = screening.prefilled_from
    return earlier.submitted_at if earlier is not None else None

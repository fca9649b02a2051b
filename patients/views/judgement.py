"""What a screening came to, and the practitioner's decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.pages import again
from mesoclinic.common.errors import DomainError
from patients.domain.answers import Answer, AnswerState, read_answers
from patients.domain.delta import differences
from patients.domain.findings import Finding, FindingKind
from patients.domain.questionnaire import say
from patients.exceptions import ScreeningNotFound
from patients.forms import DecisionForm
from patients.models import Screening
from patients.models import ScreeningResult as ResultRow
from patients.selectors import (
    Standing,
    clinic_terms,
    earlier_decisions,
    earlier_screening,
    get_screening,
    results_of,
    screening_status,
    stored_result,
    tag_labels,
)
from patients.services import allowed_decisions, decide_screening, questionnaire_spec
from patients.views.base import StaffView


class JudgementView(StaffView):
    """A page about one submitted screening and its latest judgement."""

    template = "patients/screening_detail.html"

    def submitted(self, pk: UUID) -> tuple[Screening, list[ResultRow]]:
        """The screening and its judgements, newest first; 404 for a draft."""
        screening = get_screening(self.request.clinic, pk)
        results = results_of(screening)
        if screening.submitted_at is None or not results:
            raise ScreeningNotFound
        for row in results:
            row.patient = screening.patient
        return screening, results

    def context(self, screening: Screening, results: list[ResultRow]) -> dict[str, object]:
        """Findings by weight, the answers in words, the decisions so far."""
        latest = results[0]
        status = screening_status(screening.patient, self.today)
        domain = stored_result(latest)
        labels = tag_labels(self.request.clinic)
        is_latest = status.screening_id == screening.pk
        return {
            "screening": screening,
            "patient": screening.patient,
            "result": latest,
            "outcome": domain.outcome_on(self.today).value,
            "findings": _shown(
                (one for one in domain.findings if one.holds_on(self.today)), labels
            ),
            "ended": _shown(
                (one for one in domain.findings if not one.holds_on(self.today)), labels
            ),
            "status": status,
            "is_latest": is_latest,
            # Where a decision or the calendar says otherwise than the rules, that is what counts.
            "in_force": is_latest and (status.decision or status.standing == Standing.EXPIRED),
            "sections": _answers(screening),
            "decisions": [one for row in results for one in row.decisions.all()],
            "earlier": results[1:],
            "history": earlier_decisions(screening),
            **_changes(screening),
        }


@access(Policy.CLINICAL)
class ScreeningDetail(JudgementView):
    """The judgement with its reasons; the form to decide stands beside it."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The page; a draft leads to where it is filled in."""
        screening = get_screening(self.request.clinic, pk)
        if screening.submitted_at is None:
            return redirect("patients:screening-fill", pk=pk)
        screening, results = self.submitted(pk)
        record_read(
            self.request.actor, model="patients.screening",
            patients=[screening.patient_id], object_id=str(pk),
        )  # fmt: skip
        form = DecisionForm(allowed=allowed_decisions(results[0], self.today))
        return render(request, self.template, {**self.context(screening, results), "form": form})


@access(Policy.CLINICAL)
class ScreeningDecide(JudgementView):
    """Sign a decision."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The form lives on the page of the screening."""
        get_screening(self.request.clinic, pk)
        return redirect("patients:screening-detail", pk=pk)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Sign; what was typed stays where it is not accepted."""
        screening, results = self.submitted(pk)
        form = DecisionForm(request.POST, allowed=allowed_decisions(results[0], self.today))
        if form.is_valid() and self._decide(form, results[0]):
            messages.success(request, _("The decision is signed."))
            return redirect("patients:screening-detail", pk=pk)
        return again(request, self.template, {**self.context(screening, results), "form": form})

    def _decide(self, form: DecisionForm, result: ResultRow) -> bool:
        try:
            decide_screening(
                actor=self.request.actor, result=result, data=form.to_data(), now=self.now
            )
        except DomainError as error:
            form.refuse(error)
            return False
        return True


@dataclass(frozen=True)
class ShownFinding:
    """A finding with the words for what made it and for what it is limited to."""

    finding: Finding
    evidence: str
    limits: str


def _shown(findings: Iterable[Finding], labels: Mapping[str, str]) -> list[ShownFinding]:
    shown = []
    for one in findings:
        kept = one.kind not in {FindingKind.CONTRADICTION, FindingKind.UNKNOWN}
        limits = [labels.get(tag, tag.removeprefix("allergen:")) for tag in one.ingredient_tags]
        shown.append(
            ShownFinding(
                finding=one,
                evidence=", ".join(one.evidence) if kept else "",
                limits=", ".join([*limits, *(area.replace("_", " ") for area in one.areas)]),
            )
        )
    return shown


def _in_words(answer: Answer, words: Mapping[str, str]) -> str:
    if answer.day is not None:
        return date_format(answer.day)
    return words.get(answer.shown, answer.shown)


def _changes(screening: Screening) -> dict[str, object]:
    """The differences to the screening before, gravest first; nothing for the first one."""
    before = earlier_screening(screening)
    if before is None:
        return {"before": None}
    spec = questionnaire_spec(screening.questionnaire)
    found = differences(spec, before.answers, screening.answers, clinic_terms(screening.clinic_id))
    old, new = read_answers(spec, before.answers), read_answers(spec, screening.answers)
    words = _words()
    return {
        "before": before,
        "changes": [
            {
                "question": say(spec.questions[one.question].text),
                "before": _in_words(old[one.question], words),
                "after": _in_words(new[one.question], words),
                "weight": one.weight,
                "graver": one.graver,
            }
            for one in found
        ],
    }


def _words() -> dict[str, str]:
    return {"yes": _("Yes"), "no": _("No"), "unknown": _("I don't know")}


def _answers(screening: Screening) -> list[dict[str, object]]:
    """The patient's own words, section by section; what was not answered is left out."""
    spec = questionnaire_spec(screening.questionnaire)
    read = read_answers(spec, screening.answers)
    words = _words()
    sections: list[dict[str, object]] = []
    for section in spec.sections:
        lines = [
            {
                "question": say(question.text),
                "answer": _in_words(read[question.key], words),
                "unsure": read[question.key].state is AnswerState.UNKNOWN,
            }
            for question in section.questions
            if read[question.key].state is not AnswerState.ABSENT
        ]
        if lines:
            sections.append({"title": say(section.title), "lines": lines})
    return sections

"""The pages on which a questionnaire is built without code: versions, sections, questions, rules."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.pages import StaffPage, again
from mesoclinic.common.errors import DomainError
from patients.domain import editing
from patients.domain.linter import LintWarning
from patients.domain.questionnaire import (
    Question,
    QuestionnaireSpec,
    Rule,
    Section,
    say,
)
from patients.exceptions import QuestionnaireNotFound
from patients.forms import SectionForm, TitleForm, Workshop
from patients.forms.building import KINDS
from patients.models import Questionnaire
from patients.panels import load_vocabulary
from patients.selectors import (
    get_questionnaire,
    questionnaires_of,
    tag_words,
)
from patients.services import (
    approve_questionnaire,
    discard_questionnaire,
    draft_for,
    edit_draft,
    publish_questionnaire,
    questionnaire_spec,
    retire_questionnaire,
    start_draft,
    warnings_about,
)

Change = Callable[[QuestionnaireSpec], QuestionnaireSpec]


class BuilderPage(StaffPage):
    """A page about one version of the questionnaire of this clinic."""

    row: Questionnaire
    spec: QuestionnaireSpec

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Nothing is read before the access check."""
        super().setup(request, *args, **kwargs)
        self.pk: UUID | None = kwargs.get("pk")

    def load(self) -> None:
        """The version of the address, or 404."""
        assert self.pk is not None  # noqa: S101 - every address has one
        self.row = get_questionnaire(self.request.clinic, self.pk)
        self.spec = questionnaire_spec(self.row)

    @property
    def is_draft(self) -> bool:
        """Whether it may still be changed."""
        return self.row.status == Questionnaire.Status.DRAFT

    def workshop(self) -> Workshop:
        """What the forms choose from."""
        clinic = self.request.clinic
        words = load_vocabulary(clinic)
        languages = dict.fromkeys(("en", clinic.language[:2], *editing.languages_of(self.spec)))
        return Workshop(
            spec=self.spec, languages=tuple(languages), areas=words.areas,
            tags=tag_words(clinic), ingredient_tags=words.ingredient_tags,
        )  # fmt: skip

    def change(self, change: Change) -> None:
        """Store a change of the draft. Raises NotADraft and QuestionnaireBroken."""
        edit_draft(actor=self.request.actor, questionnaire=self.row, change=change, now=self.now)

    def section(self, key: str) -> Section:
        """The section of that key, or 404."""
        found = next((one for one in self.spec.sections if one.key == key), None)
        if found is None:
            raise QuestionnaireNotFound(_("There is no such section."))
        return found

    def question(self, key: str) -> Question:
        """The question of that key, or 404."""
        if key not in self.spec.questions:
            raise QuestionnaireNotFound(_("There is no such question."))
        return self.spec.questions[key]

    def back(self, anchor: str = "") -> HttpResponse:
        """To the page of the version."""
        return redirect(reverse("patients:questionnaire", args=[self.row.pk]) + anchor)


@access(Policy.CLINICAL_OR_MANAGER)
class QuestionnaireList(StaffPage):
    """All versions, newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list; the version in force can be copied to a draft."""
        rows = questionnaires_of(self.request.clinic)
        query = request.GET.get("q", "").strip()
        status = request.GET.get("status", "")
        shown = [
            row for row in rows
            if query.casefold() in row.title.casefold() and status in {"", row.status}
        ]  # fmt: skip
        context = {
            "rows": shown, "query": query, "status": status, "any": bool(rows),
            "states": Questionnaire.Status.choices,
        }  # fmt: skip
        return render(request, "patients/build/list.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Start a draft: a copy of what the clinic has, else of the default questions."""
        draft = draft_for(actor=self.request.actor, clinic=self.request.clinic, now=self.now)
        return redirect("patients:questionnaire", pk=draft.pk)


@access(Policy.CLINICAL_OR_MANAGER)
class QuestionnaireDetail(BuilderPage):
    """One version: its sections, questions and rules, and what the linter says."""

    template = "patients/build/detail.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The page."""
        self.load()
        form = TitleForm(workshop=self.workshop())
        return render(request, self.template, self.context(form))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Keep title and validity."""
        self.load()
        form = TitleForm(request.POST, workshop=self.workshop())
        if not form.is_valid():
            return again(request, self.template, self.context(form))
        self.change(form.changed_spec)
        messages.success(request, _("Saved."))
        return self.back()

    def context(self, form: TitleForm) -> dict[str, object]:
        """Everything at a glance."""
        shop = form.workshop
        return {
            "questionnaire": self.row, "spec": self.spec, "form": form, "draft": self.is_draft,
            "sections": [section_row(one, self.spec) for one in self.spec.sections],
            "rules": [rule_row(rule) for rule in self.spec.rules],
            "warnings": [warning_row(one, self.spec) for one in self.warnings(shop)],
        }  # fmt: skip

    def warnings(self, shop: Workshop) -> tuple[LintWarning, ...]:
        """What the linter says."""
        return warnings_about(clinic=self.request.clinic, spec=self.spec, languages=shop.languages)


@access(Policy.CLINICAL_OR_MANAGER)
class QuestionnaireAct(BuilderPage):
    """Publish, retire, approve, copy, or throw a draft away."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """What the pressed button says."""
        self.load()
        try:
            return self._acts()[request.POST.get("act", "")]()
        except KeyError:
            return self.back()
        except DomainError as error:
            messages.error(request, error.message)
            return self.back()

    def _acts(self) -> dict[str, Callable[[], HttpResponse]]:
        return {
            "publish": self._publish, "retire": self._retire, "approve": self._approve,
            "copy": self._copy, "discard": self._discard,
        }  # fmt: skip

    def _publish(self) -> HttpResponse:
        publish_questionnaire(actor=self.request.actor, questionnaire=self.row, now=self.now)
        messages.success(self.request, _("Published. New screenings use this version."))
        return self.back()

    def _retire(self) -> HttpResponse:
        retire_questionnaire(actor=self.request.actor, questionnaire=self.row, now=self.now)
        messages.warning(self.request, _("Retired. Publish another version to screen again."))
        return self.back()

    def _approve(self) -> HttpResponse:
        approve_questionnaire(actor=self.request.actor, questionnaire=self.row, now=self.now)
        messages.success(self.request, _("Approved."))
        return self.back()

    def _copy(self) -> HttpResponse:
        draft = start_draft(actor=self.request.actor, source=self.row, now=self.now)
        return redirect("patients:questionnaire", pk=draft.pk)

    def _discard(self) -> HttpResponse:
        discard_questionnaire(actor=self.request.actor, questionnaire=self.row)
        messages.success(self.request, _("The draft is gone."))
        return redirect("patients:questionnaires")


@access(Policy.CLINICAL_OR_MANAGER)
class QuestionnaireExport(BuilderPage):
    """The version as the file that the administration reads."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """JSON to download."""
        self.load()
        text = json.dumps(self.row.spec, ensure_ascii=False, indent=1)
        response = HttpResponse(text, content_type="application/json")
        name = f"questionnaire-{self.row.key}-{self.row.version}.json"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


@access(Policy.CLINICAL_OR_MANAGER)
class SectionEdit(BuilderPage):
    """Add or change a section; move or remove it."""

    template = "patients/build/section.html"

    def get(self, request: HttpRequest, pk: UUID, section: str = "") -> HttpResponse:
        """The form."""
        self.load()
        found = self.section(section) if section else None
        return self._page(SectionForm(workshop=self.workshop(), section=found))

    def post(self, request: HttpRequest, pk: UUID, section: str = "") -> HttpResponse:
        """Keep it."""
        self.load()
        found = self.section(section) if section else None
        if found is not None and (act := request.POST.get("act", "")):
            return self._act(act, section)
        form = SectionForm(request.POST, workshop=self.workshop(), section=found)
        if not form.is_valid():
            return again(request, self.template, self._context(form))
        kept = form.to_section()
        self.change(lambda spec: editing.put_section(spec, kept))
        return self.back(f"#section-{kept.key}")

    def _act(self, act: str, section: str) -> HttpResponse:
        try:
            if act == "remove":
                self.change(lambda spec: editing.remove_section(spec, section))
                return self.back()
            step = -1 if act == "up" else 1
            self.change(lambda spec: editing.move_section(spec, section, step))
        except DomainError as error:
            messages.error(self.request, error.message)
        return self.back(f"#section-{section}")

    def _page(self, form: SectionForm) -> HttpResponse:
        return render(self.request, self.template, self._context(form))

    def _context(self, form: SectionForm) -> dict[str, object]:
        return {"questionnaire": self.row, "form": form, "section": form.section, "draft": self.is_draft}  # fmt: skip


def section_row(section: Section, spec: QuestionnaireSpec) -> dict[str, object]:
    """A section with its questions in words."""
    questions = [
        {
            "key": one.key, "text": say(one.text), "kind": KINDS[one.kind],
            "required": one.required, "unit": one.unit,
            "after": say(spec.questions[one.show_if.question].text) if one.show_if else "",
            "rules": editing.rules_about(spec, one.key),
        }
        for one in section.questions
    ]  # fmt: skip
    return {"key": section.key, "title": say(section.title), "questions": questions}


def rule_row(rule: Rule) -> dict[str, object]:
    """A rule in words."""
    limits = [*rule.areas, *rule.ingredient_tags]
    limited = bool(limits or rule.areas_from or rule.limit_to_matched_tags)
    return {
        "key": rule.key, "message": say(rule.message), "severity": rule.severity.value,
        "source": rule.source, "temporary": rule.temporary, "limited": limited,
        "limits": ", ".join(limits),
    }  # fmt: skip


def warning_row(warning: LintWarning, spec: QuestionnaireSpec) -> dict[str, str]:
    """Where it is, in the words that stand there; the key where there are none."""
    kind, _colon, place = warning.place.partition(":")
    key = place.split(".")[0]
    words = {
        **{("question", one.key): one.text for one in spec.questions.values()},
        **{("rule", one.key): one.message for one in spec.rules},
        **{("section", one.key): one.title for one in spec.sections},
    }
    name = say(words.get((kind, key), {})) or key
    return {"kind": kind, "key": key, "name": name, "message": warning.message}

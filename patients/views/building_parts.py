"""Building a questionnaire: the pages of one question, one rule, the preview and the simulator."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.http import is_htmx
from mesoclinic.clinic.pages import again
from mesoclinic.common.errors import DomainError
from patients.domain import editing
from patients.domain.questionnaire import Question, Rule, Trigger
from patients.exceptions import QuestionnaireBroken, QuestionnaireNotFound
from patients.forms import (
    CONDITIONS,
    Dressing,
    OptionForms,
    QuestionForm,
    RuleForm,
    TriggerForm,
    shown_section,
)
from patients.services import simulate
from patients.views.building import BuilderPage


@access(Policy.CLINICAL_OR_MANAGER)
class QuestionEdit(BuilderPage):
    """Add or change a question; move or remove it."""

    template = "patients/build/question.html"

    def get(
        self, request: HttpRequest, pk: UUID, section: str = "", question: str = ""
    ) -> HttpResponse:
        """The form with the choices."""
        self.load()
        found = self._found(section, question)
        shop = self.workshop()
        form = QuestionForm(workshop=shop, section=self._home(section, found), question=found)
        options = OptionForms(workshop=shop, options=found.options if found else ())
        return render(request, self.template, self._context(form, options))

    def post(
        self, request: HttpRequest, pk: UUID, section: str = "", question: str = ""
    ) -> HttpResponse:
        """Keep it; what was typed stays where it is not accepted."""
        self.load()
        found = self._found(section, question)
        if found is not None and (act := request.POST.get("act", "")):
            return self._act(act, found)
        shop, home = self.workshop(), self._home(section, found)
        form = QuestionForm(request.POST, workshop=shop, section=home, question=found)
        options = OptionForms(request.POST, workshop=shop, options=found.options if found else ())
        if all([form.is_valid(), options.is_valid()]) and self._keep(form, options):
            return self.back(f"#section-{form.cleaned_data['section']}")
        return again(request, self.template, self._context(form, options))

    def _keep(self, form: QuestionForm, options: OptionForms) -> bool:
        section = form.cleaned_data["section"]
        try:
            kept = form.to_question(options.to_options())
            self.change(lambda spec: editing.put_question(spec, section, kept))
        except ValueError as error:
            form.add_error("kind", str(error))
        except QuestionnaireBroken as error:
            form.add_error(None, error.message)
        return form.is_valid()

    def _act(self, act: str, found: Question) -> HttpResponse:
        try:
            if act == "remove":
                self.change(lambda spec: editing.remove_question(spec, found.key))
            else:
                step = -1 if act == "up" else 1
                self.change(lambda spec: editing.move_question(spec, found.key, step))
        except DomainError as error:
            messages.error(self.request, error.message)
        return self.back(f"#section-{self._home('', found)}")

    def _found(self, section: str, question: str) -> Question | None:
        if section:
            self.section(section)
        return self.question(question) if question else None

    def _home(self, section: str, found: Question | None) -> str:
        home = editing.section_with(self.spec, found.key) if found else None
        return home.key if home else section

    def _context(self, form: QuestionForm, options: OptionForms) -> dict[str, object]:
        found = form.question
        return {
            "questionnaire": self.row, "form": form, "options": options, "question": found,
            "draft": self.is_draft, "areas": form.workshop.areas,
            "rules": editing.rules_about(self.spec, found.key) if found else (),
        }  # fmt: skip


@access(Policy.CLINICAL_OR_MANAGER)
class RuleEdit(BuilderPage):
    """Add or change a rule, or remove it."""

    template = "patients/build/rule.html"

    def get(self, request: HttpRequest, pk: UUID, rule: str = "") -> HttpResponse:
        """The form; `?question=` starts a rule about the answer to a question."""
        self.load()
        found = self._found(rule)
        asked = request.GET.get("question", "")
        when = found.when if found else (Trigger(asked if asked in self.spec.questions else ""),)
        shop = self.workshop()
        form = RuleForm(workshop=shop, rule=found)
        triggers = [
            TriggerForm(prefix=f"t{n}", workshop=shop, trigger=when[n] if n < len(when) else None)
            for n in range(max(CONDITIONS, len(when)))
        ]
        return render(request, self.template, self._context(form, triggers))

    def post(self, request: HttpRequest, pk: UUID, rule: str = "") -> HttpResponse:
        """Keep it."""
        self.load()
        found = self._found(rule)
        if found is not None and request.POST.get("act") == "remove":
            self.change(lambda spec: editing.remove_rule(spec, found.key))
            return self.back("#rules")
        shop = self.workshop()
        form = RuleForm(request.POST, workshop=shop, rule=found)
        when = found.when if found else ()
        triggers = [
            TriggerForm(
                request.POST, prefix=f"t{n}", workshop=shop,
                trigger=when[n] if n < len(when) else None,
            )
            for n in range(max(CONDITIONS, len(when)))
        ]  # fmt: skip
        if all([form.is_valid(), *(one.is_valid() for one in triggers)]) and self._keep(
            form, triggers
        ):
            return self.back("#rules")
        return again(request, self.template, self._context(form, triggers))

    def _keep(self, form: RuleForm, triggers: Sequence[TriggerForm]) -> bool:
        found = (one.to_trigger() for one in triggers)
        try:
            kept = form.to_rule(tuple(one for one in found if one is not None))
            self.change(lambda spec: editing.put_rule(spec, kept))
        except ValueError:
            form.add_error(None, _("Say when the rule fires: fill in one condition at least."))
        except QuestionnaireBroken as error:
            form.add_error(None, error.message)
        return form.is_valid()

    def _found(self, rule: str) -> Rule | None:
        if rule and rule not in self.spec.rules_by_key:
            raise QuestionnaireNotFound(_("There is no such rule."))
        return self.spec.rules_by_key[rule] if rule else None

    def _context(self, form: RuleForm, triggers: Sequence[TriggerForm]) -> dict[str, object]:
        return {
            "questionnaire": self.row, "form": form, "triggers": triggers, "rule": form.rule,
            "draft": self.is_draft,
        }  # fmt: skip


@access(Policy.CLINICAL_OR_MANAGER)
class QuestionnairePreview(BuilderPage):
    """Section by section as the patient sees it; nothing that is typed is kept."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The section `?step=` in the language `?language=`."""
        self.load()
        languages = self.workshop().languages
        language = request.GET.get("language", "")
        language = language if language in languages else "en"
        total = len(self.spec.sections)
        asked = request.GET.get("step", "")
        step = min(max(int(asked), 1), max(total, 1)) if asked.isascii() and asked.isdigit() else 1
        section = shown_section(self.spec, step, {}, Dressing(language)) if total else None
        context = {
            "questionnaire": self.row, "clinic": self.request.clinic, "section": section,
            "step": step, "total": total, "language": language, "languages": languages,
            "progress": round(100 * (step - 1) / max(total, 1)), "preview": True,
        }  # fmt: skip
        return render(request, "patients/build/preview.html", context)


@access(Policy.CLINICAL_OR_MANAGER)
class QuestionnaireSimulate(BuilderPage):
    """Which of the last screenings would come out otherwise by this version?"""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The page at once, what was found with `?run=1`: judging 1,000 people takes seconds."""
        self.load()
        context: dict[str, object] = {"questionnaire": self.row}
        if "run" in request.GET:
            context |= self._found()
        whole = not is_htmx(request)
        page = "simulate" if whole else "_simulated"
        return render(request, f"patients/build/{page}.html", {**context, "whole": whole})

    def _found(self) -> dict[str, object]:
        result = simulate(clinic=self.request.clinic, questionnaire=self.row)
        found = result.found
        shown = [(one, result.rows[one.case]) for one in found.changed[:200]]
        if self.clinical:
            people = [row.patient_id for _one, row in shown]
            record_read(self.request.actor, model="patients.screening", patients=people)
        return {
            "current": result.current,
            "found": found,
            "clinical": self.clinical,
            "unasked": result.unasked,
            "changed": [
                {
                    "case": one, "row": row,
                    "appeared": [result.words.get(key, key) for key in one.appeared],
                    "vanished": [result.words.get(key, key) for key in one.vanished],
                }
                for one, row in shown
            ],
        }  # fmt: skip

"""How the clinic looks after its patients: alerts, the late watch, and the rules of triage."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.conf import settings as configuration
from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from aftercare.domain.codec import from_json
from aftercare.domain.comparison import Comparison, Shift, compare
from aftercare.domain.triage import Effect, TriageRules, Urgency
from aftercare.exceptions import RulesNotFound
from aftercare.forms.rules import (
    SPARE,
    CareForm,
    EffectForm,
    EscalationForm,
    GeneralForm,
    NumberForm,
    PublishForm,
)
from aftercare.models import AlarmNumber, TriageRuleSet
from aftercare.selectors.rules import (
    effect_lines,
    ingredient_names,
    name_of,
    reach_of,
    rule_set,
    rule_sets,
)
from aftercare.services import care, rules
from mesoclinic.clinic.access import Policy, access, can
from mesoclinic.clinic.pages import StaffPage, again
from mesoclinic.common.errors import DomainError


def _languages(spec: TriageRules) -> list[str]:
    """English, which is always there, then the languages installed or written in already."""
    known = {code for effect in spec.effects for code in effect.name}
    known |= {code for code, _name in configuration.LANGUAGES}
    return ["en", *sorted(known - {"en"})]


@access(Policy.CLINICAL_OR_MANAGER)
class Care(StaffPage):
    """Alerts, the late watch and the versions of the rules, on one page."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """What holds."""
        return render(request, "aftercare/care.html", self._page())

    def _save(self, name: str, form: CareForm | NumberForm) -> HttpResponse:
        if not form.is_valid():
            return again(self.request, "aftercare/care.html", self._page(**{name: form}))
        care.save(actor=self.request.actor, row=form.save(commit=False), now=self.now)
        flash.success(self.request, _("Saved."))
        return redirect("aftercare:care")

    def _care(self, data: Any = None) -> CareForm:
        return CareForm(data, instance=care.settings_of(self.request.clinic))

    def _number(self, data: Any = None) -> NumberForm:
        mine = {"clinic": self.request.clinic, "staff": self.request.user}
        row = AlarmNumber.objects.filter(**mine).first() or AlarmNumber(**mine)
        return NumberForm(data, instance=row)

    def _page(self, **forms: Any) -> dict[str, object]:
        clinic = self.request.clinic
        return {
            "form": forms.get("form") or self._care(),
            "number": forms.get("number") or self._number(),
            "versions": rule_sets(clinic),
            "is_manager": can(self.request.actor, Policy.MANAGER),
            "clinical": self.clinical,
        }


@access(Policy.MANAGER)
class SaveCare(Care):
    """The clinic's settings."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Save them."""
        return self._save("form", self._care(request.POST))


@access(Policy.CLINICAL_OR_MANAGER)
class SaveNumber(Care):
    """One's own number for alerts."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Save it."""
        return self._save("number", self._number(request.POST))


class RulesPage(StaffPage):
    """A page about one version of the rules."""

    def version(self, pk: UUID) -> TriageRuleSet:
        """The version of this clinic, or 404."""
        return rule_set(self.request.clinic, pk)


@access(Policy.CLINICAL)
class StartRules(StaffPage):
    """Make a draft from what is in force."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """To the draft, the one there is if there is one."""
        draft = rules.start_draft(actor=self.request.actor, clinic=self.request.clinic)
        return redirect("aftercare:rules", pk=draft.pk)


@access(Policy.CLINICAL_OR_MANAGER)
class Rules(RulesPage):
    """One version in words; a draft with what it would change."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Effects, when they are graver, what is said."""
        return render(request, "aftercare/rules.html", self._page(pk))

    def _page(self, pk: UUID, data: Any = None) -> dict[str, Any]:
        row = self.version(pk)
        spec = from_json(row.spec)
        is_draft = row.status == TriageRuleSet.Status.DRAFT
        language = self.request.user.language[:2]
        current = self._in_force() if is_draft else None
        found = compare(current, spec) if current is not None else Comparison()
        seen = {"seen": rules.fingerprint(row)}
        form = PublishForm(data, asks_milder=found.weakens, initial=seen)
        return {
            "row": row, "lines": effect_lines(spec, language, current), "is_draft": is_draft, "form": form, "compared": found,
            "may_edit": is_draft and self.clinical,
            "milder": _in_words(found.milder, language), "graver": _in_words(found.graver, language),
            "unasked": [name_of(one, language) for one in found.unasked],
            "unasked_late": [name_of(one, language) for one in found.unasked_late],
            "advice": [(one.value, spec.advice[one.value].get(language)
                        or spec.advice[one.value]["en"]) for one in Urgency],
        }  # fmt: skip

    def _in_force(self) -> TriageRules | None:
        row = rule_sets(self.request.clinic).filter(status="published").first()
        return from_json(row.spec) if row is not None else None


def _in_words(shifts: Iterable[Shift], language: str) -> list[tuple[str, str, Shift]]:
    return [(name_of(one.effect, language), reach_of(one), one) for one in shifts]


@access(Policy.CLINICAL)
class PublishRules(Rules):
    """Put a draft in force, or throw it away."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """`drop` throws it away."""
        actor, clinic = self.request.actor, self.request.clinic
        if "drop" in request.POST:
            rules.drop_draft(actor=actor, clinic=clinic, draft_id=pk)
            return redirect("aftercare:care")
        page = self._page(pk, request.POST)
        form: PublishForm = page["form"]
        if not form.is_valid():
            return again(request, "aftercare/rules.html", page)
        rules.publish(
            actor=actor, clinic=clinic, draft_id=pk, now=self.now,
            decision=rules.Decision(**form.cleaned_data),
        )  # fmt: skip
        flash.success(request, _("In force from now on. Earlier check-ins keep their judgement."))
        return redirect("aftercare:care")


@access(Policy.CLINICAL)
class GeneralRules(RulesPage):
    """What is said to each urgency."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The form."""
        spec = from_json(self.version(pk).spec)
        form = GeneralForm(spec, _languages(spec))
        return render(request, "aftercare/rules_general.html", {"form": form, "pk": pk})

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Back to the draft."""
        spec = from_json(self.version(pk).spec)
        form = GeneralForm(spec, _languages(spec), request.POST)
        if not form.is_valid():
            return again(request, "aftercare/rules_general.html", {"form": form, "pk": pk})
        rules.change_general(
            actor=self.request.actor, clinic=self.request.clinic, draft_id=pk,
            unwell_from=form.cleaned_data["unwell_from"], advice=form.advice(),
        )  # fmt: skip
        return redirect("aftercare:rules", pk=pk)


@access(Policy.CLINICAL)
class EffectRules(RulesPage):
    """One effect of a draft: its words, how it is judged, and when it is graver."""

    def get(self, request: HttpRequest, pk: UUID, key: str) -> HttpResponse:
        """The form, with spare lines."""
        spec = from_json(self.version(pk).spec)
        effect = self._effect(spec, key)
        context = self._page(pk, EffectForm(effect, _languages(spec)), self._lines(spec, effect))
        return render(request, "aftercare/rules_effect.html", context)

    def post(self, request: HttpRequest, pk: UUID, key: str) -> HttpResponse:
        """Back to the draft; what can't be stays on the form."""
        spec = from_json(self.version(pk).spec)
        effect = self._effect(spec, key)
        form = EffectForm(effect, _languages(spec), request.POST)
        lines = self._lines(spec, effect, request.POST)
        if all([form.is_valid(), *(line.is_valid() for line in lines)]) and self._kept(
            pk, form, lines
        ):
            return redirect("aftercare:rules", pk=pk)
        return again(request, "aftercare/rules_effect.html", self._page(pk, form, lines))

    def _kept(self, pk: UUID, form: EffectForm, lines: list[EscalationForm]) -> bool:
        effect = form.effect
        changed = Effect(
            key=effect.key, name=form.words("name"), question=effect.question,
            base=Urgency(form.cleaned_data["base"]), usual_course=effect.usual_course,
            advice=form.words("advice"), source=effect.source,
            escalations=tuple(one for line in lines if (one := line.to_escalation()) is not None),
            red_flag=form.cleaned_data["red_flag"], on_skin=form.cleaned_data["on_skin"],
            late=form.cleaned_data["late"], event=effect.event,
        )  # fmt: skip
        try:
            rules.change_effect(
                actor=self.request.actor, clinic=self.request.clinic, draft_id=pk, effect=changed
            )
        except DomainError as error:
            form.refuse(error)
            return False
        return True

    def _effect(self, spec: TriageRules, key: str) -> Effect:
        if key not in spec.by_key:
            raise RulesNotFound
        return spec.by_key[key]

    def _lines(self, spec: TriageRules, effect: Effect, data: Any = None) -> list[EscalationForm]:
        language = self.request.user.language[:2]
        others = [
            (one.key, name_of(one, language)) for one in spec.effects if one.key != effect.key
        ]
        catalogue = ingredient_names(self.request.clinic)
        return [
            EscalationForm(line, others, catalogue, data, prefix=f"line{number}")
            for number, line in enumerate([*effect.escalations, *[None] * SPARE])
        ]

    def _page(self, pk: UUID, form: EffectForm, lines: list[EscalationForm]) -> dict[str, object]:
        name = name_of(form.effect, self.request.user.language[:2])
        return {"form": form, "lines": lines, "pk": pk, "name": name}

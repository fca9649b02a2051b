"""The next version of a plan's cocktail, and the consent to it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from mesoclinic.clinic.access import Policy, access
from mesoclinic.common.errors import DomainError, NotFound
from treatments import services
from treatments.domain.cocktail import Level, worst
from treatments.domain.paper import read_paper
from treatments.exceptions import CocktailMovedOn
from treatments.forms import ChangeForm, CocktailRows, ConsentForm, is_only_looking
from treatments.models import Consent, TreatmentPlan
from treatments.selectors import catalogue
from treatments.selectors.checks import Question, look_for_patient
from treatments.selectors.plans import get_consent, get_plan, sessions_left
from treatments.services.cocktails import Version
from treatments.services.consents import Signature, text_digest
from treatments.views.common import StaffView, add_refusal, finding_lines, no_store


@access(Policy.CLINICAL)
class CocktailEdit(StaffView):
    """Change ingredients or doses: always a new version."""

    def get(self, request: Any, pk: UUID) -> HttpResponse:
        """The version in force, ready to be changed."""
        plan = get_plan(request.clinic, pk)
        self.has_read([plan.patient])
        newest = plan.cocktails.order_by("-version").first()
        doses = (
            {} if newest is None else {one.ingredient_id: one.dose for one in newest.items.all()}
        )
        form = ChangeForm(initial={"since": newest.version if newest else None})
        return self.page(plan, CocktailRows.of(doses, request.clinic), form)

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Look again, or store the next version."""
        plan = get_plan(request.clinic, pk)
        rows = CocktailRows.read(request.clinic, request.POST)
        if is_only_looking(request.POST):
            return self.page(plan, rows, ChangeForm(initial=request.POST.dict()))
        form = ChangeForm(request.POST)
        if form.is_valid() and self.store(plan, rows, form):
            return redirect("treatments:consent", plan.pk)
        return self.page(plan, rows, form, status=422)

    def store(self, plan: TreatmentPlan, rows: CocktailRows, form: ChangeForm) -> bool:
        """Store it, or put the refusal on the form."""
        if not rows.is_valid:
            form.add_error(None, _("Put at least one ingredient in, each with a dose."))
            return False
        told = form.cleaned_data
        version = Version(rows.lines(), told["change_note"], since=told["since"])
        try:
            stored = services.new_cocktail_version(
                plan=plan, version=version, actor=self.request.actor, now=self.now
            )
        except DomainError as error:
            add_refusal(form, error)
            if isinstance(error, CocktailMovedOn):
                # Told once: who stores it again knows what it takes the place of.
                newest = plan.cocktails.latest().version
                form.data = {**self.request.POST.dict(), "since": newest}
            return False
        text = _(
            "Cocktail version %(number)s is stored. The patient signs again before it is given."
        )
        messages.success(self.request, text % {"number": stored.version})
        return True

    def page(
        self, plan: TreatmentPlan, rows: CocktailRows, form: ChangeForm, status: int = 200
    ) -> HttpResponse:
        """The form with the findings of what is in it now."""
        clinic = self.request.clinic
        question = Question(
            lines=rows.asked(),
            area_ids=frozenset(area.pk for area in plan.areas.all()),
            technique_ids=frozenset(one.pk for one in plan.techniques.all()),
            on=self.today,
            plan=plan,
            days=tuple(one.window.ideal for one in services.plan_windows(plan, self.today)),
            sessions_ahead=max(1, sessions_left(plan)),
            suggested=catalogue.suggestions(plan.indication).ingredients,
        )
        look = look_for_patient(clinic, plan.patient, question)
        context = {
            "plan": plan,
            "patient": plan.patient,
            "rows": rows.rows,
            "form": form,
            "ingredients": [one for one in catalogue.ingredients(clinic) if one.pk not in rows.ids],
            "suggested_ingredients": [],
            "recipes": list(catalogue.recipes(clinic, plan.indication)),
            "findings": finding_lines(look, [row.ingredient for row in rows.rows]),
            "worst": worst(look.findings),
            "stopped": worst(look.findings) is Level.STOP,
        }
        return render(self.request, "treatments/cocktail_form.html", context, status=status)


@access(Policy.CLINICAL)
class ConsentPage(StaffView):
    """The exact text on the tablet, a typed name and a tick."""

    def get(self, request: Any, pk: UUID) -> HttpResponse:
        """The text of the newest version."""
        plan = get_plan(request.clinic, pk)
        self.has_read([plan.patient])
        return self.page(plan, None)

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Sign exactly what was shown."""
        plan = get_plan(request.clinic, pk)
        form = ConsentForm(request.POST)
        if form.is_valid():
            try:
                services.sign_consent(
                    cocktail=plan.cocktails.latest(),
                    signature=Signature(
                        form.cleaned_data["text_sha256"],
                        form.cleaned_data["signer_name"],
                        drawing=form.cleaned_data["signature"],
                    ),
                    actor=request.actor,
                    now=self.now,
                )
            except DomainError as error:
                add_refusal(form, error)
            else:
                messages.success(request, _("The consent is signed."))
                return redirect("treatments:plan-detail", plan.pk)
        return self.page(plan, form, status=422)

    def page(
        self, plan: TreatmentPlan, form: ConsentForm | None, status: int = 200
    ) -> HttpResponse:
        """Text and signature, or the signature that is there."""
        cocktail = plan.cocktails.order_by("-version").first()
        if cocktail is None:
            raise NotFound
        text = services.consent_text(cocktail)
        digest = text_digest(text)
        signed = cocktail.consents.filter(withdrawn_at__isnull=True).first()
        shown = form or ConsentForm(initial={"text_sha256": digest})
        if form is not None:
            # The text may have changed since: the next signature is under what is shown now.
            shown.data = {**dict(self.request.POST.items()), "text_sha256": digest}
        context = {
            "plan": plan,
            "cocktail": cocktail,
            "paper": read_paper(text),
            "language": services.paper_language(plan.patient, plan.clinic),
            "form": shown,
            "consent": signed,
        }
        response = render(self.request, "treatments/consent.html", context, status=status)
        return no_store(response)


@access(Policy.CLINICAL)
class ConsentAsk(StaffView):
    """Send the patient the link under which the consent is read and signed at home."""

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Mail it; earlier links to a consent end."""
        plan = get_plan(request.clinic, pk)
        services.ask_for_consent(plan=plan, actor=request.actor, now=self.now)
        messages.success(request, _("The link is on its way."))
        return redirect("treatments:plan-detail", plan.pk)


@access(Policy.CLINICAL)
class ConsentPdf(StaffView):
    """The signed consent on paper."""

    def get(self, request: Any, pk: UUID) -> HttpResponse:
        """The PDF; its name says nothing about the patient."""
        consent = get_consent(request.clinic, pk)
        self.has_read([consent.patient], "treatments.consent")
        response = HttpResponse(services.consent_document(consent), content_type="application/pdf")
        response["Content-Disposition"] = f'inline; filename="consent-{consent.pk}.pdf"'
        return no_store(response)


@access(Policy.CLINICAL)
class ConsentDetail(StaffView):
    """A signed text as it was, to be read or printed."""

    def get(self, request: Any, pk: UUID) -> HttpResponse:
        """The text with its signature and hash."""
        consent = get_consent(request.clinic, pk)
        self.has_read([consent.patient], "treatments.consent")
        intact = text_digest(consent.text) == consent.text_sha256
        context = {"consent": consent, "plan": consent.cocktail.plan, "intact": intact}
        context["language"] = services.paper_language(consent.patient, request.clinic)
        context["paper"] = read_paper(consent.text)
        return no_store(render(request, "treatments/consent_detail.html", context))


@access(Policy.CLINICAL)
class ConsentWithdraw(StaffView):
    """The patient takes it back."""

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Withdraw; from now on the gate stops."""
        consent: Consent = get_consent(request.clinic, pk)
        services.withdraw_consent(consent=consent, actor=request.actor, now=self.now)
        messages.success(request, _("The consent is withdrawn. No session can be given under it."))
        return redirect("treatments:plan-detail", consent.cocktail.plan_id)

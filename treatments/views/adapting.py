"""Adapting a plan: a session gets another window, is left out or added; costs and sessions bought."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from mesoclinic.clinic.access import Policy, access
from mesoclinic.common.errors import DomainError
from treatments import services
from treatments.domain.costs import read_costs
from treatments.forms import ReasonForm
from treatments.forms.terms import CostRows, GapForm, OfferedForm, TermsForm
from treatments.models import PlannedSession, TreatmentPlan
from treatments.selectors.plans import get_plan, get_session
from treatments.views.common import StaffView, add_refusal

_GAP = ("gap_min", "gap_ideal", "gap_max", "gap_unit")


class _AdaptPage(StaffView):
    """The page with the gap of a session, and the way to leave it out."""

    def page(
        self,
        plan: TreatmentPlan,
        form: GapForm,
        session: PlannedSession | None = None,
        drop: ReasonForm | None = None,
        status: int = 200,
    ) -> HttpResponse:
        """Both forms; `session` None: one is added."""
        heading = _("Add a session")
        if session is not None:
            heading = _("Adapt session %(number)s") % {"number": session.number}
        context = {
            "plan": plan,
            "session": session,
            "form": form,
            "drop_form": drop or ReasonForm(auto_id="drop_%s"),
            "free": session is not None and session.gap_min is None,
            "heading": heading,
        }
        return render(self.request, "treatments/session_adapt.html", context, status=status)


@access(Policy.CLINICAL)
class SessionAdapt(_AdaptPage):
    """Another window for a session that has not begun."""

    def get(self, request: Any, pk: UUID) -> HttpResponse:
        """The gap as it is."""
        session = get_session(request.clinic, pk)
        self.has_read([session.patient])
        initial = {name: getattr(session, name) for name in _GAP}
        return self.page(session.plan, GapForm(initial=initial), session)

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Change it."""
        session = get_session(request.clinic, pk)
        form = GapForm(request.POST)
        if form.is_valid() and "gap" in form.cleaned_data:
            gap, reason = form.cleaned_data["gap"], form.cleaned_data["reason"]
            try:
                services.rewindow_session(
                    session=session, gap=gap, reason=reason, actor=request.actor, now=self.now
                )
            except DomainError as error:
                add_refusal(form, error)
            else:
                messages.success(request, _("The window is changed."))
                return redirect("treatments:plan-detail", session.plan_id)
        return self.page(session.plan, form, session, status=422)


@access(Policy.CLINICAL)
class SessionDrop(_AdaptPage):
    """Leave a session out."""

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """With a reason; its visit is released."""
        session = get_session(request.clinic, pk)
        form = ReasonForm(request.POST, auto_id="drop_%s")
        if form.is_valid():
            try:
                services.drop_session(
                    session=session, actor=request.actor, now=self.now, **form.cleaned_data
                )
            except DomainError as error:
                add_refusal(form, error)
            else:
                messages.success(request, _("The session is left out."))
                return redirect("treatments:plan-detail", session.plan_id)
        initial = {name: getattr(session, name) for name in _GAP}
        return self.page(session.plan, GapForm(initial=initial), session, form, status=422)


@access(Policy.CLINICAL)
class SessionAdd(_AdaptPage):
    """One more session at the end."""

    def get(self, request: Any, pk: UUID) -> HttpResponse:
        """The gap of the last one is filled in."""
        plan = get_plan(request.clinic, pk)
        self.has_read([plan.patient])
        last = plan.sessions.order_by("-number").first()
        initial = {name: getattr(last, name, None) for name in _GAP}
        return self.page(plan, GapForm(initial=initial))

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Add it."""
        plan = get_plan(request.clinic, pk)
        form = GapForm(request.POST)
        if form.is_valid() and "gap" in form.cleaned_data:
            gap, reason = form.cleaned_data["gap"], form.cleaned_data["reason"]
            try:
                services.add_session(
                    plan=plan, gap=gap, reason=reason, actor=request.actor, now=self.now
                )
            except DomainError as error:
                add_refusal(form, error)
            else:
                messages.success(request, _("The session is added."))
                return redirect("treatments:plan-detail", plan.pk)
        return self.page(plan, form, status=422)


@access(Policy.CLINICAL)
class PlanTerms(StaffView):
    """Costs, sessions bought, and what else was offered."""

    def get(self, request: Any, pk: UUID) -> HttpResponse:
        """As they are."""
        plan = get_plan(request.clinic, pk)
        self.has_read([plan.patient])
        initial = {"sessions_bought": plan.sessions_bought, "currency": plan.currency}
        offered = OfferedForm(initial={"offered": plan.offered})
        return self.page(
            plan, TermsForm(initial=initial), CostRows.of(read_costs(plan.cost_lines)), offered
        )

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Change them."""
        plan = get_plan(request.clinic, pk)
        terms, costs = TermsForm(request.POST), CostRows.read(request.POST)
        offered = OfferedForm(request.POST)
        shapely = all([terms.is_valid(), offered.is_valid(), costs.is_valid])
        if shapely and self.store(plan, terms, costs, offered):
            messages.success(request, _("Sessions and costs are saved."))
            return redirect("treatments:plan-detail", plan.pk)
        return self.page(plan, terms, costs, offered, status=422)

    def store(
        self, plan: TreatmentPlan, terms: TermsForm, costs: CostRows, offered: OfferedForm
    ) -> bool:
        """Store them, or put the refusal on the form."""
        wanted = services.Terms(
            offered=offered.cleaned_data["offered"],
            bought=terms.cleaned_data["sessions_bought"],
            costs=costs.lines,
            currency=terms.cleaned_data["currency"],
        )
        try:
            services.set_terms(plan=plan, terms=wanted, actor=self.request.actor, now=self.now)
        except DomainError as error:
            add_refusal(terms, error)
            return False
        return True

    def page(
        self,
        plan: TreatmentPlan,
        terms: TermsForm,
        costs: CostRows,
        offered: OfferedForm,
        status: int = 200,
    ) -> HttpResponse:
        """The form."""
        context = {"plan": plan, "terms": terms, "costs": costs, "offered": offered}
        return render(self.request, "treatments/plan_terms.html", context, status=status)

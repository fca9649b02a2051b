"""The list of plans, and one plan: sessions with windows, cocktail versions, consent, what to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.spreadsheets import csv_file
from treatments import services
from treatments.domain.costs import read_costs, total_cost
from treatments.domain.readiness import Moment
from treatments.forms import ReasonForm
from treatments.models import Cocktail, PlannedSession, TreatmentPlan
from treatments.panels import SessionInfo, session_info
from treatments.selectors import catalogue
from treatments.selectors.plans import (
    PlanFilter,
    cocktails_of,
    current,
    differences,
    get_plan,
    plan_list,
)
from treatments.selectors.windows import PlanWindow, has_record, sessions_of, windows_among
from treatments.views.common import StaffView, gate_lines, verdict_state
from treatments.views.picture import Bead, course_picture, days_after, window_words

_PAGE = 25
_MOST = 10_000


@access(Policy.FRONT_DESK)
class PlanList(StaffView):
    """All plans, by state, practitioner and name."""

    def get(self, request: Any) -> HttpResponse:
        """One page of the list."""
        wanted = PlanFilter(
            request.GET.get("status", ""),
            request.GET.get("practitioner", ""),
            request.GET.get("q", "").strip(),
        )
        if request.GET.get("as") == "csv":
            return self.table(wanted)
        page = Paginator(plan_list(request.clinic, wanted), _PAGE).get_page(request.GET.get("page"))
        self.has_read([plan.patient for plan in page])
        context = {
            "page_obj": page,
            "wanted": wanted,
            "statuses": TreatmentPlan.Status.choices,
            "practitioners": list(catalogue.practitioners(request.clinic)),
            "clinical": self.clinical,
        }
        return render(request, "treatments/plan_list.html", context)

    def table(self, wanted: PlanFilter) -> HttpResponse:
        """The list as a table for a spreadsheet, 10,000 at most."""
        plans = list(plan_list(self.request.clinic, wanted)[:_MOST])
        self.has_read([plan.patient for plan in plans])
        head = (
            _("Patient"), _("Record number"), _("Plan"), _("Practitioner"), _("Given"),
            _("Sessions"), _("State"), _("Not before"),
        )  # fmt: skip
        return csv_file("plans", head, (_cells(plan) for plan in plans))


def _cells(plan: Any) -> tuple[object, ...]:
    return (
        plan.patient.name, plan.patient.record_number, plan.indication.name,
        plan.practitioner.full_name, plan.sessions_done, plan.sessions_total,
        plan.get_status_display(), plan.start_on.isoformat(),
    )  # fmt: skip


@access(Policy.FRONT_DESK)
class PlanDetail(StaffView):
    """One plan. The front desk sees name, sessions and windows; practitioners everything."""

    def get(self, request: Any, pk: UUID) -> HttpResponse:
        """The page."""
        plan = get_plan(request.clinic, pk)
        self.has_read([plan.patient])
        context = {"plan": plan, "clinical": self.clinical, **_sessions_context(self, plan)}
        if self.clinical:
            context |= _clinical_context(self, plan, context["next"])
        return render(request, "treatments/plan_detail.html", context)


@access(Policy.CLINICAL)
class PlanActivate(StaffView):
    """Draft → active."""

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Activate and go on to the consent, where it is missing."""
        plan = get_plan(request.clinic, pk)
        services.activate_plan(plan=plan, actor=request.actor, now=self.now)
        messages.success(request, _("The plan is active. Its sessions can be booked now."))
        return redirect("treatments:plan-detail", plan.pk)


@access(Policy.CLINICAL)
class PlanStop(StaffView):
    """Draft or active → stopped."""

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Stop with a reason."""
        plan = get_plan(request.clinic, pk)
        form = ReasonForm(request.POST)
        reason = form.cleaned_data["reason"] if form.is_valid() else ""
        services.stop_plan(plan=plan, reason=reason, actor=request.actor, now=self.now)
        messages.success(request, _("The plan is stopped."))
        return redirect("treatments:plan-detail", plan.pk)


def _sessions_context(view: StaffView, plan: TreatmentPlan) -> dict[str, Any]:
    sessions = sessions_of([plan.pk]).get(plan.pk, [])
    visits = session_info(view.request.clinic, [one.pk for one in sessions])
    booked = {pk: visit.on for pk, visit in visits.items()}
    windows = {one.session.pk: one for one in windows_among(plan, sessions, view.today, booked)}
    upcoming = next((one for one in sessions if not has_record(one)), None)
    done = sum(1 for one in sessions if has_record(one) and one.record.is_signed)
    bought = plan.sessions_bought
    costs = read_costs(plan.cost_lines)
    return {
        "dropped": list(plan.sessions.filter(dropped_at__isnull=False).order_by("number")),
        "adaptable": plan.status in {"draft", "active"},
        "bought_left": None if bought is None else bought - done,
        "costs": costs,
        "cost_total": total_cost(costs),
        "rows": [_session_row(one, windows.get(one.pk), visits.get(one.pk)) for one in sessions],
        "picture": course_picture(_beads(sessions, windows, visits, view.today)),
        "done": done,
        "next": upcoming,
        "course_url": _course_url(plan),
    }


def _session_row(
    session: PlannedSession, window: PlanWindow | None, visit: SessionInfo | None
) -> dict[str, Any]:
    record = session.record if has_record(session) else None
    return {
        "session": session,
        "record": record,
        "window": window_words(window.window) if window else "",
        "visit": visit,
        "state": "signed" if record and record.is_signed else "draft" if record else "",
    }


def _beads(
    sessions: Sequence[PlannedSession],
    windows: Mapping[UUID, PlanWindow],
    visits: Mapping[UUID, SessionInfo],
    today: dt.date,
) -> list[Bead]:
    beads: list[Bead] = []
    for session in sessions:
        window = windows.get(session.pk)
        visit = visits.get(session.pk)
        if window is None:
            day, words, state = session.record.performed_on, _("given"), "neutral"
        elif visit is not None:
            day, words, state = visit.on, _("booked"), ""
        else:
            day, words, state = window.window.ideal, _("not booked"), "open"
        gap = days_after(day, beads[-1].day) if beads else ""
        beads.append(
            Bead(
                number=session.number,
                title=_("Session %(number)s") % {"number": session.number},
                note=session.phase_name,
                day=day,
                window=window.window if window else None,
                when_note=" · ".join(part for part in (words, gap) if part),
                state=state,
            )
        )
    return beads


def _course_url(plan: TreatmentPlan) -> str:
    """The scheduling room's page that books the whole course, where that room is there."""
    try:
        return reverse("scheduling:course", args=[plan.pk])
    except NoReverseMatch:
        return ""


def _clinical_context(
    view: StaffView, plan: TreatmentPlan, upcoming: PlannedSession | None
) -> dict[str, Any]:
    cocktails = cocktails_of(plan)
    newest = current(cocktails)
    consent = next(iter(newest.consents.all()), None) if newest else None
    context: dict[str, Any] = {
        "versions": _versions(cocktails),
        "cocktail": newest,
        "consent": consent,
        "consented": consent is not None and consent.is_in_force,
        "stop_form": ReasonForm(),
    }
    if upcoming is not None and plan.status in {"draft", "active"}:
        answer = services.assess_readiness(
            planned_session=upcoming, at=Moment.BOOKING, now=view.now, on=view.today
        )
        # Whether today is too soon is no question of the plan's page.
        due = answer.without("window")
        context |= {"gate": due, "gate_lines": gate_lines(due), "gate_state": verdict_state(due)}
    return context


def _versions(cocktails: Sequence[Cocktail]) -> list[dict[str, Any]]:
    older: list[Cocktail | None] = [*cocktails[1:], None]
    return [
        {"cocktail": one, "differences": differences(one, before), "items": list(one.items.all())}
        for one, before in zip(cocktails, older, strict=True)
    ]

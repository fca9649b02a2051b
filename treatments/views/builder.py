"""The plan builder: one page, checked live, nothing typed is ever lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from mesoclinic.clinic.access import Policy, access
from mesoclinic.common.errors import DomainError, Invalid
from patients.models import Patient
from patients.selectors import get_patient, screening_status
from treatments import services
from treatments.domain.cocktail import Level, worst
from treatments.domain.protocol import (
    SessionSpec,
    SessionWindow,
    Window,
    chain_windows,
    expand,
)
from treatments.forms import CocktailRows, PlanForm, is_only_looking
from treatments.forms.terms import CostRows, TermsForm
from treatments.models import Protocol
from treatments.models.catalogue import CatalogueEntry
from treatments.selectors import catalogue
from treatments.selectors.checks import Look, Question, look_for_patient
from treatments.services.plans import PlanDraft, protocol_snapshot, spec_of
from treatments.views.common import StaffView, add_refusal, finding_lines
from treatments.views.picture import Bead, course_picture, days_after

_Entry = TypeVar("_Entry", bound=CatalogueEntry)
_TEMPLATE = "treatments/plan_form.html"


@access(Policy.CLINICAL)
class PlanCreate(StaffView):
    """Goals → indication → protocol, areas, techniques → cocktail → a draft plan."""

    def get(self, request: Any) -> HttpResponse:
        """The empty builder for one patient."""
        patient = _patient(self, request.GET.get("patient", ""))
        if patient is None:
            return redirect("patients:list")
        data = QueryDict(mutable=True)
        data["start_on"] = self.today.isoformat()
        data["practitioner"] = str(request.membership.staff_id)
        self.has_read([patient])
        return self.page(patient, data, bound=False)

    def post(self, request: Any) -> HttpResponse:
        """Look again (`intent` is set), or draw up the plan."""
        patient = _patient(self, request.POST.get("patient", ""))
        if patient is None:
            return redirect("patients:list")
        data = request.POST.copy()
        if data.get("intent") == "suggest":
            _take_suggestions(self, data)
        if is_only_looking(data):
            return self.page(patient, data, bound=False)
        return self.create(patient, data)

    def create(self, patient: Patient, data: QueryDict) -> HttpResponse:
        """Store a draft, or show what is wrong with everything still there."""
        form = PlanForm(self.request.clinic, data)
        terms = TermsForm(data)
        rows = CocktailRows.read(self.request.clinic, data)
        costs = CostRows.read(data)
        if form.is_valid() and terms.is_valid() and rows.is_valid and costs.is_valid:
            try:
                plan = services.create_plan(
                    patient=patient,
                    draft=_draft(form, rows, data, _terms(form, terms, costs)),
                    actor=self.request.actor,
                    now=self.now,
                )
            except DomainError as error:
                add_refusal(terms if error.field in terms.fields else form, error)
            else:
                return redirect("treatments:plan-detail", plan.pk)
        elif not rows.is_valid:
            form.is_valid()
            form.add_error(None, _("Put at least one ingredient in, each with a dose."))
        return self.page(patient, data, form=form, terms=terms, status=422)

    def page(
        self,
        patient: Patient,
        data: QueryDict,
        *,
        bound: bool = True,
        form: PlanForm | None = None,
        terms: TermsForm | None = None,
        status: int = 200,
    ) -> HttpResponse:
        """The builder with everything that was typed, the findings and the picture of the course."""
        clinic = self.request.clinic
        shown = form or PlanForm(clinic, data if bound else None, initial=_initial(data))
        rows = CocktailRows.read(clinic, data)
        context = _choices_context(self, data, rows)
        context |= _live_context(self, patient, data, rows)
        context |= {"patient": patient, "form": shown, "rows": rows.rows, "data": data}
        context |= {"terms": terms or TermsForm(initial=data.dict()), "costs": CostRows.read(data)}
        return render(self.request, _TEMPLATE, context, status=status)


def _patient(view: StaffView, text: str) -> Patient | None:
    pk = _uuid(text)
    return None if pk is None else get_patient(view.request.clinic, pk)


def _initial(data: QueryDict) -> dict[str, Any]:
    return {
        name: data.get(name, "")
        for name in ("goals", "indication", "protocol", "practitioner", "start_on", "offered")
    }


def _choices_context(view: StaffView, data: QueryDict, rows: CocktailRows) -> dict[str, Any]:
    """Areas, techniques and ingredients to choose from, the suggested ones first."""
    clinic = view.request.clinic
    indication = _find(catalogue.indications(clinic), data.get("indication", ""))
    hints = catalogue.suggestions(indication)
    areas, techniques = set(data.getlist("areas")), set(data.getlist("techniques"))
    ingredients = [one for one in catalogue.ingredients(clinic) if one.pk not in rows.ids]
    return {
        "indication": indication,
        "areas": _options(catalogue.areas(clinic), areas, hints.areas),
        "techniques": _options(catalogue.techniques(clinic), techniques, hints.techniques),
        "suggested_ingredients": [one for one in ingredients if one.pk in hints.ingredients],
        "ingredients": ingredients,
        "recipes": [] if indication is None else list(catalogue.recipes(clinic, indication)),
        "protocol_hints": hints.protocols,
        "is_bare": not catalogue.indications(clinic).exists(),
    }


def _options(rows: Any, chosen: set[str], hints: frozenset[UUID]) -> list[dict[str, Any]]:
    options = [
        {"row": row, "chosen": str(row.pk) in chosen, "suggested": row.pk in hints} for row in rows
    ]
    return sorted(options, key=lambda one: not (one["suggested"] or one["chosen"]))


def _live_context(
    view: StaffView, patient: Patient, data: QueryDict, rows: CocktailRows
) -> dict[str, Any]:
    """Findings of what is chosen so far, and the course that the protocol would make."""
    protocol = _find(catalogue.protocols(view.request.clinic), data.get("protocol", ""))
    try:
        first = PlanForm.base_fields["start_on"].clean(data.get("start_on", ""))
    except ValidationError:
        first = view.today  # the form says what is wrong with the date
    chain = _chain(protocol, data, first)
    look = _look(view, patient, data, rows, tuple(link.day for link in chain))
    return {
        "findings": finding_lines(look, [row.ingredient for row in rows.rows]),
        "worst": worst(look.findings),
        "screening": screening_status(patient, view.today),
        "stopped": worst(look.findings) is Level.STOP,
        "placed": bool(data.getlist("areas") and data.getlist("techniques")),
        "unapproved": [row.ingredient for row in rows.rows if row.ingredient.needs_review]
        + ([protocol] if protocol is not None and protocol.needs_review else []),
        "protocol": protocol,
        "phases": _phases(protocol, data),
        "picture": _picture(chain),
    }


def _look(
    view: StaffView,
    patient: Patient,
    data: QueryDict,
    rows: CocktailRows,
    days: tuple[dt.date, ...],
) -> Look:
    """The cocktail judged for the whole course: its season, and its sessions against ceilings."""
    clinic = view.request.clinic
    indication = _find(catalogue.indications(clinic), data.get("indication", ""))
    question = Question(
        lines=rows.asked(),
        area_ids=_uuids(data.getlist("areas")),
        technique_ids=_uuids(data.getlist("techniques")),
        on=view.today,
        days=days,
        sessions_ahead=max(1, len(days)),
        suggested=catalogue.suggestions(indication).ingredients,
    )
    return look_for_patient(clinic, patient, question)


def _phases(protocol: Protocol | None, data: QueryDict) -> list[dict[str, Any]]:
    if protocol is None:
        return []
    return [
        {
            "phase": phase,
            "name": f"count-{index}",
            "count": data.get(f"count-{index}", str(phase.sessions_planned)),
        }
        for index, phase in enumerate(protocol.phases.all())
    ]


def _counts(protocol: Protocol, data: QueryDict) -> tuple[int, ...] | None:
    typed = [data.get(f"count-{index}", "") for index in range(len(protocol.phases.all()))]
    if data.get("counted") != str(protocol.pk) or not all(one.isdecimal() for one in typed):
        return None
    return tuple(int(one) for one in typed)


def _specs(protocol: Protocol, data: QueryDict) -> tuple[SessionSpec, ...]:
    spec = spec_of(protocol_snapshot(protocol))
    try:
        return expand(spec, _counts(protocol, data))
    except ValueError:
        return expand(spec)


def _chain(protocol: Protocol | None, data: QueryDict, first: dt.date) -> tuple[SessionWindow, ...]:
    """The sessions that the protocol would make; none where its phases make no course."""
    if protocol is None:
        return ()
    try:
        return chain_windows(Window.open_from(first), _specs(protocol, data), {})
    except Invalid:
        return ()


def _picture(chain: Sequence[SessionWindow]) -> dict[str, Any]:
    days = [link.day for link in chain]
    return course_picture(
        [
            Bead(
                number=link.session.number,
                title=_("Session %(number)s") % {"number": link.session.number},
                note=link.session.phase_name,
                day=link.day,
                window=link.window,
                when_note=days_after(link.day, days[place - 1]) if place else _("at the earliest"),
            )
            for place, link in enumerate(chain)
        ]
    )


def _take_suggestions(view: StaffView, data: QueryDict) -> None:
    """A newly chosen indication fills protocol, technique and area where they are clear."""
    chosen = _find(catalogue.indications(view.request.clinic), data.get("indication", ""))
    hints = catalogue.suggestions(chosen)
    available = [
        one for one in catalogue.protocols(view.request.clinic) if one.pk in hints.protocols
    ]
    if available:
        # What somebody has approved comes first.
        data["protocol"] = str(min(available, key=lambda one: one.needs_review).pk)
    for name, ids in (("areas", hints.areas), ("techniques", hints.techniques)):
        if len(ids) == 1:
            data.setlist(name, [str(pk) for pk in ids])


def _terms(form: PlanForm, terms: TermsForm, costs: CostRows) -> services.Terms:
    return services.Terms(
        offered=form.cleaned_data["offered"],
        bought=terms.cleaned_data["sessions_bought"],
        costs=costs.lines,
        currency=terms.cleaned_data["currency"],
    )


def _draft(form: PlanForm, rows: CocktailRows, data: QueryDict, terms: services.Terms) -> PlanDraft:
    cleaned = form.cleaned_data
    protocol: Protocol = cleaned["protocol"]
    return PlanDraft(
        practitioner_id=UUID(cleaned["practitioner"]),
        indication_id=cleaned["indication"].pk,
        protocol_id=protocol.pk,
        technique_ids=frozenset(row.pk for row in cleaned["techniques"]),
        area_ids=frozenset(row.pk for row in cleaned["areas"]),
        lines=rows.lines(),
        start_on=cleaned["start_on"],
        goals=cleaned["goals"],
        counts=_counts(protocol, data),
        terms=terms,
    )


def _find(rows: QuerySet[_Entry], text: str) -> _Entry | None:
    pk = _uuid(text)
    return None if pk is None else rows.filter(pk=pk).first()


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _uuids(texts: list[str]) -> frozenset[UUID]:
    return frozenset(pk for pk in map(_uuid, texts) if pk is not None)

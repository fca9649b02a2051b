"""Hours and leave: who works when, who is away, what rooms allow, and what an absence displaces."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.clinic.access import Policy, access, can
from mesoclinic.clinic.pages import again
from mesoclinic.common.errors import DomainError
from scheduling.forms.hours import AbsenceForm, AwayForm, DayHoursForm, WeekForm
from scheduling.selectors import hours as selectors
from scheduling.selectors.absences import count_affected, propose_absence
from scheduling.services import (
    AbsenceResult,
    add_time_off,
    end_time_off,
    replan_absence,
    set_day_hours,
    set_resource_hours,
    set_weekly_hours,
)
from scheduling.views.base import StaffView


@access(Policy.FRONT_DESK)
class TeamHours(StaffView):
    """Everybody's hours, who is away, closures, rooms; the desk writes leave down right here."""

    template = "scheduling/hours.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        return render(request, self.template, self._context(AwayForm(clinic=self.request.clinic)))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Write time off down; where visits stand in it, go on to replanning them."""
        form = AwayForm(request.POST, clinic=self.request.clinic)
        if form.is_valid():
            try:
                made = add_time_off(
                    clinic=self.request.clinic, actor=self.request.actor, now=self.now,
                    away=form.to_away(),
                )  # fmt: skip
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                messages.success(request, _("It is written down. Nobody can be booked there."))
                visits = count_affected(self.request.clinic, [made], self.now)[made.pk]
                return redirect("scheduling:absence", pk=made.pk) if visits else self._home()
        return again(request, self.template, self._context(form))

    def _home(self) -> HttpResponse:
        return redirect("scheduling:hours")

    def _context(self, form: AwayForm) -> dict[str, Any]:
        clinic = self.request.clinic
        return {
            "form": form,
            "weeks": selectors.team_hours(clinic, self.today),
            "resources": selectors.resource_weeks(clinic, self.today),
            "away": selectors.away_lines(clinic, self.now),
            "holidays": selectors.away_lines(clinic, self.now, holidays=True),
            "weekdays": selectors.weekday_names(),
            "manages": can(self.request.actor, Policy.MANAGER),
            "today": self.today,
        }


@access(Policy.FRONT_DESK)
class TimeOffEnd(StaffView):
    """Somebody is back, or a public holiday is worked."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Take it out, and back to the page."""
        end_time_off(clinic=self.request.clinic, actor=self.request.actor, now=self.now, pk=pk)
        messages.success(request, _("Changed. The free times follow at once."))
        return redirect("scheduling:hours")


@access(Policy.MANAGER)
class PersonHours(StaffView):
    """One person's week, from a day on, and other hours on a single day."""

    template = "scheduling/hours_edit.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The week as text, a line a day."""
        week = self._week(pk)
        return render(request, self.template, self._context(week, self._form(week), DayHoursForm()))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Write the week, or the single day."""
        week = self._week(pk)
        single = "day" in request.POST
        form = self._form(week, None if single else request.POST)
        day = DayHoursForm(request.POST if single else None)
        try:
            if self._saved(pk, day if single else form):
                messages.success(request, _("The hours are changed."))
                return redirect("scheduling:hours-person", pk=pk)
        except DomainError as error:
            (day if single else form).add_error(None, error.message)
        return again(request, self.template, self._context(week, form, day))

    def _saved(self, pk: UUID, form: WeekForm | DayHoursForm) -> bool:
        if not form.is_valid():
            return False
        common: dict[str, Any] = {
            "clinic": self.request.clinic, "actor": self.request.actor, "now": self.now,
            "practitioner_id": pk,
        }  # fmt: skip
        if isinstance(form, WeekForm):
            set_weekly_hours(**common, week=form.to_week())
        else:
            data = form.cleaned_data
            set_day_hours(**common, day=data["day"], blocks=data["hours"])
        return True

    def _form(self, week: selectors.WeekOf, data: QueryDict | None = None) -> WeekForm:
        return WeekForm(data, days=week.days, initial={"valid_from": self.today})

    def _week(self, pk: UUID) -> selectors.WeekOf:
        member = selectors.get_person(self.request.clinic, pk)
        return selectors.hours_of_person(self.request.clinic, member, self.today)

    def _context(self, week: selectors.WeekOf, form: WeekForm, day: DayHoursForm) -> dict[str, Any]:
        return {"week": week, "name": week.whose.display_name, "form": form, "day_form": day}


@access(Policy.MANAGER)
class ResourceHoursPage(StaffView):
    """When a room or device can be used."""

    template = "scheduling/hours_edit.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The week as text; empty means: always."""
        resource = selectors.get_resource(self.request.clinic, pk)
        form = WeekForm(days=self._days(pk), initial={"valid_from": self.today})
        context = {"name": str(resource), "form": form, "resource": resource}
        return render(request, self.template, context)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Write it."""
        resource = selectors.get_resource(self.request.clinic, pk)
        form = WeekForm(request.POST, days=self._days(pk))
        if form.is_valid():
            set_resource_hours(
                clinic=self.request.clinic, actor=self.request.actor, now=self.now,
                resource=resource, week=form.to_week(),
            )  # fmt: skip
            messages.success(request, _("The hours are changed."))
            return redirect("scheduling:hours")
        context = {"name": str(resource), "form": form, "resource": resource}
        return again(request, self.template, context)

    def _days(self, pk: UUID) -> tuple[str, ...]:
        weeks = selectors.resource_weeks(self.request.clinic, self.today)
        return next((one.days for one in weeks if one.whose.pk == pk), ("",) * 7)


@access(Policy.FRONT_DESK)
class Absence(StaffView):
    """One proposal for every visit that an absence displaces; staff strike or accept per patient."""

    template = "scheduling/absence.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Who is affected, and the new times."""
        return render(request, self.template, self._context(pk))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Move what is ticked; each patient's visits together or not at all."""
        absence = selectors.get_time_off(self.request.clinic, pk)
        form = AbsenceForm(request.POST, clinic=self.request.clinic)
        if not form.is_valid():
            return again(request, self.template, {**self._context(pk), "form": form})
        result = replan_absence(
            clinic=self.request.clinic, actor=self.request.actor, now=self.now,
            accepted=form.cleaned_data["accepted"], reason=absence.label,
        )  # fmt: skip
        self._say(result)
        return redirect("scheduling:absence", pk=pk)

    def _say(self, result: AbsenceResult) -> None:
        moved, stood = len(result.moved), result.stood
        if moved:
            words = ngettext("%(n)s visit is moved.", "%(n)s visits are moved.", moved)
            messages.success(self.request, words % {"n": moved})
        if stood:
            words = ngettext(
                "%(n)s visit had been moved there already. Nobody is told twice.",
                "%(n)s visits had been moved there already. Nobody is told twice.",
                stood,
            )
            messages.info(self.request, words % {"n": stood})
        for refused in result.refused:
            messages.error(self.request, refused)

    def _context(self, pk: UUID) -> dict[str, Any]:
        clinic = self.request.clinic
        absence = selectors.get_time_off(clinic, pk)
        plan = propose_absence(clinic, absence, self.now)
        self.shown([row.patient.pk for row in plan.rows], "absence", str(pk))
        return {"absence": absence, "plan": plan, "line": selectors.line_of(clinic, absence)}

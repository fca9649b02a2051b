"""Booking a whole course: wishes, three proposals, the picture, one button."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import dates
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.pages import again
from mesoclinic.common.errors import DomainError
from mesoclinic.common.ids import new_id
from patients.selectors import screening_status
from scheduling import panels
from scheduling.domain.courses import Proposal
from scheduling.forms import CourseForm, WishesForm, read_start
from scheduling.models import Appointment, VisitType
from scheduling.selectors import courses, explaining, pictures
from scheduling.selectors.courses import Course, Planned, Wishes
from scheduling.services import accept_holds, book_course
from scheduling.views.base import StaffView, as_uuid
from treatments.models import TreatmentPlan

HOLD = timedelta(minutes=30)
_TIME_FIELDS = ("starts_from", "starts_until", "start_on", "not_from", "not_until")


@access(Policy.FRONT_DESK)
class CourseBooking(StaffView):
    """The course of a plan."""

    template = "scheduling/course.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Proposals for what is still to be placed; the picture of all of it."""
        plan = self._plan(pk)
        return render(request, self.template, self._context(plan))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Book all of it, or hold all of it for half an hour; never a part."""
        plan = self._plan(pk)
        form = CourseForm(request.POST, clinic=self.request.clinic)
        refusal: DomainError | None = None
        if form.is_valid():
            try:
                return self._done(plan, self._book(plan, form))
            except DomainError as error:
                refusal = error
                form.refuse(error)
        context = {**self._context(plan), "form": form, **form.ways_out(refusal)}
        return again(request, self.template, context)

    def _plan(self, pk: UUID) -> TreatmentPlan:
        plan = courses.get_plan(self.request.clinic, pk)
        self.shown([plan.patient_id], "course", str(pk))
        return plan

    def _book(self, plan: TreatmentPlan, form: CourseForm) -> list[Appointment]:
        kind = courses.session_type(self.request.clinic, plan)
        return book_course(
            clinic=self.request.clinic,
            actor=self.request.actor,
            now=self.now,
            course=form.to_course(plan.pk, kind.pk, self.now + HOLD),
        )

    def _done(self, plan: TreatmentPlan, booked: list[Appointment]) -> HttpResponse:
        count = {"n": len(booked)}
        held = any(one.status == Appointment.StatusChoices.PENDING for one in booked)
        text = ngettext("%(n)s visit is booked.", "All %(n)s visits are booked.", len(booked))
        if held:
            text = _("%(n)s visits are held for 30 minutes. Book them before the time is up.")
        messages.success(self.request, text % count)
        return redirect("scheduling:course", pk=plan.pk)

    def _context(self, plan: TreatmentPlan) -> dict[str, Any]:
        clinic = self.request.clinic
        course = courses.course_of(clinic, plan)
        kind = courses.session_type(clinic, plan)
        staffing = courses.staffing(clinic, kind, self.today)
        wishes_form = WishesForm(self._wanted(plan))
        wishes = wishes_form.to_wishes() if wishes_form.is_valid() else Wishes()
        context: dict[str, Any] = {
            "plan": plan, "patient": plan.patient, "course": course, "kind": kind,
            "wishes": wishes, "wishes_form": wishes_form, "key": str(new_id()),
            "clinical": self.clinical, "held": _held(course),
            "screening": screening_status(plan.patient, self.today),
            "members": staffing.able, "unlicensed": staffing.unlicensed,
            "weekday_names": [dates.WEEKDAYS[day] for day in sorted(wishes.weekdays)],
            "month_names": [dates.MONTHS[month] for month in sorted(wishes.not_months)],
            "time_fields": [wishes_form[name] for name in _TIME_FIELDS],
        }  # fmt: skip
        if course.to_place:
            context |= self._proposed(course, kind, wishes)
        else:
            context["picture"] = pictures.draw(clinic, course, None, ())
        return context

    def _wanted(self, plan: TreatmentPlan) -> Any:
        """The wishes in the address; without any, those on the patient's record."""
        if "asked" in self.request.GET:
            return self.request.GET
        patient = plan.patient
        return {
            "weekdays": [str(day) for day in patient.preferred_weekdays],
            "starts_from": patient.preferred_from,
            "starts_until": patient.preferred_until,
            "practitioner": str(plan.practitioner_id),
        }

    def _proposed(self, course: Course, kind: VisitType, wishes: Wishes) -> dict[str, Any]:
        clinic = self.request.clinic
        began = time.perf_counter()
        planned = courses.propose(clinic, course, kind, wishes, self.now)
        took = round((time.perf_counter() - began) * 1000)
        context: dict[str, Any] = {"planned": planned, "took": took, "query": self._query()}
        if not planned.result.feasible:
            found = planned.result.blocked.obstacles if planned.result.blocked else ()
            context["obstacles"] = explaining.obstacle_words(planned, found)
            context["ways_out"] = [
                (way, self._query(*way.drop)) for way in explaining.ways_out(planned)
            ]
            context["picture"] = pictures.draw(clinic, course, None, planned.closures)
            return context
        chosen = self._chosen(planned)
        proposal = explaining.with_swap(planned, planned.result.proposals[chosen], self._swap())
        return context | self._pictured(planned, proposal, wishes, chosen)

    def _pictured(
        self, planned: Planned, proposal: Proposal, wishes: Wishes, chosen: int
    ) -> dict[str, Any]:
        clinic = self.request.clinic
        course = planned.course
        sessions = {one.number: one for one in course.to_place}
        starts = [visit.slot.start for visit in proposal.visits]
        return {
            "chosen": chosen,
            "cards": explaining.cards(planned, wishes, chosen),
            "problem": explaining.problem_of(planned, proposal),
            "picture": pictures.draw(clinic, course, proposal, planned.closures),
            "preview": panels.message_preview(clinic, course.plan.patient, starts, self.now),
            "visits": [
                f"{sessions[v.number].pk}|{v.slot.practitioner_id}|{v.slot.start.isoformat()}"
                for v in proposal.visits
            ],
        }

    def _chosen(self, planned: Planned) -> int:
        text = self.request.GET.get("proposal", "0")
        number = int(text) if text.isdecimal() else 0
        return min(number, len(planned.result.proposals) - 1)

    def _swap(self) -> explaining.Swap | None:
        number, _sep, rest = self.request.GET.get("swap", "").partition("|")
        who, _sep, start = rest.partition("|")
        person = as_uuid(who)
        try:
            moment: datetime = read_start(start, self.request.clinic)
            return explaining.Swap(int(number), person, moment) if person else None
        except ValueError:
            return None

    def _query(self, *drop: str) -> str:
        """The wishes as they stand, without what a way out drops, for links on the page."""
        query = self.request.GET.copy()
        for name in (*drop, "proposal", "swap"):
            query.pop(name, None)
        if drop:
            query["asked"] = "1"
        return query.urlencode()


def _held(course: Course) -> list[Appointment]:
    return [one for one in course.booked.values() if one.status == "pending"]


@access(Policy.FRONT_DESK)
class CourseAccept(StaffView):
    """Book what is held."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """All held visits of the plan, or none."""
        plan = courses.get_plan(self.request.clinic, pk)
        accept_holds(
            clinic=self.request.clinic, actor=self.request.actor, now=self.now, plan_id=plan.pk
        )
        messages.success(request, _("The held visits are booked."))
        return redirect("scheduling:course", pk=plan.pk)

"""Moving a visit: choose a time, see what follows, then all of it or this one alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.models import Membership
from mesoclinic.clinic.pages import again
from mesoclinic.common.errors import DomainError
from scheduling.domain.status import UPCOMING
from scheduling.exceptions import (
    ChangeNotAllowed,
    SlotTaken,
)
from scheduling.forms import MoveForm, read_start
from scheduling.models import Appointment
from scheduling.selectors.appointments import get_appointment
from scheduling.selectors.booking import Choice, free_times
from scheduling.selectors.moves import Place, busy_there, effect_of_move
from scheduling.services import Move, are_there, move_appointment
from scheduling.views.base import StaffView, as_date, as_uuid, strip_links

_NOT_FOUND = 404


@access(Policy.FRONT_DESK)
class AppointmentMove(StaffView):
    """The move page. `?start=&practitioner=` shows the effect of that time; POST moves."""

    template = "scheduling/move.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Free times, and the effect of the one chosen."""
        visit = self._visit(pk)
        place = self._place()
        return render(request, self.template, self._context(visit, place))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Move it, with the later ones that were shown or alone."""
        form = MoveForm(request.POST, clinic=self.request.clinic)
        refusal: DomainError | None = None
        if form.is_valid():
            try:
                self._move(form.to_move(pk))
            except DomainError as error:
                if error.status == _NOT_FOUND:
                    raise
                refusal = error
                form.refuse(error)
            else:
                return redirect("scheduling:appointment", pk=pk)
        context = self._context(self._visit(pk), self._place())
        words = _("Choose another time, or say why this one is right.") if refusal else ""
        context |= {"form": form, "refused_words": words, **form.ways_out(refusal)}
        return again(request, self.template, context)

    def _move(self, move: Move) -> None:
        """Move it and say so; a second tab, or a double click, is told that nothing was left to do."""
        targets = (move.visit, *move.later)
        stood = are_there(self.request.clinic, targets)
        moved = move_appointment(
            clinic=self.request.clinic, actor=self.request.actor, now=self.now, move=move
        )
        if stood:
            messages.info(self.request, _stood(len(targets)))
        else:
            messages.success(self.request, _moved(len(moved)))

    def _visit(self, pk: UUID) -> Appointment:
        visit = get_appointment(self.request.clinic, pk)
        if visit.status not in UPCOMING:
            raise ChangeNotAllowed
        self.shown([visit.patient_id], "visit", str(pk))
        return visit

    def _place(self) -> Place | None:
        """The time asked for: `slot` is the value of a chip, `start` and `practitioner` of a link."""
        data = self.request.POST or self.request.GET
        slot, _sep, who = data.get("slot", "").partition("|")
        text = slot or data.get("start", "")
        try:
            start = read_start(text, self.request.clinic) if text else None
        except ValueError:
            return None
        return Place(start, as_uuid(who or data.get("practitioner"))) if start else None

    def _context(self, visit: Appointment, place: Place | None) -> dict[str, Any]:
        clinic = self.request.clinic
        chosen = as_date(self.request.GET.get("date"))
        day = chosen or clinic.local(place.start if place else visit.during.lower).date()
        who = as_uuid(self.request.GET.get("practitioner")) or visit.practitioner_id
        choice = Choice(visit.visit_type, who, day, visit.patient_id, (visit.pk,))
        effect = effect_of_move(clinic, visit, place, self.now) if place else None
        busy = busy_there(visit, place, effect, self.now) if place and effect else ()
        times = free_times(clinic, choice, self.now)
        people = {one.staff_id: one for one in times.members}
        return {
            "visit": visit, "title": visit.title, "place": place, "effect": effect,
            "times": times, "who": who, "today": self.today, "several": who not in people,
            "hands": _new_hands(visit, place, people),
            "clinical": self.clinical, "later": _later(effect),
            "busy": SlotTaken(busy).message if busy else "",
            "in_past": bool(place and place.start < self.now),
            **strip_links(times, practitioner=who),
        }  # fmt: skip


def _new_hands(
    visit: Appointment, place: Place | None, people: Mapping[UUID, Membership]
) -> Membership | None:
    """Who would see the patient instead, where that changes."""
    chosen = place.practitioner_id if place else None
    return people.get(chosen) if chosen and chosen != visit.practitioner_id else None


def _later(effect: Any) -> list[tuple[Any, str, datetime]]:
    """Each shift with the value that the form sends back."""
    if effect is None:
        return []
    return [
        (
            shift,
            "|".join(
                (
                    str(shift.appointment.pk),
                    shift.after.start.isoformat(),
                    str(shift.appointment.schedule_version),
                    str(shift.after.practitioner_id),
                )
            ),
            shift.after.start,
        )
        for shift in effect.shifts
    ]


def _moved(count: int) -> str:
    return ngettext("The visit is moved.", "%(count)s visits are moved.", count) % {"count": count}


def _stood(count: int) -> str:
    words = ngettext(
        "%(n)s visit had been moved there already. Nobody is told twice.",
        "%(n)s visits had been moved there already. Nobody is told twice.",
        count,
    )
    return words % {"n": count}

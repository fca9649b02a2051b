"""The calendar: the page, its feed, what a drag asks for, and the day as a list."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.http import problem
from mesoclinic.clinic.models import Membership
from mesoclinic.clinic.selectors import practitioners_of
from mesoclinic.common.calendar import add_days
from mesoclinic.common.errors import DomainError, Invalid
from mesoclinic.common.intervals import Interval
from scheduling.forms import DayForm, read_start
from scheduling.models import Appointment, Room
from scheduling.selectors.appointments import get_appointment
from scheduling.selectors.board import day_board
from scheduling.selectors.chart import CHIPS
from scheduling.selectors.feed import Filters, calendar_events, closed_times, wall
from scheduling.selectors.moves import Place, effect_of_move
from scheduling.services import Move, Target, move_appointment
from scheduling.views.base import StaffView, as_uuid

_MOST_DAYS = 45


@access(Policy.FRONT_DESK)
class Calendar(StaffView):
    """Day by practitioner, or week; beside it the same day as a list for everybody."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page with the chosen day as a list; the picture loads its visits by itself."""
        clinic = self.request.clinic
        form = DayForm(request.GET)
        form.is_valid()
        day, who = form.day(self.today), form.cleaned_data.get("practitioner")
        board = day_board(clinic, day, practitioner_id=who)
        self.shown(board.patients, "calendar")
        view = form.cleaned_data.get("view") or "day"
        step = 7 if view == "week" else 1
        members = list(practitioners_of(clinic))
        context: dict[str, Any] = {
            "board": board, "day": day, "view": view, "today": self.today, "who": who,
            "before": add_days(day, -step), "after": add_days(day, step),
            "members": members, "resources": _people(members, who), "chips": _chips(),
            "wall_now": wall(self.now, clinic.zone), "room": form.cleaned_data.get("room"),
            "rooms": list(Room.objects.for_clinic(clinic).filter(is_active=True)),
        }  # fmt: skip
        return render(request, "scheduling/calendar.html", context)


def _people(members: list[Membership], who: UUID | None) -> list[dict[str, str]]:
    """The columns of the picture."""
    return [
        {"id": str(one.staff_id), "title": one.display_name}
        for one in members
        if who in {None, one.staff_id}
    ]


def _chips() -> dict[str, dict[str, str]]:
    """Colour, word and icon of each status, the same as the chips."""
    return {
        status: {"state": state, "label": str(label), "icon": icon}
        for status, (state, label, icon) in CHIPS.items()
    }


@access(Policy.FRONT_DESK)
class CalendarFeed(StaffView):
    """The visits of some days as JSON, with the time in which nobody works."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """`start`, `end` (ISO, clinic's clock), `practitioner` and `room` (ids, may repeat)."""
        try:
            within = self._within()
        except ValueError:
            return JsonResponse(problem(Invalid(_("Give a start and an end."))), status=400)
        clinic = self.request.clinic
        people = _ids(request, "practitioner")
        feed = calendar_events(clinic, within, Filters(people, _ids(request, "room")))
        self.shown(feed.patients, "calendar")
        body: dict[str, Any] = {"events": feed.events}
        if people:
            body["closed"] = closed_times(clinic, within, people)
        return JsonResponse(body)

    def _within(self) -> Interval[dt.datetime]:
        """The stretch asked for, at most six weeks."""
        clinic = self.request.clinic
        start = read_start(self.request.GET.get("start", ""), clinic)
        end = read_start(self.request.GET.get("end", ""), clinic)
        return Interval(start, min(end, start + dt.timedelta(days=_MOST_DAYS)))


def _ids(request: HttpRequest, name: str) -> tuple[UUID, ...]:
    found = (as_uuid(text) for text in request.GET.getlist(name))
    return tuple(one for one in found if one is not None)


@access(Policy.FRONT_DESK)
class CalendarDrop(StaffView):
    """A visit was dragged: the server decides."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """JSON `{start, practitioner, version}` → the new version, a page to look at, or why not."""
        visit = get_appointment(self.request.clinic, pk)
        try:
            target = self._target(pk)
        except (ValueError, AttributeError, TypeError):
            return JsonResponse(problem(Invalid(_("Choose the time again."))), status=400)
        place = Place(target.start, target.practitioner_id)
        try:
            effect = effect_of_move(self.request.clinic, visit, place, self.now)
            if effect.concerns_others:
                return JsonResponse({"look": _move_page(pk, place)})
            (moved,) = self._move(target)
        except DomainError as error:
            return JsonResponse(problem(error), status=error.status)
        return JsonResponse({"version": moved.schedule_version, "room": str(moved.room or "")})

    def _target(self, pk: UUID) -> Target:
        data = json.loads(self.request.body)
        start = read_start(data["start"], self.request.clinic)
        return Target(pk, start, int(data["version"]), as_uuid(data.get("practitioner")))

    def _move(self, target: Target) -> list[Appointment]:
        return move_appointment(
            clinic=self.request.clinic,
            actor=self.request.actor,
            now=self.now,
            move=Move(visit=target),
        )


def _move_page(pk: UUID, place: Place) -> str:
    who = f"&practitioner={place.practitioner_id}" if place.practitioner_id else ""
    start = place.start.isoformat().replace("+00:00", "Z")
    return f"{reverse('scheduling:move', args=[pk])}?start={start}{who}"


@access(Policy.FRONT_DESK)
class DayList(StaffView):
    """The day on paper: who comes when, in which room."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list of `?date=`, today if none."""
        form = DayForm(request.GET)
        form.is_valid()
        day = form.day(self.today)
        who = form.cleaned_data.get("practitioner")
        board = day_board(self.request.clinic, day, practitioner_id=who)
        self.shown(board.patients, "day list")
        context = {"board": board, "day": day, "printed_at": self.now}
        return render(request, "scheduling/day_list.html", context)

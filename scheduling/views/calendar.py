"""The calendar: the page, its feed, what a drag asks for, and the day on paper."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.http import problem
from mesoclinic.clinic.models import Clinic, Membership, Role
from mesoclinic.clinic.selectors import staff_of
from mesoclinic.common.calendar import add_days, add_months
from mesoclinic.common.errors import DomainError, Invalid
from mesoclinic.common.intervals import Interval
from scheduling.exceptions import SlotTaken
from scheduling.forms import VIEWS, CalendarForm, DayForm, read_start
from scheduling.models import Appointment, Room, VisitType
from scheduling.selectors.appointments import get_appointment
from scheduling.selectors.board import day_board
from scheduling.selectors.chart import CHIPS
from scheduling.selectors.feed import (
    Filters,
    calendar_events,
    closed_rooms,
    closed_times,
    stamp,
    wall,
)
from scheduling.selectors.moves import Place, busy_there, effect_of_move
from scheduling.services import Move, Stretch, Target, move_appointment, stretch_appointment
from scheduling.views.base import StaffView, as_uuid

_MOST_DAYS = 45
_NOT_MODIFIED = 304


_STEPS = {"day": 1, "week": 7, "agenda": 7, "courses": 28}
_KEPT = ("practitioner", "room", "type", "status", "q", "by", "colour")


class CalendarPage(StaffView):
    """What the picture and the lists share: the toolbar and what was asked for."""

    def asked(self) -> CalendarForm:
        """The form of the toolbar; what can't be read counts as not asked for."""
        form = CalendarForm(self.request.GET)
        form.is_valid()
        return form

    def toolbar(self, form: CalendarForm, view: str) -> dict[str, Any]:
        """The context of `scheduling/_calendar_bar.html`. Three small queries."""
        clinic, day = self.request.clinic, form.day(self.today)
        said = form.said(*_KEPT)
        before, after = steps(day, view)
        return {
            "day": day, "monday": add_days(day, -day.weekday()), "view": view, "today": self.today, "said": said, "views": VIEWS,
            "before": before, "after": after, "keep": urlencode(said),
            "members": _members(clinic), "rooms": _rooms(clinic),
            "types": _types(clinic), "chips": chips(), "filtered": _filters(said),
        }  # fmt: skip

    def filters(self, form: CalendarForm) -> Filters:
        """The same for the selectors."""
        data = form.cleaned_data
        return Filters(
            _one(data.get("practitioner")), _one(data.get("room")), _one(data.get("type")),
            data.get("status") or "", data.get("q") or "",
        )  # fmt: skip


def steps(day: dt.date, view: str) -> tuple[dt.date, dt.date]:
    """Where the arrows of a view lead: as far back and ahead as it shows."""
    if view == "month":
        first = day.replace(day=1)
        return add_months(first, -1), add_months(first, 1)
    return add_days(day, -_STEPS[view]), add_days(day, _STEPS[view])


@access(Policy.FRONT_DESK)
class Calendar(CalendarPage):
    """Day, week and month as a picture, which loads its visits by itself."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The frame; it shows nobody. The agenda and the courses have pages of their own."""
        form = self.asked()
        view = form.cleaned_data.get("view") or "day"
        if view in _LISTS:
            return redirect(f"{reverse(_LISTS[view])}?{request.GET.urlencode()}")
        context = self.toolbar(form, view)
        by = form.cleaned_data.get("by") or "practitioner"
        wanted = form.cleaned_data.get(by)
        context |= {
            "by": by, "colour": form.cleaned_data.get("colour") or "state",
            "resources": _columns(context, by, wanted),
            "wall_now": wall(self.now, self.request.clinic.zone),
            **_by_links(context, form.said(*(name for name in _KEPT if name != "by"))),
        }  # fmt: skip
        return render(request, "scheduling/calendar.html", context)


_LISTS = {"agenda": "scheduling:agenda", "courses": "scheduling:courses"}


def _by_links(context: dict[str, Any], said: dict[str, str]) -> dict[str, str]:
    """The same page with a column for each practitioner, or for each room."""
    here = {**said, "view": context["view"], "date": context["day"].isoformat()}
    return {"by_people": urlencode(here), "by_rooms": urlencode({**here, "by": "room"})}


def _one(value: UUID | None) -> tuple[UUID, ...]:
    return (value,) if value else ()


def _filters(said: dict[str, str]) -> bool:
    return bool(set(said) - {"by", "colour"})


def _members(clinic: Clinic) -> list[Membership]:
    """Practitioners, and whoever else has working hours: each may have a column."""
    treats = Q(role=Role.PRACTITIONER) | Q(staff__working_hours__clinic=clinic)
    return list(staff_of(clinic).filter(treats).distinct())


def _rooms(clinic: Clinic) -> list[tuple[str, str]]:
    rows = Room.objects.for_clinic(clinic).filter(is_active=True).values_list("pk", "name")
    return [(str(pk), name) for pk, name in rows]


_KIND_ICONS = {
    "consultation": "chat-text", "session": "droplet-half", "review": "clipboard2-check",
    "photographs": "camera",
}  # fmt: skip
_TYPE_COLOURS = 8


def _types(clinic: Clinic) -> list[dict[str, str]]:
    """The visit types with the colour and the icon by which the picture tells them apart."""
    rows = VisitType.objects.for_clinic(clinic).order_by("name").values_list("pk", "name", "kind")
    return [
        {
            "id": str(pk), "name": name, "icon": _KIND_ICONS.get(kind, "calendar-event"),
            "colour": str(place % _TYPE_COLOURS + 1),
        }
        for place, (pk, name, kind) in enumerate(rows)
    ]  # fmt: skip


def _columns(context: dict[str, Any], by: str, wanted: UUID | None) -> list[dict[str, str]]:
    """The columns of the picture: everybody, or every room, or the one asked for."""
    if by == "room":
        found = [{"id": pk, "title": name} for pk, name in context["rooms"]]
    else:
        found = [{"id": str(one.staff_id), "title": one.display_name} for one in context["members"]]
    return [one for one in found if wanted is None or one["id"] == str(wanted)]


def chips() -> dict[str, dict[str, str]]:
    """Colour, word and icon of each status, the same as the chips."""
    return {
        status: {"state": state, "label": str(label), "icon": icon}
        for status, (state, label, icon) in CHIPS.items()
    }


@access(Policy.FRONT_DESK)
class CalendarFeed(StaffView):
    """The visits of some days as JSON, with the time in which nobody works.

    An open calendar asks again every few seconds with the ETag it has: while nothing was written,
    the answer is an empty 304 (and no audit row, for nothing is shown).
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        """`start`, `end` (ISO, clinic's clock); `practitioner`, `room`, `type`, `column`: ids that
        may repeat; `status`, `q`; `by` says whose columns are asked for."""
        try:
            within = self._within()
        except ValueError:
            return JsonResponse(problem(Invalid(_("Give a start and an end."))), status=400)
        etag = stamp(self.request.clinic, within, request.GET.urlencode())
        if request.headers.get("If-None-Match") == etag:
            return HttpResponse(status=_NOT_MODIFIED, headers={"ETag": etag})
        response = JsonResponse(self._body(within))
        response["ETag"] = etag
        return response

    def _body(self, within: Interval[dt.datetime]) -> dict[str, Any]:
        clinic, data = self.request.clinic, self.request.GET
        filters = Filters(
            _ids(data, "practitioner"), _ids(data, "room"), _ids(data, "type"),
            data.get("status", ""), data.get("q", "").strip(),
        )  # fmt: skip
        feed = calendar_events(clinic, within, filters)
        self.shown(feed.patients, "calendar")
        body: dict[str, Any] = {"events": feed.events}
        columns = _ids(data, "column")
        if columns:
            find = closed_rooms if data.get("by") == "room" else closed_times
            body["closed"] = find(clinic, within, columns)
        return body

    def _within(self) -> Interval[dt.datetime]:
        """The stretch asked for, at most six weeks."""
        clinic = self.request.clinic
        start = read_start(self.request.GET.get("start", ""), clinic)
        end = read_start(self.request.GET.get("end", ""), clinic)
        return Interval(start, min(end, start + dt.timedelta(days=_MOST_DAYS)))


def _ids(data: QueryDict, name: str) -> tuple[UUID, ...]:
    found = (as_uuid(text) for text in data.getlist(name))
    return tuple(one for one in found if one is not None)


@access(Policy.FRONT_DESK)
class CalendarDrop(StaffView):
    """A visit was dragged or stretched: the server decides."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """JSON `{start, practitioner, room, version}` or `{minutes, version}` → the new version, a
        page to look at, or why not."""
        visit = get_appointment(self.request.clinic, pk)
        try:
            data = json.loads(request.body)
            step = self._stretch(pk, data) if "minutes" in data else self._move(visit, data)
        except (ValueError, KeyError, AttributeError, TypeError):
            return JsonResponse(problem(Invalid(_("Choose the time again."))), status=400)
        except DomainError as error:
            return JsonResponse(problem(error), status=error.status)
        return JsonResponse(step)

    def _stretch(self, pk: UUID, data: dict[str, Any]) -> dict[str, Any]:
        wish = Stretch(pk, int(data["minutes"]), int(data["version"]))
        stretch_appointment(
            clinic=self.request.clinic, actor=self.request.actor, now=self.now, stretch=wish
        )
        return {"version": wish.version}

    def _move(self, visit: Appointment, data: dict[str, Any]) -> dict[str, Any]:
        clinic = self.request.clinic
        start = read_start(data["start"], clinic)
        target = Target(
            visit.pk, start, int(data["version"]), as_uuid(data.get("practitioner")),
            as_uuid(data.get("room")),
        )  # fmt: skip
        place = Place(target.start, target.practitioner_id)
        effect = effect_of_move(clinic, visit, place, self.now)
        if effect.concerns_others:
            busy = busy_there(visit, place, effect, self.now)
            if busy:
                raise SlotTaken(busy)
            return {"look": _move_page(visit.pk, place)}
        (moved,) = move_appointment(
            clinic=clinic, actor=self.request.actor, now=self.now, move=Move(visit=target)
        )
        return {"version": moved.schedule_version, "room": str(moved.room or "")}


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

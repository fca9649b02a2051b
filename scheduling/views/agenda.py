"""The calendar as lists: the agenda, which is also a file, and the courses under way."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.spreadsheets import csv_file
from scheduling.selectors.agenda import LEGEND, AgendaDay, agenda, courses_under_way
from scheduling.selectors.feed import CalendarEvent
from scheduling.views.calendar import CalendarPage

_FIRST_PAGE = 1


@access(Policy.FRONT_DESK)
class Agenda(CalendarPage):
    """The visits of a week as a list: everything the picture can do, without a mouse."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list, or with `?format=csv` the same as a file."""
        form = self.asked()
        found = agenda(self.request.clinic, form.day(self.today), self.filters(form))
        self.shown(found.patients, "agenda")
        context = self.toolbar(form, "agenda")
        names = {str(one.staff_id): one.display_name for one in context["members"]}
        if request.GET.get("format") == "csv":
            return _file(found.days, names, context["chips"])
        context |= {"agenda": found, "after": found.after, "days": _named(found.days, names)}
        return render(request, "scheduling/agenda.html", context)


@access(Policy.FRONT_DESK)
class Courses(CalendarPage):
    """Courses under way: each a line, its visits on it, and what has no date yet."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Who comes next stands first."""
        form = self.asked()
        page = _number(request.GET.get("page", ""))
        found = courses_under_way(
            self.request.clinic, form.day(self.today), self.filters(form), now=self.now, page=page
        )
        self.shown(found.patients, "courses")
        context = self.toolbar(form, "courses")
        more = page + 1 if found.more else None
        context |= {
            "courses": found,
            "legend": LEGEND,
            "next_page": more,
            "previous_page": page - 1,
        }
        return render(request, "scheduling/courses.html", context)


def _named(
    days: tuple[AgendaDay, ...], names: dict[str, str]
) -> list[tuple[dt.date, list[tuple[CalendarEvent, str]]]]:
    return [
        (one.day, [(visit, names.get(visit["practitioner"], "")) for visit in one.visits])
        for one in days
    ]


def _number(text: str) -> int:
    return max(int(text), _FIRST_PAGE) if text.isdecimal() and len(text) < 6 else _FIRST_PAGE


def _file(
    days: tuple[AgendaDay, ...], names: dict[str, str], chips: dict[str, dict[str, str]]
) -> HttpResponse:
    """The agenda for a spreadsheet."""
    head = [
        _("Day"), _("From"), _("Until"), _("Patient"), _("Visit"), _("Practitioner"), _("Room"),
        _("State"),
    ]  # fmt: skip
    rows = (
        [
            one.day.isoformat(), visit["start"][11:], visit["end"][11:], visit["title"],
            visit["kind"], names.get(visit["practitioner"], ""), visit["room"],
            chips[visit["status"]]["label"],
        ]
        for one in days
        for visit in one.visits
    )  # fmt: skip
    return csv_file("agenda", head, rows)

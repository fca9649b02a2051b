"""A page that shows every component with invented content. Routed in development and tests only."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mesoclinic.clinic.access import Policy, access

_STATES = ("ok", "warn", "stop", "info", "waiting", "neutral")


class SampleForm(forms.Form):
    """One field of each kind, bound to wrong answers so that the errors show."""

    name = forms.CharField(label="Family name", help_text="As on the identity card.")
    email = forms.EmailField(label="E-mail")
    born = forms.DateField(label="Date of birth", widget=forms.DateInput(attrs={"type": "date"}))
    sex = forms.ChoiceField(label="Sex", choices=[("", "Choose"), ("f", "Female"), ("m", "Male")])
    reach = forms.ChoiceField(
        label="Reach by", choices=[("m", "E-mail"), ("p", "Phone")], widget=forms.RadioSelect
    )
    agrees = forms.BooleanField(label="Agrees to receive e-mails", required=False)
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea(attrs={"rows": 3}))


def _visits() -> list[dict[str, Any]]:
    keys = ("time", "name", "note", "state", "icon", "label", "css")
    rows = [
        ("09:00", "Noémie Faure", "Hair restoration · session 5 of 10", "neutral", "check", "Done", "is-done"),
        ("10:00", "Inês Carvalho", "Skin hydration · session 2 of 6", "info", "play-fill", "In session", "is-now"),
        ("10:40", "Gül Şahin", "Melasma · session 1 of 8", "stop", "", "Screening", ""),
        ("11:20", "Tomasz Wójcik", "Knee pain · session 3 of 6", "ok", "", "Ready", ""),
        ("12:00", "Johann Müller", "Scar reduction · session 4 of 5", "waiting", "door-open", "Arrived", ""),
        ("13:30", "Siobhán Byrne", "Rejuvenation · session 1 of 10", "warn", "", "Review", ""),
    ]  # fmt: skip
    return [dict(zip(keys, row, strict=True)) for row in rows]


def _course() -> dict[str, Any]:
    chosen = (12, 17, 21, 25, 37.5, 45, 52.5, 60, 76, 91)
    rows = [
        {
            "number": number,
            "title": f"Session {number}",
            "note": "weekly phase" if number < 5 else "fortnightly phase",
            "x": x,
            "ideal_x": x - 2.5 if number == 5 else x,
            "window_x": x - (5 if number == 5 else 2),
            "window_width": 10.5 if number == 5 else 4 + (number > 8) * 5,
            "when": f"Tue {number} Dec 17:20",
            "when_note": "21 days · window widened by closure" if number == 5 else "7 days",
            "state": "warn" if number == 5 else "",
            "spoken": f"Session {number}: Tuesday {number} December, 17:20, inside its window",
        }
        for number, x in enumerate(chosen, start=1)
    ]
    months = ("Nov", "Dec", "Jan", "Feb", "Mar", "Apr", "May")
    return {
        "rows": rows,
        "months": [{"x": i * 14.5, "label": m} for i, m in enumerate(months)],
        "ticks": [i * 7.25 for i in range(14)],
        "closures": [{"x": 28, "width": 7.5}],
    }


def _timeline() -> list[dict[str, Any]]:
    at = dt.datetime(2026, 11, 24, 10, 20, tzinfo=dt.UTC)
    return [
        {"at": at, "kind": "session", "title": "Session 2 signed", "detail": "96 points · 1.92 ml", "url": "#", "state": "ok", "icon": "check2"},
        {"at": at, "kind": "message", "title": "Reminder sent", "detail": "", "url": "", "state": "info", "icon": "envelope"},
        {"at": at, "kind": "screening", "title": "Screening needs review", "detail": "Ibuprofen until Sunday", "url": "#", "state": "warn", "icon": "clipboard2-pulse"},
    ]  # fmt: skip


def context() -> dict[str, Any]:
    """Everything that the template shows."""
    return {
        "states": _STATES,
        "visits": _visits(),
        "course": _course(),
        "timeline": _timeline(),
        "moods": ("laughing", "smile", "neutral", "frown", "tear"),
        "form": SampleForm({"email": "ines at example", "reach": "m"}),
    }


@access(Policy.PUBLIC)
def styleguide(request: HttpRequest) -> HttpResponse:
    """Show the components."""
    return render(request, "clinic/styleguide.html", context())

"""A course as a picture of time: windows, ideal days and visits in percent of the width."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from treatments.domain.protocol import Window

_MARGIN = dt.timedelta(days=6)


@dataclass(frozen=True)
class Bead:
    """One session: `day` is when it was given, is booked, or would ideally be."""

    number: int
    title: str
    note: str
    day: dt.date
    window: Window | None = None
    when_note: str = ""
    state: str = ""


def course_picture(beads: Sequence[Bead]) -> dict[str, Any]:
    """What `_components/course_axis.html` and `course_row.html` draw; empty without sessions."""
    if not beads:
        return {"rows": [], "months": [], "ticks": []}
    days = [bead.day for bead in beads]
    for bead in beads:
        if bead.window is not None and not bead.window.is_open:
            days += [bead.window.earliest, bead.window.latest]
    scale = _Scale(min(days) - _MARGIN, max(days) + _MARGIN)
    months = scale.months()
    return {
        "months": months,
        "ticks": [month["x"] for month in months],
        "rows": [_row(bead, scale, beads[0].day.year) for bead in beads],
    }


@dataclass(frozen=True)
class _Scale:
    first: dt.date
    last: dt.date

    def x(self, day: dt.date) -> float:
        """Percent of the width."""
        return round(100 * (day - self.first).days / (self.last - self.first).days, 2)

    def months(self) -> list[dict[str, Any]]:
        """First days of months, thinned out so that their names don't touch."""
        starts = []
        day = self.first.replace(day=1)
        while day <= self.last:
            if day >= self.first:
                starts.append(day)
            day = (day.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
        step = 1 + (len(starts) - 1) // 4
        return [
            {"x": self.x(day), "label": formats.date_format(day, "M")} for day in starts[::step]
        ]


def _row(bead: Bead, scale: _Scale, year: int) -> dict[str, Any]:
    row: dict[str, Any] = {
        "number": bead.number,
        "title": bead.title,
        "note": bead.note,
        "x": scale.x(bead.day),
        "ideal_x": None,
        "when": formats.date_format(bead.day, "D j M" if bead.day.year == year else "j M Y"),
        "when_note": bead.when_note,
        "state": bead.state,
        "spoken": f"{bead.title}: {formats.date_format(bead.day, 'j F Y')}. {bead.when_note}",
    }
    window = bead.window
    if window is not None and not window.is_open:
        row["window_x"] = scale.x(window.earliest)
        row["window_width"] = max(1.5, round(scale.x(window.latest) - row["window_x"], 2))
        row["ideal_x"] = scale.x(window.ideal)
    return row


def window_words(window: Window) -> str:
    """A window in a few words: from 13 Jan, or 20 to 23 Jan (with a dash)."""
    if window.is_open:
        return _("from %(day)s") % {"day": formats.date_format(window.earliest, "j M")}
    first = formats.date_format(window.earliest, "j M")
    if window.earliest == window.latest:
        return first
    if (window.earliest.year, window.earliest.month) == (window.latest.year, window.latest.month):
        first = str(window.earliest.day)
    return f"{first}\N{EN DASH}{formats.date_format(window.latest, 'j M')}"


def days_after(day: dt.date, before: dt.date) -> str:
    """The gap between two sessions in words."""
    count = (day - before).days
    return ngettext("%(count)s day", "%(count)s days", count) % {"count": count}

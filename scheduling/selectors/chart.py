"""What this room puts on a patient's chart and on a plan's page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from uuid import UUID

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.calendar import local_date
from patients.models import Patient
from patients.panels import ChartAction, TimelineEntry
from scheduling.domain.status import BLOCKING, Status
from scheduling.models import Appointment
from scheduling.selectors.appointments import latest_blocking, visits_of, with_session_totals
from treatments.panels import SessionInfo

# status → (chip state, word, icon): the same on every page and in the calendar.
CHIPS = {
    "pending": ("waiting", gettext_lazy("Held"), "hourglass-split"),
    "booked": ("neutral", gettext_lazy("Not confirmed"), "clock"),
    "confirmed": ("ok", gettext_lazy("Confirmed"), "check2-circle"),
    "arrived": ("waiting", gettext_lazy("Arrived"), "door-open"),
    "in_session": ("info", gettext_lazy("In session"), "play-fill"),
    "done": ("neutral", gettext_lazy("Done"), "check-lg"),
    "no_show": ("stop", gettext_lazy("No-show"), "person-x"),
    "cancelled": ("neutral", gettext_lazy("Cancelled"), "x-circle"),
    "on_hold": ("warn", gettext_lazy("On hold"), "pause-circle"),
}

_COMING = sorted(BLOCKING - {Status.DONE})
_TIMELINE: dict[str, tuple[str, str]] = {
    Status.DONE: ("ok", "calendar-check"),
    Status.NO_SHOW: ("stop", "person-x"),
    Status.CANCELLED: ("neutral", "calendar-x"),
    Status.ON_HOLD: ("warn", "pause-circle"),
    Status.CONFIRMED: ("ok", "calendar-check"),
}
_PLAIN = ("info", "calendar-event")


def visits_panel(
    clinic: Clinic, _actor: Actor, patient: Patient, now: dt.datetime
) -> dict[str, object] | None:
    """The coming visits of a patient and the last one. Two queries."""
    rows = Appointment.objects.for_clinic(clinic).filter(patient=patient)
    rows = rows.select_related("practitioner", "visit_type", "room", "planned_session")
    coming = list(
        with_session_totals(rows)
        .filter(status__in=_COMING, during__endswith__gt=now)
        .order_by("during")[:6]
    )
    last = rows.filter(status=Status.DONE.value).order_by("-during").first()
    return {"coming": coming, "last": last}


def visit_entries(
    clinic: Clinic, _actor: Actor, patient: Patient, _now: dt.datetime, *, limit: int
) -> Iterator[TimelineEntry]:
    """The latest visits, past and coming."""
    for visit in visits_of(clinic, patient, limit):
        state, icon = _TIMELINE.get(visit.status, _PLAIN)
        yield TimelineEntry(
            at=visit.during.lower,
            kind="visit",
            title=f"{visit.title}: {visit.get_status_display().lower()}",
            detail=" · ".join(
                str(part) for part in (visit.practitioner, visit.room) if part is not None
            ),
            url=reverse("scheduling:appointment", args=[visit.pk]),
            state=state,
            icon=icon,
        )


def chart_actions(_clinic: Clinic, _actor: Actor, patient: Patient) -> Iterator[ChartAction]:
    """The button that books a visit."""
    if patient.can_be_contacted:
        url = f"{reverse('scheduling:book')}?patient={patient.pk}"
        yield ChartAction(_("Book a visit"), url, "calendar-plus", primary=True)


_SESSION_STATES: dict[str, tuple[str, str]] = {
    Status.PENDING: ("waiting", "hourglass-split"),
    Status.ON_HOLD: ("warn", "pause-circle"),
    Status.DONE: ("ok", "check-circle"),
    Status.CONFIRMED: ("ok", "check2-circle"),
}


def session_visits(clinic: Clinic, sessions: Iterable[UUID]) -> dict[UUID, SessionInfo]:
    """The standing visit of each planned session, for the plan's page. One query."""
    found = {}
    for pk, visit in latest_blocking(clinic, list(sessions)).items():
        state, icon = _SESSION_STATES.get(visit.status, ("info", "calendar-check"))
        local = clinic.local(visit.during.lower)
        when = formats.date_format(local, "SHORT_DATETIME_FORMAT")
        found[pk] = SessionInfo(
            on=local_date(visit.during.lower, clinic.zone),
            label=f"{when} · {visit.get_status_display()}",
            url=reverse("scheduling:appointment", args=[visit.pk]),
            state=state,
            icon=icon,
        )
    return found

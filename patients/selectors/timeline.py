"""What this room adds to the time line of a chart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.access import Policy, can
from mesoclinic.clinic.models import Clinic
from patients.models import Patient, ScreeningConfirmation
from patients.panels import TimelineEntry
from patients.selectors.chart import ScreeningLine, screening_history

OUTCOMES = {
    "cleared": ("ok", "check-circle"),
    "review": ("warn", "exclamation-triangle"),
    "deferred": ("waiting", "hourglass-split"),
    "contraindicated": ("stop", "sign-stop"),
    "incomplete": ("neutral", "clipboard"),
}


def record_entries(
    clinic: Clinic, actor: Actor, patient: Patient, now: dt.datetime, *, limit: int
) -> Iterator[TimelineEntry]:
    """Registration, screenings, decisions and confirmations. Four queries.

    Who may see no clinical content gets outcomes without reasons and without links.
    """
    clinical = can(actor, Policy.CLINICAL)
    yield TimelineEntry(
        at=patient.created_at, kind="patient", title=_("Registered"), icon="person-plus"
    )
    for line in screening_history(patient, limit):
        yield from _screening(line, clinical=clinical)
    for row in ScreeningConfirmation.objects.filter(patient=patient)[:limit]:
        yield TimelineEntry(
            at=row.confirmed_at, kind="screening", title=_("Nothing has changed"),
            detail=_("Confirmed by %(name)s") % {"name": row.confirmed_by},
            icon="clipboard2-check", state="ok",
        )  # fmt: skip


def _screening(line: ScreeningLine, *, clinical: bool) -> Iterator[TimelineEntry]:
    screening, result = line.screening, line.result
    url = reverse("patients:screening-detail", args=[screening.pk]) if clinical else ""
    state, icon = OUTCOMES.get(result.outcome if result else "", ("neutral", "clipboard"))
    if screening.submitted_at is not None:
        outcome = result.get_outcome_display() if result else _("not judged")
        yield TimelineEntry(
            at=screening.submitted_at, kind="screening",
            title=_("Screening: %(outcome)s") % {"outcome": outcome},
            detail=screening.get_channel_display(), url=url, state=state, icon=icon,
        )  # fmt: skip
    for decision in line.decisions:
        yield TimelineEntry(
            at=decision.decided_at, kind="screening",
            title=_("Decision: %(decision)s") % {"decision": decision.get_decision_display()},
            detail=decision.reason if clinical else str(decision.decided_by), url=url,
            icon="pen", state="info",
        )  # fmt: skip

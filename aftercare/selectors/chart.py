"""What this room puts on a patient's chart: messages and check-ins."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db.models import Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext as _

from aftercare.domain.outbox import LEFT_OUT
from aftercare.models import AddressProblem, CheckIn, Message
from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.access import Policy, can
from mesoclinic.clinic.models import Clinic
from mesoclinic.clinic.templatetags.mesoclinic import status_words
from patients.models import Patient
from patients.panels import TimelineEntry

_STATES = {
    "sent": ("ok", "envelope-check"),
    "delivered": ("ok", "envelope-check"),
    "bounced": ("stop", "envelope-x"),
    "complained": ("warn", "envelope-dash"),
    "planned": ("info", "envelope"),
    "sending": ("info", "envelope"),
    "failed": ("stop", "envelope-x"),
    "held": ("warn", "envelope-exclamation"),
}
_LEVELS = {"self_care": "ok", "review": "info", "urgent": "stop", "emergency": "stop"}


def messages_panel(
    clinic: Clinic, _actor: Actor, patient: Patient, now: dt.datetime
) -> dict[str, object] | None:
    """The next messages of a patient and the last ones; None when there are none.

    `failed` counts what did not arrive and may be sent again, now that there is an address.
    """
    rows = Message.objects.for_clinic(clinic).filter(patient=patient)
    coming = list(rows.filter(state=Message.State.PLANNED, due_at__gte=now).order_by("due_at")[:4])
    shown = Q(pk__in=[message.pk for message in coming]) | _never_to_come(now)
    past = list(rows.exclude(shown).order_by("-due_at")[:4])
    if not coming and not past:
        return None
    failed = rows.filter(state=Message.State.FAILED, expires_at__gt=now).count()
    problems = AddressProblem.objects.filter(patient=patient, cleared_at=None)
    return {
        "coming": coming, "past": past, "failed": failed if patient.email else 0,
        "problems": list(problems),
    }  # fmt: skip


def _never_to_come(now: dt.datetime) -> Q:
    """Messages that would be due later and are left out."""
    return Q(due_at__gt=now, state__in=LEFT_OUT)


def message_entries(
    clinic: Clinic, actor: Actor, patient: Patient, now: dt.datetime, *, limit: int
) -> Iterator[TimelineEntry]:
    """Each message at the time it left or is due, with the reason for its state.

    What was to come and will not is left to the list of messages: of a course on hold it would
    bury what has happened.
    """
    rows = Message.objects.for_clinic(clinic).filter(patient=patient)
    rows = rows.exclude(_never_to_come(now))
    for message in rows.order_by(Coalesce("sent_at", "due_at").desc())[:limit]:
        state, icon = _STATES.get(message.state, ("neutral", "envelope-slash"))
        yield TimelineEntry(
            at=message.sent_at or message.due_at,
            kind="message",
            title=f"{message.title}: {status_words(message.state, 'message').lower()}",
            detail=message.why,
            url=reverse("aftercare:message", args=[message.pk]),
            state=state,
            icon=icon,
        )


def checkin_entries(
    clinic: Clinic, actor: Actor, patient: Patient, now: dt.datetime, *, limit: int
) -> Iterator[TimelineEntry]:
    """What the patient reported; clinical content, so not for everybody."""
    if not can(actor, Policy.CLINICAL):
        return
    rows = CheckIn.objects.for_clinic(clinic).filter(patient=patient).order_by("-answered_at")
    for checkin in rows[:limit]:
        yield TimelineEntry(
            at=checkin.answered_at,
            kind="checkin",
            title=_("Check-in: %(level)s") % {"level": checkin.get_level_display().lower()},
            detail=checkin.text,
            url=reverse("aftercare:checkin", args=[checkin.pk]),
            state=_LEVELS[checkin.level],
            icon="heart-pulse",
        )

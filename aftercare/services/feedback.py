"""What carriers tell after a message has left: delivered, came back, reported as unwanted."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from aftercare.domain.outbox import TRANSITIONS, State
from aftercare.models import AddressProblem, Channel, Message, StaffTask
from aftercare.services import ledger, tasks
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic
from patients.models import ContactPreference, Patient

_CARRIER = Actor.system(label="mail provider")


class News(StrEnum):
    """What a carrier reports. SOFT: not now, it keeps on trying; nothing changes here but the history."""

    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    SOFT = "soft"


@dataclass(frozen=True)
class Report:
    """One report: about which message, by our Message-ID, the carrier's id or our own id."""

    news: News
    message_id: str = ""
    provider_id: str = ""
    own_id: UUID | None = None
    detail: str = ""


def take_in(*, report: Report, now: dt.datetime) -> Message | None:
    """Write down what a carrier reports; None for a message we don't know.

    Replays change nothing. After a bounce or a complaint nothing more is sent to the address, and
    the front desk is asked to call instead.
    """
    with audited(_CARRIER):
        message = _found(report)
        if message is None:
            return None
        if report.news is News.SOFT:
            why = _("The carrier keeps on trying: %(detail)s.") % {"detail": report.detail[:200]}
            ledger.note(message, why, now=now)
            return message
        state = State(report.news.value)
        if state not in TRANSITIONS[State(message.state)]:
            return message
        ledger.apply([message], to=state, why=_why(report), now=now)
        if state is not State.DELIVERED:
            _stop_sending(message, state, report, now)
    return message


def address_works_again(*, actor: Actor, clinic: Clinic, patient: Patient, now: dt.datetime) -> int:
    """A person says that the addresses of a patient are right after all; how many were flagged."""
    with audited(actor):
        return _clear(patient, actor.label, now)


def address_corrected(patient: Patient, *, now: dt.datetime) -> None:
    """With another address the old one's trouble is over; in the transaction of the change."""
    outcome = _("There is a new address.")
    open_ones = AddressProblem.objects.filter(patient=patient, cleared_at=None)
    open_ones.exclude(address__in=[patient.email, patient.phone]).update(
        cleared_at=now, cleared_by=_("the system")
    )
    if not open_ones.exists():
        tasks.close_tasks(
            kind=StaffTask.Kind.BOUNCED, subject_id=patient.pk, outcome=outcome, now=now
        )


def _clear(patient: Patient, by: str, now: dt.datetime) -> int:
    rows = AddressProblem.objects.filter(patient=patient, cleared_at=None)
    count = rows.update(cleared_at=now, cleared_by=by)
    outcome = _("The address works again, says %(who)s.") % {"who": by}
    tasks.close_tasks(kind=StaffTask.Kind.BOUNCED, subject_id=patient.pk, outcome=outcome, now=now)
    return count


def _found(report: Report) -> Message | None:
    keys = Q()
    if report.own_id is not None:
        keys |= Q(pk=report.own_id)
    if report.provider_id:
        keys |= Q(provider_id=report.provider_id)
    for one in {report.message_id, report.provider_id} - {""}:
        keys |= Q(message_id=f"<{one.strip('<>')}>")
    if not keys:
        return None
    rows = Message.objects.select_for_update(of=("self",)).select_related("patient")
    return rows.filter(keys).first()


def _why(report: Report) -> str:
    said = {
        News.DELIVERED: _("The carrier says that it arrived."),
        News.BOUNCED: _("It came back: %(detail)s") % {"detail": report.detail or "-"},
        News.COMPLAINED: _("The patient reported it as unwanted."),
    }
    return said[report.news][:300]


def _stop_sending(message: Message, state: State, report: Report, now: dt.datetime) -> None:
    kind = AddressProblem.Kind(state.value)
    AddressProblem.objects.get_or_create(
        patient=message.patient, channel=message.channel, address=message.recipient,
        cleared_at=None,
        defaults={
            "clinic_id": message.clinic_id, "kind": kind, "detail": report.detail[:300],
            "found_at": now,
        },
    )  # fmt: skip
    if kind is AddressProblem.Kind.COMPLAINED and not message.is_essential:
        ContactPreference.objects.update_or_create(
            patient=message.patient, channel=Channel(message.channel).wish,
            purpose=message.purpose,
            defaults={"clinic_id": message.clinic_id, "allowed": False, "changed_at": now},
        )  # fmt: skip
    tasks.open_task(
        message.clinic_id,
        message.patient_id,
        tasks.NewTask(
            kind=StaffTask.Kind.BOUNCED,
            role=StaffTask.Role.FRONT_DESK,
            title=gettext_noop("messages come back, call instead")
            if kind is AddressProblem.Kind.BOUNCED
            else gettext_noop("does not want our messages, call instead"),
            detail=f"{message.recipient}: {message.title}",
            subject_id=message.patient_id,
            url_name="patients:chart",
            due_at=now + dt.timedelta(hours=4),
        ),
        now=now,
    )

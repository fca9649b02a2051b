"""Opting out of what is not needed for care."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q
from django.utils.translation import gettext as _

from aftercare.domain.outbox import State
from aftercare.models import Channel, Message
from aftercare.services import ledger
from mesoclinic.audit.services import audited
from patients.models import ContactPreference, PatientLink
from patients.services import link_actor, mark_used


def kind_of(link: PatientLink) -> str:
    """The kind of messages that a link stops, in words."""
    return str(_purpose(link).label)


def opt_out(*, link: PatientLink, now: dt.datetime) -> str:
    """Stop messages of the kind the link came with, by every channel; returns that kind in words.

    Planned messages of this kind are withdrawn in the same transaction. A second call changes
    nothing.
    """
    actor = link_actor(link)
    purpose = _purpose(link)
    with audited(actor):
        for channel in sorted({one.wish for one in Channel}):
            ContactPreference.objects.update_or_create(
                patient_id=link.patient_id,
                channel=channel,
                purpose=purpose.value,
                defaults={"clinic_id": link.clinic_id, "allowed": False, "changed_at": now},
            )
        ledger.transition(
            Q(patient_id=link.patient_id, purpose=purpose.value, is_essential=False)
            & Q(state=State.PLANNED.value),
            to=State.SUPPRESSED,
            why=_("The patient opted out of such messages."),
            now=now,
        )
        mark_used(actor=actor, link=link, now=now)
    return str(purpose.label)


def _purpose(link: PatientLink) -> ContactPreference.Purpose:
    sent = Message.objects.filter(patient_id=link.patient_id)
    about = sent.filter(pk=link.subject_id) if link.subject_id else sent.none()
    found = about.values_list("purpose", flat=True).first()
    return ContactPreference.Purpose(found or ContactPreference.Purpose.NEWS)

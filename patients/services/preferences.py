"""What a patient wants to be told, and by which channel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from patients import signals
from patients.exceptions import PatientClosed
from patients.models import ContactPreference, Patient
from patients.services.judging import lock_patient

CHANNELS = {"email": _("By e-mail"), "phone": _("By phone")}
Wishes = Mapping[tuple[str, str], bool]


def contact_wishes(patient: Patient) -> dict[tuple[str, str], bool]:
    """Channel and purpose → whether it may reach the patient; nothing said means yes. One query."""
    said = {
        (row.channel, row.purpose): row.allowed
        for row in ContactPreference.objects.filter(patient=patient)
    }
    return {
        (channel, purpose): said.get((channel, purpose), True)
        for channel in CHANNELS
        for purpose in ContactPreference.Purpose.values
    }


def set_contact_wishes(*, actor: Actor, patient: Patient, wishes: Wishes, now: dt.datetime) -> bool:
    """Store what the patient wishes; what is not in `wishes` stays. True where something changed.

    A change is announced, so that planned messages follow it. Raises PatientClosed.
    """
    if patient.erased_at is not None:
        raise PatientClosed
    with audited(actor):
        lock_patient(patient)
        stored = contact_wishes(patient)
        changed = {key: wish for key, wish in wishes.items() if stored.get(key) != wish}
        for (channel, purpose), wish in changed.items():
            ContactPreference.objects.update_or_create(
                patient=patient,
                channel=channel,
                purpose=purpose,
                defaults={"clinic_id": patient.clinic_id, "allowed": wish, "changed_at": now},
            )
        if changed:
            signals.contact_changed.send(
                sender=Patient, clinic=patient.clinic, actor=actor, now=now, patient=patient
            )
    return bool(changed)

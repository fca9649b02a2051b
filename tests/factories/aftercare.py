"""Messages and steps for tests."""

from __future__ import annotations

import datetime as dt
from typing import Any

from aftercare.models import Message, MessageTemplate
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.ids import new_id
from patients.models import Patient

HOUR = dt.timedelta(hours=1)


def template(clinic: Clinic, key: str = "note", **fields: Any) -> MessageTemplate:
    """A short text; `note` needs no visit."""
    fields = {
        "subject": "A word from {{ clinic_name }}",
        "body": "Dear {{ patient_name }}.",
    } | fields
    found, _created = MessageTemplate.objects.update_or_create(
        clinic=clinic, key=key, language=fields.pop("language", "en"), defaults=fields
    )
    return found


def message(patient: Patient, due_at: dt.datetime, **fields: Any) -> Message:
    """A planned message of its own subject, due at an instant."""
    pk = new_id()
    values: dict[str, Any] = {
        "pk": pk,
        "clinic_id": patient.clinic_id,
        "patient": patient,
        "subject_type": "note",
        "subject_id": new_id(),
        "title": "Note",
        "step_key": "note",
        "template_key": "note",
        "purpose": "visits",
        "due_at": due_at,
        "next_try_at": due_at,
        "due_local": "as planned",
        "expires_at": due_at + 48 * HOUR,
        "why": "Planned by the programme: Note.",
        "message_id": f"<{pk.hex}@clinic.test>",
    }
    return Message.objects.create(**values | fields)

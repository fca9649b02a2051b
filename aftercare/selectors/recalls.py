"""What became of the messages about a recall, for the recall's page."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from aftercare.models import Message
from mesoclinic.clinic.models import Clinic


def recall_messages(clinic: Clinic, contacts: Iterable[UUID]) -> dict[UUID, str]:
    """State of each contact's message (one query)."""
    rows = Message.objects.for_clinic(clinic).filter(
        subject_type="recall", subject_id__in=list(contacts)
    )
    return dict(rows.order_by("created_at").values_list("subject_id", "state"))

"""What became of the messages about a recall, for the recall's page."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from aftercare.models import Message
from mesoclinic.clinic.models import Clinic

_STATES = {
    Message.State.SENT: "ok",
    Message.State.PLANNED: "info",
    Message.State.SENDING: "info",
    Message.State.HELD: "warn",
    Message.State.FAILED: "stop",
    Message.State.EXPIRED: "stop",
}


def recall_messages(clinic: Clinic, contacts: Iterable[UUID]) -> dict[UUID, tuple[str, str]]:
    """Chip state and words of each contact's message (one query)."""
    rows = Message.objects.for_clinic(clinic).filter(
        subject_type="recall", subject_id__in=list(contacts)
    )
    return {
        row.subject_id: (_STATES.get(Message.State(row.state), "neutral"), row.get_state_display())
        for row in rows.order_by("created_at")
    }

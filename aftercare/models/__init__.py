"""What the aftercare room stores: templates, programmes, the outbox, check-ins and tasks."""

from __future__ import annotations

from aftercare.models.checkin import CheckIn, TriageRuleSet
from aftercare.models.message import (
    AddressProblem,
    DispatcherState,
    Message,
    MessageEvent,
    OutboxHold,
)
from aftercare.models.programme import (
    Channel,
    MessageSettings,
    MessageTemplate,
    ProgrammeStep,
    ProgrammeVersion,
)
from aftercare.models.task import StaffTask

__all__ = [
    "AddressProblem",
    "Channel",
    "CheckIn",
    "DispatcherState",
    "Message",
    "MessageEvent",
    "MessageSettings",
    "MessageTemplate",
    "OutboxHold",
    "ProgrammeStep",
    "ProgrammeVersion",
    "StaffTask",
    "TriageRuleSet",
]

"""What the aftercare room stores: templates, programmes, the outbox, check-ins and tasks."""

from __future__ import annotations

from aftercare.models.checkin import CheckIn, TriageRuleSet
from aftercare.models.message import DispatcherState, Message, MessageEvent
from aftercare.models.programme import MessageTemplate, ProgrammeStep
from aftercare.models.task import StaffTask

__all__ = [
    "CheckIn",
    "DispatcherState",
    "Message",
    "MessageEvent",
    "MessageTemplate",
    "ProgrammeStep",
    "StaffTask",
    "TriageRuleSet",
]

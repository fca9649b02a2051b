"""What the aftercare room stores: templates, programmes, the outbox, check-ins and tasks."""

from __future__ import annotations

from aftercare.models.alarm import AlarmNumber, CareSettings, StaffAlert
from aftercare.models.checkin import CheckIn, CheckInPhoto, TriageRuleSet
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
from aftercare.models.task import StaffTask, TaskEvent
from aftercare.models.thread import CannedAnswer, Thread, ThreadPhoto, ThreadPost

__all__ = [
    "AddressProblem",
    "AlarmNumber",
    "CannedAnswer",
    "CareSettings",
    "Channel",
    "CheckIn",
    "CheckInPhoto",
    "DispatcherState",
    "Message",
    "MessageEvent",
    "MessageSettings",
    "MessageTemplate",
    "OutboxHold",
    "ProgrammeStep",
    "ProgrammeVersion",
    "StaffAlert",
    "StaffTask",
    "TaskEvent",
    "Thread",
    "ThreadPhoto",
    "ThreadPost",
    "TriageRuleSet",
]

"""What the scheduling room stores: what can be booked, when, and what is booked."""

from __future__ import annotations

from scheduling.domain.status import BLOCKING
from scheduling.models.appointment import (
    Appointment,
    AppointmentMove,
    AppointmentStatusChange,
)
from scheduling.models.resources import Device, Room, TimeOff, VisitType, WorkingHours

__all__ = [
    "BLOCKING",
    "Appointment",
    "AppointmentMove",
    "AppointmentStatusChange",
    "Device",
    "Room",
    "TimeOff",
    "VisitType",
    "WorkingHours",
]

"""What the scheduling room stores: what can be booked, when, and what is booked."""

from __future__ import annotations

from scheduling.domain.status import BLOCKING
from scheduling.models.appointment import (
    Appointment,
    AppointmentMove,
    AppointmentStatusChange,
)
from scheduling.models.online import CalendarFeed, OnlineBooking, OnlineRules
from scheduling.models.resources import (
    Device,
    ResourceHours,
    Room,
    TimeOff,
    VisitType,
    WorkingHours,
)
from scheduling.models.rules import BookingRules
from scheduling.models.waitlist import FreedTime, WaitlistEntry, WaitlistOffer

__all__ = [
    "BLOCKING",
    "Appointment",
    "AppointmentMove",
    "AppointmentStatusChange",
    "BookingRules",
    "CalendarFeed",
    "Device",
    "FreedTime",
    "OnlineBooking",
    "OnlineRules",
    "ResourceHours",
    "Room",
    "TimeOff",
    "VisitType",
    "WaitlistEntry",
    "WaitlistOffer",
    "WorkingHours",
]

"""Use cases of the scheduling room: keyword-only, one transaction, the actor and `now` passed in."""

from __future__ import annotations

from scheduling.services.absences import AbsenceResult, Accepted, replan_absence
from scheduling.services.booking import book_appointment, book_course
from scheduling.services.hours import (
    AwayRequest,
    Week,
    add_time_off,
    end_time_off,
    set_day_hours,
    set_resource_hours,
    set_weekly_hours,
)
from scheduling.services.ics import ics_for, uid_of
from scheduling.services.invitations import invite_unscreened
from scheduling.services.lapsing import lapse_holds
from scheduling.services.moving import move_appointment
from scheduling.services.pushing import Push, push_visits
from scheduling.services.requests import (
    Booking,
    CourseBooking,
    CourseVisit,
    Exceptions,
    Move,
    Target,
)
from scheduling.services.seed import load_public_holidays, seed_clinic
from scheduling.services.status import (
    StatusChange,
    accept_holds,
    cancel_appointment,
    change_status,
    confirm_appointment,
    follow_session,
    hold_visits,
)
from scheduling.services.undoing import undo_last_change
from scheduling.services.waitlist import (
    WaitlistWish,
    accept_offer,
    decline_offer,
    join_waitlist,
    leave_waitlist,
    note_freed,
    offer_gap,
    offer_next,
    run_waiting_list,
)

__all__ = [
    "AbsenceResult",
    "Accepted",
    "AwayRequest",
    "Booking",
    "CourseBooking",
    "CourseVisit",
    "Exceptions",
    "Move",
    "Push",
    "StatusChange",
    "Target",
    "WaitlistWish",
    "Week",
    "accept_holds",
    "accept_offer",
    "add_time_off",
    "book_appointment",
    "book_course",
    "cancel_appointment",
    "change_status",
    "confirm_appointment",
    "decline_offer",
    "end_time_off",
    "follow_session",
    "hold_visits",
    "ics_for",
    "invite_unscreened",
    "join_waitlist",
    "lapse_holds",
    "leave_waitlist",
    "load_public_holidays",
    "move_appointment",
    "note_freed",
    "offer_gap",
    "offer_next",
    "push_visits",
    "replan_absence",
    "run_waiting_list",
    "seed_clinic",
    "set_day_hours",
    "set_resource_hours",
    "set_weekly_hours",
    "uid_of",
    "undo_last_change",
]

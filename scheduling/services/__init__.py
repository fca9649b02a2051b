"""Use cases of the scheduling room: keyword-only, one transaction, the actor and `now` passed in."""

from __future__ import annotations

from scheduling.services.absences import AbsenceResult, Accepted, replan_absence
from scheduling.services.booking import book_appointment, book_course
from scheduling.services.feeds import create_feed, own_calendar, read_feed, revoke_feed
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
from scheduling.services.moving import are_there, move_appointment
from scheduling.services.online import (
    Person,
    ask_for_code,
    find_booking,
    finish_booking,
    give_up,
    hold_time,
    release_lapsed,
    set_online_rules,
)
from scheduling.services.online_mail import send_code
from scheduling.services.own import cancel_own_visit, effect_of_own_move, move_own_visit
from scheduling.services.pushing import Push, push_visits
from scheduling.services.releasing import release_visits
from scheduling.services.requests import (
    Booking,
    CourseBooking,
    CourseVisit,
    Exceptions,
    Move,
    Stretch,
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
from scheduling.services.stretching import stretch_appointment
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
    settle_waiting,
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
    "Person",
    "Push",
    "StatusChange",
    "Stretch",
    "Target",
    "WaitlistWish",
    "Week",
    "accept_holds",
    "accept_offer",
    "add_time_off",
    "are_there",
    "ask_for_code",
    "book_appointment",
    "book_course",
    "cancel_appointment",
    "cancel_own_visit",
    "change_status",
    "confirm_appointment",
    "create_feed",
    "decline_offer",
    "effect_of_own_move",
    "end_time_off",
    "find_booking",
    "finish_booking",
    "follow_session",
    "give_up",
    "hold_time",
    "hold_visits",
    "ics_for",
    "invite_unscreened",
    "join_waitlist",
    "lapse_holds",
    "leave_waitlist",
    "load_public_holidays",
    "move_appointment",
    "move_own_visit",
    "note_freed",
    "offer_gap",
    "offer_next",
    "own_calendar",
    "push_visits",
    "read_feed",
    "release_lapsed",
    "release_visits",
    "replan_absence",
    "revoke_feed",
    "run_waiting_list",
    "seed_clinic",
    "send_code",
    "set_day_hours",
    "set_online_rules",
    "set_resource_hours",
    "set_weekly_hours",
    "settle_waiting",
    "stretch_appointment",
    "uid_of",
    "undo_last_change",
]

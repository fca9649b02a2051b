"""What the scheduling room refuses, each with a sentence a person can act on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from mesoclinic.common.errors import Conflict, DomainError, Forbidden, Invalid, NotFound


class AppointmentNotFound(NotFound):
    """No such visit in this clinic."""

    default_code = "appointment_not_found"
    default_message = _("There is no such visit in this clinic.")


class PlanNotFound(NotFound):
    """No such plan in this clinic."""

    default_code = "plan_not_found"
    default_message = _("There is no such plan in this clinic.")


class NotBookable(Invalid):
    """A visit type, practitioner, room or device that can't be booked here."""

    default_code = "not_bookable"
    default_message = _("This can't be booked in this clinic. Choose another one.")


class InThePast(Invalid):
    """The time has passed."""

    default_code = "in_the_past"
    default_message = _("This time has passed. Choose a later one.")


class SlotTaken(Conflict):
    """Somebody else has the time.

    `parties` says whose time it is ("practitioner", "room", "device", "patient"); `next_free`
    holds the starts (UTC) of the next times that are free for the same practitioner.
    """

    default_code = "slot_taken"
    default_message = _("This time has just been taken. Choose another one.")

    WORDS: ClassVar[dict[str, object]] = {
        "practitioner": _("The practitioner has another visit at this time."),
        "room": _("The room is taken at this time."),
        "device": _("The device is taken at this time."),
        "patient": _("The patient has another visit at this time."),
    }

    def __init__(
        self, parties: Sequence[str] = (), next_free: Sequence[datetime] = (), when: str = ""
    ) -> None:
        self.parties = tuple(parties)
        self.next_free = tuple(next_free)
        self.when = when
        words = " ".join(str(self.WORDS[party]) for party in self.parties if party in self.WORDS)
        if words and when:
            words = f"{when}: {words}"
        super().__init__(words or None, field="start")

    @property
    def details(self) -> dict[str, object]:
        """Whose time it is, and the next free starts in UTC."""
        return {
            "parties": list(self.parties),
            "next_free": [at.astimezone(UTC).isoformat() for at in self.next_free],
        }


class NothingFree(Conflict):
    """Every room or device of the kind that the visit needs is taken."""

    default_code = "nothing_free"
    default_message = _("No room of the kind that this visit needs is free at this time.")


class OutsideHours(Conflict):
    """Outside working hours, in time off, or on a day on which the clinic is closed."""

    default_code = "outside_hours"
    default_message = _("This is outside the practitioner's working hours.")


class LicenceExpired(Conflict):
    """A practitioner without a valid licence can't be booked for injections (S3)."""

    default_code = "licence_expired"
    default_message = _(
        "The practitioner's licence is not valid on that day. Choose another practitioner."
    )


class ScreeningBlocked(Conflict):
    """The gate says stop. `reasons` are its codes, `overridable` tells whether any may be lifted."""

    default_code = "screening_blocked"
    default_message = _("The patient can't be treated now. See the screening.")

    def __init__(
        self, message: object = None, reasons: Sequence[str] = (), *, overridable: bool = False
    ) -> None:
        self.reasons = tuple(reasons)
        self.overridable = overridable
        super().__init__(message)


class OutsideProtocolWindow(Conflict):
    """Sooner than the protocol's least gap allows; a practitioner may override it with a reason."""

    default_code = "outside_protocol_window"
    default_message = _("This is sooner than the protocol allows. Choose a later day.")


class TooCloseTogether(OutsideProtocolWindow):
    """Too near to a session of another course of the same person; may be overridden likewise."""

    default_code = "too_close_together"
    default_message = _("This is too near to a session of another course. Choose another day.")


class OverrideNotAllowed(Forbidden):
    """Only a practitioner may set a clinical rule aside."""

    default_code = "override_not_allowed"
    default_message = _("Only a practitioner can set this aside, with a reason.")


class ReasonMissing(Invalid):
    """The step needs a reason."""

    default_code = "reason_missing"
    default_message = _("Write a reason in a few words.")

    def __init__(self, message: object = None) -> None:
        super().__init__(message, field="reason")


class ChangeNotAllowed(Conflict):
    """The table of states has no such change."""

    default_code = "change_not_allowed"
    default_message = _("The visit's status does not allow this. Look at the visit again.")


class TooEarlyForThat(Conflict):
    """Checking in or noting a no-show before its time."""

    default_code = "too_early"
    default_message = _("It is too early for that.")


class ChangedMeanwhile(Conflict):
    """The visit was moved by somebody else while the page was open."""

    default_code = "changed_meanwhile"
    default_message = _("Somebody has moved this visit in the meantime. Look at it again.")


class SessionBooked(Conflict):
    """The planned session has a visit already, has been given, or was dropped."""

    default_code = "session_booked"
    default_message = _("This session has a visit already. Move that one instead.")


class NothingToBook(Conflict):
    """All sessions of the plan are booked or given."""

    default_code = "nothing_to_book"
    default_message = _("Every session of this plan is booked or done.")


class PlanNotBookable(Conflict):
    """The plan is finished or stopped."""

    default_code = "plan_not_bookable"
    default_message = _("This plan is finished or stopped: nothing more can be booked for it.")


class OrderOfSessions(Conflict):
    """A session would come before the one that it follows."""

    default_code = "order_of_sessions"
    default_message = _("The sessions of a course must stay in their order.")


class EntryNotFound(NotFound):
    """No such entry of the waiting list in this clinic."""

    default_code = "entry_not_found"
    default_message = _("There is no such entry on the waiting list.")


class AlreadyWaiting(Conflict):
    """Somebody waits for this session or visit already."""

    default_code = "already_waiting"
    default_message = _("The patient waits for this visit already. Change that entry instead.")


class NobodyWaits(Conflict):
    """Nobody on the waiting list can take a time."""

    default_code = "nobody_waits"
    default_message = _("Nobody on the waiting list can take this time.")


class OfferOver(Conflict):
    """An offer that ran out, or went to somebody else."""

    default_code = "offer_over"
    default_message = _("This time is no longer kept for you. You stay on our waiting list.")


class NothingToUndo(Conflict):
    """The last change is too long ago, or was somebody else's."""

    default_code = "nothing_to_undo"
    default_message = _("This can't be taken back any more.")


class TimeOffNotFound(NotFound):
    """No such time off in this clinic."""

    default_code = "time_off_not_found"
    default_message = _("This time off is not there any more.")


class HoursNotFound(NotFound):
    """Nobody, no room and no device of that kind in this clinic."""

    default_code = "hours_not_found"
    default_message = _("There is nobody and nothing like this in this clinic.")


class FeedNotFound(NotFound):
    """No calendar at this address, or none any more."""

    default_code = "feed_not_found"
    default_message = _("There is no calendar at this address.")


class TooLateToChange(Conflict):
    """A patient wants to move or cancel by link later than the clinic allows."""

    default_code = "too_late_to_change"
    default_message = _("It is too late to change this visit here. Please call the clinic.")


class NotOffered(Invalid):
    """A time that is not offered to patients (any more)."""

    default_code = "not_offered"
    default_message = _("This time can't be chosen any more. Please choose another one.")


class OnlineClosed(NotFound):
    """The clinic takes no bookings online."""

    default_code = "online_closed"
    default_message = _("This clinic takes no bookings online. Please call.")


class HoldOver(Conflict):
    """The time was held for somebody, and is not any more."""

    default_code = "hold_over"
    default_message = _("The time is not kept any more. Please choose one again.")


class OnlineCodeWrong(Invalid):
    """The code is wrong, or too old."""

    default_code = "code_wrong"
    default_message = _(
        "This code is not right. Look at the newest message, or have a new one sent."
    )


class TooManyTries(Conflict):
    """More codes or holds than anybody needs."""

    default_code = "too_many_tries"
    default_message = _("That was too often. Please wait a while, or call the clinic.")


class CallTheClinic(Conflict):
    """A link can't do it, and shows no health data: why is for the desk to say."""

    default_code = "call_the_clinic"
    default_message = _("This can't be done here. Please call us: we find a way.")


_SAID_TO_PATIENTS = (
    TooLateToChange, NotOffered, OnlineClosed, HoldOver, OnlineCodeWrong, TooManyTries, OfferOver,
    ChangedMeanwhile, NotFound,
)  # fmt: skip


@contextmanager
def in_patients_words() -> Iterator[None]:
    """Refusals as a patient's link or the public page may show them.

    What is written for the desk may name a reaction, a screening or another course. Raises
    NotOffered for a time that is gone, CallTheClinic for everything else that is the desk's.
    """
    try:
        yield
    except _SAID_TO_PATIENTS:
        raise
    except (SlotTaken, NothingFree, OutsideHours) as error:
        raise NotOffered(field="slot") from error
    except DomainError as error:
        raise CallTheClinic from error

"""What becomes of a message after a failed or interrupted attempt. Pure.

Design: at least once; never lost, rarely twice (and then with the same Message-ID). A first
unclear interruption is tried again, a second one is held for a person to decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from aftercare.domain.timing import retry_at


class State(StrEnum):
    """Where a message stands."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    SKIPPED = "skipped"
    SUPPRESSED = "suppressed"
    HELD = "held"
    EXPIRED = "expired"
    FAILED = "failed"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


_TOLD = frozenset({State.DELIVERED, State.BOUNCED, State.COMPLAINED})
"""What only a provider can tell, after the message has left."""

LEFT = _TOLD | {State.SENT}
"""States of a message that is out of the house."""

LEFT_OUT = frozenset({State.SKIPPED, State.SUPPRESSED, State.EXPIRED})
"""States of a message that will not leave, and about which nobody has to decide."""


TRANSITIONS: dict[State, frozenset[State]] = {
    State.PLANNED: frozenset(
        {State.SENDING, State.SKIPPED, State.SUPPRESSED, State.EXPIRED, State.HELD}
    ),
    State.SENDING: frozenset(State) - {State.SENDING} - _TOLD,
    State.HELD: frozenset(
        {State.PLANNED, State.SENT, State.SKIPPED, State.SUPPRESSED, State.EXPIRED, State.FAILED}
    ),
    State.FAILED: frozenset({State.PLANNED, State.SKIPPED}),
    State.SENT: _TOLD,
    # A mailbox that took it may still send it back, or its owner complain.
    State.DELIVERED: frozenset({State.BOUNCED, State.COMPLAINED}),
    State.BOUNCED: frozenset({State.COMPLAINED}),
    State.COMPLAINED: frozenset(),
    # A visit that was on hold is on again: its reminders are wanted again.
    State.SKIPPED: frozenset({State.PLANNED}),
    State.SUPPRESSED: frozenset(),
    State.EXPIRED: frozenset(),
}
"""Allowed changes; what is missing here can't happen."""

MAX_INTERRUPTIONS = 2


class Failure(StrEnum):
    """How an attempt ended when it did not end well."""

    TRANSIENT = "transient"
    PERMANENT = "permanent"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True)
class Attempt:
    """The attempt that failed: how often it was tried, unclear endings included (this one too)."""

    attempts: int
    interruptions: int
    expires_at: datetime


@dataclass(frozen=True)
class Verdict:
    """The next state; `next_try_at` is set when it is planned again."""

    state: State
    next_try_at: datetime | None = None


def after_failure(failure: Failure, attempt: Attempt, now: datetime) -> Verdict:
    """What to do next. Total: every failure has an answer, and none loses the message silently.

    A transient failure is tried again until the message expires, then it has failed; a permanent
    one has failed at once; an unclear one is tried once more, then held.
    """
    if failure is Failure.PERMANENT:
        return Verdict(State.FAILED)
    if failure is Failure.AMBIGUOUS and attempt.interruptions >= MAX_INTERRUPTIONS:
        return Verdict(State.HELD)
    next_try = retry_at(attempt.attempts, now, attempt.expires_at)
    if next_try is None:
        return Verdict(State.HELD if failure is Failure.AMBIGUOUS else State.FAILED)
    return Verdict(State.PLANNED, next_try)

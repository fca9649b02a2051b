"""When a message leaves: local wall-clock rules of the clinic, turned into UTC last.

Days are local calendar days of the clinic, and messages leave within its sending hours. Pure: anchor, zone and now are arguments; instants are aware, results are UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum

from mesoclinic.common.calendar import add_days, add_months, local_date, to_local, to_utc


class OffsetUnit(StrEnum):
    """Minutes and hours are elapsed time; days and months follow the local calendar."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    MONTHS = "months"


@dataclass(frozen=True)
class Offset:
    """Distance from the anchor: negative is before it, zero is at once."""

    amount: int
    unit: OffsetUnit = OffsetUnit.HOURS

    @property
    def before(self) -> bool:
        """Whether it lies before the anchor."""
        return self.amount < 0


@dataclass(frozen=True)
class SendingHours:
    """Local hours in which messages may leave, both ends included. Raises ValueError if empty."""

    start: time = time(8)
    end: time = time(20)

    def __post_init__(self) -> None:
        """Refuse hours that wrap around midnight or are empty."""
        if self.start >= self.end:
            raise ValueError("Sending hours must start before they end, on the same day.")


@dataclass(frozen=True)
class StepTiming:
    """The timing of one programme step.

    `at_local_time` puts the message at a wall-clock time on the day that the offset gives.
    `urgent` ignores sending hours. `expires` is the offset from the anchor after which the message
    is no longer worth sending; None means: at the anchor for messages before it, 7 days after the
    due time for the others.
    """

    offset: Offset
    at_local_time: time | None = None
    urgent: bool = False
    expires: Offset | None = None


class SkipReason(StrEnum):
    """Why a message is not even planned."""

    LATE_BOOKING = "late_booking"
    ANCHOR_PASSED = "anchor_passed"


@dataclass(frozen=True)
class Schedule:
    """When a message is due and when it is stale (UTC); or why it is skipped.

    The message may leave while `due_at <= now < expires_at`.
    """

    due_at: datetime
    expires_at: datetime
    skipped: SkipReason | None = None


_KEEP = timedelta(days=7)


def due_at(
    anchor: datetime,
    step: StepTiming,
    zone: tzinfo,
    hours: SendingHours = SendingHours(),
) -> datetime:
    """Return the UTC instant at which the message is due.

    Outside the sending hours a message before its anchor moves earlier (the evening before), any
    other moves later (the next morning). Raises ValueError for a naive anchor.
    """
    raw = _shifted(anchor, step.offset, zone)
    if step.at_local_time is not None:
        raw = _at_wall_time(raw, anchor, step.at_local_time, step.offset, zone)
    if step.urgent:
        return raw
    return _earlier(raw, zone, hours) if step.offset.before else next_allowed(raw, zone, hours)


def schedule(
    anchor: datetime,
    step: StepTiming,
    zone: tzinfo,
    now: datetime,
    hours: SendingHours = SendingHours(),
) -> Schedule:
    """Plan one message at the moment `now` at which the visit is booked or moved.

    A reminder whose time has passed already is skipped (late booking): the confirmation that goes
    out at the same moment says the same. A message after its anchor that is overdue stays planned
    and leaves at once, unless it has expired.
    """
    due = due_at(anchor, step, zone, hours)
    expires = _expiry(anchor, due, step, zone)
    skipped = None
    if step.offset.before and due < now:
        skipped = SkipReason.ANCHOR_PASSED if anchor <= now else SkipReason.LATE_BOOKING
    elif expires <= now:
        skipped = SkipReason.ANCHOR_PASSED
    return Schedule(due, expires, skipped)


def is_expired(expires_at: datetime | None, now: datetime) -> bool:
    """Whether a message is too stale to leave."""
    return expires_at is not None and now >= expires_at


def next_allowed(
    instant: datetime,
    zone: tzinfo,
    hours: SendingHours = SendingHours(),
) -> datetime:
    """Return the first instant at or after `instant` (UTC) that lies in the sending hours."""
    local = to_local(instant, zone)
    if local.time() < hours.start:
        return _at(local, hours.start, zone, 0)
    if local.time() > hours.end:
        return _at(local, hours.start, zone, 1)
    return instant.astimezone(UTC)


_BACKOFF = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
)


def retry_at(
    attempts: int, now: datetime, expires_at: datetime | None, jitter: float = 0.0
) -> datetime | None:
    """Return when to try again after `attempts` (1 or more) transient failures; None: give up.

    Waits 1, 5, 15 minutes, 1 hour, then every 4 hours, until the message expires. `jitter` from 0
    to 1 adds up to a fifth of the wait, so that a recovering server is not hit by all at once.
    """
    if attempts < 1 or not 0 <= jitter <= 1:
        raise ValueError("attempts counts from 1; jitter lies between 0 and 1.")
    wait = _BACKOFF[min(attempts, len(_BACKOFF)) - 1]
    again = now.astimezone(UTC) + wait + wait * jitter / 5
    return None if is_expired(expires_at, again) else again


def _shifted(anchor: datetime, offset: Offset, zone: tzinfo) -> datetime:
    local = to_local(anchor, zone)
    if offset.unit is OffsetUnit.MINUTES:
        return anchor.astimezone(UTC) + timedelta(minutes=offset.amount)
    if offset.unit is OffsetUnit.HOURS:
        return anchor.astimezone(UTC) + timedelta(hours=offset.amount)
    if offset.amount == 0:
        return anchor.astimezone(UTC)
    move = add_days if offset.unit is OffsetUnit.DAYS else add_months
    day = move(local.date(), offset.amount)
    return to_utc(datetime.combine(day, local.time()), zone)


def _at_wall_time(
    raw: datetime, anchor: datetime, wall: time, offset: Offset, zone: tzinfo
) -> datetime:
    """The wall-clock time on the day of `raw`, on the right side of the anchor."""
    day = local_date(raw, zone)
    at = to_utc(datetime.combine(day, wall), zone)
    if offset.before and at >= anchor:
        return to_utc(datetime.combine(add_days(day, -1), wall), zone)
    if not offset.before and at < anchor:
        return to_utc(datetime.combine(add_days(day, 1), wall), zone)
    return at


def _earlier(instant: datetime, zone: tzinfo, hours: SendingHours) -> datetime:
    local = to_local(instant, zone)
    if local.time() > hours.end:
        return _at(local, hours.end, zone, 0)
    if local.time() < hours.start:
        return _at(local, hours.end, zone, -1)
    return instant.astimezone(UTC)


def _at(local: datetime, wall: time, zone: tzinfo, days: int) -> datetime:
    return to_utc(datetime.combine(add_days(local.date(), days), wall), zone)


def _expiry(anchor: datetime, due: datetime, step: StepTiming, zone: tzinfo) -> datetime:
    if step.expires is not None:
        return _shifted(anchor, step.expires, zone)
    return anchor.astimezone(UTC) if step.offset.before else due + _KEEP

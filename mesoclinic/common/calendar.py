"""Arithmetic in the local calendar of a clinic.

Protocol intervals are numbers of local calendar days: add days or months to a date here,
and turn the result into an instant last, with `to_utc`.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from mesoclinic.common.intervals import Interval

_SECOND = timedelta(seconds=1)


def to_utc(local_naive: datetime, zone: tzinfo) -> datetime:
    """The instant at which the clocks of ``zone`` show ``local_naive``, in UTC.

    A time that the clocks skip gives the first instant after the skip (02:30 becomes 03:00,
    and any time of a day that a zone left out becomes the following midnight). A time shown
    twice gives its first showing. Raises ``ValueError`` for an aware datetime.
    """
    if local_naive.tzinfo is not None:
        raise ValueError(f"expected a naive local time, got {local_naive!r}")
    instant = local_naive.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None, fold=0) == local_naive.replace(fold=0):
        return instant
    return _end_of_skip(local_naive.replace(microsecond=0), zone)


def _end_of_skip(skipped: datetime, zone: tzinfo) -> datetime:
    """The instant at which clocks jump over ``skipped`` (a whole second), by bisection.

    Read with the offset that rules after the jump, a skipped time lies before the jump; read
    with the offset before it, it lies at or after the jump (PEP 495).
    """
    before = skipped.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = skipped.replace(tzinfo=zone, fold=0).astimezone(UTC)
    old_offset = before.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        if middle.astimezone(zone).utcoffset() == old_offset:
            before = middle
        else:
            after = middle
    return after


def to_local(instant: datetime, zone: tzinfo) -> datetime:
    """What the clocks of ``zone`` show at an instant: an aware datetime in that zone.

    Raises ``ValueError`` for a naive datetime.
    """
    if instant.utcoffset() is None:
        raise ValueError(f"expected an aware datetime, got {instant!r}")
    return instant.astimezone(zone)


def local_date(utc: datetime, zone: tzinfo) -> date:
    """The calendar day in ``zone`` at an instant. Raises ``ValueError`` for a naive datetime."""
    return to_local(utc, zone).date()


def add_days(day: date, n: int) -> date:
    """The day ``n`` calendar days later (earlier when negative)."""
    return day + timedelta(days=n)


def add_months(day: date, n: int) -> date:
    """The same day ``n`` months later (earlier when negative), at most the month's last day.

    31 January plus one month is 28 or 29 February.
    """
    years, month0 = divmod(day.month - 1 + n, 12)
    year, month = day.year + years, month0 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def day_interval(day: date, zone: tzinfo) -> Interval[datetime]:
    """The instants of a local day, from its first midnight to the next day's first midnight.

    It lasts 23, 24 or 25 hours (23.5 or 24.5 in Lord Howe). The intervals of following days
    meet without gap or overlap. Raises ``ValueError`` for a day that the zone left out
    altogether (30 December 2011 in Apia).
    """
    start = to_utc(datetime.combine(day, time.min), zone)
    end = to_utc(datetime.combine(add_days(day, 1), time.min), zone)
    if start == end:
        raise ValueError(f"{day} does not exist in {zone}")
    return Interval(start, end)

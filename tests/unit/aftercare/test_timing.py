"""Messages leave at the right local hour, in every zone and across clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercare.domain.timing import (
    Offset,
    OffsetUnit,
    SendingHours,
    SkipReason,
    StepTiming,
    due_at,
    is_expired,
    next_allowed,
    retry_at,
    schedule,
)
from mesoclinic.common.calendar import to_utc

PARIS = ZoneInfo("Europe/Paris")
HOURS = SendingHours()
ZONES = [
    "Europe/Paris", "Europe/London", "America/New_York", "America/Sao_Paulo", "Australia/Sydney",
    "Australia/Lord_Howe", "Asia/Kolkata", "Asia/Tokyo", "Pacific/Auckland", "Africa/Casablanca",
]  # fmt: skip


def paris(*parts: int) -> datetime:
    return to_utc(datetime(*parts), PARIS)  # type: ignore[arg-type]  # noqa: DTZ001


def local(instant: datetime, zone: ZoneInfo = PARIS) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


def before(amount: int, unit: OffsetUnit = OffsetUnit.DAYS, **more: object) -> StepTiming:
    return StepTiming(Offset(-amount, unit), **more)  # type: ignore[arg-type]


def after(amount: int, unit: OffsetUnit = OffsetUnit.HOURS, **more: object) -> StepTiming:
    return StepTiming(Offset(amount, unit), **more)  # type: ignore[arg-type]


VISIT = paris(2026, 5, 20, 10, 30)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (before(2), paris(2026, 5, 18, 10, 30)),
        (before(48, OffsetUnit.HOURS), paris(2026, 5, 18, 10, 30)),
        (before(1, OffsetUnit.MONTHS), paris(2026, 4, 20, 10, 30)),
        (before(3, at_local_time=time(9)), paris(2026, 5, 17, 9)),
        (before(3, OffsetUnit.HOURS), paris(2026, 5, 19, 20)),
        (after(0), paris(2026, 5, 20, 10, 30)),
        (after(30, OffsetUnit.MINUTES), paris(2026, 5, 20, 11)),
        (after(24), paris(2026, 5, 21, 10, 30)),
        (after(10), paris(2026, 5, 21, 8)),
        (after(20), paris(2026, 5, 21, 8)),
        (after(10, urgent=True), paris(2026, 5, 20, 20, 30)),
        (after(7, OffsetUnit.DAYS, at_local_time=time(10)), paris(2026, 5, 27, 10)),
    ],
)
def test_offsets_and_sending_hours(step: StepTiming, expected: datetime) -> None:
    assert due_at(VISIT, step, PARIS, HOURS) == expected


def test_both_ends_of_the_sending_hours_count() -> None:
    for hour in (8, 20):
        assert next_allowed(paris(2026, 5, 20, hour), PARIS) == paris(2026, 5, 20, hour)
    assert next_allowed(paris(2026, 5, 20, 20, 1), PARIS) == paris(2026, 5, 21, 8)
    assert next_allowed(paris(2026, 5, 20, 7, 59), PARIS) == paris(2026, 5, 20, 8)


def test_a_wall_time_stays_on_its_side_of_the_anchor() -> None:
    same_day = before(2, OffsetUnit.HOURS, at_local_time=time(18))
    assert due_at(VISIT, same_day, PARIS) == paris(2026, 5, 19, 18)
    at_once = after(0, at_local_time=time(9))
    assert due_at(VISIT, at_once, PARIS) == paris(2026, 5, 21, 9)


def test_days_keep_the_local_hour_across_clock_changes() -> None:
    spring = paris(2026, 3, 30, 10)
    assert local(due_at(spring, before(2), PARIS)) == datetime(2026, 3, 28, 10)  # noqa: DTZ001
    autumn = paris(2026, 10, 26, 10)
    assert local(due_at(autumn, before(2), PARIS)) == datetime(2026, 10, 24, 10)  # noqa: DTZ001


def test_hours_are_elapsed_time_across_clock_changes() -> None:
    spring = paris(2026, 3, 30, 10)
    assert local(due_at(spring, before(48, OffsetUnit.HOURS), PARIS)).hour == 9


@pytest.mark.parametrize("name", ZONES)
def test_reminders_of_a_whole_year_leave_at_their_local_hour(name: str) -> None:
    zone = ZoneInfo(name)
    step = before(2, at_local_time=time(9))
    seen = set()
    for number in range(366):
        day = date(2026, 1, 3) + timedelta(days=number)
        visit = to_utc(datetime.combine(day, time(14)), zone)
        due = due_at(visit, step, zone)
        assert local(due, zone) == datetime.combine(day - timedelta(days=2), time(9))
        assert due not in seen
        seen.add(due)


def test_a_late_booking_gets_no_stale_reminder() -> None:
    now = VISIT - timedelta(hours=30)
    plan = schedule(VISIT, before(2), PARIS, now)
    assert plan.skipped is SkipReason.LATE_BOOKING
    assert schedule(VISIT, before(1), PARIS, now).skipped is None
    assert schedule(VISIT, before(2), PARIS, VISIT).skipped is SkipReason.ANCHOR_PASSED


def test_a_reminder_expires_with_its_visit_and_others_later() -> None:
    now = VISIT - timedelta(days=10)
    assert schedule(VISIT, before(2), PARIS, now).expires_at == VISIT
    assert schedule(VISIT, after(24), PARIS, now).expires_at == paris(2026, 5, 28, 10, 30)
    dated = after(24, expires=Offset(5, OffsetUnit.DAYS))
    assert schedule(VISIT, dated, PARIS, now).expires_at == paris(2026, 5, 25, 10, 30)


def test_an_overdue_message_still_leaves_until_it_expires() -> None:
    step = after(24, expires=Offset(3, OffsetUnit.DAYS))
    assert schedule(VISIT, step, PARIS, VISIT + timedelta(days=2)).skipped is None
    late = schedule(VISIT, step, PARIS, VISIT + timedelta(days=3))
    assert late.skipped is SkipReason.ANCHOR_PASSED


def test_expiry_is_half_open() -> None:
    assert is_expired(VISIT, VISIT)
    assert not is_expired(VISIT, VISIT - timedelta(seconds=1))
    assert not is_expired(None, VISIT)


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(1, 1), (2, 5), (3, 15), (4, 60), (5, 240), (50, 240)]
)
def test_retries_wait_longer_each_time(attempts: int, minutes: int) -> None:
    assert retry_at(attempts, VISIT, None) == VISIT + timedelta(minutes=minutes)
    late = retry_at(attempts, VISIT, None, jitter=1)
    assert late == VISIT + timedelta(minutes=minutes) * 6 / 5


def test_retries_stop_at_the_expiry_and_refuse_nonsense() -> None:
    assert retry_at(1, VISIT, VISIT + timedelta(minutes=1)) is None
    assert retry_at(1, VISIT, VISIT + timedelta(minutes=2)) is not None
    for attempts, jitter in ((0, 0.0), (1, -0.1), (1, 1.1)):
        with pytest.raises(ValueError, match="attempts"):
            retry_at(attempts, VISIT, None, jitter)


def test_naive_instants_and_empty_hours_are_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        due_at(datetime(2026, 1, 1), before(1), PARIS)  # noqa: DTZ001
    with pytest.raises(ValueError, match="start before"):
        SendingHours(time(20), time(8))


INSTANTS = st.datetimes(
    datetime(2024, 1, 1),  # noqa: DTZ001
    datetime(2030, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
STEPS = st.builds(
    StepTiming,
    st.builds(Offset, st.integers(-60, 60), st.sampled_from(OffsetUnit)),
    st.none() | st.times().map(lambda wall: wall.replace(microsecond=0)),
    st.booleans(),
)


@given(INSTANTS, STEPS, st.sampled_from(ZONES))
def test_messages_keep_to_their_side_and_to_the_sending_hours(
    anchor: datetime, step: StepTiming, name: str
) -> None:
    zone = ZoneInfo(name)
    due = due_at(anchor, step, zone)
    assert due.tzinfo is UTC
    assert due < anchor if step.offset.before else due >= anchor
    if not step.urgent:
        assert HOURS.start <= due.astimezone(zone).time() <= HOURS.end


@given(INSTANTS, STEPS, st.sampled_from(ZONES), st.integers(-2000, 2000))
def test_a_planned_message_can_leave_before_it_expires(
    anchor: datetime, step: StepTiming, name: str, hours: int
) -> None:
    now = anchor + timedelta(hours=hours)
    plan = schedule(anchor, step, ZoneInfo(name), now)
    assert plan.due_at < plan.expires_at
    if plan.skipped is None:
        assert now < plan.expires_at

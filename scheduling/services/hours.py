"""Hours, leave, closures and maintenance: what managers and the desk keep day by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_noop

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.access import Policy, check_can
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.calendar import add_days, day_interval, to_utc
from mesoclinic.common.intervals import Interval
from scheduling.domain.weekly import Block, without
from scheduling.exceptions import TimeOffNotFound
from scheduling.models import Device, ResourceHours, Room, TimeOff, WorkingHours
from scheduling.selectors.calendars import range_of


@dataclass(frozen=True, slots=True, kw_only=True)
class AwayRequest:
    """Whole local days from `first_day` to `last_day`; on a single day also from and until a time.

    With none of the ids the whole clinic is closed.
    """

    first_day: date
    last_day: date
    label: str
    starts: time | None = None
    ends: time | None = None
    practitioner_id: UUID | None = None
    room_id: UUID | None = None
    device_id: UUID | None = None


def add_time_off(*, clinic: Clinic, actor: Actor, now: datetime, away: AwayRequest) -> TimeOff:
    """Write leave, sick days, maintenance or a closure down. Visits stay until they are replanned.

    A closure is a manager's to write. Written twice it is there once.
    """
    whose = {
        "practitioner_id": away.practitioner_id,
        "room_id": away.room_id,
        "device_id": away.device_id,
    }
    if not any(whose.values()):
        check_can(actor, Policy.MANAGER)
    during = range_of(_span(clinic, away))
    with audited(actor):
        made, _new = TimeOff.objects.get_or_create(
            clinic=clinic, during=during, label=away.label.strip()[:100], **whose,
            defaults={"created_at": now},
        )  # fmt: skip
    return made


def end_time_off(*, clinic: Clinic, actor: Actor, now: datetime, pk: UUID) -> None:
    """Somebody is back: what has not begun is taken out, what has begun ends now.

    A public holiday is switched off instead. Raises TimeOffNotFound; a closure needs a manager.
    """
    with audited(actor):
        row = (
            TimeOff.objects.for_clinic(clinic).select_for_update(of=("self",)).filter(pk=pk).first()
        )
        if row is None:
            raise TimeOffNotFound
        if row.is_closure:
            check_can(actor, Policy.MANAGER)
        if row.holiday_key:
            row.in_force = not row.in_force
            row.save(update_fields=["in_force"])
        elif row.during.lower >= now:
            row.delete()
        elif row.during.upper > now:
            row.during = range_of(Interval(row.during.lower, now))
            row.save(update_fields=["during"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """Blocks of each weekday (Monday is 0) from a local day on."""

    valid_from: date
    days: Mapping[int, Sequence[Block]]


def set_weekly_hours(
    *, clinic: Clinic, actor: Actor, now: datetime, practitioner_id: UUID, week: Week
) -> None:
    """A practitioner's hours from a day on; those before it stay. A manager's to write.

    Other hours of single days from then on are replaced too. Visits stay where they are.
    """
    check_can(actor, Policy.MANAGER)
    with audited(actor):
        rows = WorkingHours.objects.for_clinic(clinic).filter(practitioner_id=practitioner_id)
        rooms = {row.weekday: row.room_id for row in rows if row.room_id}
        usual = next(iter(rooms.values()), None)
        _end_from(rows, week.valid_from)
        WorkingHours.objects.bulk_create(
            WorkingHours(
                clinic=clinic, practitioner_id=practitioner_id, weekday=day, starts=start,
                ends=end, room_id=rooms.get(day, usual), valid_from=week.valid_from,
                created_at=now,
            )
            for day, blocks in week.days.items()
            for start, end in blocks
        )  # fmt: skip


def set_resource_hours(
    *, clinic: Clinic, actor: Actor, now: datetime, resource: Room | Device, week: Week
) -> None:
    """When a room or device can be used, from a day on; without any hours it always can."""
    check_can(actor, Policy.MANAGER)
    whose = {"room": resource} if isinstance(resource, Room) else {"device": resource}
    with audited(actor):
        _end_from(ResourceHours.objects.for_clinic(clinic).filter(**whose), week.valid_from)
        rows = [
            ResourceHours(
                clinic=clinic, weekday=day, starts=start, ends=end, valid_from=week.valid_from,
                created_at=now, **whose,
            )
            for day, blocks in week.days.items()
            for start, end in blocks
        ]  # fmt: skip
        ResourceHours.objects.bulk_create(rows)
        if not rows:
            # Hours that have ended would close it for good.
            ResourceHours.objects.for_clinic(clinic).filter(**whose).delete()


def set_day_hours(
    *, clinic: Clinic, actor: Actor, now: datetime, practitioner_id: UUID, day: date,
    blocks: Sequence[Block],
) -> None:  # fmt: skip
    """Other hours on one day: what is more becomes hours of that day, what is less time off.

    Saying it again replaces what was said before; the usual hours take it back.
    """
    check_can(actor, Policy.MANAGER)
    with audited(actor):
        rows = WorkingHours.objects.for_clinic(clinic).filter(
            practitioner_id=practitioner_id, weekday=day.weekday()
        )
        rows.filter(valid_from=day, valid_until=day).delete()
        TimeOff.objects.for_clinic(clinic).filter(
            practitioner_id=practitioner_id, label=OTHER_HOURS,
            during__overlap=range_of(day_interval(day, clinic.zone)),
        ).delete()  # fmt: skip
        valid = rows.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=day),
            Q(valid_until__isnull=True) | Q(valid_until__gte=day),
        ).order_by("starts")
        usual = [(row.starts, row.ends) for row in valid]
        room = next((row.room_id for row in valid if row.room_id), None)
        WorkingHours.objects.bulk_create(
            WorkingHours(
                clinic=clinic, practitioner_id=practitioner_id, weekday=day.weekday(),
                starts=start, ends=end, room_id=room, valid_from=day, valid_until=day,
                created_at=now,
            )
            for start, end in without(blocks, usual)
        )  # fmt: skip
        TimeOff.objects.bulk_create(
            TimeOff(
                clinic=clinic, practitioner_id=practitioner_id, label=OTHER_HOURS, created_at=now,
                during=range_of(_clock(clinic, day, start, end)),
            )
            for start, end in without(usual, blocks)
        )  # fmt: skip


OTHER_HOURS = gettext_noop("Other hours")


def _end_from(rows: QuerySet[Any], day: date) -> None:
    """The rows hold up to the day before; those that begin later go."""
    rows.filter(valid_from__gte=day).delete()
    rows.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=day)).update(
        valid_until=add_days(day, -1)
    )


def _span(clinic: Clinic, away: AwayRequest) -> Interval[datetime]:
    first, last = away.first_day, away.last_day
    if first == last and away.starts and away.ends:
        return _clock(clinic, first, away.starts, away.ends)
    return Interval(day_interval(first, clinic.zone).start, day_interval(last, clinic.zone).end)


def _clock(clinic: Clinic, day: date, start: time, end: time) -> Interval[datetime]:
    return Interval(
        to_utc(datetime.combine(day, start), clinic.zone),
        to_utc(datetime.combine(day, end), clinic.zone),
    )

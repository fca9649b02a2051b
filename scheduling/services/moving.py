"""Moving visits: one, or one with the later ones of its course; all of them or none.

A visit never stands in its own way: what moves is left out when the calendar is read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.calendar import local_date
from mesoclinic.common.intervals import Interval
from scheduling import signals
from scheduling.domain.status import UPCOMING, Status
from scheduling.exceptions import (
    AppointmentNotFound,
    ChangedMeanwhile,
    ChangeNotAllowed,
    NothingFree,
)
from scheduling.models import Appointment, AppointmentMove
from scheduling.selectors.calendars import range_of
from scheduling.selectors.conflicts import clashes
from scheduling.services import checks, courses, lapsing, locking, rooms
from scheduling.services.booking import refusal
from scheduling.services.drafts import Draft, Terms
from scheduling.services.requests import Move, Target
from scheduling.services.rooms import ATTEMPTS
from scheduling.services.status import note_change, parties_of


def move_appointment(
    *, clinic: Clinic, actor: Actor, now: datetime, move: Move
) -> list[Appointment]:
    """Move the visit, and with it `move.later`; announced once (`appointments_moved`).

    Each moved visit gets the next `schedule_version`; one that was confirmed has to be confirmed
    again, unless it only gets another room. Repeating it is harmless. Raises AppointmentNotFound, ChangeNotAllowed (it has begun),
    ChangedMeanwhile (somebody else moved it), and what booking raises.
    """
    terms = Terms(clinic, actor, now, move.exceptions)
    checks.check_exceptions(move.exceptions, actor)
    targets = [move.visit, *move.later]
    for target in targets:
        checks.check_not_past(target.start, now)
    for _attempt in range(ATTEMPTS):
        try:
            with audited(actor, reason=move.reason or move.exceptions.reason):
                return _move(terms, targets, move)
        except rooms.PickTaken:
            continue
        except IntegrityError as error:
            raise refusal(terms, (), error) from error
    raise NothingFree(field="room")


def are_there(clinic: Clinic, targets: Sequence[Target]) -> bool:
    """Whether every visit stands where it shall go already. Raises AppointmentNotFound."""
    seen = _load(clinic, targets)
    return all(_is_there(seen[target.appointment_id], target) for target in targets)


def _move(terms: Terms, targets: Sequence[Target], move: Move) -> list[Appointment]:
    seen = _load(terms.clinic, targets)
    if all(_is_there(seen[target.appointment_id], target) for target in targets):
        return [seen[target.appointment_id] for target in targets]
    ids = list(seen)
    wanted = _drafts(terms, targets, seen)
    try:
        drafts = rooms.with_rooms(terms, wanted, ids)
    except NothingFree:
        rooms.name_the_busy(terms, wanted, clashes([one.wanted for one in wanted], terms.now, ids))
        raise
    before = parties_of(list(seen.values()))
    locking.lock_parties(before | locking.Parties.of([draft.wanted for draft in drafts]))
    rows = {row.pk: row for row in locking.lock_visits(ids)}
    _check_unchanged(rows, seen, targets)
    found = clashes([draft.wanted for draft in drafts], terms.now, ids)
    lapsing.let_lapse(terms, [clash.appointment_id for clash in found if clash.lapsed])
    rooms.check_clashes(terms, drafts, [clash for clash in found if not clash.lapsed])
    off_protocol = courses.judge(terms, drafts, ids)
    moves = _write(terms, [(seen[draft.id], draft) for draft in drafts], off_protocol, move.reason)
    moved = [seen[draft.id] for draft in drafts]
    plan_id = moved[0].plan_id
    if plan_id is not None:
        courses.flag_siblings(plan_id, off_protocol, ids)
    signals.appointments_moved.send(
        sender=Appointment, clinic=terms.clinic, actor=terms.actor, now=terms.now,
        appointments=moved, moves=moves, undone=move.undone,
    )  # fmt: skip
    return moved


def _load(clinic: Clinic, targets: Sequence[Target]) -> dict[UUID, Appointment]:
    rows = (
        Appointment.objects.for_clinic(clinic)
        .filter(pk__in=[target.appointment_id for target in targets])
        .select_related("patient", "visit_type", "plan", "planned_session__plan", "practitioner")
    )
    found = {row.pk: row for row in rows}
    if len(found) != len({target.appointment_id for target in targets}):
        raise AppointmentNotFound
    for row in found.values():
        row.clinic = clinic
    return found


def _is_there(row: Appointment, target: Target) -> bool:
    """Whether the visit stands where it shall go already: a double click."""
    return (
        row.during.lower == target.start
        and target.practitioner_id in {None, row.practitioner_id}
        and target.room_id in {None, row.room_id}
    )


def _check_unchanged(
    rows: Mapping[UUID, Appointment],
    seen: Mapping[UUID, Appointment],
    targets: Sequence[Target],
) -> None:
    for target in targets:
        row = rows[target.appointment_id]
        expected = target.version or seen[row.pk].schedule_version
        if row.schedule_version != expected or row.status != seen[row.pk].status:
            raise ChangedMeanwhile
        if row.status not in UPCOMING:
            raise ChangeNotAllowed


def _drafts(
    terms: Terms, targets: Sequence[Target], seen: Mapping[UUID, Appointment]
) -> list[Draft]:
    clinic = terms.clinic
    ordered = sorted(targets, key=lambda target: target.start)
    who = {
        target.appointment_id: target.practitioner_id or seen[target.appointment_id].practitioner_id
        for target in ordered
    }
    members = checks.bookable_practitioners(clinic, list(who.values()))
    drafts = []
    for target in ordered:
        row = seen[target.appointment_id]
        member = members[who[row.pk]]
        checks.check_licence(row.visit_type, member, local_date(target.start, clinic.zone))
        drafts.append(
            Draft(
                id=row.pk,
                patient=row.patient,
                kind=row.visit_type,
                member=member,
                timing=_kept_length(row, target.start),
                room_id=target.room_id or _kept_room(row, member.staff_id),
                device_id=None,
                session=row.planned_session,
                fixed_room=target.room_id is not None,
            )
        )
    if not terms.exceptions.hours:
        checks.check_hours(
            clinic,
            terms.hours_of(members),
            [(one.member.staff_id, one.timing.during) for one in drafts],
        )
    return drafts


def _kept_length(row: Appointment, start: datetime) -> checks.Timing:
    """A visit that was made longer stays so when it is moved, and keeps its buffers."""
    shift = start - row.during.lower
    during, occupies = row.during, row.occupies
    return checks.Timing(
        Interval(start, during.upper + shift),
        Interval(occupies.lower + shift, occupies.upper + shift),
    )


def _kept_room(row: Appointment, practitioner_id: UUID) -> UUID | None:
    """The same room with the same practitioner; another one has a usual room of their own."""
    return row.room_id if row.practitioner_id == practitioner_id else None


def _write(
    terms: Terms,
    pairs: Sequence[tuple[Appointment, Draft]],
    off_protocol: frozenset[UUID],
    reason: str,
) -> list[AppointmentMove]:
    moves = [_move_row(terms, row, draft, reason) for row, draft in pairs]
    news = {move.appointment_id for move in moves if move.is_news}
    for row, draft in _in_safe_order(pairs):
        before = row.status
        row.practitioner = draft.member.staff
        row.room_id = draft.room_id
        row.device_id = draft.device_id
        row.during = range_of(draft.timing.during)
        row.occupies = range_of(draft.timing.occupies)
        row.schedule_version += 1
        row.off_protocol = row.planned_session_id in off_protocol
        if before == Status.CONFIRMED and row.pk in news:
            row.status = Status.BOOKED.value
        row.save(update_fields=_MOVED)
        if row.status != before:
            note_change(row, before, actor=terms.actor, now=terms.now, reason=reason)
    return AppointmentMove.objects.bulk_create(moves)


_MOVED = [
    "practitioner", "room", "device", "during", "occupies", "schedule_version", "off_protocol",
    "status",
]  # fmt: skip


def _in_safe_order(
    pairs: Sequence[tuple[Appointment, Draft]],
) -> list[tuple[Appointment, Draft]]:
    """An order in which no visit enters time that another one of the course still holds.

    Visits keep their order, so those that move to a later time go last first, and those that
    move to an earlier time go first first.
    """
    later = [pair for pair in pairs if pair[1].timing.during.start >= pair[0].during.lower]
    earlier = [pair for pair in pairs if pair[1].timing.during.start < pair[0].during.lower]
    later.sort(key=lambda pair: pair[1].timing.during.start, reverse=True)
    earlier.sort(key=lambda pair: pair[1].timing.during.start)
    return [*later, *earlier]


def _move_row(terms: Terms, row: Appointment, draft: Draft, reason: str) -> AppointmentMove:
    return AppointmentMove(
        clinic_id=row.clinic_id,
        patient_id=row.patient_id,
        appointment_id=row.pk,
        from_during=row.during,
        to_during=range_of(draft.timing.during),
        from_practitioner_id=row.practitioner_id,
        to_practitioner=draft.member.staff,
        schedule_version=row.schedule_version + 1,
        at=terms.now,
        by_label=terms.actor.label[:200],
        reason=(reason or terms.exceptions.reason).strip()[:300],
        created_at=terms.now,
    )

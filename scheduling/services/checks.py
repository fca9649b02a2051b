"""What must hold before a visit may stand in the calendar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils import formats
from django.utils.translation import gettext as _

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.access import Policy, can
from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.clinic.querysets import Prepared
from mesoclinic.clinic.selectors import staff_of
from mesoclinic.common.calendar import day_interval, local_date
from mesoclinic.common.intervals import Interval, subtract
from patients.exceptions import PatientClosed, PatientNotFound
from patients.models import Patient
from scheduling.domain.slots import Absence, ResourceCalendar, SlotRequest, open_intervals
from scheduling.exceptions import (
    InThePast,
    LicenceExpired,
    NotBookable,
    OutsideHours,
    OutsideProtocolWindow,
    OverrideNotAllowed,
    ReasonMissing,
    ScreeningBlocked,
)
from scheduling.models import Appointment, VisitType
from scheduling.selectors.calendars import Hours, away
from scheduling.services.requests import Exceptions
from treatments.domain.readiness import Moment, Readiness, Verdict
from treatments.models import PlannedSession
from treatments.services import readiness_for

# A visit may still be entered this long after its start: the patient stands at the desk.
LATE_ENTRY = timedelta(minutes=30)

_TOO_EARLY = "window_too_early"
_OFF_PROTOCOL = "window_off_protocol"


@dataclass(frozen=True, slots=True)
class Timing:
    """When a visit of a type is: what the patient sees, and with its buffers."""

    during: Interval[datetime]
    occupies: Interval[datetime]

    @classmethod
    def of(cls, kind: VisitType, start: datetime) -> Timing:
        """The times of a visit of `kind` from `start`."""
        during = Interval(start, start + timedelta(minutes=kind.duration_min))
        before = timedelta(minutes=kind.buffer_before_min)
        after = timedelta(minutes=kind.buffer_after_min)
        return cls(during, Interval(during.start - before, during.end + after))


def check_exceptions(exceptions: Exceptions, actor: Actor) -> None:
    """Who sets a rule aside says why; a clinical one is for practitioners only."""
    if exceptions.clinical and not can(actor, Policy.CLINICAL):
        raise OverrideNotAllowed
    if exceptions.any and not exceptions.reason.strip():
        raise ReasonMissing


# Put together once: every booking asks them.
_TYPE = Prepared(
    lambda clinic, pk: VisitType.objects.for_clinic(clinic).filter(pk=pk, is_active=True), values=2
)
_PATIENT = Prepared(lambda clinic, pk: Patient.objects.for_clinic(clinic).filter(pk=pk), values=2)
_PRACTITIONER = Prepared(
    lambda clinic, staff: (
        Membership.objects.for_clinic(clinic).active().with_staff().filter(staff_id=staff)
    ),
    values=2,
)


def bookable_type(clinic: Clinic, pk: UUID) -> VisitType:
    """The visit type, in use in this clinic. Raises NotBookable."""
    kind = _TYPE.first(clinic.pk, pk)
    if kind is None:
        raise NotBookable(field="visit_type")
    return kind


def bookable_patient(clinic: Clinic, pk: UUID) -> Patient:
    """The patient, if anything may still be planned. Raises PatientNotFound, PatientClosed."""
    patient = _PATIENT.first(clinic.pk, pk)
    if patient is None:
        raise PatientNotFound(field="patient")
    if not patient.can_be_contacted:
        raise PatientClosed(field="patient")
    return patient


def bookable_practitioners(clinic: Clinic, ids: Sequence[UUID]) -> dict[UUID, Membership]:
    """The places in this clinic of those who give visits, with the person. Raises NotBookable.

    Whether somebody's role gives the type of visit is `check_licence`'s to say.
    """
    wanted = set(ids)
    rows: Iterable[Membership]
    if len(wanted) == 1:
        rows = _PRACTITIONER.all(clinic.pk, *wanted)
    else:
        rows = staff_of(clinic).filter(staff__in=wanted)
    found = {row.staff_id: row for row in rows}
    if set(found) != wanted:
        raise NotBookable(field="practitioner")
    return found


def check_licence(kind: VisitType, member: Membership, day: date) -> None:
    """Their role gives such visits; only medical professionals may inject (S3), licensed that day."""
    if member.role not in kind.given_by:
        raise NotBookable(field="practitioner")
    if kind.needs_licence and member.licence_state(day) in {"none", "expired"}:
        raise LicenceExpired(field="practitioner")


def check_not_past(start: datetime, now: datetime) -> None:
    """A visit is booked ahead, or just as the patient stands at the desk."""
    if start < now - LATE_ENTRY:
        raise InThePast(field="start")


def check_hours(
    clinic: Clinic, hours: Hours, visits: Sequence[tuple[UUID, Interval[datetime]]]
) -> None:
    """Every (practitioner, during) lies inside working time. One query. Raises OutsideHours."""
    zone = clinic.zone
    within = Interval(
        min(during.start for _who, during in visits), max(during.end for _who, during in visits)
    )
    absent = away(clinic, within)
    for who, during in visits:
        calendar = ResourceCalendar(who, hours.blocks(who), absent.by_id.get(who, ()))
        day = day_interval(local_date(during.start, zone), zone)
        last = day_interval(local_date(during.end, zone), zone)
        request = SlotRequest(
            within=Interval(day.start, last.end), zone=zone, duration=during.duration
        )
        working = open_intervals(request, calendar)
        if any(one.during.overlaps(during) for one in absent.closures):
            raise OutsideHours(_closed(clinic, absent.closures, during), field="start")
        if not any(stretch.covers(during) for stretch in working):
            raise OutsideHours(_away(clinic, calendar, during), field="start")


def _closed(clinic: Clinic, closures: Sequence[Absence], during: Interval[datetime]) -> str:
    label = next(one.label for one in closures if one.during.overlaps(during))
    day = formats.date_format(clinic.local(during.start), "DATE_FORMAT")
    return _("The clinic is closed on %(day)s: %(label)s.") % {"day": day, "label": label}


def _away(clinic: Clinic, calendar: ResourceCalendar, during: Interval[datetime]) -> str:
    when = formats.date_format(clinic.local(during.start), "SHORT_DATETIME_FORMAT")
    for absence in calendar.absences:
        if subtract([during], [absence.during]) != [during]:
            return _("The practitioner is away (%(label)s) at that time: %(when)s.") % {
                "label": absence.label, "when": when,
            }  # fmt: skip
    return _("%(when)s is outside the practitioner's working hours.") % {"when": when}


# --- The gate ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Judged:
    """What the gate says about visits of one plan: ids of the planned sessions off protocol."""

    off_protocol: frozenset[UUID]
    answers: Mapping[UUID, Readiness]


def booked_days(clinic: Clinic, plan_id: UUID, ignoring: Sequence[UUID] = ()) -> dict[UUID, date]:
    """The local day of each session of the plan that has a visit, by planned session. One query."""
    rows = Appointment.objects.filter(
        plan_id=plan_id, planned_session__isnull=False, status__in=_KEEPS_DAY
    ).exclude(pk__in=list(ignoring))
    return {
        session: local_date(during.lower, clinic.zone)
        for session, during in rows.values_list("planned_session_id", "during")
    }


_KEEPS_DAY = ("pending", "booked", "confirmed", "arrived", "in_session", "done", "on_hold")


def ask_gate(
    sessions: Sequence[PlannedSession],
    days: Mapping[UUID, date],
    others: Mapping[UUID, date],
    who: Mapping[UUID, UUID],
    *,
    exceptions: Exceptions,
    now: datetime,
) -> Judged:
    """Ask about the visits at `days`, with the plan's `others` where they are.

    Raises ScreeningBlocked or OutsideProtocolWindow for a stop that is not set aside. A visit
    booked already that would become too early counts as well: the new one would crowd it.
    """
    after = [one for one in sessions if one.pk in days or one.pk in others]
    answers = readiness_for(
        after, at=Moment.BOOKING, now=now, on={**others, **days}, practitioners=who
    )
    off = set()
    for session in after:
        codes = {reason.code for reason in answers[session.pk].reasons}
        if session.pk in days:
            _raise_stops(session, answers[session.pk], exceptions)
        if _TOO_EARLY in codes and not exceptions.clinical and _concerned(session, days, others):
            raise OutsideProtocolWindow(_too_early(session), field="start")
        if _OFF_PROTOCOL in codes or _TOO_EARLY in codes:
            off.add(session.pk)
    return Judged(frozenset(off), answers)


def _concerned(
    session: PlannedSession, days: Mapping[UUID, date], others: Mapping[UUID, date]
) -> bool:
    """Whether the visit is one of the new ones, or comes next after one of them."""
    if session.pk in days:
        return True
    before = [day for day in days.values() if day <= others[session.pk]]
    return bool(before) and not any(
        max(before) < day < others[session.pk] for day in others.values()
    )


def _raise_stops(session: PlannedSession, answer: Readiness, exceptions: Exceptions) -> None:
    stops = [
        reason
        for reason in answer.reasons
        if reason.weighs is Verdict.STOP and reason.code != _TOO_EARLY
    ]
    standing = [one for one in stops if not (one.overridable and exceptions.clinical)]
    if standing:
        words = " ".join(f"{one.message} {one.what_to_do}".strip() for one in standing)
        raise ScreeningBlocked(
            words,
            [one.code for one in standing],
            overridable=all(one.overridable for one in standing),
        )


def _too_early(session: PlannedSession) -> str:
    if session.gap_min is None:
        return _("Session %(number)s lies before the day on which the course may begin.") % {
            "number": session.number
        }
    gap = {"number": session.number, "gap": session.gap_min, "unit": session.get_gap_unit_display()}
    return (
        _("Session %(number)s must be at least %(gap)s %(unit)s after the session before it.") % gap
    )

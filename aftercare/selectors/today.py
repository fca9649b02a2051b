"""The board of one day: who comes to whom, and who can't go ahead."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, F, Q
from django.utils.translation import gettext as _

from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.common.calendar import day_interval
from patients.selectors import ScreeningStatus, screening_status_for
from scheduling.models import Appointment, WorkingHours
from treatments.domain.readiness import Moment, Readiness, Verdict
from treatments.models import PlannedSession
from treatments.services import readiness_for

Status = Appointment.StatusChoices
_OVER = {Status.DONE, Status.NO_SHOW, Status.CANCELLED}
_COMING = {Status.PENDING, Status.BOOKED, Status.CONFIRMED}
_UNHEARD = {Status.PENDING, Status.CANCELLED}


@dataclass(frozen=True)
class VisitLine:
    """One visit on the board. `state` is a status of the chips of kind "visit"."""

    appointment: Appointment
    note: str
    state: str
    reason: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens."""
        return self.appointment.status in _OVER

    @property
    def is_now(self) -> bool:
        """Whether it is under way."""
        return self.appointment.status == Status.IN_SESSION


@dataclass(frozen=True)
class Column:
    """One practitioner's day. `until` is the local time at which their hours end."""

    member: Membership
    visits: Sequence[VisitLine]
    until: dt.time | None


@dataclass(frozen=True)
class Board:
    """Everybody's day."""

    columns: Sequence[Column]

    @property
    def lines(self) -> list[VisitLine]:
        """All visits."""
        return [line for column in self.columns for line in column.visits]

    @property
    def total(self) -> int:
        """How many visits there are (cancelled ones don't count)."""
        return sum(1 for line in self.lines if line.appointment.status != Status.CANCELLED)

    @property
    def to_come(self) -> int:
        """How many have not begun."""
        return sum(1 for line in self.lines if line.appointment.status in _COMING)

    @property
    def blocked(self) -> list[VisitLine]:
        """Visits that can't go ahead as things stand, or need a practitioner's word first."""
        return [line for line in self.lines if line.state in {"stopped", "review", "screening"}]


def board(clinic: Clinic, day: dt.date, *, now: dt.datetime) -> Board:
    """The board of a local day, with a number of queries that does not grow with the visits."""
    visits = _visits(clinic, day)
    counts = _session_counts(visits)
    ready = _readiness(visits, day, now)
    standing = screening_status_for({v.patient_id for v in visits}, day, clinic=clinic)
    lines: dict[UUID, list[VisitLine]] = {}
    for visit in visits:
        answer = ready.get(visit.planned_session_id) if visit.planned_session_id else None
        line = VisitLine(
            visit,
            _note(visit, counts),
            *_state(visit, answer, standing.get(visit.patient_id)),
        )
        lines.setdefault(visit.practitioner_id, []).append(line)
    ends = _ends(clinic, day)
    members = Membership.objects.for_clinic(clinic).filter(staff__in={*lines, *ends}).with_staff()
    return Board([Column(m, lines.get(m.staff_id, []), ends.get(m.staff_id)) for m in members])


def _visits(clinic: Clinic, day: dt.date) -> list[Appointment]:
    span = day_interval(day, clinic.zone)
    return list(
        Appointment.objects.for_clinic(clinic)
        .filter(during__startswith__gte=span.start, during__startswith__lt=span.end)
        .exclude(status__in=_UNHEARD)
        .select_related("patient", "visit_type", "room", "plan__indication", "planned_session")
        .order_by("during")
    )


def _session_counts(visits: Iterable[Appointment]) -> Mapping[UUID, int]:
    plans = {visit.plan_id for visit in visits if visit.plan_id}
    rows = (
        PlannedSession.objects.filter(plan__in=plans, dropped_at__isnull=True)
        .order_by()
        .values("plan")
        .annotate(n=Count("pk"))
    )
    return {row["plan"]: row["n"] for row in rows} if plans else {}


def _readiness(
    visits: Iterable[Appointment], day: dt.date, now: dt.datetime
) -> Mapping[UUID, Readiness]:
    """The gate's word on every session that has not begun."""
    coming = [
        v
        for v in visits
        if v.planned_session is not None and v.status not in {*_OVER, "in_session"}
    ]
    if not coming:
        return {}
    sessions = [v.planned_session for v in coming if v.planned_session is not None]
    giving = {s.pk: v.practitioner_id for s, v in zip(sessions, coming, strict=True)}
    return readiness_for(sessions, at=Moment.CONFIRMATION, now=now, on=day, practitioners=giving)


def _state(
    visit: Appointment, ready: Readiness | None, standing: ScreeningStatus | None
) -> tuple[str, str]:
    """The chip of a visit, and in words why it can't go ahead.

    What happened already outweighs what the gate says; what the gate says outweighs waiting.
    """
    if visit.status in {Status.DONE, Status.NO_SHOW, Status.IN_SESSION, Status.ON_HOLD}:
        return visit.status, ""
    if ready is not None and ready.verdict is not Verdict.GO:
        reason = next(iter(ready.reasons), None)
        lacking = standing is None or not standing.is_valid
        state = "review" if ready.verdict is Verdict.REVIEW else "stopped"
        return ("screening" if lacking else state), reason.message if reason else ""
    if visit.status == Status.ARRIVED:
        return "arrived", ""
    if visit.status == Status.BOOKED:
        return "unconfirmed", ""
    return "ready", ""


def _note(visit: Appointment, counts: Mapping[UUID, int]) -> str:
    if visit.plan is None or visit.planned_session is None:
        return visit.visit_type.name
    return _("%(what)s · session %(number)s of %(total)s") % {
        "what": visit.plan.indication.name,
        "number": visit.planned_session.number,
        "total": counts.get(visit.plan.pk, visit.planned_session.number),
    }


def _ends(clinic: Clinic, day: dt.date) -> dict[UUID, dt.time]:
    """When each practitioner who works on `day` goes home."""
    rows = (
        WorkingHours.objects.for_clinic(clinic)
        .filter(weekday=day.weekday())
        .filter(Q(valid_from__isnull=True) | Q(valid_from__lte=day))
        .filter(Q(valid_until__isnull=True) | Q(valid_until__gte=day))
        .order_by("ends")
        .values_list(F("practitioner_id"), "ends")
    )
    return dict(rows)

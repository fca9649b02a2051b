"""Single visits, their history, and lists of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import formats
from django.utils.translation import gettext as _

from mesoclinic.clinic.models import Clinic
from mesoclinic.common.intervals import Interval
from patients.models import Patient
from scheduling.domain.status import Status
from scheduling.exceptions import AppointmentNotFound
from scheduling.models import Appointment, AppointmentMove, AppointmentStatusChange
from scheduling.selectors.calendars import range_of
from treatments.models import PlannedSession

_SHOWN = (
    "patient", "practitioner", "room", "device", "visit_type", "plan__indication",
    "planned_session",
)  # fmt: skip


def appointments(clinic: Clinic) -> QuerySet[Appointment]:
    """The clinic's visits with everything that a list shows: patient, plan, session, room."""
    return Appointment.objects.for_clinic(clinic).select_related(*_SHOWN)


def appointments_between(clinic: Clinic, within: Interval[datetime]) -> QuerySet[Appointment]:
    """The visits that touch the time, cancelled ones too, in order of start."""
    return appointments(clinic).filter(during__overlap=range_of(within)).order_by("during", "pk")


def with_session_totals(rows: QuerySet[Appointment]) -> QuerySet[Appointment]:
    """`session_total` on each visit of a plan: how many sessions the plan has. No extra query."""
    totals = (
        PlannedSession.objects.filter(plan=OuterRef("plan"), dropped_at__isnull=True)
        .order_by()
        .values("plan")
        .annotate(total=Count("pk"))
        .values("total")
    )
    return rows.annotate(session_total=Coalesce(Subquery(totals), 0))


def get_appointment(clinic: Clinic, pk: UUID) -> Appointment:
    """One visit of the clinic with all it shows. One query. Raises AppointmentNotFound."""
    found = with_session_totals(appointments(clinic)).filter(pk=pk).first()
    if found is None:
        raise AppointmentNotFound
    found.clinic = clinic
    return found


def check_appointment(clinic: Clinic, pk: UUID) -> None:
    """Raise AppointmentNotFound for a visit of another clinic, before anything else is said."""
    if not Appointment.objects.for_clinic(clinic).filter(pk=pk).exists():
        raise AppointmentNotFound


def visits_of(clinic: Clinic, patient: Patient, limit: int = 60) -> list[Appointment]:
    """A patient's visits, newest first."""
    rows = with_session_totals(appointments(clinic).filter(patient=patient))
    return list(rows.order_by("-during")[:limit])


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One thing that happened to a visit, in words."""

    at: datetime
    title: str
    by: str
    detail: str
    icon: str
    state: str


_LINES: dict[str, tuple[str, str]] = {
    Status.PENDING: ("hourglass-split", "waiting"),
    Status.BOOKED: ("calendar-check", "info"),
    Status.CONFIRMED: ("check2-circle", "ok"),
    Status.ARRIVED: ("door-open", "waiting"),
    Status.IN_SESSION: ("play-fill", "info"),
    Status.DONE: ("check-lg", "neutral"),
    Status.NO_SHOW: ("person-x", "stop"),
    Status.CANCELLED: ("x-circle", "stop"),
    Status.ON_HOLD: ("pause-circle", "warn"),
}


def history(clinic: Clinic, appointment: Appointment) -> list[HistoryLine]:
    """Status changes and moves, newest first. Two queries."""
    labels = dict(Appointment.StatusChoices.choices)
    changes = AppointmentStatusChange.objects.filter(appointment=appointment)
    moves = AppointmentMove.objects.filter(appointment=appointment).select_related(
        "from_practitioner", "to_practitioner"
    )
    lines = [
        HistoryLine(
            change.at, str(labels[change.to_status]), _who(change.by_label), change.reason,
            *_LINES[change.to_status],
        )
        for change in changes
    ]  # fmt: skip
    lines += [_moved(clinic, move) for move in moves]
    return sorted(lines, key=lambda line: line.at, reverse=True)


def _moved(clinic: Clinic, move: AppointmentMove) -> HistoryLine:
    before, after = move.from_during, move.to_during
    if before.lower != after.lower:
        words = _("Moved from %(before)s to %(after)s")
        ends = (_when(clinic, before.lower), _when(clinic, after.lower))
    else:
        words = _("Until %(after)s instead of %(before)s")
        ends = (_clock(clinic, before.upper), _clock(clinic, after.upper))
    if before == after:
        hands = move.from_practitioner_id != move.to_practitioner_id
        words = _("Given to somebody else") if hands else _("Given another room")
    words %= {"before": ends[0], "after": ends[1]}
    detail = move.reason
    if move.from_practitioner_id != move.to_practitioner_id:
        whose = f"{move.from_practitioner} → {move.to_practitioner}"
        detail = f"{whose}. {detail}".strip()
    return HistoryLine(move.at, words, _who(move.by_label), detail, "arrow-left-right", "info")


def _when(clinic: Clinic, moment: datetime) -> str:
    local = clinic.local(moment)
    return (
        f"{formats.date_format(local, 'DATE_FORMAT')}, {formats.time_format(local, 'TIME_FORMAT')}"
    )


def _clock(clinic: Clinic, moment: datetime) -> str:
    return formats.time_format(clinic.local(moment), "TIME_FORMAT")


def _who(label: str) -> str:
    """The label of a patient link carries an id, for the audit; a reader wants to know who."""
    return _("the patient, by link") if label.startswith("link of patient ") else label


def latest_blocking(clinic: Clinic, sessions: list[UUID]) -> dict[UUID, Appointment]:
    """The standing visit of each planned session, by planned session id. One query."""
    rows = Appointment.objects.for_clinic(clinic).filter(
        ~Q(status__in=[Status.CANCELLED.value, Status.NO_SHOW.value]),
        planned_session__in=sessions,
    )
    return {row.planned_session_id: row for row in rows if row.planned_session_id}

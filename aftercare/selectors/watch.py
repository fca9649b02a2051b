"""What the hourly round of a clinic looks for; a fixed number of queries each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, F, Max, OuterRef, Q, Subquery

from aftercare.models import CheckIn, Message, MessageTemplate, StaffTask
from mesoclinic.clinic.models import Clinic
from patients.selectors import screening_status_for
from scheduling.models import Appointment
from treatments.models import (
    STANDS_IN_RECALL,
    LotRecall,
    RecallContact,
    SessionRecord,
    TreatmentPlan,
)
from treatments.selectors.stock import LotLine, stock_lines
from treatments.selectors.windows import sessions_of, windows_among

_VISIT_AHEAD = dt.timedelta(days=5)
_SILENT_BACK = dt.timedelta(days=30)
_PATIENCE = dt.timedelta(hours=24)
_WEEK = dt.timedelta(days=7)
# A course whose window closed longer ago has been given up, not forgotten.
_GIVEN_UP = dt.timedelta(days=60)
_STOCK_SOON = dt.timedelta(days=30)
_COMING = ["pending", "booked", "confirmed", "arrived", "in_session", "on_hold"]


def sessions_without_answer(
    clinic: Clinic, invitations: int, *, now: dt.datetime
) -> list[SessionRecord]:
    """The last session of each patient with that many check-ins sent since the patient's last
    answer, the latest a day ago.

    Whoever is to be called, or was called about it within a month, is not found again.
    """
    keys = MessageTemplate.objects.for_clinic(clinic).filter(body__contains="checkin_link")
    # A word about any session is a word.
    last = CheckIn.objects.filter(patient=OuterRef("patient_id")).order_by("-answered_at")
    silent = (
        Message.objects.for_clinic(clinic)
        .filter(
            subject_type="session", state__in=["sent", "delivered"], sent_at__gt=now - _SILENT_BACK
        )
        .filter(template_key__in=keys.values("key"))
        .annotate(last=Subquery(last.values("answered_at")[:1]))
        .filter(Q(last=None) | Q(sent_at__gt=Subquery(last.values("answered_at")[:1])))
        .order_by()
        .values("subject_id")
        .annotate(n=Count("pk"), newest=Max("sent_at"))
        .filter(n__gte=invitations, newest__lte=now - _PATIENCE)
    )
    rows = SessionRecord.objects.for_clinic(clinic).filter(
        pk__in=[row["subject_id"] for row in silent]
    )
    called = _called(clinic, now)
    latest: dict[UUID, SessionRecord] = {}
    for session in rows.order_by("signed_at"):
        until = called.get(session.patient_id)
        if until is None or (session.signed_at is not None and session.signed_at > until):
            latest[session.patient_id] = session
    return list(latest.values())


def _called(clinic: Clinic, now: dt.datetime) -> dict[UUID, dt.datetime]:
    """Up to when signed sessions are spoken for by a call: one to come speaks for all, one that
    was made for the session it was about and those before."""
    calls = StaffTask.objects.for_clinic(clinic).filter(kind=StaffTask.Kind.CHECKIN_SILENT)
    rows = calls.filter(Q(done_at=None) | Q(created_at__gt=now - _SILENT_BACK))
    about = SessionRecord.objects.filter(pk=OuterRef("subject_id"))
    found: dict[UUID, dt.datetime] = {}
    for patient, done_at, signed_at in rows.values_list(
        "patient_id", "done_at", Subquery(about.values("signed_at")[:1])
    ):
        until = now if done_at is None else signed_at
        if patient is not None and until is not None:
            found[patient] = max(found.get(patient, until), until)
    return found


def visits_without_screening(clinic: Clinic, *, now: dt.datetime) -> list[Appointment]:
    """The first session in the next five days of each patient without a valid screening."""
    rows = (
        Appointment.objects.for_clinic(clinic)
        .filter(during__startswith__gt=now, during__startswith__lt=now + _VISIT_AHEAD)
        .filter(status__in=["booked", "confirmed"], planned_session__isnull=False)
        .order_by("during")
    )
    first: dict[object, Appointment] = {}
    for visit in rows:
        first.setdefault(visit.patient_id, visit)
    standing = screening_status_for(
        [visit.patient_id for visit in first.values()], clinic.today(now), clinic=clinic
    )
    return [visit for visit in first.values() if not standing[visit.patient_id].is_valid]


@dataclass(frozen=True)
class Drift:
    """A course whose next session is not booked and whose window ends soon, or has ended."""

    plan: TreatmentPlan
    number: int
    ends_on: dt.date


def courses_drifting(clinic: Clinic, *, now: dt.datetime) -> list[Drift]:
    """Courses under way that leave their window within a week, soonest first."""
    today = clinic.today(now)
    plans = list(
        TreatmentPlan.objects.for_clinic(clinic).filter(status="active", patient__erased_at=None)
    )
    sessions = sessions_of([plan.pk for plan in plans])
    booked = set(
        Appointment.objects.for_clinic(clinic)
        .filter(status__in=_COMING, planned_session__plan__in=[plan.pk for plan in plans])
        .values_list("planned_session_id", flat=True)
    )
    found = []
    for plan in plans:
        window = next(iter(windows_among(plan, sessions.get(plan.pk, []), today)), None)
        if window is None or not window.after_actual or window.session.pk in booked:
            continue
        ends = window.window.latest
        if ends is not None and today - _GIVEN_UP <= ends <= today + _WEEK:
            found.append(Drift(plan, window.session.number, ends))
    return sorted(found, key=lambda one: one.ends_on)


def recalls_unreached(clinic: Clinic) -> list[tuple[LotRecall, int, int]]:
    """Recalls of which not everybody is known to have been reached: how many are, of how many.

    Not one that a person has finished with a word since its last patient joined it: some can't be
    reached. Who died or was erased meanwhile is waited for no more.
    """
    calls = StaffTask.objects.for_clinic(clinic).filter(kind=StaffTask.Kind.RECALL)
    ended = calls.filter(done_at__isnull=False).order_by().values_list("subject_id")
    given_up = dict(ended.annotate(at=Max("done_at")))
    rows = RecallContact.objects.for_clinic(clinic).filter(STANDS_IN_RECALL).order_by()
    counted = rows.values("recall").annotate(
        n=Count("pk"), reached=Count("reached_at"), joined=Max("created_at")
    )
    left = {
        row["recall"]: row
        for row in counted.filter(reached__lt=F("n"))
        if row["recall"] not in given_up or given_up[row["recall"]] < row["joined"]
    }
    recalls = LotRecall.objects.select_related("lot__product").in_bulk(left)
    return [(recall, left[pk]["reached"], left[pk]["n"]) for pk, recall in recalls.items()]


def reached_of(recall: LotRecall) -> tuple[int, int]:
    """How many patients of a recall are known to know, and of how many (one query)."""
    counted = recall.contacts.filter(STANDS_IN_RECALL).aggregate(
        n=Count("pk"), reached=Count("reached_at")
    )
    return counted["reached"], counted["n"]


def lots_to_see_to(clinic: Clinic, now: dt.datetime) -> Iterator[LotLine]:
    """Lots on the shelf out of date or nearly, and the last of a product when it is nearly used."""
    today, lines = clinic.today(now), stock_lines(clinic, now)
    for line in lines:
        soon = line.state == "soon" and line.lot.expires_on - today <= _STOCK_SOON
        low = line.state == "low" and _is_last(line, lines)
        if line.state == "expired" or soon or low:
            yield line


def _is_last(line: LotLine, lines: Sequence[LotLine]) -> bool:
    return not any(
        other.lot.product_id == line.lot.product_id and other.state in {"ok", "soon"}
        for other in lines
    )

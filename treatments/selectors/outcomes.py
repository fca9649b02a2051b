"""Results: one session's judgements with its photographs, and each indication over time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Avg, Count, F, Q, QuerySet
from django.db.models.functions import TruncMonth

from mesoclinic.clinic.models import Clinic
from patients.models import PatientFile
from patients.selectors.files import photographs_of
from treatments.models import OutcomeReview, SessionRecord

Rater = OutcomeReview.Rater


@dataclass(frozen=True)
class Month:
    """The judgements of one month: means (GAIS 1 best to 5; satisfaction 0 to 10) and how many."""

    month: dt.date
    practitioner: float | None
    patient: float | None
    satisfaction: float | None
    count: int


@dataclass(frozen=True)
class IndicationResult:
    """One indication: its months in order, and the whole period."""

    name: str
    months: tuple[Month, ...]
    practitioner: float | None
    patient: float | None
    satisfaction: float | None
    count: int
    improved: int


def results(clinic: Clinic, since: dt.date, until: dt.date) -> list[IndicationResult]:
    """Every indication with judgements in the period, the most judged first (two queries)."""
    rows = OutcomeReview.objects.for_clinic(clinic).filter(reviewed_on__range=(since, until))
    named = rows.order_by().annotate(name=F("session__planned_session__plan__indication__name"))
    months: dict[str, list[Month]] = {}
    by_month = named.annotate(month=TruncMonth("reviewed_on")).values("name", "month")
    for row in _with_means(by_month).order_by("name", "month"):
        months.setdefault(row["name"], []).append(
            Month(row["month"], row["by_practitioner"], row["by_patient"], row["liking"], row["n"])
        )
    improved = Count("pk", filter=Q(gais__lte=OutcomeReview.Gais.IMPROVED))
    by_name = named.values("name").annotate(improved=improved)
    whole = _with_means(by_name).order_by("-n", "name")
    return [
        IndicationResult(
            name=row["name"],
            months=tuple(months.get(row["name"], ())),
            practitioner=row["by_practitioner"],
            patient=row["by_patient"],
            satisfaction=row["liking"],
            count=row["n"],
            improved=round(100 * row["improved"] / row["n"]),
        )
        for row in whole
    ]


def _with_means(rows: QuerySet[Any, Any]) -> QuerySet[Any, dict[str, Any]]:
    """Groups with the means of their judgements and how many there are."""
    found: QuerySet[Any, dict[str, Any]] = rows.annotate(
        by_practitioner=Avg("gais", filter=Q(rater=Rater.PRACTITIONER)),
        by_patient=Avg("gais", filter=Q(rater=Rater.PATIENT)),
        liking=Avg("satisfaction"),
        n=Count("pk"),
    )
    return found


def before_and_after(record: SessionRecord) -> list[tuple[PatientFile, PatientFile]]:
    """For each area and view: the oldest photograph of the course, and the newest (two queries)."""
    first = (
        SessionRecord.objects.filter(
            planned_session__plan_id=record.planned_session.plan_id, signed_at__isnull=False
        )
        .order_by("performed_on")
        .values_list("started_at", flat=True)
        .first()
    )
    start = (first or record.started_at) - dt.timedelta(days=60)
    groups: dict[tuple[str, str], list[PatientFile]] = {}
    for file in photographs_of(record.patient):
        if file.taken_at >= start:
            groups.setdefault((file.area, file.view), []).append(file)
    return [(files[-1], files[0]) for files in groups.values() if len(files) > 1]


def reviews_of_plan(plan_id: UUID) -> list[OutcomeReview]:
    """All judgements of a course, newest first (one query)."""
    rows = OutcomeReview.objects.filter(session__planned_session__plan_id=plan_id)
    return list(rows.select_related("session__planned_session"))


def curve(months: Iterable[Month], name: str, best: float, worst: float) -> str:
    """SVG points of one series over its months, in a box of 100 by 40; `best` lies on top.

    A single month is a short dash in the middle.
    """
    values: list[Mapping[str, float | None]] = [{"value": getattr(one, name)} for one in months]
    spots = [
        (place, value) for place, one in enumerate(values) if (value := one["value"]) is not None
    ]
    across = max(len(values) - 1, 1)
    points = [
        (4 + 92 * place / across, 4 + 32 * (float(value) - best) / (worst - best))
        for place, value in spots
    ]
    if len(points) == 1:
        x, y = points[0] if len(values) > 1 else (50.0, points[0][1])
        points = [(max(x - 4, 0), y), (min(x + 4, 100), y)]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)

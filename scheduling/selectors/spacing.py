"""The sessions of a person in all of their courses, as the rule of least gaps takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.clinic.models import Clinic
from mesoclinic.statements import Statement
from scheduling.domain.courses import CourseRequest, DayRange
from scheduling.domain.spacing import Injection, Spaced, Spacing, TooClose, Treated
from scheduling.models import BookingRules
from treatments.domain.protocol import Gap, GapUnit
from treatments.models import PlannedSession, TargetArea, TreatmentPlan
from treatments.selectors.windows import gap_of, sessions_of

# Visits that keep their day (as within a course), and records of sessions, with or without a
# visit. The first session of a plan has no gap of its own: against other courses the next one's
# holds. A hold outside a plan (of the waiting list) is for a session that is counted elsewhere.
_INJECTIONS = Statement("""
SELECT v.patient, v.plan, v.day, g.gap_min, g.gap_ideal, g.gap_max, g.gap_unit
FROM (
    SELECT a.patient_id AS patient, a.plan_id AS plan, a.planned_session_id AS session,
           (lower(a.during) AT TIME ZONE %(zone)s::text)::date AS day
    FROM scheduling_appointment a JOIN scheduling_visittype k ON k.id = a.visit_type_id
    WHERE a.clinic_id = %(clinic)s AND a.patient_id = ANY (%(patients)s::uuid[])
      AND a.id <> ALL (%(ignoring)s::uuid[])
      AND a.status NOT IN ('cancelled', 'no_show')
      AND NOT (a.status = 'pending' AND a.held_until <= %(now)s)
      AND (a.planned_session_id IS NOT NULL OR (k.kind = 'session' AND a.status <> 'pending'))
      AND NOT EXISTS (
          SELECT FROM treatments_sessionrecord r WHERE r.planned_session_id = a.planned_session_id
      )
    UNION ALL
    SELECT r.patient_id, p.plan_id, p.id, r.performed_on
    FROM treatments_sessionrecord r JOIN treatments_plannedsession p ON p.id = r.planned_session_id
    WHERE r.clinic_id = %(clinic)s AND r.patient_id = ANY (%(patients)s::uuid[])
) v
LEFT JOIN treatments_plannedsession s ON s.id = v.session
LEFT JOIN LATERAL (
    SELECT n.gap_min, n.gap_ideal, n.gap_max, n.gap_unit FROM treatments_plannedsession n
    WHERE n.plan_id = v.plan AND n.number >= s.number AND n.gap_min IS NOT NULL
      AND (n.dropped_at IS NULL OR n.id = s.id)
    ORDER BY n.number LIMIT 1
) g ON TRUE
ORDER BY v.day
""")


@dataclass(frozen=True, slots=True)
class Spacings:
    """What each person's sessions have to keep clear of, read once for all of them."""

    injections: dict[UUID, list[Injection]]
    areas: Mapping[UUID, frozenset[UUID]]
    least_days: int

    def of(self, patient_id: UUID, plan_id: UUID | None) -> Spacing:
        """The sessions of the person's other courses; for a visit outside plans all of them."""
        others = tuple(
            one
            for one in self.injections.get(patient_id, ())
            if plan_id is None or one.plan_id != plan_id
        )
        return Spacing(others, self.least_days if others else 0)

    def add(self, patient_id: UUID, one: Injection) -> None:
        """What was just proposed to a person counts for their other courses."""
        self.injections.setdefault(patient_id, []).append(one)

    def treated(self, sessions: Sequence[PlannedSession]) -> dict[int, Treated]:
        """What each session of one plan treats, by its number; `sessions` are all, in order."""
        gap: Gap | None = None
        found: dict[int, Treated] = {}
        for session in reversed(sessions):
            gap = gap_of(session) or gap
            found[session.number] = Treated(self.areas.get(session.plan_id, frozenset()), gap)
        return found


def spacings(
    clinic: Clinic,
    patients: Iterable[UUID],
    plans: Iterable[UUID],
    now: datetime,
    ignoring: Sequence[UUID] = (),
) -> Spacings:
    """The sessions of the patients, and what is needed to weigh those of `plans` against them.

    `ignoring` are visits that are about to move. One query for whoever has only one course, four
    at most for everybody.
    """
    wanted = set(plans)
    rows = _INJECTIONS.rows(
        clinic=clinic.pk, zone=clinic.time_zone, patients=list(set(patients)), now=now,
        ignoring=list(ignoring),
    )  # fmt: skip
    if all(plan in wanted for _who, plan, *_rest in rows) and len(wanted) < 2:
        return Spacings({}, {}, 0)
    areas = _areas(clinic, wanted | {plan for _who, plan, *_rest in rows if plan is not None})
    found: dict[UUID, list[Injection]] = {}
    for who, plan, day, *gap in rows:
        treated = Treated(areas.get(plan, frozenset()), _gap(*gap))
        found.setdefault(who, []).append(Injection(day, treated, plan))
    rules = BookingRules.objects.for_clinic(clinic).first()
    return Spacings(found, areas, rules.person_gap_days if rules else 0)


def closed_days(
    clinic: Clinic, session: PlannedSession, now: datetime, ignoring: Sequence[UUID] = ()
) -> tuple[DayRange, ...]:
    """The days on which a session would be too near to another course. Five queries at most."""
    plan, patient = session.plan_id, session.patient_id
    found = spacings(clinic, [patient], [plan], now, ignoring)
    if not found.injections:
        return ()
    treated = found.treated(sessions_of([plan]).get(plan, []))
    return found.of(patient, plan).closed(treated.get(session.number, Treated()))


def spaced(
    request: CourseRequest, spacing: Spacing, treated: Mapping[int, Treated]
) -> CourseRequest:
    """The request without the days that are too near to other courses, and with that reason."""
    if not spacing.others:
        return request
    closed = {number: spacing.closed(one) for number, one in treated.items()}
    known = request.obstacles
    why = known if callable(known) else lambda _first, _last: known
    source = Spaced(request.candidates, why, closed, request.zone)
    others = Spaced(request.alternatives, why, closed, request.zone)
    return replace(request, candidates=source, obstacles=source.obstacles, alternatives=others)


def words(clash: TooClose, least_days: int) -> str:
    """Which other session is too near, by which rule, and when there is room again."""
    values = {
        "day": formats.date_format(clash.other.day, "DATE_FORMAT"),
        "next": formats.date_format(clash.next_day, "DATE_FORMAT"),
        "n": least_days,
    }
    if clash.same_area:
        return (
            _(
                "This is too near to a session of another course for the same area, on %(day)s. "
                "Possible again from %(next)s."
            )
            % values
        )
    return ngettext(
        "This is too near to a session of another course, on %(day)s: sessions of one person are "
        "at least %(n)s day apart. Possible again from %(next)s.",
        "This is too near to a session of another course, on %(day)s: sessions of one person are "
        "at least %(n)s days apart. Possible again from %(next)s.",
        least_days,
    ) % values  # fmt: skip


def _gap(least: int | None, ideal: int, most: int, unit: str) -> Gap | None:
    return None if least is None else Gap(least, ideal, most, GapUnit(unit))


def _areas(clinic: Clinic, plans: set[UUID]) -> dict[UUID, frozenset[UUID]]:
    """The areas of each plan with all parts of each, so that an area meets the whole it is of."""
    parts: dict[UUID, set[UUID]] = {}
    for area, whole in TargetArea.objects.for_clinic(clinic).values_list("pk", "parent_id"):
        if whole is not None:
            parts.setdefault(whole, set()).add(area)
    rows = TreatmentPlan.areas.through.objects.filter(treatmentplan__in=plans)
    found: dict[UUID, set[UUID]] = {}
    for plan, area in rows.values_list("treatmentplan_id", "targetarea_id"):
        found.setdefault(plan, set()).update(_with_parts(area, parts))
    return {plan: frozenset(areas) for plan, areas in found.items()}


def _with_parts(area: UUID, parts: Mapping[UUID, set[UUID]]) -> set[UUID]:
    found: set[UUID] = set()
    left = [area]
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left += parts.get(one, ())
    return found

"""What the booking page shows: whom, for what, with whom, and when there is time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.common.calendar import add_days, day_interval, local_date
from mesoclinic.common.intervals import Interval
from patients.models import Patient
from scheduling.domain.courses import DayRange
from scheduling.domain.slots import Pick, Slot, free_slots
from scheduling.domain.spacing import is_in
from scheduling.models import VisitType
from scheduling.selectors.appointments import latest_blocking
from scheduling.selectors.calendars import Search, load_resources
from scheduling.selectors.courses import staffing, with_licences
from treatments.models import PlannedSession, TreatmentPlan
from treatments.selectors.windows import PlanWindow, has_record, sessions_of, windows_among

STRIP_DAYS = 7


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody has chosen so far; a day that is not `exact` gives way to the first free one.

    `closed` days are too near to another course: never the first free one, never a patient's choice.
    """

    kind: VisitType
    practitioner_id: UUID | None
    day: date
    patient_id: UUID | None = None
    ignoring: tuple[UUID, ...] = ()
    exact: bool = True
    closed: tuple[DayRange, ...] = ()


@dataclass(frozen=True, slots=True)
class StripDay:
    """A day of the strip with the number of free starts."""

    day: date
    free: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A free time to choose: its start (UTC), with whom, and where it lies in the day."""

    slot: Slot
    member: Membership
    local: datetime

    @property
    def value(self) -> str:
        """What the form sends back."""
        return f"{self.slot.start.isoformat()}|{self.slot.practitioner_id}"


@dataclass(frozen=True, slots=True)
class FreeTimes:
    """A week of days, and the free times of the chosen one."""

    strip: tuple[StripDay, ...]
    offers: tuple[Offer, ...]
    members: tuple[Membership, ...]
    day: date
    unlicensed: tuple[Membership, ...] = ()

    @property
    def parts(self) -> list[tuple[str, list[Offer]]]:
        """The offers by part of the day: morning, afternoon, evening."""
        parts: dict[str, list[Offer]] = {"morning": [], "afternoon": [], "evening": []}
        for offer in self.offers:
            hour = offer.local.hour
            name = "morning" if hour < 12 else "afternoon" if hour < 17 else "evening"
            parts[name].append(offer)
        return [(name, offers) for name, offers in parts.items() if offers]


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session of a plan that has no visit yet, with its window."""

    session: PlannedSession
    plan: TreatmentPlan
    window: PlanWindow | None
    total: int


def free_times(clinic: Clinic, choice: Choice, now: datetime) -> FreeTimes:
    """The week that begins at the chosen day, and that day's free times. Seven queries."""
    today = clinic.today(now)
    staff = staffing(clinic, choice.kind, today)
    members = {one.staff_id: one for one in staff.able}
    wanted = [choice.practitioner_id] if choice.practitioner_id in members else list(members)
    zone = clinic.zone
    first = max(choice.day, today)
    within = Interval(
        day_interval(first, zone).start, day_interval(add_days(first, STRIP_DAYS - 1), zone).end
    )
    search = Search(
        clinic=clinic,
        visit_type=choice.kind,
        practitioners=tuple(who for who in wanted if who is not None),
        within=within,
        now=now,
        patient_id=choice.patient_id,
        ignoring=choice.ignoring,
    )
    resources = with_licences(clinic, choice.kind, members, load_resources(search))
    found: dict[date, list[Slot]] = {}
    for slot in free_slots(search.request, resources, Pick.EACH_START):
        day = local_date(slot.start, zone)
        found.setdefault(day, []).append(slot)
    open_days = [day for day in found if not is_in(choice.closed, day)]
    chosen = first if choice.exact else min(open_days, default=first)
    strip = [add_days(first, n) for n in range(STRIP_DAYS)]
    return FreeTimes(
        strip=tuple(StripDay(day, len(found.get(day, ()))) for day in strip),
        offers=tuple(
            Offer(slot, members[slot.practitioner_id], slot.start.astimezone(zone))
            for slot in found.get(chosen, ())
        ),
        members=staff.able,
        day=chosen,
        unlicensed=staff.unlicensed,
    )


def open_sessions_of(clinic: Clinic, patient: Patient, now: datetime) -> list[OpenSession]:
    """The next session without a visit of each running plan, with its window. Three queries."""
    plans = {
        plan.pk: plan
        for plan in TreatmentPlan.objects.for_clinic(clinic)
        .filter(patient=patient, status__in=_RUNNING)
        .select_related("indication")
    }
    by_plan = sessions_of(plans)
    visits = latest_blocking(clinic, [one.pk for rows in by_plan.values() for one in rows])
    found = []
    for pk, rows in by_plan.items():
        days = {one: local_date(v.during.lower, clinic.zone) for one, v in visits.items()}
        windows = {w.session.pk: w for w in windows_among(plans[pk], rows, clinic.today(now), days)}
        found += [
            OpenSession(one, plans[pk], windows.get(one.pk), len(rows))
            for one in rows
            if one.pk not in visits and not has_record(one)
        ][:1]
    return found


_RUNNING = [TreatmentPlan.Status.ACTIVE.value, TreatmentPlan.Status.DRAFT.value]


def visit_types(clinic: Clinic) -> list[VisitType]:
    """What can be booked, in order of name."""
    return list(VisitType.objects.for_clinic(clinic).filter(is_active=True).order_by("name"))

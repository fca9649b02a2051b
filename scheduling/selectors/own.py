"""What a patient sees of their own visits by link, and the times to which they may move one.

A time is offered where the visit type's notice and horizon, the practitioner's hours and everybody
else's visits leave it free, and where the session's own window holds it. What the move does to
later sessions is asked of `effect_of_move`, and a time that pushes one out of its window is refused.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from mesoclinic.clinic.models import Clinic
from mesoclinic.common.calendar import add_days, day_interval, local_date
from mesoclinic.common.intervals import Interval
from patients.models import Patient
from scheduling.domain.slots import Pick, Slot, free_slots
from scheduling.domain.spacing import is_in
from scheduling.domain.status import Status
from scheduling.exceptions import AppointmentNotFound
from scheduling.models import Appointment, OnlineRules
from scheduling.selectors.appointments import appointments, latest_blocking
from scheduling.selectors.booking import STRIP_DAYS, Choice, FreeTimes, Offer, StripDay
from scheduling.selectors.calendars import Search, load_resources
from scheduling.selectors.courses import members_for, with_licences
from scheduling.selectors.spacing import closed_days
from treatments.domain.protocol import Verdict, Window
from treatments.selectors.windows import sessions_of, windows_among

_CHANGEABLE = frozenset({Status.BOOKED.value, Status.CONFIRMED.value})


def online_rules(clinic: Clinic) -> OnlineRules:
    """What the clinic lets patients do by themselves; the defaults where nobody has said."""
    return OnlineRules.objects.for_clinic(clinic).first() or OnlineRules(clinic=clinic)


def own_visits(clinic: Clinic, patient: Patient, now: datetime) -> list[Appointment]:
    """The patient's visits to come, in order. One query."""
    rows = appointments(clinic).filter(
        patient=patient, status__in=sorted(_CHANGEABLE), during__startswith__gt=now
    )
    return list(rows.order_by("during"))


def own_visit(clinic: Clinic, patient: Patient, pk: UUID) -> Appointment:
    """One visit of the patient, whatever its state. Raises AppointmentNotFound."""
    found = appointments(clinic).filter(patient=patient, pk=pk).first()
    if found is None:
        raise AppointmentNotFound
    found.clinic = clinic
    found.patient = patient
    return found


def may_change(visit: Appointment, rules: OnlineRules, now: datetime) -> bool:
    """Whether it can be moved or cancelled by link at this moment."""
    limit = timedelta(hours=rules.change_limit_hours)
    return visit.status in _CHANGEABLE and visit.during.lower - now >= limit


def window_of(clinic: Clinic, visit: Appointment, now: datetime) -> Window | None:
    """The local days on which the visit's session may lie; None where it belongs to no course."""
    if visit.plan is None or visit.planned_session is None:
        return None
    sessions = sessions_of([visit.plan.pk]).get(visit.plan.pk, [])
    visits = latest_blocking(clinic, [one.pk for one in sessions])
    days = {pk: local_date(one.during.lower, clinic.zone) for pk, one in visits.items()}
    windows = windows_among(visit.plan, sessions, clinic.today(now), days)
    return next((w.window for w in windows if w.session.pk == visit.planned_session_id), None)


def safe_times(clinic: Clinic, visit: Appointment, day: date, now: datetime) -> FreeTimes:
    """A week from `day` on with the times to which the patient may move the visit."""
    session = visit.planned_session
    closed = closed_days(clinic, session, now, (visit.pk,)) if session else ()
    choice = Choice(
        visit.visit_type, visit.practitioner_id, day, visit.patient_id, (visit.pk,), closed=closed
    )
    return patient_times(clinic, choice, now, window_of(clinic, visit, now))


def patient_times(
    clinic: Clinic, choice: Choice, now: datetime, window: Window | None = None
) -> FreeTimes:
    """Times that a patient may choose: a week from the day on, and those of the first day with any.

    The week begins in the `window` where there is one. Seven queries, however many.
    """
    today = clinic.today(now)
    members = {one.staff_id: one for one in members_for(clinic, choice.kind, today)}
    asked = (choice.practitioner_id,) if choice.practitioner_id else tuple(members)
    wanted = tuple(who for who in asked if who in members)
    first = _first_day(max(choice.day, today), window)
    zone = clinic.zone
    last = add_days(first, STRIP_DAYS - 1)
    search = Search(
        clinic=clinic, visit_type=choice.kind, practitioners=wanted,
        within=Interval(day_interval(first, zone).start, day_interval(last, zone).end),
        now=now, patient_id=choice.patient_id, ignoring=choice.ignoring,
        by_patient=True,
    )  # fmt: skip
    resources = with_licences(clinic, choice.kind, members, load_resources(search))
    found: dict[date, list[Slot]] = {}
    for slot in free_slots(search.request, resources, Pick.EACH_START):
        local = local_date(slot.start, zone)
        inside = window is None or window.verdict(local) is Verdict.INSIDE
        if inside and not is_in(choice.closed, local):
            found.setdefault(local, []).append(slot)
    chosen = choice.day if choice.day in found else min(found, default=first)
    strip = [add_days(first, n) for n in range(STRIP_DAYS)]
    return FreeTimes(
        strip=tuple(StripDay(one, len(found.get(one, ()))) for one in strip),
        offers=tuple(
            Offer(slot, members[slot.practitioner_id], slot.start.astimezone(zone))
            for slot in found.get(chosen, ())
        ),
        members=tuple(members.values()),
        day=chosen,
    )


def _first_day(day: date, window: Window | None) -> date:
    if window is None:
        return day
    return max(window.earliest, min(day, window.latest))

"""Finding and re-finding time in a clinic of 20 practitioners, as it fills up.

Measured in this process, without the web: the floor of each is the bare SQL that reads the hours
and what is taken of everybody who comes into question. The exponent says how time grows with the
number of visits stored: 0 not at all, 1 in proportion.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from psycopg2.extras import DateTimeTZRange

from mesoclinic.common.calendar import day_interval
from mesoclinic.common.intervals import Interval
from scheduling import services
from scheduling.domain.slots import Pick
from scheduling.models import Appointment, TimeOff
from scheduling.selectors import courses
from scheduling.selectors.absences import propose_absence
from scheduling.selectors.calendars import Search
from scheduling.selectors.courses import Wishes
from scheduling.selectors.moves import Place, effect_of_move
from scheduling.selectors.slots import free_slots
from tests.benchmarks.harness import Bench, Figure
from tests.benchmarks.stories import SESSIONS, actor_of
from tests.benchmarks.timing import Timing, measure
from tests.benchmarks.ward import AHEAD, BACK, Ward, build

_FLOOR = """
SELECT a.practitioner_id, range_agg(a.occupies) FROM scheduling_appointment a
WHERE a.practitioner_id = ANY (%(who)s::uuid[]) AND a.occupies && tstzrange(%(start)s, %(end)s)
  AND a.status IN ('pending', 'booked', 'confirmed', 'arrived', 'in_session', 'done', 'on_hold')
GROUP BY 1
"""
_QUICK = 3
ABSENT, _FEW = 60, 8


def all_of_it(bench: Bench) -> Sequence[Figure]:
    """Every row at 20,000 visits to come, and how three of them grow up to 100,000 in all."""
    quick = bench.plan.repeat <= _QUICK
    sizes = (200, 2_000, 4_000) if quick else (1_000, 20_000, 100_000)
    ward = build(timezone.now())
    ward.fill(sizes[0], range(AHEAD))
    small = {name: _time(bench, act)[0].median for name, act in _growing(ward).items()}
    ward.fill(sizes[1], range(AHEAD))
    figures = [*_slots(bench, ward), _course(bench, ward)]
    ward.fill(sizes[2], range(-BACK, 0))
    large = {name: _time(bench, act)[0].median for name, act in _growing(ward).items()}
    figures += [_move(bench, ward), _absence(bench, ward)]
    growth = math.log(sizes[2] / sizes[0])
    figures += [
        Figure(
            f"growth-{name}", max(math.log(large[name] / small[name]) / growth, 0.0),
            note=f"{small[name]:.1f} ms to {large[name]:.1f} ms",
        )
        for name in small
    ]  # fmt: skip
    return figures


def _time(bench: Bench, act: Callable[[], object]) -> tuple[Timing, int]:
    with CaptureQueriesContext(connection) as queries:
        act()
    if bench.plan.repeat <= _QUICK:
        return measure(lambda _number: act(), repeat=1, warm_up=0), len(queries)
    repeat = max(_QUICK, bench.plan.repeat // 5)
    return measure(lambda _number: act(), repeat=repeat, warm_up=2), len(queries)


def _figure(bench: Bench, ward: Ward, key: str, act: Callable[[], object], weeks: int) -> Figure:
    timing, queries = _time(bench, act)
    start = day_interval(ward.monday, ward.house.clinic.zone).start
    values = {
        "who": [str(one) for one in (ward.everybody if key != "slots-12-weeks" else ward.everybody[:1])],
        "start": start, "end": start + dt.timedelta(weeks=weeks),
    }  # fmt: skip
    return Figure(key, timing.median, timing.p95, queries, bench.bare(_FLOOR, values))


def _search(ward: Ward, who: tuple[object, ...], weeks: int) -> Search:
    start = day_interval(ward.monday, ward.house.clinic.zone).start
    return Search(
        clinic=ward.house.clinic, visit_type=ward.house.visit_type, practitioners=who,  # type: ignore[arg-type]
        within=Interval(start, start + dt.timedelta(weeks=weeks)), now=ward.now,
    )  # fmt: skip


def _slots(bench: Bench, ward: Ward) -> list[Figure]:
    one = _search(ward, ward.everybody[:1], 12)
    taken = Appointment.objects.filter(
        practitioner=ward.everybody[0], during__startswith__lt=one.within.end,
        during__startswith__gte=one.within.start,
    ).count()  # fmt: skip
    assert len(free_slots(one)) == 12 * 80 - taken, "every free time is offered, and no other"
    any_ = _search(ward, ward.everybody, 1)
    assert free_slots(any_, Pick.EACH_START), "somebody is free"
    return [
        _figure(bench, ward, "slots-12-weeks", lambda: free_slots(one), 12),
        _figure(bench, ward, "slots-any", lambda: free_slots(any_, Pick.EACH_START), 1),
    ]


def _planned(ward: Ward) -> courses.Planned:
    clinic = ward.house.clinic
    course = courses.course_of(clinic, ward.plan)
    kind = courses.session_type(clinic, ward.plan)
    return courses.propose(clinic, course, kind, Wishes(), ward.now)


def _course(bench: Bench, ward: Ward) -> Figure:
    assert len(_planned(ward).result.best.visits) == SESSIONS
    return _figure(bench, ward, "course-20k", lambda: _planned(ward), AHEAD)


def _move(bench: Bench, ward: Ward) -> Figure:
    """The booked course's third session moves by a day: the effect on the nine after it."""
    visit = _booked(ward)[2]
    place = Place(visit.during.lower + dt.timedelta(days=3))

    def act() -> object:
        return effect_of_move(ward.house.clinic, visit, place, ward.now)

    return _figure(bench, ward, "move-cascade", act, AHEAD)


def _booked(ward: Ward) -> list[Appointment]:
    clinic = ward.house.clinic
    planned = _planned(ward)
    sessions = {one.number: one for one in planned.course.to_place}
    return services.book_course(
        clinic=clinic, actor=actor_of(ward.house.desk), now=ward.now,
        course=services.CourseBooking(
            plan_id=ward.plan.pk, visit_type_id=courses.session_type(clinic, ward.plan).pk,
            visits=tuple(
                services.CourseVisit(sessions[v.number].pk, v.slot.practitioner_id, v.slot.start)
                for v in planned.result.best.visits
            ),
        ),
    )  # fmt: skip


def _absence(bench: Bench, ward: Ward) -> Figure:
    """A practitioner is ill until sixty visits have no one."""
    who = ward.everybody[1]
    absent = ABSENT if bench.plan.repeat > _QUICK else _FEW
    rows = Appointment.objects.filter(practitioner=who, during__startswith__gt=ward.now)
    starts = list(rows.order_by("during").values_list("during", flat=True)[:absent])
    absence = TimeOff.objects.create(
        clinic=ward.house.clinic, practitioner_id=who, label="Ill",
        during=DateTimeTZRange(starts[0].lower, starts[-1].upper),
    )  # fmt: skip
    found = propose_absence(ward.house.clinic, absence, ward.now)
    assert found.visits == len(starts), "every displaced visit is seen"
    assert len(found.placed) == len(found.rows), "everybody gets another time"
    return _figure(
        bench, ward, "absence-60", lambda: propose_absence(ward.house.clinic, absence, ward.now), 12
    )


def _growing(ward: Ward) -> dict[str, Callable[[], object]]:
    """What is measured at the smallest and at the greatest size."""
    clinic = ward.house.clinic
    one = _search(ward, ward.everybody[:1], 12)
    visit = (
        Appointment.objects.for_clinic(clinic)
        .filter(practitioner=ward.everybody[0], during__startswith__gt=ward.now)
        .select_related("visit_type", "planned_session", "plan")
        .order_by("during")[0]
    )
    absence = TimeOff(
        clinic=clinic, practitioner_id=ward.everybody[0], label="Ill",
        during=DateTimeTZRange(visit.during.lower, visit.during.upper),
    )  # fmt: skip
    return {
        "slots": lambda: free_slots(one),
        "course": lambda: _planned(ward),
        "move": lambda: propose_absence(clinic, absence, ward.now),
    }

"""What the tests of this room's pages share besides fixtures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.test import Client
from django.urls import reverse

from scheduling import services
from scheduling.models import Appointment
from scheduling.services import CourseBooking, CourseVisit
from tests.factories import scheduling as make
from tests.factories.treatments import NOW
from treatments.models import PlannedSession, TreatmentPlan

Signed = Callable[[Any], Client]
WEDNESDAY = dt.date(2026, 1, 14)


def page(client: Client, name: str, *args: Any, status: int = 200, **query: Any) -> str:
    """The text of a page."""
    answer = client.get(reverse(f"scheduling:{name}", args=args), query)
    assert answer.status_code == status, answer.content[:500]
    return answer.content.decode()


def booked(
    desk: make.Desk, plan: TreatmentPlan, sessions: list[PlannedSession], ten: dt.datetime
) -> list[Appointment]:
    """The course, with a week between its first sessions and five after."""
    visits = tuple(
        CourseVisit(one.pk, desk.member.staff_id, ten + days * make.DAY)
        for one, days in zip(sessions, (0, 7, 42), strict=True)
    )
    return services.book_course(
        clinic=desk.clinic, actor=desk.actor, now=NOW,
        course=CourseBooking(plan_id=plan.pk, visit_type_id=desk.session.pk, visits=visits),
    )  # fmt: skip

"""Who comes within a week without a valid screening is asked for it; once, by day, with an address."""

from __future__ import annotations

import datetime as dt

import pytest

from mesoclinic.clinic.models import Membership
from patients.models import PatientLink
from scheduling.services import invite_unscreened
from tests.factories.patients import PatientFactory, screened
from tests.factories.scheduling import desk, visit, visit_type

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 3, 10, 9, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def asked() -> set[str]:
    return set(PatientLink.objects.values_list("patient__name", flat=True))


def test_only_those_whose_screening_does_not_reach_the_visit_are_asked(
    practitioner: Membership,
) -> None:
    room = desk(practitioner)
    clinic = practitioner.clinic
    session = visit_type(clinic, "needle", kind="session", needs_licence=True)
    people = {
        name: PatientFactory(clinic=clinic, name=name, email=f"{name}@example.org")
        for name in ("never", "valid", "ends", "later", "silent")
    }
    people["silent"].email = ""
    people["silent"].save()
    screened(people["valid"], now=NOW - 10 * DAY)
    screened(people["ends"], now=NOW - 178 * DAY)  # valid until the day after tomorrow
    for number, who in enumerate(people.values()):
        days = 20 if who.name == "later" else 3
        start = NOW + days * DAY + dt.timedelta(minutes=45 * number)
        visit(room, who, start, visit_type=session, status="booked")

    night = NOW.replace(hour=2)
    assert invite_unscreened(clinic=clinic, now=night) == 0
    assert invite_unscreened(clinic=clinic, now=NOW) == 2
    assert asked() == {"never", "ends"}
    assert invite_unscreened(clinic=clinic, now=NOW + 2 * DAY) == 0

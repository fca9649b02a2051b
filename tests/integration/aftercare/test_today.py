"""Today: who comes, for what, and what is in the way."""

from __future__ import annotations

import datetime as dt

import pytest

from aftercare.selectors.today import FreeLine, Viewer, board
from mesoclinic.audit.models import AuditEntry
from mesoclinic.clinic.models import Clinic, Membership
from patients.models import Patient
from scheduling.models import Appointment
from tests.factories import aftercare as make
from tests.factories import scheduling, treatments
from tests.factories.clinic import PractitionerFactory
from tests.integration.aftercare.pages import queries, text
from tests.personas import client_for
from treatments.models import PlannedSession, TreatmentPlan

pytestmark = pytest.mark.usefixtures("tuesday_at_ten")

NOW = treatments.NOW  # a Tuesday, ten in Rennes
TODAY = treatments.TODAY
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def session_today(
    desk: scheduling.Desk, plan: TreatmentPlan, sessions: list[PlannedSession]
) -> Appointment:
    return scheduling.visit(
        desk, plan.patient, desk.at(TODAY, 11), visit_type=desk.session, plan=plan,
        planned_session=sessions[0],
    )  # fmt: skip


def test_today_says_who_comes_and_for_what(
    session_today: Appointment, practitioner: Membership, receptionist: Membership
) -> None:
    seen = text(client_for(practitioner), "/")
    assert "Tuesday 13 January" in seen
    assert "1 visit · 1 to come" in seen
    assert "Skin hydration · session 1 of 3" in seen
    at_desk = text(client_for(receptionist), "/")
    assert "Session 1 of 3" in at_desk
    assert "hydration" not in at_desk


def test_today_shows_who_cannot_go_ahead_and_why_to_clinicians_only(
    session_today: Appointment, practitioner: Membership, receptionist: Membership
) -> None:
    scheduling.contraindicate(session_today.patient, NOW + MINUTE)
    seen = text(client_for(practitioner), "/")
    assert "1 needs a decision" in seen
    assert "The screening found an absolute contraindication." in seen
    at_desk = text(client_for(receptionist), "/")
    assert "Can&#x27;t go ahead yet" in at_desk or "Can't go ahead yet" in at_desk
    assert "contraindication" not in at_desk


def test_today_shows_free_time_that_is_left(
    desk: scheduling.Desk, ines: Patient, practitioner: Membership
) -> None:
    scheduling.visit(desk, ines, desk.at(TODAY, 11), minutes=60)
    scheduling.visit(desk, ines, desk.at(TODAY, 12, 15), minutes=30)
    scheduling.time_off(desk, desk.at(TODAY, 15), desk.at(TODAY, 16))
    (column,) = board(desk.clinic, TODAY, now=NOW + 7 * MINUTE, viewer=Viewer()).columns
    free = [one for one in column.entries if isinstance(one, FreeLine)]
    assert [(one.at, one.until) for one in free] == [
        (desk.at(TODAY, 10, 15), desk.at(TODAY, 11)),
        (desk.at(TODAY, 12, 45), desk.at(TODAY, 15)),
        (desk.at(TODAY, 16), desk.at(TODAY, 17)),
    ]
    assert "Free until 11:00" in text(client_for(practitioner), "/")


def test_on_a_closed_day_nothing_is_offered(desk: scheduling.Desk) -> None:
    scheduling.time_off(desk, desk.at(TODAY, 0), desk.at(TODAY, 23), practitioner=None)
    (column,) = board(desk.clinic, TODAY, now=NOW, viewer=Viewer()).columns
    assert column.entries == []


def test_ones_own_column_leads(desk: scheduling.Desk, lices: Clinic) -> None:
    other = PractitionerFactory(clinic=lices, staff__full_name="Aaron First")
    scheduling.hours(other)
    for who in (desk.member, other):
        columns = board(lices, TODAY, now=NOW, viewer=Viewer(who.staff_id)).columns
        assert columns[0].member == who


def test_an_empty_day_and_an_empty_inbox_say_so(lices: Clinic, practitioner: Membership) -> None:
    seen = text(client_for(practitioner), "/")
    assert "Nobody works today" in seen
    assert "Nothing waits for you" in seen
    # Each says its own.
    assert seen.count("The calendar shows the days to come") == 1


def test_today_leaves_out_cancelled_and_held_visits_and_another_clinics(
    desk: scheduling.Desk, ines: Patient, practitioner: Membership, other_practitioner: Membership
) -> None:
    scheduling.visit(desk, ines, desk.at(TODAY, 11), status="cancelled")
    scheduling.visit(desk, ines, desk.at(TODAY, 12), status="pending", held_until=NOW + HOUR)
    assert "Inês" not in text(client_for(practitioner), "/")
    assert "Inês" not in text(client_for(other_practitioner), "/")


def test_today_costs_the_same_with_three_visits_and_with_twelve(
    desk: scheduling.Desk, stock: treatments.Catalogue, practitioner: Membership, lices: Clinic
) -> None:
    def more(number: int, first: int) -> None:
        for n in range(first, first + number):
            who = treatments.patient(lices, f"Patient {n}")
            member = PractitionerFactory(clinic=lices)
            plan = treatments.course(stock, practitioner, who=who)
            scheduling.visit(
                desk, who, desk.at(TODAY, 11), minutes=45, visit_type=desk.session, plan=plan,
                planned_session=plan.sessions.get(number=1), practitioner=member.staff, room=None,
            )  # fmt: skip
            make.task(who, NOW, role="clinical")
            make.message(who, NOW, state="failed")

    client = client_for(practitioner)
    more(3, 0)
    three = queries(client, "/")
    more(9, 3)
    assert queries(client, "/") == three
    assert "12 visits" in text(client, "/")


def test_one_row_of_the_record_names_everybody_shown(
    session_today: Appointment, practitioner: Membership, lices: Clinic
) -> None:
    other = treatments.patient(lices, "Bruno Costa")
    make.task(other, NOW, role="clinical")
    text(client_for(practitioner), "/")
    entry = AuditEntry.objects.filter(action="read").latest("pk")
    assert set(entry.patients) == {session_today.patient_id, other.pk}

"""Booking sessions of a plan: the gate, the protocol's windows, the order of sessions."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from mesoclinic.clinic.models import Clinic, Membership
from patients.models import Patient
from scheduling import exceptions
from scheduling.services import Exceptions
from tests.factories import scheduling as make
from tests.factories import treatments
from tests.factories.treatments import NOW, actor_of
from treatments.models import PlannedSession


def _session(desk: make.Desk, sessions: list[PlannedSession], number: int) -> dict[str, Any]:
    return {"visit_type_id": desk.session.pk, "planned_session_id": sessions[number - 1].pk}


def test_a_session_is_tied_to_its_plan(
    desk: make.Desk, ines: Patient, sessions: list[PlannedSession], ten: dt.datetime
) -> None:
    booked = desk.book(ines, ten, **_session(desk, sessions, 1))
    assert (booked.plan_id, booked.planned_session_id) == (sessions[0].plan_id, sessions[0].pk)
    assert not booked.off_protocol
    with pytest.raises(exceptions.SessionBooked):
        desk.book(ines, ten + make.DAY, **_session(desk, sessions, 1))


def test_a_contraindicated_patient_is_not_booked_for_a_session_but_for_a_talk(
    desk: make.Desk, ines: Patient, sessions: list[PlannedSession], ten: dt.datetime
) -> None:
    make.contraindicate(ines, NOW + make.MINUTE)
    with pytest.raises(exceptions.ScreeningBlocked) as caught:
        desk.book(ines, ten, now=NOW + make.DAY / 24, **_session(desk, sessions, 1))
    assert "contraindicated" in caught.value.reasons
    assert desk.book(ines, ten, now=NOW + make.DAY / 24).pk


def test_an_absolute_contraindication_can_be_set_aside_by_nobody(
    desk: make.Desk, ines: Patient, sessions: list[PlannedSession], ten: dt.datetime
) -> None:
    make.contraindicate(ines, NOW + make.MINUTE)
    brave = Exceptions(clinical=True, reason="She insists")
    with pytest.raises(exceptions.ScreeningBlocked):
        desk.book(
            ines, ten, now=NOW + 2 * make.MINUTE, exceptions=brave, **_session(desk, sessions, 1)
        )


def test_sooner_than_the_least_gap_is_refused_unless_a_practitioner_gives_a_reason(
    desk: make.Desk, ines: Patient, sessions: list[PlannedSession], ten: dt.datetime,
    receptionist: Membership,
) -> None:  # fmt: skip
    desk.book(ines, ten, **_session(desk, sessions, 1))
    early = ten + 6 * make.DAY
    with pytest.raises(exceptions.OutsideProtocolWindow, match="at least 7"):
        desk.book(ines, early, **_session(desk, sessions, 2))
    why = Exceptions(clinical=True, reason="Flies home on the 21st")
    with pytest.raises(exceptions.OverrideNotAllowed):
        desk.book(
            ines, early, actor=actor_of(receptionist), exceptions=why, **_session(desk, sessions, 2)
        )
    booked = desk.book(ines, early, exceptions=why, **_session(desk, sessions, 2))
    assert booked.off_protocol


def test_later_than_the_window_is_flagged_only(
    desk: make.Desk, ines: Patient, sessions: list[PlannedSession], ten: dt.datetime
) -> None:
    desk.book(ines, ten, **_session(desk, sessions, 1))
    booked = desk.book(ines, ten + 14 * make.DAY, **_session(desk, sessions, 2))
    assert booked.off_protocol


def test_a_visit_that_would_crowd_the_next_one_is_refused(
    desk: make.Desk, ines: Patient, sessions: list[PlannedSession], ten: dt.datetime
) -> None:
    desk.book(ines, ten + 7 * make.DAY, **_session(desk, sessions, 2))
    with pytest.raises(exceptions.OutsideProtocolWindow):
        desk.book(ines, ten + 2 * make.DAY, **_session(desk, sessions, 1))
    assert desk.book(ines, ten, **_session(desk, sessions, 1)).pk


def test_sessions_keep_their_order(
    desk: make.Desk, ines: Patient, sessions: list[PlannedSession], ten: dt.datetime
) -> None:
    desk.book(ines, ten, **_session(desk, sessions, 2))
    with pytest.raises(exceptions.OrderOfSessions):
        desk.book(ines, ten + 14 * make.DAY, **_session(desk, sessions, 1))


def test_another_patients_session_is_not_found(
    desk: make.Desk, clinic: Clinic, sessions: list[PlannedSession], ten: dt.datetime
) -> None:
    bruno = treatments.patient(clinic, "Bruno Costa")
    with pytest.raises(exceptions.NotBookable):
        desk.book(bruno, ten, **_session(desk, sessions, 1))

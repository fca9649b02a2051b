"""The waiting list: who is asked first, the time that is kept, the answer, the next one."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from aftercare.models import Message
from aftercare.services import seeding
from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.common.intervals import Interval
from patients.models import Patient, PatientLink
from patients.services import create_link
from scheduling import services
from scheduling.domain.waitlist import Freed
from scheduling.exceptions import AlreadyWaiting, NobodyWaits, OfferOver
from scheduling.models import (
    Appointment,
    BookingRules,
    FreedTime,
    OnlineRules,
    WaitlistEntry,
    WaitlistOffer,
)
from scheduling.selectors import waitlist as selectors
from scheduling.services import WaitlistWish
from tests.factories import scheduling as make
from tests.factories.treatments import NOW, TODAY, patient
from treatments.models import PlannedSession, TreatmentPlan

pytestmark = pytest.mark.django_db

MONDAY = TODAY + dt.timedelta(days=(14 - TODAY.weekday()))
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def messages(clinic: Clinic) -> None:
    """The clinic's own messages."""
    seeding.seed_clinic(clinic)


@pytest.fixture
def gul(clinic: Clinic) -> Patient:
    """Another patient."""
    return patient(clinic, email="gul@example.org")


def gap(desk: make.Desk, first: int = 10, last: int = 11) -> Interval[dt.datetime]:
    """Free time on the Monday."""
    return Interval(desk.at(MONDAY, first), desk.at(MONDAY, last))


def offered(desk: make.Desk, now: dt.datetime = NOW) -> WaitlistOffer:
    """What the desk offers for ten o'clock on the Monday."""
    return services.offer_gap(
        clinic=desk.clinic, actor=desk.actor, now=now, practitioner_id=desk.member.staff_id,
        gap=gap(desk),
    )  # fmt: skip


def accept(desk: make.Desk, offer: WaitlistOffer, now: dt.datetime) -> Appointment:
    """The patient says yes."""
    return services.accept_offer(
        clinic=desk.clinic, actor=Actor.system(), now=now, offer_id=offer.pk
    )


def test_an_offer_keeps_the_time_and_tells_the_patient(desk: make.Desk, ines: Patient) -> None:
    make.waiting(desk, ines)
    offer = offered(desk)
    assert offer.hold.status == "pending"
    assert offer.hold.during.lower == desk.at(MONDAY, 10)
    assert offer.expires_at == NOW + 2 * HOUR
    message = Message.objects.get(subject_type="offer")
    assert (message.subject_id, message.patient_id) == (offer.pk, ines.pk)
    # A second click on the button offers it to nobody else.
    assert offered(desk) == offer


def test_yes_books_the_time_and_ends_the_waiting(desk: make.Desk, ines: Patient) -> None:
    entry = make.waiting(desk, ines)
    offer = offered(desk)
    booked = accept(desk, offer, NOW + HOUR)
    assert (booked.pk, booked.status) == (offer.hold_id, "booked")
    assert accept(desk, offer, NOW + HOUR) == booked
    entry.refresh_from_db()
    assert entry.status == "booked"
    assert FreedTime.objects.get().status == "taken"
    assert Message.objects.filter(step_key="booking-confirmation").count() == 1


def test_the_course_nearest_to_leaving_its_window_comes_first(
    desk: make.Desk, gul: Patient, plan: TreatmentPlan, sessions: list[PlannedSession]
) -> None:
    """Gül has waited longest; but Ines's second session leaves its window."""
    make.waiting(desk, gul, created_at=NOW - 30 * make.DAY, visit_type=desk.session)
    first = desk.book(
        plan.patient, desk.at(MONDAY - 7 * make.DAY, 9), visit_type_id=desk.session.pk,
        planned_session_id=sessions[0].pk,
    )  # fmt: skip
    make.waiting(desk, plan.patient, visit_type=desk.session, planned_session=sessions[1])
    offer = offered(desk)
    assert offer.patient == plan.patient
    assert offer.hold.planned_session == sessions[1]
    # Before its window opens they are not asked at all.
    assert selectors.how_many_fit(
        desk.clinic, [Freed(first.during.upper, first.during.upper + HOUR, desk.member.staff_id, desk.clinic.zone)], NOW,
    ).popitem()[1] == 1  # fmt: skip


def test_no_answer_passes_the_time_on(desk: make.Desk, ines: Patient, gul: Patient) -> None:
    make.waiting(desk, ines, created_at=NOW - make.DAY)
    make.waiting(desk, gul)
    offer = offered(desk)
    assert offer.patient == ines
    assert services.run_waiting_list(clinic=desk.clinic, now=NOW + HOUR) == 0
    late = offer.expires_at
    with pytest.raises(OfferOver):
        accept(desk, offer, late)
    assert services.run_waiting_list(clinic=desk.clinic, now=late) == 1
    offer.refresh_from_db()
    assert (offer.status, offer.hold.status) == ("lapsed", "cancelled")
    following = WaitlistOffer.objects.get(status="open")
    assert following.patient == gul
    # Both have been asked: then the time is closed, and both still wait.
    assert services.run_waiting_list(clinic=desk.clinic, now=following.expires_at) == 0
    assert FreedTime.objects.get().status == "closed"
    assert selectors.entries(desk.clinic).count() == 2


def test_no_passes_it_on_at_once(desk: make.Desk, ines: Patient, gul: Patient) -> None:
    make.waiting(desk, ines, created_at=NOW - make.DAY)
    make.waiting(desk, gul)
    offer = offered(desk)
    services.decline_offer(clinic=desk.clinic, actor=desk.actor, now=NOW, offer_id=offer.pk)
    assert WaitlistOffer.objects.get(status="open").patient == gul


def test_an_earlier_time_moves_the_visit_only_on_yes(desk: make.Desk, ines: Patient) -> None:
    later = desk.book(ines, desk.at(MONDAY + 7 * make.DAY, 9))
    make.waiting(desk, ines, appointment=later)
    offer = offered(desk)
    later.refresh_from_db()
    assert later.during.lower == desk.at(MONDAY + 7 * make.DAY, 9)
    moved = accept(desk, offer, NOW)
    assert (moved.pk, moved.during.lower) == (later.pk, desk.at(MONDAY, 10))
    offer.hold.refresh_from_db()
    assert offer.hold.status == "cancelled"
    assert Message.objects.filter(step_key="visit-cancelled").count() == 0


def test_a_cancelled_time_is_offered_once_it_cannot_be_taken_back(
    desk: make.Desk, ines: Patient, gul: Patient
) -> None:
    visit = desk.book(ines, desk.at(MONDAY, 10))
    make.waiting(desk, gul)
    services.cancel_appointment(
        clinic=desk.clinic, actor=desk.actor, now=NOW, appointment_id=visit.pk, reason="Ill"
    )
    run = services.run_waiting_list
    assert run(clinic=desk.clinic, now=NOW + dt.timedelta(minutes=4)) == 0
    assert run(clinic=desk.clinic, now=NOW + dt.timedelta(minutes=5)) == 1
    assert WaitlistOffer.objects.get().hold.during == visit.during


def test_time_that_somebody_only_keeps_is_offered_when_they_let_it_go(
    desk: make.Desk, ines: Patient, gul: Patient
) -> None:
    """Booked online meanwhile, but not to the end: Gül still hears of it."""
    OnlineRules.objects.create(clinic=desk.clinic, is_open=True)
    visit = desk.book(ines, desk.at(MONDAY, 10))
    make.waiting(desk, gul)
    services.cancel_appointment(
        clinic=desk.clinic, actor=desk.actor, now=NOW, appointment_id=visit.pk, reason="Ill"
    )
    held, _token = services.hold_time(
        clinic=desk.clinic, kind=desk.consultation, practitioner_id=desk.member.staff_id,
        start=desk.at(MONDAY, 10), now=NOW,
    )  # fmt: skip
    run = services.run_waiting_list
    # Also in the moment after it has run out, before it is let go.
    for now in (NOW + HOUR / 6, held.held_until):
        assert run(clinic=desk.clinic, now=now) == 0
        assert FreedTime.objects.get().status == "open"
    services.release_lapsed(clinic=desk.clinic, now=held.held_until)
    assert run(clinic=desk.clinic, now=held.held_until) == 1
    assert WaitlistOffer.objects.get().patient == gul


def test_the_clinic_may_switch_that_off(desk: make.Desk, ines: Patient, gul: Patient) -> None:
    BookingRules.objects.create(clinic=desk.clinic, offers_freed_times=False)
    visit = desk.book(ines, desk.at(MONDAY, 10))
    make.waiting(desk, gul)
    services.cancel_appointment(
        clinic=desk.clinic, actor=desk.actor, now=NOW, appointment_id=visit.pk, reason="Ill"
    )
    assert not FreedTime.objects.exists()


def test_whoever_misses_too_many_visits_is_called_instead(desk: make.Desk, ines: Patient) -> None:
    make.waiting(desk, ines)
    for days in (20, 40):
        make.visit(desk, ines, NOW - days * make.DAY, status="no_show")
    assert selectors.no_shows_of(desk.clinic, ines, NOW).too_many
    with pytest.raises(NobodyWaits):
        offered(desk)
    BookingRules.objects.create(clinic=desk.clinic, no_show_months=1)
    assert not selectors.no_shows_of(desk.clinic, ines, NOW).too_many
    assert offered(desk).patient == ines


def test_nobody_waits_twice_for_the_same(
    desk: make.Desk, plan: TreatmentPlan, sessions: list[PlannedSession]
) -> None:
    wish = WaitlistWish(
        patient_id=plan.patient_id, visit_type_id=desk.session.pk,
        planned_session_id=sessions[0].pk,
    )  # fmt: skip
    services.join_waitlist(clinic=desk.clinic, actor=desk.actor, now=NOW, wish=wish)
    with pytest.raises(AlreadyWaiting):
        services.join_waitlist(clinic=desk.clinic, actor=desk.actor, now=NOW, wish=wish)


def test_leaving_the_list_ends_the_offer(desk: make.Desk, ines: Patient) -> None:
    entry = make.waiting(desk, ines)
    offer = offered(desk)
    services.leave_waitlist(clinic=desk.clinic, actor=desk.actor, now=NOW, entry_id=entry.pk)
    offer.refresh_from_db()
    assert (offer.status, offer.hold.status) == ("declined", "cancelled")
    assert not selectors.entries(desk.clinic).exists()


def test_the_link_shows_without_changing_and_one_post_takes_it(
    desk: make.Desk, ines: Patient
) -> None:
    now = timezone.now()
    offer = make.offer(desk, make.waiting(desk, ines), now + 2 * make.DAY)
    _link, token = create_link(
        actor=Actor.system(desk.clinic.pk), patient=ines, purpose=PatientLink.Purpose.OFFER,
        subject_id=offer.pk, expires_at=now + make.DAY, now=now,
    )  # fmt: skip
    client = Client()
    page = client.get(f"/p/{token}/offer/")
    assert page.status_code == 200
    # On the clinic's clock, as the mail says.
    begins = desk.clinic.local(offer.hold.during.lower)
    assert f'<span class="tnum">{begins:%H:%M}</span>' in page.content.decode()
    offer.refresh_from_db()
    assert offer.status == "open"
    answered = client.post(f"/p/{token}/offer/", {"answer": "yes"})
    assert answered.status_code == 200
    assert "The time is yours" in answered.content.decode()
    offer.refresh_from_db()
    assert offer.status == "accepted"
    assert client.post(f"/p/{token}/offer/", {"answer": "yes"}).status_code == 200
    # What came of it is cancelled: the old mail must not say that it stands.
    services.cancel_appointment(
        clinic=desk.clinic, actor=desk.actor, now=now, appointment_id=offer.hold_id, reason="Ill"
    )
    text = client.get(f"/p/{token}/offer/").content.decode()
    assert "This visit has changed since" in text
    assert "The time is yours" not in text


def test_whom_the_desk_has_booked_meanwhile_takes_no_second_visit_by_link(
    desk: make.Desk, ines: Patient
) -> None:
    now = timezone.now()
    offer = make.offer(desk, make.waiting(desk, ines), now + 2 * make.DAY)
    WaitlistEntry.objects.filter(pk=offer.entry_id).update(status="booked", ended_at=now)
    _link, token = create_link(
        actor=Actor.system(desk.clinic.pk), patient=ines, purpose=PatientLink.Purpose.OFFER,
        subject_id=offer.pk, expires_at=now + make.DAY, now=now,
    )  # fmt: skip
    for page in (
        Client().get(f"/p/{token}/offer/"),
        Client().post(f"/p/{token}/offer/", {"answer": "yes"}),
    ):
        assert "no longer kept for you" in page.content.decode()
        assert "waiting list" not in page.content.decode()
    offer.refresh_from_db()
    assert offer.hold.status == "pending"


def test_who_is_booked_at_the_desk_waits_no_longer_until_it_is_taken_back(
    desk: make.Desk, ines: Patient, gul: Patient
) -> None:
    """Nobody is offered a time for what they have got already; an undo puts them on the list again."""
    mine, other = make.waiting(desk, ines), make.waiting(desk, gul)
    visit = desk.book(ines, desk.at(MONDAY, 15))
    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.status, mine.ended_at, other.status) == ("booked", NOW, "waiting")
    services.undo_last_change(
        clinic=desk.clinic, actor=desk.actor, now=NOW + dt.timedelta(minutes=1),
        appointment_id=visit.pk,
    )  # fmt: skip
    mine.refresh_from_db()
    assert (mine.status, mine.ended_at) == ("waiting", None)


def test_a_visit_of_another_kind_leaves_the_waiting_alone(
    desk: make.Desk, plan: TreatmentPlan, sessions: list[PlannedSession]
) -> None:
    """Who waits for a session still waits after a consultation, and the other way round."""
    entry = make.waiting(
        desk, plan.patient, visit_type=desk.session, planned_session=sessions[0]
    )  # fmt: skip
    desk.book(plan.patient, desk.at(MONDAY, 15))
    entry.refresh_from_db()
    assert entry.status == "waiting"
    desk.book(
        plan.patient, desk.at(MONDAY, 9), visit_type_id=desk.session.pk,
        planned_session_id=sessions[0].pk,
    )  # fmt: skip
    entry.refresh_from_db()
    assert entry.status == "booked"


def test_the_calendar_has_a_card_for_everybody_who_waits(
    client_for: Any, receptionist: Membership, desk: make.Desk, ines: Patient, gul: Patient
) -> None:
    """A card leads to the booking page, filled; or to the move page of who has a visit already."""
    make.waiting(desk, ines)
    soon = timezone.now() + 3 * make.DAY
    visit = make.visit(desk, gul, soon)
    make.waiting(desk, gul, appointment=visit)
    text = client_for(receptionist).get("/waiting-list/?part=calendar").content.decode()
    filled = f"/appointments/new/?patient={ines.pk}&amp;visit_type={desk.consultation.pk}&amp;"
    assert f'href="{filled}"' in text
    assert f'href="/appointments/{visit.pk}/move/?"' in text
    assert "<html" not in text

"""Booking online: only offered times, one holder each, a proven mailbox, only the clinic's sites."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from mesoclinic.common.errors import DomainError
from patients.models import Patient
from scheduling.models import Appointment, BookingRules, OnlineBooking, OnlineRules, TimeOff
from scheduling.models.online import validate_origin
from scheduling.selectors.hours import away_lines
from scheduling.selectors.online import online_types
from scheduling.services import finish_booking, give_up, hold_time, release_lapsed
from scheduling.tasks import let_holds_lapse
from scheduling.views import online
from tests.factories import scheduling as make
from tests.factories import treatments
from tests.factories.treatments import NOW

FRIDAY = dt.date(2026, 1, 16)
SOMEBODY = {
    "name": "Maëlle Le Goff", "email": "Maelle@Example.org", "phone": "06 12 34 56 78",
    "birth_date": "1990-05-17", "note": "First time",
}  # fmt: skip


@pytest.fixture(autouse=True)
def clock(settings: Any) -> Iterator[Any]:
    """Tuesday, 13 January 2026, ten in the morning in Rennes; mails are kept in memory."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def rules(desk: make.Desk) -> OnlineRules:
    """The clinic takes consultations online, and its website may show the page."""
    desk.consultation.is_online = True
    desk.consultation.save()
    return OnlineRules.objects.create(
        clinic=desk.clinic, is_open=True, origins=["https://www.lices.example"]
    )


@pytest.fixture
def at(desk: make.Desk) -> dt.datetime:
    """Friday at ten."""
    return desk.at(FRIDAY, 10)


def times(desk: make.Desk) -> str:
    return reverse("scheduling:online", args=[desk.clinic.slug])


def hold(client: Client, desk: make.Desk, at: dt.datetime, **more: str) -> Any:
    slot = f"{at.isoformat()}|{desk.member.staff_id}"
    return client.post(times(desk), {"type": desk.consultation.pk, "slot": slot, **more})


def code_in(message: Any) -> str:
    found = re.match(r"\d{6}", message.body)
    assert found
    return found[0]


def test_who_finishes_is_registered_booked_and_forgotten_here(
    client: Client, desk: make.Desk, rules: OnlineRules, at: dt.datetime
) -> None:
    assert f"{at.isoformat()}|" in client.get(times(desk), {"date": "2026-01-16"}).content.decode()
    form = hold(client, desk, at)["Location"]
    assert "kept for you until" in client.get(form).content.decode()
    assert not Appointment.objects.exists()
    wrong = client.post(form, {**SOMEBODY, "email": "nowhere", "birth_date": "2199-01-01"})
    assert wrong.status_code == 422
    assert "Maëlle Le Goff" in wrong.content.decode()
    assert client.post(form, SOMEBODY).status_code == 302
    (message,) = mail.outbox
    assert message.to == ["maelle@example.org"]
    assert "Consultation" not in f"{message.body} {message.subject}"
    assert client.post(form, {"code": "000000"}).status_code == 422
    assert not Appointment.objects.exists()
    for _press in range(2):
        assert client.post(form, {"code": code_in(message)})["Location"] == form
    assert "It is booked" in client.get(form).content.decode()
    visit = Appointment.objects.get()
    assert (visit.during.lower, visit.status, visit.note) == (at, "booked", "First time")
    assert (visit.patient.email, visit.patient.birth_date) == (
        "maelle@example.org", dt.date(1990, 5, 17),
    )  # fmt: skip
    kept = OnlineBooking.objects.get()
    assert (kept.name, kept.email, kept.phone, kept.birth_date) == ("", "", "", None)
    assert not TimeOff.objects.exists()


def test_who_is_known_is_not_registered_again(
    client: Client, desk: make.Desk, rules: OnlineRules, at: dt.datetime
) -> None:
    known = treatments.patient(
        desk.clinic, "Maëlle Le Goff", email="maelle@example.org",
        birth_date=dt.date(1990, 5, 17),
    )  # fmt: skip
    form = hold(client, desk, at)["Location"]
    client.post(form, SOMEBODY)
    client.post(form, {"code": code_in(mail.outbox[0])})
    assert Appointment.objects.get().patient == known
    assert Patient.objects.count() == 1


@pytest.mark.parametrize("then", ["call", "warn"])
def test_who_has_missed_too_many_visits_is_asked_to_call(
    client: Client, desk: make.Desk, rules: OnlineRules, at: dt.datetime, then: str
) -> None:
    """The visit's page promises the desk that no times are offered online."""
    BookingRules.objects.create(clinic=desk.clinic, no_show_limit=1, no_show_then=then)
    known = treatments.patient(
        desk.clinic, "Maëlle Le Goff", email="maelle@example.org",
        birth_date=dt.date(1990, 5, 17),
    )  # fmt: skip
    make.visit(desk, known, NOW - 30 * make.DAY, status="no_show")
    form = hold(client, desk, at)["Location"]
    client.post(form, SOMEBODY)
    answer = client.post(form, {"code": code_in(mail.outbox[0])})
    assert answer.status_code == (422 if then == "call" else 302)
    assert Appointment.objects.filter(status="booked").exists() is (then == "warn")
    if then == "call":
        assert "Please call us" in answer.content.decode()


def test_a_held_time_is_nobody_elses_until_it_is_let_go(
    client: Client, desk: make.Desk, rules: OnlineRules, at: dt.datetime, ines: Patient, clock: Any
) -> None:
    form = hold(client, desk, at)["Location"]
    other = hold(client, desk, at)
    assert other.status_code == 422
    assert TimeOff.objects.filter(label__startswith="Held").count() == 2
    assert away_lines(desk.clinic, NOW) == []  # nobody is away
    assert (
        f"{at.isoformat()}|"
        not in client.get(times(desk), {"date": FRIDAY.isoformat()}).content.decode()
    )
    with pytest.raises(DomainError, match="Held: somebody books online"):
        desk.book(ines, at)
    client.post(form, {"back": "1"})
    assert client.get(form).status_code == 409
    second = hold(client, desk, at)["Location"]
    later = NOW + 16 * make.MINUTE
    clock.move_to(later)
    assert client.post(second, SOMEBODY).status_code == 409
    assert let_holds_lapse() == 1
    assert not TimeOff.objects.exists()
    assert desk.book(ines, at, now=later).during.lower == at


def test_who_went_back_and_takes_another_time_keeps_only_that_one(
    client: Client, desk: make.Desk, rules: OnlineRules, at: dt.datetime
) -> None:
    first = hold(client, desk, at)["Location"]
    token = first.rstrip("/").rsplit("/", 1)[1]
    assert f'data-held="{token}"' in client.get(first).content.decode()
    # The same again, or one that overlaps it: one's own hold is in nobody's way.
    for minutes in (0, 15):
        answer = hold(client, desk, at + minutes * make.MINUTE, held=token)
        assert answer.status_code == 302
        token = answer["Location"].rstrip("/").rsplit("/", 1)[1]
    over = client.get(first)
    assert over.status_code == 409
    assert "data-over" in over.content.decode()
    assert OnlineBooking.objects.filter(status="held").count() == 1
    assert TimeOff.objects.filter(label__startswith="Held").count() == 2
    # A token that says nothing (any more) is no reason to refuse.
    assert hold(client, desk, at + make.DAY * 3, held="nonsense").status_code == 302
    assert OnlineBooking.objects.filter(status="held").count() == 2


def test_what_is_booked_already_is_not_given_back(
    client: Client, desk: make.Desk, rules: OnlineRules, at: dt.datetime
) -> None:
    form = hold(client, desk, at)["Location"]
    token = form.rstrip("/").rsplit("/", 1)[1]
    client.post(form, SOMEBODY)
    client.post(form, {"code": code_in(mail.outbox[0])})
    assert hold(client, desk, at + make.DAY * 3, held=token).status_code == 302
    assert Appointment.objects.get().status == "booked"


def test_only_what_is_offered_can_be_held(
    client: Client, desk: make.Desk, rules: OnlineRules, at: dt.datetime
) -> None:
    desk.book(treatments.patient(desk.clinic), at)
    for wish in (
        at, NOW + make.MINUTE, desk.at(FRIDAY, 10, 37), desk.at(FRIDAY, 22), at + 400 * make.DAY,
    ):  # fmt: skip
        assert hold(client, desk, wish).status_code == 422
    assert client.post(times(desk), {"slot": "nonsense"}).status_code == 422
    assert not OnlineBooking.objects.exists()
    # Injections belong to a plan, whatever somebody has ticked.
    desk.session.is_online = True
    desk.session.save()
    assert online_types(desk.clinic) == [desk.consultation]


def test_going_back_ticks_no_other_time(
    client: Client, desk: make.Desk, rules: OnlineRules, at: dt.datetime
) -> None:
    # What was held is gone from the list by then, and browsers restore a choice by its place.
    forms = re.findall(r"<form [^>]*>", client.get(times(desk)).content.decode())
    assert [form for form in forms if 'autocomplete="off"' not in form] == []


def test_only_the_clinics_own_websites_may_frame_it(
    client: Client, desk: make.Desk, rules: OnlineRules, at: dt.datetime
) -> None:
    form = hold(client, desk, at)["Location"]
    for address in (times(desk), form):
        answer = client.get(address)
        policy = answer["Content-Security-Policy"]
        (ancestors,) = re.findall(r"frame-ancestors ([^;]*)", policy)
        assert ancestors.split() == ["'self'", "https://www.lices.example"]
        assert "X-Frame-Options" not in answer
        assert "session" not in answer.cookies
    elsewhere = client.get(reverse("account_login"))
    assert "frame-ancestors 'none'" in elsewhere["Content-Security-Policy"]
    assert elsewhere["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    "text",
    ["https://a.example/page", "http://a.example", "*", "https://*.example", "https://a b",
     "https://a.example; script-src *", "javascript:1"],
)  # fmt: skip
def test_an_origin_is_an_origin_and_nothing_more(text: str) -> None:
    with pytest.raises(ValidationError):
        validate_origin(text)
    validate_origin("https://www.lices.example:8443")


def test_a_closed_or_unknown_clinic_says_so_alike(client: Client, desk: make.Desk) -> None:
    unknown = client.get(reverse("scheduling:online", args=["nowhere"]))
    closed = client.get(times(desk))
    assert {unknown.status_code, closed.status_code} == {404}
    assert "takes no bookings online" in closed.content.decode()


def test_codes_and_holds_are_counted(
    client: Client, desk: make.Desk, rules: OnlineRules, at: dt.datetime, monkeypatch: Any
) -> None:
    form = hold(client, desk, at)["Location"]
    client.post(form, SOMEBODY)
    booking = OnlineBooking.objects.get()
    booking.clinic = desk.clinic
    for _try in range(5):
        assert client.post(form, {"code": "000000"}).status_code == 422
    # The right one comes too late now, and a new one starts afresh; three are sent at most.
    assert client.post(form, {"code": code_in(mail.outbox[0])}).status_code == 422
    for _n in range(2):
        assert client.post(form, {"again": "1"}).status_code == 302
    assert client.post(form, {"again": "1"}).status_code == 429
    assert len(mail.outbox) == 3
    monkeypatch.setitem(online.LIMITS, "online-hold", (0, 60))
    assert hold(client, desk, at + make.DAY).status_code == 429


def test_services_are_harmless_when_it_is_over(
    desk: make.Desk, rules: OnlineRules, at: dt.datetime
) -> None:
    wish: dict[str, Any] = {
        "clinic": desk.clinic,
        "kind": desk.consultation,
        "start": at,
        "now": NOW,
    }
    booking, _token = hold_time(practitioner_id=desk.member.staff_id, **wish)
    give_up(booking=booking, now=NOW)
    give_up(booking=booking, now=NOW)
    with pytest.raises(DomainError):
        finish_booking(booking=booking, code="1", now=NOW)
    assert release_lapsed(clinic=desk.clinic, now=NOW + make.DAY) == 0

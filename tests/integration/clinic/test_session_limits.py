from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from mesoclinic.audit.models import Action, AuditEntry
from mesoclinic.clinic.models import Membership

pytestmark = pytest.mark.django_db
PAGE = reverse("clinic:switch")
START = dt.datetime(2026, 3, 2, 8, 0, tzinfo=dt.UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as moved:
        yield moved


@pytest.fixture
def browser(clock: object, practitioner: Membership, client_for: Callable[..., Client]) -> Client:
    return client_for(practitioner)


def minutes(clock: time_machine.Traveller, count: float) -> None:
    clock.shift(dt.timedelta(minutes=count))


def is_in(client: Client, **headers: str) -> bool:
    return client.get(PAGE, headers=headers).status_code == 200


def test_fifteen_idle_minutes_end_it(clock: time_machine.Traveller, browser: Client) -> None:
    minutes(clock, 14)
    assert is_in(browser)
    minutes(clock, 16)
    assert not is_in(browser)

    last = AuditEntry.objects.filter(action=Action.SIGN_OUT).latest("id")
    assert (last.reason, last.actor_label) == ("idle", "Ayla Kara")


def test_activity_keeps_it_until_twelve_hours(
    clock: time_machine.Traveller, browser: Client
) -> None:
    for _ in range(71):
        minutes(clock, 10)
        assert is_in(browser)
    minutes(clock, 10)
    assert not is_in(browser)

    assert AuditEntry.objects.filter(action=Action.SIGN_OUT).latest("id").reason == "absolute"


def test_polling_pages_do_not_count_as_activity(
    clock: time_machine.Traveller, browser: Client
) -> None:
    for _ in range(3):
        minutes(clock, 5)
        assert is_in(browser, **{"X-Background": "1"})
    minutes(clock, 1)

    assert not is_in(browser)


def test_the_keep_alive_counts(clock: time_machine.Traveller, browser: Client) -> None:
    for _ in range(4):
        minutes(clock, 14)
        assert browser.post(reverse("clinic:keep-alive")).status_code == 204
    assert is_in(browser)


def test_the_session_is_written_at_most_every_thirty_seconds(
    clock: time_machine.Traveller,
    browser: Client,
    django_assert_num_queries: Callable[..., object],
) -> None:
    is_in(browser)
    seen = browser.session["seen_at"]
    clock.shift(dt.timedelta(seconds=29))
    is_in(browser)
    assert browser.session["seen_at"] == seen
    clock.shift(dt.timedelta(seconds=1))
    is_in(browser)
    assert browser.session["seen_at"] == seen + 30


def test_whoever_was_signed_out_is_told_why_and_comes_back(
    clock: time_machine.Traveller, browser: Client
) -> None:
    minutes(clock, 20)
    answer = browser.get(PAGE, follow=True)

    assert answer.redirect_chain[0][0] == f"{reverse('account_login')}?next=%2Fclinic%2Fswitch%2F"
    assert "signed out for safety" in answer.content.decode()


def test_scripts_get_401_with_the_way_back(clock: time_machine.Traveller, browser: Client) -> None:
    minutes(clock, 20)
    answer = browser.get(
        PAGE, headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/clinic/"}
    )

    assert answer.status_code == 401
    assert answer["HX-Redirect"].endswith("?next=http%3A%2F%2Ftestserver%2Fclinic%2F")

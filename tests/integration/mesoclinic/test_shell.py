"""The frame round the pages: who sees which places, and that sign-in pages wear our look."""

from __future__ import annotations

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse

from tests.factories.clinic import PASSWORD
from tests.personas import Cast, ayla, client_for, everybody, lices

pytestmark = pytest.mark.django_db

_LOOK = "css/tokens.css"
_AT_THE_DOOR = (
    "account_login",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
)
_INSIDE = (
    "account_logout",
    "account_change_password",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_list_webauthn",
    "mfa_add_webauthn",
)


@pytest.fixture
def cast() -> Cast:
    return everybody()


def _texts(cast: Cast, who: str) -> str:
    return client_for(getattr(cast, who)).get(reverse("clinic:switch")).content.decode()


def test_the_frame_names_person_and_clinic(cast: Cast) -> None:
    page = _texts(cast, "practitioner")

    assert "Ayla Kara" in page
    assert "Clinique des Lices" in page
    assert 'href="#main"' in page


def test_somebody_without_a_clinic_still_gets_a_frame(cast: Cast) -> None:
    response = client_for(cast.outsider).get(reverse("clinic:switch"))

    assert response.status_code == 200
    assert "Clinique des Lices" not in response.content.decode()


@pytest.mark.parametrize("name", _AT_THE_DOOR)
def test_pages_at_the_door_wear_our_look(client: Client, name: str) -> None:
    page = client.get(reverse(name))

    assert page.status_code == 200
    assert _LOOK in page.content.decode()


@pytest.mark.parametrize("name", _INSIDE)
def test_pages_of_ones_own_account_wear_our_look(cast: Cast, client: Client, name: str) -> None:
    credentials = {"login": cast.practitioner.staff.email, "password": PASSWORD}
    assert client.post(reverse("account_login"), credentials).status_code == 302
    assert client.post(reverse("account_reauthenticate"), credentials).status_code == 302

    page = client.get(reverse(name))

    assert page.status_code == 200
    assert _LOOK in page.content.decode()


def test_changing_the_door_asks_for_the_password_first(cast: Cast) -> None:
    page = client_for(cast.practitioner).get(reverse("mfa_activate_totp"), follow=True)

    assert "Is it you?" in page.content.decode()


def test_an_old_password_link_says_what_to_do(client: Client) -> None:
    page = client.get(reverse("account_reset_password_from_key", args=["1", "abc-def"]))

    assert "This link no longer works" in page.content.decode()


def test_pages_that_do_not_exist_lead_back(client: Client) -> None:
    page = client.get("/there-is-nothing/")

    assert page.status_code == 404
    assert "Nothing here" in page.content.decode()


def test_the_administration_wears_our_look(cast: Cast) -> None:
    page = client_for(cast.manager).get(reverse("admin:index"))

    assert "css/admin.css" in page.content.decode()


def test_password_mail_is_in_our_words(client: Client, mailoutbox: list[EmailMessage]) -> None:
    person = ayla(lices())
    client.post(reverse("account_reset_password"), {"email": person.staff.email})

    [mail] = mailoutbox
    assert mail.subject == "Choose a new password"
    assert "works once" in mail.body

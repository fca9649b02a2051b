"""The frame round the pages: who sees which places, and that sign-in pages wear our look."""

from __future__ import annotations

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse

from mesoclinic.clinic.third_party import URL_NAMES
from tests.personas import Cast, ayla, client_for, everybody, lices

pytestmark = pytest.mark.django_db

_LOOK = "css/tokens.css"
_ACCOUNT_PAGES = sorted(
    name
    for name, policy in URL_NAMES.items()
    if policy is not None and name.startswith(("account_", "mfa_"))
)
# These answer with data, or need a key in their address.
_NO_PAGE = {
    "account_reset_password_from_key",
    "mfa_download_recovery_codes",
    "mfa_edit_webauthn",
    "mfa_login_webauthn",
    "mfa_remove_webauthn",
}


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


@pytest.mark.parametrize("name", [name for name in _ACCOUNT_PAGES if name not in _NO_PAGE])
def test_account_pages_wear_our_look(cast: Cast, name: str) -> None:
    url = reverse(name)

    for client in (Client(), client_for(cast.practitioner)):
        response = client.get(url, follow=True)
        if "text/html" in response.headers["Content-Type"]:
            assert _LOOK in response.content.decode()


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

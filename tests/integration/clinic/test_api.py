from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, cast

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.exceptions import NotAuthenticated

from mesoclinic.clinic.api import exception_handler
from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.common.errors import Conflict, Forbidden, Invalid, NotFound
from tests.factories.clinic import ApiTokenFactory, PractitionerFactory

pytestmark = pytest.mark.django_db
Browser = Callable[..., Client]


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


class TestTokens:
    def test_acts_as_its_membership(self, client: Client, practitioner: Membership) -> None:
        token = ApiTokenFactory(membership=practitioner)
        answer = client.get(reverse("api-me"), headers=bearer(token.secret))

        assert answer.json() == {
            "id": str(practitioner.pk),
            "name": "Dr Ayla Kara",
            "initials": "AK",
            "role": "practitioner",
            "title": "Dr",
            "colour": "#0e6f6d",
            "email": "ayla@example.org",
            "language": "en",
            "clinic": str(practitioner.clinic_id),
        }
        actor = cast(Any, answer.wsgi_request).actor
        assert (actor.kind, actor.id) == ("token", str(token.pk))
        assert actor.label == "Test program (Dr Ayla Kara)"
        assert actor.is_person

    def test_costs_one_query(
        self,
        client: Client,
        practitioner: Membership,
        django_assert_num_queries: Callable[[int], Any],
    ) -> None:
        token = ApiTokenFactory(membership=practitioner)
        client.get(reverse("api-me"), headers=bearer(token.secret))
        with django_assert_num_queries(1):
            client.get(reverse("api-me"), headers=bearer(token.secret))

    @pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer wrong", "bearer \x7f"])
    def test_a_wrong_one_is_401(self, client: Client, header: str) -> None:
        answer = client.get(reverse("api-me"), headers={"authorization": header})

        assert answer.status_code == 401
        assert answer["WWW-Authenticate"] == "Bearer"

    def test_an_expired_one_is_401(self, client: Client, practitioner: Membership) -> None:
        past = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
        token = ApiTokenFactory(
            membership=practitioner, created_at=past, expires_at=past + dt.timedelta(days=1)
        )

        assert client.get(reverse("api-me"), headers=bearer(token.secret)).status_code == 401

    def test_it_wins_over_a_session_of_another_clinic(
        self, practitioner: Membership, other_practitioner: Membership, client_for: Browser
    ) -> None:
        token = ApiTokenFactory(membership=other_practitioner)
        answer = client_for(practitioner).get(reverse("api-me"), headers=bearer(token.secret))

        assert answer.json()["clinic"] == str(other_practitioner.clinic_id)

    def test_basic_passwords_are_not_taken(self, client: Client, practitioner: Membership) -> None:
        answer = client.get(reverse("api-me"), headers={"authorization": "Basic eDp5"})

        assert answer.status_code == 401


class TestSession:
    def test_writing_needs_the_csrf_token(
        self, practitioner: Membership, client_for: Browser
    ) -> None:
        browser = client_for(practitioner)
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = browser.cookies

        assert strict.get(reverse("api-me")).status_code == 200
        assert strict.post(reverse("api-me"), {}).status_code in {403, 405}


class TestClinic:
    def test_the_callers_clinic(
        self, clinic: Clinic, receptionist: Membership, client_for: Browser
    ) -> None:
        answer = client_for(receptionist).get(reverse("api-clinic")).json()

        assert (answer["name"], answer["time_zone"]) == ("Clinique des Lices", "Europe/Paris")
        assert "record_counter" not in answer
        assert "sender_email" not in answer

    def test_staff_of_this_clinic_by_role(
        self,
        practitioner: Membership,
        receptionist: Membership,
        other_practitioner: Membership,
        client_for: Browser,
    ) -> None:
        client = client_for(receptionist)
        everybody = client.get(reverse("api-staff-list")).json()
        treating = client.get(reverse("api-staff-list"), {"role": "practitioner"}).json()

        assert [row["name"] for row in everybody["results"]] == ["Dr Ayla Kara", "Noor Haddad"]
        assert [row["id"] for row in treating["results"]] == [str(practitioner.pk)]
        assert "email" not in treating["results"][0]

    def test_lists_are_paged(
        self, clinic: Clinic, receptionist: Membership, client_for: Browser
    ) -> None:
        PractitionerFactory.create_batch(3, clinic=clinic)
        page = client_for(receptionist).get(reverse("api-staff-list"), {"limit": 2}).json()

        assert (len(page["results"]), page["count"]) == (2, 4)


class TestErrors:
    @pytest.mark.parametrize(
        ("error", "status"),
        [(NotFound(), 404), (Forbidden(), 403), (Conflict(), 409), (Invalid(), 400)],
    )
    def test_domain_errors(self, error: Any, status: int) -> None:
        answer = exception_handler(error, {})

        assert answer is not None
        assert answer.status_code == status
        assert answer.data == {"code": error.code, "message": error.message, "field": None}

    def test_others_stay_as_they_are(self) -> None:
        answer = exception_handler(NotAuthenticated(), {})

        assert answer is not None
        assert answer.status_code == 401
        assert exception_handler(ValueError(), {}) is None


def test_the_schema_describes_it(receptionist: Membership, client_for: Browser) -> None:
    answer = client_for(receptionist).get(
        reverse("api-schema"), headers={"accept": "application/json"}
    )
    schema = answer.json()

    assert {"/api/v1/clinic/", "/api/v1/me/", "/api/v1/staff/"} <= set(schema["paths"])
    assert schema["components"]["securitySchemes"]["token"] == {"type": "http", "scheme": "bearer"}

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from mesoclinic.clinic.models import ApiToken, Clinic, Membership
from tests.factories.clinic import ApiTokenFactory, PractitionerFactory, StaffFactory

pytestmark = pytest.mark.django_db
Browser = Callable[..., Client]


@pytest.fixture
def desk(manager: Membership, client_for: Browser) -> Client:
    return client_for(manager)


class TestOverview:
    def test_facts_people_and_warnings(self, clinic: Clinic, desk: Client) -> None:
        PractitionerFactory(
            clinic=clinic,
            staff=StaffFactory(full_name="Late Licence"),
            licence_expires_on=dt.date(2020, 1, 31),
        )
        page = desk.get(reverse("clinic:settings")).content.decode()

        assert "Clinique des Lices" in page
        assert "The licence of Dr Late Licence expired on" in page
        assert "Licence expired" in page
        assert "No program has access" in page

    def test_tokens_with_their_state(self, practitioner: Membership, desk: Client) -> None:
        token = ApiTokenFactory(membership=practitioner, name="Lab system")
        page = desk.get(reverse("clinic:settings")).content.decode()

        assert "Lab system" in page
        assert token.secret not in page

    def test_it_does_not_cost_more_with_more_people(
        self, clinic: Clinic, desk: Client, django_assert_max_num_queries: Callable[[int], object]
    ) -> None:
        for _ in range(12):
            ApiTokenFactory(membership=PractitionerFactory(clinic=clinic))
        desk.get(reverse("clinic:settings"))
        with django_assert_max_num_queries(4):  # type: ignore[attr-defined]
            desk.get(reverse("clinic:settings"))


class TestPeople:
    DATA = {"email": "nele@example.org", "full_name": "Nele Voss", "role": "receptionist"}

    def test_added_and_invited(self, clinic: Clinic, desk: Client) -> None:
        answer = desk.post(reverse("clinic:person-create"), self.DATA)

        assert answer.status_code == 302
        assert Membership.objects.get(staff__email="nele@example.org").clinic == clinic
        [sent] = mail.outbox
        assert sent.subject == "Your account at Clinique des Lices"
        [path] = re.findall(r"http://\S+(/accounts/password/reset/key/\S+)", str(sent.body))
        page = Client().get(path, follow=True)
        assert page.status_code == 200
        assert b"password1" in page.content

    def test_somebody_with_a_password_is_only_added(
        self, desk: Client, other_practitioner: Membership
    ) -> None:
        desk.post(reverse("clinic:person-create"), {**self.DATA, "email": "ruth@example.org"})

        assert Membership.objects.filter(staff=other_practitioner.staff).count() == 2
        assert mail.outbox == []

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"email": "nonsense"}, "email"),
            ({"full_name": ""}, "full_name"),
            ({"role": "owner"}, "role"),
            ({"licence_number": "A1"}, "licence_number"),
            ({"role": "practitioner", "licence_expires_on": "2027-01-01"}, "licence_number"),
            ({"licence_expires_on": "soon"}, "licence_expires_on"),
            ({"email": "zita@example.org"}, "email"),
        ],
    )
    def test_bad_input_is_said_at_the_field_and_kept(
        self, desk: Client, changes: dict[str, str], field: str
    ) -> None:
        answer = desk.post(reverse("clinic:person-create"), {**self.DATA, **changes})

        assert answer.status_code == 400
        assert field in answer.context["form"].errors
        assert "Nele Voss" in answer.content.decode() or field == "full_name"
        assert not Membership.objects.filter(staff__email="nele@example.org").exists()

    def test_invited_again(self, clinic: Clinic, desk: Client) -> None:
        place = PractitionerFactory(clinic=clinic, staff=StaffFactory(password=None))
        desk.post(reverse("clinic:person-invite", args=[place.pk]))

        assert [message.to for message in mail.outbox] == [[place.staff.email]]


class TestTokens:
    def test_the_secret_is_shown_once(self, practitioner: Membership, desk: Client) -> None:
        answer = desk.post(
            reverse("clinic:token-create"), {"name": "Lab", "membership": str(practitioner.pk)}
        )
        secret = answer.context["secret"]

        assert f'value="{secret}"' in answer.content.decode()
        assert secret not in desk.get(reverse("clinic:settings")).content.decode()
        works = Client().get(reverse("api-me"), headers={"authorization": f"Bearer {secret}"})
        assert works.json()["name"] == "Dr Ayla Kara"

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"name": ""}, "name"),
            ({"membership": ""}, "membership"),
            ({"last_day": "2020-01-01"}, "last_day"),
        ],
    )
    def test_bad_input(
        self, practitioner: Membership, desk: Client, changes: dict[str, str], field: str
    ) -> None:
        data = {"name": "Lab", "membership": str(practitioner.pk), **changes}
        answer = desk.post(reverse("clinic:token-create"), data)

        assert answer.status_code == 400
        assert field in answer.context["form"].errors
        assert not ApiToken.objects.exists()

    def test_not_for_somebody_of_another_clinic(
        self, other_practitioner: Membership, desk: Client
    ) -> None:
        data = {"name": "Lab", "membership": str(other_practitioner.pk)}

        assert desk.post(reverse("clinic:token-create"), data).status_code == 400

    def test_revoked(self, practitioner: Membership, desk: Client) -> None:
        token = ApiTokenFactory(membership=practitioner)
        url = reverse("clinic:token-revoke", args=[token.pk])
        assert desk.post(url).status_code == 302
        answer = desk.post(url, headers={"referer": "http://testserver/clinic/"}, follow=True)

        assert "This token was revoked before." in answer.content.decode()


@pytest.mark.parametrize("name", ["settings", "switch", "person-create", "token-create"])
def test_pages_keep_the_content_policy(desk: Client, name: str) -> None:
    page = desk.get(reverse(f"clinic:{name}")).content.decode()

    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", page)
    assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", page)


def test_the_page_of_the_api_keeps_it_too(desk: Client) -> None:
    answer = desk.get(reverse("api-docs"))
    page = answer.content.decode()

    assert "swagger-ui-bundle.js" in page
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert "unsafe-inline" not in answer["Content-Security-Policy"]

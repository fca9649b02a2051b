from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.test import Client
from django.urls import reverse

from mesoclinic.audit.models import AuditEntry
from mesoclinic.clinic.models import Clinic, Membership, Role
from tests.factories.clinic import PASSWORD, ApiTokenFactory

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXP"
SETUP = reverse("mfa_index")


def code() -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(SECRET, counter)))


@pytest.fixture
def required(clinic: Clinic) -> Clinic:
    clinic.mfa_required_roles = [Role.PRACTITIONER]
    clinic.save()
    return clinic


class TestRequired:
    def test_pages_lead_to_the_set_up(
        self, required: Clinic, practitioner: Membership, client_for: Callable[..., Client]
    ) -> None:
        answer = client_for(practitioner).get(reverse("api-docs"))

        assert (answer.status_code, answer["Location"]) == (302, SETUP)

    def test_scripts_are_told(
        self, required: Clinic, practitioner: Membership, client_for: Callable[..., Client]
    ) -> None:
        answer = client_for(practitioner).get(reverse("api-me"))

        assert answer.status_code == 403
        assert answer.json()["code"] == "second_factor_required"

    def test_other_roles_go_on(
        self, required: Clinic, receptionist: Membership, client_for: Callable[..., Client]
    ) -> None:
        assert client_for(receptionist).get(reverse("api-docs")).status_code == 200

    def test_the_set_up_itself_and_the_way_out_are_open(
        self, required: Clinic, practitioner: Membership, client_for: Callable[..., Client]
    ) -> None:
        client = client_for(practitioner)

        assert client.get(reverse("account_logout")).status_code == 200
        assert client.get(SETUP).status_code == 200
        assert client.get(reverse("clinic:switch")).status_code == 200

    def test_with_a_factor_the_house_opens_and_is_not_asked_again(
        self,
        required: Clinic,
        practitioner: Membership,
        client_for: Callable[..., Client],
        django_assert_num_queries: Callable[[int], object],
    ) -> None:
        client = client_for(practitioner)
        TOTP.activate(practitioner.staff, SECRET)
        assert client.get(reverse("api-docs")).status_code == 200

        with django_assert_num_queries(1):  # type: ignore[attr-defined]
            client.get(reverse("api-docs"))

    def test_tokens_are_programs_and_have_no_second_factor(
        self, required: Clinic, practitioner: Membership, client: Client
    ) -> None:
        secret = ApiTokenFactory(membership=practitioner).secret
        answer = client.get(reverse("api-me"), headers={"authorization": f"Bearer {secret}"})

        assert answer.status_code == 200


class TestSignInWithOne:
    def test_password_alone_is_not_enough(self, practitioner: Membership, client: Client) -> None:
        TOTP.activate(practitioner.staff, SECRET)
        client.post(reverse("account_login"), {"login": "ayla@example.org", "password": PASSWORD})
        assert "_auth_user_id" not in client.session

        client.post(reverse("mfa_authenticate"), {"code": "000000"})
        assert "_auth_user_id" not in client.session

        client.post(reverse("mfa_authenticate"), {"code": code()})
        assert client.session["_auth_user_id"] == str(practitioner.staff_id)

    def test_a_recovery_code_works_once(self, practitioner: Membership) -> None:
        TOTP.activate(practitioner.staff, SECRET)
        used = RecoveryCodes.activate(practitioner.staff).get_unused_codes()[0]
        for expected in (True, False):
            client = Client()
            client.post(
                reverse("account_login"), {"login": "ayla@example.org", "password": PASSWORD}
            )
            client.post(reverse("mfa_authenticate"), {"code": used})
            assert ("_auth_user_id" in client.session) is expected

    def test_passkeys_and_recovery_codes_are_offered(
        self, practitioner: Membership, client_for: Callable[..., Client]
    ) -> None:
        client = client_for(practitioner)

        assert client.get(reverse("mfa_list_webauthn")).status_code == 200
        assert (
            Client()
            .get(
                reverse("mfa_login_webauthn"),
                headers={"accept": "application/json", "x-requested-with": "XMLHttpRequest"},
            )
            .status_code
            == 200
        )


class TestAtRest:
    def test_the_secret_is_encrypted(self, practitioner: Membership) -> None:
        TOTP.activate(practitioner.staff, SECRET)

        stored = Authenticator.objects.get(user=practitioner.staff, type="totp")
        assert SECRET not in str(stored.data)
        assert get_adapter().decrypt(stored.data["secret"]) == SECRET

    def test_it_survives_a_change_of_key(self, practitioner: Membership, settings: object) -> None:
        old = settings.SECRET_KEY  # type: ignore[attr-defined]
        sealed = get_adapter().encrypt("words")
        settings.SECRET_KEY = "n" * 60  # type: ignore[attr-defined]
        settings.SECRET_KEY_FALLBACKS = [old]  # type: ignore[attr-defined]

        assert get_adapter().decrypt(sealed) == "words"


@pytest.mark.django_db(transaction=True)
class TestRecord:
    def test_adding_and_removing_is_recorded_and_looked_at_again(
        self,
        required: Clinic,
        practitioner: Membership,
        client: Client,
    ) -> None:
        client.post(reverse("account_login"), {"login": "ayla@example.org", "password": PASSWORD})
        assert "/accounts/reauthenticate/" in client.get(reverse("mfa_activate_totp"))["Location"]
        client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
        client.get(reverse("mfa_activate_totp"))
        secret = client.session["mfa.totp.secret"]
        counter = next(iter(yield_hotp_counters_from_time()))
        good = format_hotp_value(hotp_value(secret, counter))
        client.post(reverse("mfa_activate_totp"), {"code": good})
        assert client.get(reverse("api-docs")).status_code == 200
        client.post(reverse("mfa_deactivate_totp"))

        assert client.get(reverse("api-docs")).status_code == 302
        reasons = AuditEntry.objects.filter(object_id=str(practitioner.staff_id))
        assert {"totp added", "totp removed"} <= set(reasons.values_list("reason", flat=True))

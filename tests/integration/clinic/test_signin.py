"""The door: sign-in, sign-out, password mails, throttling, and no sign-up."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse

from mesoclinic.audit.models import Action, AuditEntry
from mesoclinic.clinic.models import Membership, StaffMember
from tests.factories.clinic import PASSWORD

pytestmark = pytest.mark.django_db
LOGIN = reverse("account_login")


def sign_in(client: Client, email: str, password: str = PASSWORD, address: str = "10.0.0.1") -> int:
    answer = client.post(LOGIN, {"login": email, "password": password}, REMOTE_ADDR=address)
    return answer.status_code


def actions(staff: StaffMember) -> list[tuple[str, str]]:
    rows = AuditEntry.objects.filter(object_id=str(staff.pk)).exclude(action="insert")
    return list(rows.order_by("id").values_list("action", "reason"))


class TestSignIn:
    def test_by_email_in_any_case(self, client: Client, practitioner: Membership) -> None:
        assert sign_in(client, "AYLA@Example.org") == 302
        assert client.session["_auth_user_id"] == str(practitioner.staff_id)
        assert client.session["started_at"] == client.session["seen_at"]
        assert actions(practitioner.staff) == [(Action.SIGN_IN, "")]

    @pytest.mark.parametrize(("works_here", "lands"), [(True, "/"), (False, "/admin/")])
    def test_who_only_administers_lands_in_the_administration(
        self, client: Client, practitioner: Membership, works_here: bool, lands: str
    ) -> None:
        StaffMember.objects.filter(pk=practitioner.staff_id).update(is_staff=True)
        if not works_here:
            practitioner.delete()
        answer = client.post(LOGIN, {"login": "ayla@example.org", "password": PASSWORD})
        assert answer.headers["Location"] == lands

    def test_the_session_ends_with_the_browser(
        self, client: Client, practitioner: Membership
    ) -> None:
        sign_in(client, "ayla@example.org")

        assert client.session.get_expire_at_browser_close()

    def test_a_wrong_password(self, client: Client, practitioner: Membership) -> None:
        assert sign_in(client, "ayla@example.org", "wrong") == 200
        assert "_auth_user_id" not in client.session
        assert actions(practitioner.staff) == [(Action.SIGN_IN_FAILED, "")]

    def test_an_unknown_account_leaves_no_address_in_the_record(self, client: Client) -> None:
        sign_in(client, "stranger@example.org", "wrong")

        [entry] = AuditEntry.objects.filter(action=Action.SIGN_IN_FAILED)
        assert (entry.actor_kind, entry.reason) == ("anonymous", "unknown account")
        assert "stranger" not in str(AuditEntry.objects.values_list())

    def test_a_switched_off_account(self, client: Client, practitioner: Membership) -> None:
        StaffMember.objects.filter(pk=practitioner.staff_id).update(is_active=False)
        sign_in(client, "ayla@example.org")

        assert "_auth_user_id" not in client.session

    def test_switching_an_account_off_ends_its_session(
        self, practitioner: Membership, client_for: Callable[..., Client]
    ) -> None:
        client = client_for(practitioner)
        StaffMember.objects.filter(pk=practitioner.staff_id).update(is_active=False)

        assert client.get(reverse("clinic:switch")).status_code == 302

    def test_sign_out_only_by_post(
        self, practitioner: Membership, client_for: Callable[..., Client]
    ) -> None:
        client = client_for(practitioner)
        client.get(reverse("account_logout"))
        assert "_auth_user_id" in client.session
        client.post(reverse("account_logout"))

        assert "_auth_user_id" not in client.session
        assert actions(practitioner.staff)[-1] == (Action.SIGN_OUT, "")


class TestThrottling:
    def test_per_account_from_many_addresses(
        self, client: Client, practitioner: Membership
    ) -> None:
        for attempt in range(5):
            sign_in(Client(), "ayla@example.org", "wrong", f"10.0.1.{attempt}")

        answer = client.post(
            LOGIN, {"login": "ayla@example.org", "password": PASSWORD}, REMOTE_ADDR="10.9.9.9"
        )
        assert "_auth_user_id" not in client.session
        assert "Too many failed login attempts" in answer.content.decode()

    def test_per_address_over_many_accounts(self, client: Client, manager: Membership) -> None:
        for attempt in range(10):
            sign_in(Client(), f"nobody{attempt}@example.org", "wrong")
        sign_in(client, "zita@example.org")
        assert "_auth_user_id" not in client.session

        sign_in(client, "zita@example.org", address="10.0.0.2")
        assert "_auth_user_id" in client.session

    def test_a_forwarded_header_does_not_help(
        self, client: Client, practitioner: Membership
    ) -> None:
        for attempt in range(10):
            Client().post(
                LOGIN,
                {"login": f"n{attempt}@example.org", "password": "wrong"},
                REMOTE_ADDR="10.0.0.1",
                headers={"x-forwarded-for": f"1.2.3.{attempt}"},
            )
        client.post(
            LOGIN,
            {"login": "ayla@example.org", "password": PASSWORD},
            REMOTE_ADDR="10.0.0.1",
            headers={"x-forwarded-for": "9.9.9.9"},
        )

        assert "_auth_user_id" not in client.session

    def test_password_mails(self, practitioner: Membership) -> None:
        url = reverse("account_reset_password")
        answers = [Client().post(url, {"email": "ayla@example.org"}).status_code for _ in range(7)]

        assert 429 in answers
        assert len(mail.outbox) <= 5


class TestNoSignUp:
    @pytest.mark.parametrize("method", ["get", "post"])
    def test_there_is_no_such_page(self, client: Client, method: str) -> None:
        data = {"email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD}
        answer = getattr(client, method)(reverse("account_signup"), data)

        assert answer.status_code == 404
        assert not StaffMember.objects.exists()

    def test_nor_one_to_change_the_address(
        self, practitioner: Membership, client_for: Callable[..., Client]
    ) -> None:
        assert client_for(practitioner).get(reverse("account_email")).status_code == 404


class TestPasswordMail:
    def ask(self, email: str, **extra: str) -> None:
        Client().post(reverse("account_reset_password"), {"email": email}, **extra)  # type: ignore[arg-type]

    def test_the_link_is_on_the_configured_address(
        self, practitioner: Membership, settings: object
    ) -> None:
        settings.BASE_URL = "https://meso.example"  # type: ignore[attr-defined]
        settings.ALLOWED_HOSTS = ["*"]  # type: ignore[attr-defined]
        self.ask("ayla@example.org", HTTP_HOST="evil.example")

        [sent] = mail.outbox
        assert "https://meso.example/accounts/password/reset/key/" in str(sent.body)
        assert "evil.example" not in str(sent.body)

    def test_an_unknown_address_gets_nothing_and_the_page_says_the_same(
        self, practitioner: Membership
    ) -> None:
        url = reverse("account_reset_password")
        known = Client().post(url, {"email": "ayla@example.org"})
        unknown = Client().post(url, {"email": "nobody@example.org"})

        assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
        assert len(mail.outbox) == 1

    def test_following_the_link_sets_the_password_and_proves_the_address(
        self, practitioner: Membership
    ) -> None:
        self.ask("ayla@example.org")
        [link] = re.findall(
            r"http://\S+(/accounts/password/reset/key/\S+)", str(mail.outbox[0].body)
        )
        client = Client()
        page = client.get(link, follow=True)
        new = "a new and long password"
        client.post(page.redirect_chain[-1][0], {"password1": new, "password2": new}, follow=True)

        assert sign_in(Client(), "ayla@example.org", new) == 302
        address = EmailAddress.objects.get(user=practitioner.staff)
        assert (address.email, address.verified, address.primary) == (
            "ayla@example.org",
            True,
            True,
        )
        assert (Action.UPDATE, "password reset by mailed link") in actions(practitioner.staff)

    def test_fetching_the_link_changes_nothing(self, practitioner: Membership) -> None:
        """Mail scanners open links."""
        self.ask("ayla@example.org")
        [link] = re.findall(
            r"http://\S+(/accounts/password/reset/key/\S+)", str(mail.outbox[0].body)
        )
        before = practitioner.staff.password
        Client().get(link, follow=True)

        practitioner.staff.refresh_from_db()
        assert practitioner.staff.password == before


class TestAdminDoor:
    def test_is_the_same_door(self, client: Client) -> None:
        answer = client.get("/admin/login/?next=/admin/clinic/")

        assert answer.status_code == 302
        assert answer["Location"].startswith(f"{LOGIN}?next=")

    def test_a_foreign_next_is_dropped(
        self, superuser: StaffMember, client_for: Callable[..., Client]
    ) -> None:
        answer = client_for(superuser).get("/admin/login/?next=https://evil.example/")

        assert "evil" not in answer["Location"]

    def test_password_and_sign_out_lead_to_the_common_pages(
        self, superuser: StaffMember, client_for: Callable[..., Client]
    ) -> None:
        client = client_for(superuser)

        assert client.get("/admin/password_change/")["Location"] == reverse(
            "account_change_password"
        )
        assert client.post("/admin/logout/")["Location"] == reverse("account_logout")

    def test_whoever_may_not_is_refused_not_asked_again(
        self, receptionist: Membership, client_for: Callable[..., Client]
    ) -> None:
        assert client_for(receptionist).get("/admin/").status_code == 403

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from mesoclinic.audit.models import Action, AuditEntry
from mesoclinic.clinic.http import DomainErrorMiddleware, sign_in_response
from mesoclinic.clinic.middleware import AccessMiddleware
from mesoclinic.clinic.models import Clinic, Membership, StaffMember
from mesoclinic.common.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from tests.factories.clinic import MembershipFactory

pytestmark = pytest.mark.django_db
Browser = Callable[..., Client]


class TestCost:
    def test_a_signed_in_page_costs_one_query(
        self,
        practitioner: Membership,
        client_for: Browser,
        django_assert_num_queries: Callable[[int], Any],
    ) -> None:
        client = client_for(practitioner)
        client.get(reverse("clinic:switch"))
        with django_assert_num_queries(1):
            client.get(reverse("clinic:switch"))

    def test_an_api_call_with_a_session_costs_one_query(
        self,
        practitioner: Membership,
        client_for: Browser,
        django_assert_num_queries: Callable[[int], Any],
    ) -> None:
        client = client_for(practitioner)
        client.get(reverse("api-me"))
        with django_assert_num_queries(1):
            client.get(reverse("api-me"))

    def test_somebody_who_is_not_signed_in_costs_none(
        self, client: Client, django_assert_num_queries: Callable[[int], Any]
    ) -> None:
        with django_assert_num_queries(0):
            client.get(reverse("account_login"))


class TestWhoAndWhere:
    def bound(self, client: Client) -> Any:
        return client.get(reverse("clinic:switch")).wsgi_request

    def test_request_carries_membership_clinic_and_actor(
        self, practitioner: Membership, client_for: Browser
    ) -> None:
        request = self.bound(client_for(practitioner))

        assert request.membership == practitioner
        assert request.clinic == practitioner.clinic
        actor = request.actor
        assert (actor.kind, actor.id, actor.label) == (
            "staff",
            str(practitioner.staff_id),
            "Dr Ayla Kara",
        )
        assert (actor.clinic_id, actor.role, actor.staff_id) == (
            practitioner.clinic_id,
            "practitioner",
            practitioner.staff_id,
        )
        assert actor.request_id

    def test_outsider_has_neither(self, outsider: StaffMember, client_for: Browser) -> None:
        request = self.bound(client_for(outsider))

        assert (request.membership, request.clinic, request.actor.role) == (None, None, None)

    def test_pages_of_patients_are_not_cached(
        self, practitioner: Membership, client_for: Browser
    ) -> None:
        answer = client_for(practitioner).get(reverse("clinic:switch"))

        assert answer["Cache-Control"] == "private, no-store"

    def test_a_switched_off_membership_is_none(
        self, practitioner: Membership, client_for: Browser
    ) -> None:
        client = client_for(practitioner)
        Membership.objects.filter(pk=practitioner.pk).update(is_active=False)

        assert self.bound(client).membership is None
        assert client.get(reverse("api-me")).status_code == 403

    def test_pages_speak_the_persons_language(
        self, practitioner: Membership, client_for: Browser, settings: Any
    ) -> None:
        settings.LANGUAGES = [("en", "English"), ("fr", "French")]
        StaffMember.objects.filter(pk=practitioner.staff_id).update(language="fr-ca")
        answer = client_for(practitioner).get(
            reverse("clinic:switch"), headers={"accept-language": "en"}
        )
        assert '<html lang="fr"' in answer.content.decode()

    def test_an_unknown_language_changes_nothing(
        self, practitioner: Membership, client_for: Browser
    ) -> None:
        StaffMember.objects.filter(pk=practitioner.staff_id).update(language="xx")

        assert client_for(practitioner).get(reverse("clinic:switch")).status_code == 200


class TestSwitch:
    @pytest.fixture
    def second(self, practitioner: Membership, other_clinic: Clinic) -> Membership:
        place: Membership = MembershipFactory(
            clinic=other_clinic, staff=practitioner.staff, role="receptionist"
        )
        return place

    def switch(self, client: Client, clinic: Clinic, **extra: str) -> Any:
        return client.post(reverse("clinic:switch"), {"clinic": str(clinic.pk), **extra})

    def test_the_other_clinic_with_the_other_role(
        self, practitioner: Membership, second: Membership, client_for: Browser
    ) -> None:
        client = client_for(practitioner)
        assert self.switch(client, second.clinic)["Location"] == "/"
        me = client.get(reverse("api-me")).json()

        assert (me["clinic"], me["role"]) == (str(second.clinic_id), "receptionist")

    def test_both_are_listed(
        self, practitioner: Membership, second: Membership, client_for: Browser
    ) -> None:
        page = client_for(practitioner).get(reverse("clinic:switch")).content.decode()

        assert "Clinique des Lices" in page
        assert "Work in Harbour Skin" in page

    def test_a_clinic_one_does_not_belong_to_is_not_there(
        self, practitioner: Membership, other_clinic: Clinic, client_for: Browser
    ) -> None:
        client = client_for(practitioner)
        assert self.switch(client, other_clinic).status_code == 404
        assert client.post(reverse("clinic:switch"), {"clinic": "nonsense"}).status_code == 404

        assert client.get(reverse("api-me")).json()["clinic"] == str(practitioner.clinic_id)

    def test_next_stays_in_the_house(
        self, practitioner: Membership, second: Membership, client_for: Browser
    ) -> None:
        client = client_for(practitioner)
        assert self.switch(client, second.clinic, next="/calendar/")["Location"] == "/calendar/"
        assert self.switch(client, second.clinic, next="https://evil.example/")["Location"] == "/"

    def test_after_losing_the_chosen_clinic_the_first_one_is_used(
        self, practitioner: Membership, second: Membership, client_for: Browser
    ) -> None:
        client = client_for(practitioner)
        self.switch(client, second.clinic)
        Membership.objects.filter(pk=second.pk).update(is_active=False)

        assert client.get(reverse("api-me")).json()["clinic"] == str(practitioner.clinic_id)


class TestDoor:
    def test_a_refusal_is_recorded(self, receptionist: Membership, client_for: Browser) -> None:
        client_for(receptionist).get(reverse("clinic:settings"))

        [entry] = AuditEntry.objects.filter(action=Action.DENIED)
        assert (entry.object_id, entry.actor_label) == ("clinic:settings", "Noor Haddad")

    def test_a_view_without_policy_is_refused(self, rf: RequestFactory) -> None:
        from django.core.exceptions import PermissionDenied

        request = rf.get("/")
        request.resolver_match = None
        with pytest.raises(PermissionDenied):
            AccessMiddleware(lambda r: HttpResponse()).process_view(
                request, lambda r: HttpResponse(), (), {}
            )

    def test_the_way_back_never_leaves_the_house(self, rf: RequestFactory) -> None:
        request = rf.get(
            "/x/", headers={"HX-Request": "true", "HX-Current-URL": "https://evil.example/"}
        )

        assert sign_in_response(request)["HX-Redirect"].endswith("?next=%2F")

    def test_scripts_that_read_json_get_401(self, rf: RequestFactory) -> None:
        answer = sign_in_response(rf.get("/x/", headers={"Accept": "application/json"}))

        assert answer.status_code == 401
        assert json.loads(answer.content)["code"] == "signed_out"


class Busy(Conflict):
    default_code = "busy"
    default_message = "Take another time."


class TestRefusalsOnPages:
    def answer(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        request.user = AnonymousUser()
        request._messages = CookieStorage(request)  # type: ignore[attr-defined]
        middleware = DomainErrorMiddleware(lambda r: HttpResponse())
        return middleware.process_exception(request, error)

    @pytest.mark.parametrize(("error", "status"), [(NotFound(), 404), (Forbidden(), 403)])
    def test_pages(self, rf: RequestFactory, error: DomainError, status: int) -> None:
        answer = self.answer(rf.get("/x/"), error)

        assert answer is not None
        assert answer.status_code == status

    def test_a_form_goes_back_with_the_sentence(self, rf: RequestFactory) -> None:
        request = rf.post("/x/", headers={"referer": "http://testserver/form/"})
        answer = self.answer(request, Busy())

        assert answer is not None
        assert (answer.status_code, answer["Location"]) == (302, "http://testserver/form/")
        assert [str(m) for m in request._messages] == ["Take another time."]  # type: ignore[attr-defined]

    def test_never_to_another_house(self, rf: RequestFactory) -> None:
        request = rf.post("/x/", headers={"referer": "https://evil.example/"})
        answer = self.answer(request, Busy())

        assert answer is not None
        assert answer.status_code == 409
        assert b"Take another time." in answer.content

    def test_htmx_gets_an_event_and_no_swap(self, rf: RequestFactory) -> None:
        answer = self.answer(rf.post("/x/", headers={"HX-Request": "true"}), Busy(field="start"))

        assert answer is not None
        assert (answer.status_code, answer["HX-Reswap"]) == (409, "none")
        body = {"code": "busy", "message": "Take another time.", "field": "start"}
        assert json.loads(answer["HX-Trigger"]) == {"mc:error": body}
        assert json.loads(answer.content) == body

    def test_other_errors_are_not_touched(self, rf: RequestFactory) -> None:
        assert self.answer(rf.get("/x/"), ValueError()) is None

    @pytest.mark.parametrize("address", ["plans/?q=%00", "trace/?q=%00"])
    def test_a_character_that_cannot_be_stored_is_refused_in_words(
        self, practitioner: Membership, client_for: Browser, address: str
    ) -> None:
        answer = client_for(practitioner).get(f"/{address}")
        assert answer.status_code == Invalid.status
        assert "character in it that can" in answer.content.decode()

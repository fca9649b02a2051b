"""The API does what the pages do, by the same services."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.urls import reverse
from rest_framework.test import APIClient

from mesoclinic.clinic.models import Membership
from tests.factories import treatments as make
from tests.factories.clinic import ApiTokenFactory
from treatments import services
from treatments.models import TreatmentPlan


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(make.NOW, tick=False):
        yield


def client_of(member: Membership) -> APIClient:
    """A program with a token of this person."""
    token = ApiTokenFactory(membership=member)
    client = APIClient()
    client.default_format = "json"
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token.secret}")
    return client


@pytest.fixture
def api(practitioner: Membership) -> APIClient:
    """Dr Ayla Kara's program."""
    return client_of(practitioner)


def test_the_thread_of_a_course(
    api: APIClient, stock: make.Catalogue, practitioner: Membership
) -> None:
    who = make.patient(stock.clinic)
    make.screen(who)
    body = {
        "patient": who.pk, "practitioner": practitioner.staff_id, "indication": stock.indication.pk,
        "protocol": stock.protocol.pk, "areas": [stock.cheeks.pk],
        "techniques": [stock.nappage.pk], "start_on": "2026-01-13",
        "lines": [{"ingredient": stock.hyaluron.pk, "dose": "1.5"}],
    }  # fmt: skip
    plan = api.post(reverse("api-plan-list"), body, format="json").json()["id"]
    assert api.post(reverse("api-plan-activate", args=[plan])).json()["status"] == "active"
    consent = reverse("api-plan-consent", args=[plan])
    digest = api.get(consent).json()["text_sha256"]
    signature = {"text_sha256": digest, "signer_name": "Inês Carvalho"}
    assert api.post(consent, signature, format="json").status_code == 201
    windows = api.get(reverse("api-plan-windows", args=[plan])).json()
    assert [one["latest"] for one in windows] == [None, "2026-01-23", "2026-02-24"]
    session = windows[0]["session"]
    ready = api.get(reverse("api-session-readiness", args=[session]), {"at": "chair"}).json()
    assert ready["verdict"] == "go"
    assert api.post(reverse("api-session-start", args=[session])).status_code == 200
    missing = api.post(reverse("api-session-sign", args=[session]))
    assert (missing.status_code, missing.json()["code"]) == (400, "record_incomplete")
    row = {
        "ingredient": str(stock.hyaluron.pk), "dose": "1.5",
        "lot": str(stock.lots["hyaluronic_acid"].pk), "area": str(stock.cheeks.pk),
        "technique": str(stock.nappage.pk),
    }  # fmt: skip
    api.put(reverse("api-session-doses", args=[session]), {"rows": [row]}, format="json")
    signed = api.post(reverse("api-session-sign", args=[session])).json()
    assert signed["signed_at"] is not None
    assert signed["doses"][0]["dose"] == "1.500"
    added = api.post(reverse("api-session-addenda", args=[session]), {"text": "Fine."})
    assert added.status_code == 201


def test_an_absolute_finding_answers_409_with_words(
    api: APIClient, plan: TreatmentPlan, stock: make.Catalogue
) -> None:
    answer = api.post(
        reverse("api-plan-cocktails", args=[plan.pk]),
        {"change_note": "more", "lines": [{"ingredient": stock.hyaluron.pk, "dose": "9"}]},
        format="json",
    )
    assert answer.status_code == 409
    assert answer.json()["code"] == "cocktail_stopped"
    assert "above the maximum" in answer.json()["message"]


def test_a_second_client_does_not_overwrite_a_cocktail_unseen(
    api: APIClient, plan: TreatmentPlan, stock: make.Catalogue
) -> None:
    url = reverse("api-plan-cocktails", args=[plan.pk])
    line = {"ingredient": stock.hyaluron.pk}
    body = {"change_note": "a little less", "lines": [line | {"dose": "1.1"}], "since": 1}
    assert api.post(url, body, format="json").status_code == 201
    body |= {"lines": [line | {"dose": "1.2"}]}
    late = api.post(url, body, format="json")
    assert (late.status_code, late.json()["code"]) == (409, "cocktail_moved_on")
    assert api.post(url, body | {"since": 2}, format="json").status_code == 201


def test_the_front_desk_gets_no_clinical_fields(
    plan: TreatmentPlan, receptionist: Membership
) -> None:
    desk = client_of(receptionist)
    shown = desk.get(reverse("api-plan-detail", args=[plan.pk])).json()
    assert shown["sessions_total"] == 3
    assert not {"goals", "areas", "indication", "protocol_snapshot"} & set(shown)
    assert desk.get(reverse("api-plan-windows", args=[plan.pk])).status_code == 200
    for closed in ("cocktails", "consent", "readiness"):
        assert desk.get(reverse(f"api-plan-{closed}", args=[plan.pk])).status_code == 403
    assert desk.get(reverse("api-lot-list")).status_code == 403


def test_lists_hold_one_clinic_only(
    api: APIClient, plan: TreatmentPlan, other_practitioner: Membership
) -> None:
    theirs = make.course(make.catalogue(other_practitioner.clinic), other_practitioner)
    shown = api.get(reverse("api-plan-list")).json()["results"]
    assert [one["id"] for one in shown] == [str(plan.pk)]
    assert api.get(reverse("api-plan-detail", args=[theirs.pk])).status_code == 404
    names = {"indication", "area", "technique", "protocol", "ingredient", "pair", "product"}
    for name in names:
        rows = api.get(reverse(f"api-{name}-list")).json()["results"]
        mine = {row["id"] for row in rows}
        others = client_of(other_practitioner).get(reverse(f"api-{name}-list")).json()["results"]
        assert mine
        assert not mine & {row["id"] for row in others}


def test_stock_and_reactions(api: APIClient, plan: TreatmentPlan, stock: make.Catalogue) -> None:
    product = stock.lots["vitamin_c"].product
    delivery = {
        "product": product.pk, "number": "C118", "expires_on": "2027-01-31", "quantity": "50",
    }  # fmt: skip
    lot = api.post(reverse("api-lot-list"), delivery, format="json").json()["id"]
    counted = api.post(
        reverse("api-lot-adjust", args=[lot]), {"quantity": "48", "reason": "broken"}
    )
    assert counted.json()["quantity"] == "48.000"
    gone = api.post(reverse("api-lot-withdraw", args=[lot]), {"reason": "recall"})
    assert gone.json()["withdrawn_reason"] == "recall"
    report = {
        "patient": plan.patient_id, "effect": "swelling", "severity": 3, "onset_on": "2026-01-13",
    }  # fmt: skip
    event = api.post(reverse("api-adverse-event-list"), report, format="json").json()["id"]
    stopped = api.get(reverse("api-plan-readiness", args=[plan.pk])).json()
    assert stopped["verdict"] == "stop"
    closed = api.post(reverse("api-adverse-event-resolve", args=[event]), {"outcome": "Gone"})
    assert closed.json()["outcome"] == "Gone"


def test_lists_do_not_cost_more_with_more_rows(
    api: APIClient,
    stock: make.Catalogue,
    practitioner: Membership,
    django_assert_max_num_queries: Any,
) -> None:
    services.seed_clinic(stock.clinic)
    for _ in range(4):
        make.course(stock, practitioner)
    for name, most in (("plan", 12), ("ingredient", 12), ("indication", 14), ("protocol", 10)):
        with django_assert_max_num_queries(most):
            assert api.get(reverse(f"api-{name}-list")).status_code == 200

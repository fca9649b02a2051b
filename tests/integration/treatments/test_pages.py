"""The pages: what they show to whom, what they keep, and what they cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from mesoclinic.audit.models import AuditEntry
from mesoclinic.clinic.models import Membership
from patients.models import Allergy
from tests.factories import treatments as make
from tests.personas import client_for
from treatments import services
from treatments.models import AdverseEvent, Consent, Lot, SessionRecord, TreatmentPlan

NOW = make.NOW


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ayla(practitioner: Membership) -> Client:
    """Dr Ayla Kara's browser."""
    return client_for(practitioner)


def builder_data(stock: make.Catalogue, plan_for: Any, member: Membership) -> dict[str, Any]:
    return {
        "patient": str(plan_for.pk),
        "goals": "Softer skin",
        "indication": str(stock.indication.pk),
        "protocol": str(stock.protocol.pk),
        "practitioner": str(member.staff_id),
        "start_on": "2026-01-13",
        "areas": [str(stock.cheeks.pk)],
        "techniques": [str(stock.nappage.pk)],
        "ingredient": [str(stock.hyaluron.pk)],
        f"dose-{stock.hyaluron.pk}": "1,5",
        "counted": str(stock.protocol.pk),
        "count-0": "3",
        "count-1": "1",
    }


def test_the_builder_draws_up_a_plan(
    ayla: Client, stock: make.Catalogue, practitioner: Membership
) -> None:
    who = make.patient(stock.clinic)
    answer = ayla.post(reverse("treatments:plan-create"), builder_data(stock, who, practitioner))
    plan = TreatmentPlan.objects.get()
    assert answer.headers["Location"] == reverse("treatments:plan-detail", args=[plan.pk])
    assert plan.sessions.count() == 4
    assert str(plan.cocktails.get().items.get().dose) == "1.500"


def test_the_builder_checks_live_and_suggests(
    ayla: Client, stock: make.Catalogue, practitioner: Membership
) -> None:
    who = make.patient(stock.clinic)
    Allergy.objects.create(clinic=who.clinic, patient=who, text="Fish", tags=["allergen:fish"])
    url = reverse("treatments:plan-create")
    data = builder_data(stock, who, practitioner)
    shown = ayla.post(url, {**data, "intent": "look", "add": str(stock.pdrn.pk)})
    assert shown.status_code == 200
    assert "allergic to fish" in shown.content.decode()
    # What speaks against it stays while its dose is being typed, and it is never called clear.
    typing = {**data, "intent": "look", "ingredient": [str(stock.pdrn.pk)]}
    half = ayla.post(url, {**typing, f"dose-{stock.pdrn.pk}": "2OO"}).content.decode()
    assert "allergic to fish" in half
    assert "PDRN has no dose" in half
    assert ">Clear<" not in ayla.post(url, {**data, "intent": "look", "areas": []}).content.decode()
    data = {"patient": str(who.pk), "goals": "kept", "indication": str(stock.indication.pk)}
    suggested = ayla.post(url, {**data, "intent": "suggest"}).content.decode()
    assert "kept" in suggested
    assert "Session 3" in suggested
    assert not TreatmentPlan.objects.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dose": "about two"}, "Enter a number above zero"),
        ({"dose": "99"}, "above the maximum"),
        ({"areas": []}, "This field is required"),
        ({"start_on": "someday"}, "Enter a valid date"),
        ({"indication": "nonsense"}, "not a valid UUID"),
    ],
)
def test_the_builder_keeps_what_was_typed(
    ayla: Client,
    stock: make.Catalogue,
    practitioner: Membership,
    change: dict[str, Any],
    words: str,
) -> None:
    who = make.patient(stock.clinic)
    data = builder_data(stock, who, practitioner)
    data[f"dose-{stock.hyaluron.pk}"] = change.pop("dose", "1")
    answer = ayla.post(reverse("treatments:plan-create"), {**data, **change})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert words in text
    assert "Softer skin" in text
    assert f'value="{data[f"dose-{stock.hyaluron.pk}"]}"' in text
    assert not TreatmentPlan.objects.exists()


def test_the_front_desk_sees_sessions_and_windows_but_no_cocktail(
    plan: TreatmentPlan, receptionist: Membership, ayla: Client
) -> None:
    url = reverse("treatments:plan-detail", args=[plan.pk])
    desk = client_for(receptionist).get(url).content.decode()
    assert "Skin hydration" in desk
    assert "Session 2" in desk
    for clinical in ("Hyaluronic", "Cheeks", "wedding", "Consent"):
        assert clinical not in desk
        assert clinical in ayla.get(url).content.decode()


def test_lists_do_not_cost_more_with_more_rows(
    stock: make.Catalogue,
    practitioner: Membership,
    ayla: Client,
    django_assert_max_num_queries: Any,
) -> None:
    for _ in range(2):
        for _ in range(3):
            plan = make.course(stock, practitioner)
            services.report_adverse_event(
                patient=plan.patient,
                report=services.EventReport("pain", 1, make.TODAY),
                actor=make.actor_of(practitioner),
                now=NOW,
            )
            make.lot(stock.pdrn)
        for name, most in (("plan-list", 10), ("stock", 10), ("event-list", 9)):
            with django_assert_max_num_queries(most):
                assert ayla.get(reverse(f"treatments:{name}")).status_code == 200


def test_the_plan_list_is_filtered_and_searched(
    stock: make.Catalogue, practitioner: Membership, ayla: Client
) -> None:
    make.course(stock, practitioner, who=make.patient(stock.clinic, "Gül Şahin"))
    make.course(stock, practitioner, who=make.patient(stock.clinic, "Bruno Costa"))
    url = reverse("treatments:plan-list")
    found = ayla.get(url, {"q": "gul"}).content.decode()
    assert "Gül Şahin" in found
    assert "Bruno Costa" not in found
    assert "No plan matches" in ayla.get(url, {"status": "stopped"}).content.decode()
    assert ayla.get(url, {"practitioner": "odd", "status": "odd", "page": "odd"}).status_code == 200


def test_consent_is_signed_on_the_page(
    ayla: Client, stock: make.Catalogue, practitioner: Membership
) -> None:
    plan = services.create_plan(
        patient=make.patient(stock.clinic), draft=make.plan_draft(stock, practitioner),
        actor=make.actor_of(practitioner), now=NOW,
    )  # fmt: skip
    url = reverse("treatments:consent", args=[plan.pk])
    shown = ayla.get(url)
    digest = shown.context["form"]["text_sha256"].value()
    assert shown.headers["Cache-Control"] == "no-store"
    assert 'id="urgent"' not in shown.content.decode(), "the patient reads this page"
    unticked = ayla.post(url, {"signer_name": "Inês", "text_sha256": digest})
    assert "Tick this to agree" in unticked.content.decode()
    assert "Inês" in unticked.content.decode()
    stale = ayla.post(url, {"signer_name": "Inês", "agrees": "on", "text_sha256": "0" * 64})
    assert "has changed since it was shown" in stale.content.decode()
    ayla.post(url, {"signer_name": "Inês", "agrees": "on", "text_sha256": digest})
    consent = Consent.objects.get()
    kept = ayla.get(reverse("treatments:consent-detail", args=[consent.pk])).content.decode()
    assert digest in kept
    assert "is the one that was signed" in kept


def rows(stock: make.Catalogue, **change: Any) -> dict[str, Any]:
    first, second = make.full_rows(stock)
    columns = ("ingredient", "dose", "lot", "area", "technique")
    data: dict[str, Any] = {
        f"row-{name}": [getattr(first, name), getattr(second, name)] for name in columns
    }
    return {**data, "step": ["cleansed"], "reaction": "", "notes": "", "pain_score": "", **change}


def test_a_session_from_the_gate_to_the_signature(
    ayla: Client, plan: TreatmentPlan, stock: make.Catalogue
) -> None:
    session = plan.sessions.get(number=1)
    url = reverse("treatments:session", args=[session.pk])
    assert "Begin the session" in ayla.get(url).content.decode()
    ayla.post(reverse("treatments:session-start", args=[session.pk]))
    opened = ayla.get(url).content.decode()
    assert "Before you sign" in opened
    save = reverse("treatments:session-save", args=[session.pk])
    typed = ayla.post(
        save, rows(stock, **{"row-dose": ["about one", "1"], "notes": "calm"}),
        headers={"HX-Request": "true"},
    )  # fmt: skip
    assert typed.status_code == 200
    record = SessionRecord.objects.get()
    assert (record.draft[0]["dose"], record.notes) == ("about one", "calm")
    assert record.checklist == {"cleansed": True}
    sign = reverse("treatments:session-sign", args=[session.pk])
    refused = ayla.post(sign, rows(stock, **{"row-dose": ["about one", "1"]}))
    assert refused.status_code == 422
    assert "enter the dose as a number" in refused.content.decode()
    for _ in range(2):
        assert ayla.post(sign, rows(stock)).headers["Location"] == url
    record.refresh_from_db()
    assert record.is_signed
    signed = ayla.get(url).content.decode()
    assert "Signed by Ayla Kara" in signed
    assert stock.lots["vitamin_c"].number in signed
    ayla.post(reverse("treatments:session-addendum", args=[session.pk]), {"text": "Called: fine."})
    assert "Called: fine." in ayla.get(url).content.decode()


def test_an_expired_lot_is_refused_in_words(
    ayla: Client, plan: TreatmentPlan, stock: make.Catalogue, practitioner: Membership
) -> None:
    record = make.started(plan, practitioner)
    Lot.objects.filter(pk=stock.lots["vitamin_c"].pk).update(expires_on="2026-01-12")
    url = reverse("treatments:session-sign", args=[record.planned_session_id])
    answer = ayla.post(url, rows(stock))
    assert "has expired" in answer.content.decode()
    record.refresh_from_db()
    assert not record.is_signed


def test_rows_are_added_and_taken_out_without_script(
    ayla: Client, plan: TreatmentPlan, stock: make.Catalogue, practitioner: Membership
) -> None:
    record = make.started(plan, practitioner)
    save = reverse("treatments:session-save", args=[record.planned_session_id])
    ayla.post(save, rows(stock, **{"row-remove": "0", "row-add": str(stock.pdrn.pk)}))
    record.refresh_from_db()
    given = [row["ingredient"] for row in record.draft]
    assert given == [str(stock.vitamin_c.pk), str(stock.pdrn.pk)]


def test_a_pain_score_out_of_range_keeps_the_rest(
    ayla: Client, plan: TreatmentPlan, stock: make.Catalogue, practitioner: Membership
) -> None:
    record = make.started(plan, practitioner)
    save = reverse("treatments:session-save", args=[record.planned_session_id])
    answer = ayla.post(save, rows(stock, pain_score="11", notes="kept"))
    assert answer.status_code == 422
    record.refresh_from_db()
    assert record.notes == "kept"
    assert record.draft[0]["dose"] == "1"


def test_the_session_page_costs_the_same_with_more_rows(
    ayla: Client,
    plan: TreatmentPlan,
    stock: make.Catalogue,
    practitioner: Membership,
    django_assert_max_num_queries: Any,
) -> None:
    record = make.started(plan, practitioner)
    url = reverse("treatments:session", args=[record.planned_session_id])
    row = make.full_rows(stock)[0]
    for count in (1, 30):
        services.record_doses(
            record=record, rows=[row] * count, actor=make.actor_of(practitioner), now=NOW
        )
        with django_assert_max_num_queries(55):
            assert ayla.get(url).status_code == 200


def test_stock_is_received_counted_and_withdrawn(
    manager: Membership, stock: make.Catalogue
) -> None:
    zita = client_for(manager)
    product = stock.lots["vitamin_c"].product
    data = {"product": product.pk, "number": "C118", "expires_on": "2027-01-31", "quantity": "50"}
    odd = zita.post(reverse("treatments:lot-receive"), {**data, "expires_on": "2025-01-31"})
    assert "has expired already" in odd.content.decode()
    assert "C118" in odd.content.decode()
    zita.post(reverse("treatments:lot-receive"), data)
    lot = Lot.objects.get(number="C118")
    adjust = reverse("treatments:lot-adjust", args=[lot.pk])
    assert zita.post(adjust, {"quantity": "48"}).status_code == 422
    zita.post(adjust, {"quantity": "48", "reason": "broken"})
    zita.post(reverse("treatments:lot-withdraw", args=[lot.pk]), {"reason": "recall"})
    shown = zita.get(reverse("treatments:lot", args=[lot.pk])).content.decode()
    assert "recall" in shown
    assert "broken" in shown
    assert "C118" not in zita.get(reverse("treatments:stock")).content.decode()
    assert "C118" in zita.get(reverse("treatments:stock"), {"show": "all"}).content.decode()


def test_lists_are_taken_away_as_files(
    plan: TreatmentPlan,
    stock: make.Catalogue,
    ayla: Client,
    practitioner: Membership,
    manager: Membership,
) -> None:
    make.signed(plan, stock, practitioner)
    lot = stock.lots["hyaluronic_acid"]
    for url, word in (
        (reverse("treatments:plan-list"), plan.indication.name),
        (reverse("treatments:stock"), lot.number),
        (reverse("treatments:lot-trace", args=[lot.pk]), plan.patient.name),
    ):
        answer = ayla.get(url, {"as": "csv"})
        assert answer.headers["Content-Type"].startswith("text/csv"), url
        assert word in answer.content.decode(), url
    opened = client_for(manager).post(reverse("treatments:lot-open", args=[lot.pk]), follow=True)
    assert "Vial opened at" in opened.content.decode()


def test_a_reaction_stops_the_next_session_until_it_is_closed(
    ayla: Client, plan: TreatmentPlan
) -> None:
    url = reverse("treatments:event-report", args=[plan.patient_id])
    data = {"effect": "severe_allergy", "severity": "4", "onset_on": "2026-01-13"}
    assert ayla.post(url, {"onset_on": "2026-01-13"}).status_code == 422
    assert not AdverseEvent.objects.exists()
    assert "future" in ayla.post(url, {**data, "onset_on": "2026-01-14"}).content.decode()
    ayla.post(url, data)
    event = AdverseEvent.objects.get()
    session = reverse("treatments:session", args=[plan.sessions.get(number=1).pk])
    assert "severe reaction" in ayla.get(session).content.decode()
    ayla.post(reverse("treatments:event", args=[event.pk]), {"outcome": "Recovered"})
    assert "severe reaction" not in ayla.get(session).content.decode()


def test_every_page_of_a_patient_leaves_one_row_in_the_record(
    ayla: Client, plan: TreatmentPlan
) -> None:
    for name, pk in (
        ("plan-detail", plan.pk),
        ("consent", plan.pk),
        ("session", plan.sessions.get(number=1).pk),
    ):
        before = AuditEntry.objects.filter(action="read").count()
        ayla.get(reverse(f"treatments:{name}", args=[pk]))
        assert AuditEntry.objects.filter(action="read").count() == before + 1


@pytest.mark.parametrize("who", ["other_practitioner", "outsider"])
def test_nobody_from_elsewhere(
    request: pytest.FixtureRequest, plan: TreatmentPlan, who: str
) -> None:
    stranger: Client = client_for(request.getfixturevalue(who))
    wanted = 404 if who == "other_practitioner" else 403
    addresses: list[Callable[[], str]] = [
        lambda: reverse("treatments:plan-detail", args=[plan.pk]),
        lambda: reverse("treatments:session", args=[plan.sessions.get(number=1).pk]),
        lambda: f"{reverse('treatments:plan-create')}?patient={plan.patient_id}",
        lambda: reverse("treatments:plan-detail", args=[uuid4()]),
    ]
    assert {stranger.get(address()).status_code for address in addresses} == {wanted}


def test_a_page_left_behind_takes_no_version_away_unseen(
    plan: TreatmentPlan, stock: make.Catalogue, ayla: Client
) -> None:
    url = reverse("treatments:cocktail-edit", args=[plan.pk])
    dose = f"dose-{stock.hyaluron.pk}"
    rows = {"ingredient": [str(stock.hyaluron.pk)], "since": "1"}
    first = ayla.post(url, {**rows, dose: "1.5", "change_note": "A little more"})
    assert first.status_code == 302
    behind = {**rows, dose: "1.25", "change_note": "A little less"}
    told = ayla.post(url, behind)
    assert told.status_code == 422
    page = told.content.decode()
    assert "Version 2 was stored on another page meanwhile: A little more." in page
    assert 'value="A little less"' in page
    assert 'name="since" value="2"' in page
    assert plan.cocktails.count() == 2
    assert ayla.post(url, {**behind, "since": "2"}).status_code == 302

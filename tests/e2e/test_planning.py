"""From a wish to a course: what must not be given is replaced, and what changes is agreed anew."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from playwright.sync_api import Page, Route, expect

from patients.models import Allergy
from scheduling import services as scheduling
from scheduling.services import StatusChange
from tests.e2e import builders
from tests.e2e.builders import Practice
from tests.e2e.conftest import Clock, Journey
from tests.factories.patients import actor_for
from tests.factories.treatments import consent
from treatments import services as treatments
from treatments.models import Consent, Indication, TreatmentPlan
from treatments.services import Line, PlanDraft

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
THURSDAY = dt.date(2026, 3, 12)


def _sign(page: Page) -> None:
    page.get_by_label("Full name").fill("Inês Carvalho")
    pad = page.locator("[data-sign-pad] svg")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 140, box["y"] + 70, steps=4)
    page.mouse.up()
    page.get_by_label("I have read").check()
    page.get_by_role("button", name="Sign").click()
    expect(page.get_by_text("Signed").first).to_be_visible()


def test_who_is_allergic_to_fish_gets_something_else_for_her_hair(
    journey: Journey, lices: Practice
) -> None:
    # Given Inês, who is allergic to fish and loses hair
    patient = builders.cleared(lices, builders.ines(lices))
    Allergy.objects.create(
        clinic=lices.clinic, patient=patient, text="Fish", tags=["allergen:fish"]
    )
    doctor = journey.staff(lices.doctor, f"/plans/new/?patient={patient.pk}")
    doctor.get_by_label("What the patient wishes").fill("My parting shows")
    doctor.get_by_label("Indication").select_option(label="Hair loss")
    expect(doctor.get_by_label("Protocol")).not_to_have_value("")
    doctor.get_by_label("Scalp", exact=True).check()
    doctor.get_by_label("Nappage").first.check()

    # When Dr Kara takes PDRN, then she is stopped and something else is offered
    doctor.get_by_role("button", name="PDRN").first.click()
    check = doctor.locator("#builder-check")
    expect(check.get_by_text("the patient is allergic to fish")).to_be_visible()
    journey.see(doctor, "plan-fish")
    journey.may_answer.add(422)
    doctor.get_by_role("button", name="Draw up the plan").click()
    expect(check.get_by_text("the patient is allergic to fish")).to_be_visible()
    assert not TreatmentPlan.objects.exists()

    # When she takes what passes for this patient, then the plan stands
    instead = check.get_by_role("button", name="instead").first
    name = instead.inner_text().removesuffix(" instead").strip()
    instead.click()
    expect(check.get_by_text("Stop", exact=True)).to_have_count(0)
    journey.see(doctor, "plan-instead")
    doctor.get_by_role("button", name="Draw up the plan").click()
    expect(doctor.get_by_role("button", name="Activate the plan")).to_be_visible()
    plan = TreatmentPlan.objects.get()
    [item] = plan.cocktails.latest().items.all()
    assert item.ingredient.name == name
    assert "allergen:fish" not in item.ingredient.allergen_tags

    # And the course is four a week apart, four a fortnight, two a month, then one every three months
    gaps = plan.sessions.order_by("number").values_list("gap_ideal", "gap_unit")
    weekly, fortnightly, monthly = (7, "days"), (14, "days"), (28, "days")
    assert list(gaps)[1:] == [*3 * [weekly], *4 * [fortnightly], *2 * [monthly], (3, "months")]


def _course_of_ten(lices: Practice) -> TreatmentPlan:
    patient = builders.cleared(lices, builders.ines(lices))
    indication = Indication.objects.get(clinic=lices.clinic, key="hydration")
    hyaluron = lices.hyaluron.product.ingredient
    draft = PlanDraft(
        practitioner_id=lices.doctor.staff_id,
        indication_id=indication.pk,
        protocol_id=indication.protocols.get(key="initial_course").pk,
        technique_ids=frozenset({indication.techniques.all()[0].pk}),
        area_ids=frozenset({indication.areas.get(key="face").pk}),
        lines=(Line(hyaluron.pk, Decimal(20)),),
        start_on=THURSDAY,
        counts=(4, 6),
    )
    actor, now = actor_for(lices.doctor), builders.TUESDAY
    plan = treatments.create_plan(patient=patient, draft=draft, actor=actor, now=now)
    consent(plan, lices.doctor, now=now)
    treatments.activate_plan(plan=plan, actor=actor, now=now)
    return plan


def test_the_cocktail_changes_at_the_fourth_of_ten_sessions_and_is_agreed_anew(
    journey: Journey, lices: Practice, clock: Clock
) -> None:
    # Given a course of ten of which three are given, and the patient in the chair for the fourth
    plan = _course_of_ten(lices)
    assert plan.sessions.count() == 10
    visits = builders.booked(lices, plan, lices.at(THURSDAY, 10))
    for visit in visits[:3]:
        moment = clock.set(visit.during.lower)
        builders.held_session(lices, visit, moment)
    fourth = visits[3]
    now = clock.set(fourth.during.lower)
    scheduling.change_status(
        clinic=lices.clinic, actor=actor_for(lices.desk), now=now,
        change=StatusChange(appointment_id=fourth.pk, target="arrived"),
    )  # fmt: skip

    # When Dr Kara adds biotin
    doctor = journey.staff(lices.doctor, f"/plans/{plan.pk}/")
    expect(doctor.get_by_text("3 of 10 given")).to_be_visible()
    scripts: list[Route] = []
    doctor.route("**/treatments-plan*.js", lambda route: scripts.append(route))
    doctor.get_by_role("link", name="New version").click()
    doctor.get_by_label("Add an ingredient").select_option(label="Vitamin B7 (biotin)")
    scripts.pop().continue_()  # she was quicker than the page's scripts
    expect(doctor.get_by_label("Vitamin B7 (biotin)", exact=True)).to_be_visible()
    doctor.get_by_label("What changes, and why").fill("More for the roots")
    journey.see(doctor, "cocktail-new-version")
    doctor.get_by_role("button", name="Store the new version").click()

    # Then what changed is said, the old consent does not count, and the session can't be signed
    expect(doctor.get_by_text("The patient signs again before it is given")).to_be_visible()
    doctor.get_by_role("link", name="Not now").click()
    expect(doctor.get_by_text("Vitamin B7 (biotin) added")).to_be_visible()
    expect(doctor.get_by_text("for this cocktail version")).to_be_visible()
    journey.see(doctor, "plan-second-version")
    doctor.goto(f"{journey.url}/sessions/{fourth.planned_session_id}/")
    gate = doctor.get_by_role("region", name="May it begin?")
    expect(gate.get_by_text("consent").first).to_be_visible()
    doctor.get_by_label("I asked: nothing has changed").check()
    doctor.get_by_role("button", name="Begin the session").click()
    journey.may_answer.update({409, 422})
    doctor.get_by_role("button", name="Sign", exact=True).click()
    expect(doctor.get_by_text("Not signed yet: this is missing")).to_be_visible()
    refusal = doctor.locator("[data-error-summary]")
    expect(refusal.get_by_text("consent", exact=False).first).to_be_visible()

    # When the patient signs the new version, then nothing of it is missing any more
    doctor.get_by_role("link", name="Sign the consent").click()
    expect(doctor.get_by_text("Vitamin B7 (biotin)").first).to_be_visible()
    _sign(doctor)
    doctor.goto(f"{journey.url}/sessions/{fourth.planned_session_id}/")
    expect(doctor.locator("#session-gate").get_by_text("consent has", exact=False)).to_have_count(0)
    expect(doctor.get_by_text("Vitamin B7 (biotin)").first).to_be_visible()
    signed = Consent.objects.filter(cocktail__plan=plan).order_by("cocktail__version")
    assert [one.cocktail.version for one in signed] == [1, 2]
    assert signed[1].drawing.startswith("M "), "her stroke is kept beside her name"

"""Practitioners edit the triage rules as a draft; what was in force stays with its check-ins."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from aftercare.admin import TriageRulesForm
from aftercare.domain.codec import from_json, to_json
from aftercare.domain.comparison import Comparison
from aftercare.exceptions import MilderRules
from aftercare.models import AlarmNumber, CareSettings, TriageRuleSet
from aftercare.services import rules
from mesoclinic.clinic.models import Clinic, Membership
from tests.factories import aftercare as make
from tests.factories import treatments
from tests.personas import client_for
from treatments.models import Ingredient, SessionRecord

NOW = dt.datetime(2026, 3, 10, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def doctor(lices: Clinic, practitioner: Membership) -> Client:
    return client_for(practitioner)


@pytest.fixture
def draft(doctor: Client) -> str:
    """The address of a fresh draft; starting it twice is one draft."""
    first = doctor.post("/care/rules/")["Location"]
    assert doctor.post("/care/rules/")["Location"] == first
    return str(first)


def filled(client: Client, url: str) -> dict[str, object]:
    """The form of a page as it stands."""
    context = client.get(url).context
    data: dict[str, object] = {}
    for form in [context["form"], *context.get("lines", [])]:
        for field in form:
            value = field.value()
            if value not in (None, False, ""):
                data[field.html_name] = value
    return data


def publish(client: Client, draft: str, note: str, **more: str) -> tuple[int, str]:
    """Send the form of a draft's page with these words: the status, and the page."""
    seen = client.get(draft).context["form"]["seen"].value()
    answer = client.post(f"{draft}publish/", {"seen": seen, "note": note, **more})
    return answer.status_code, answer.content.decode()


def test_a_milder_rule_is_shown_and_put_in_force_only_where_it_is_meant(
    doctor: Client, draft: str, lices: Clinic, practitioner: Membership
) -> None:
    url = f"{draft}heat_pus/"
    changed = filled(doctor, url) | {"base": "self_care"}
    assert doctor.post(url, changed)["Location"] == draft
    page = doctor.get(draft)
    shown = [
        (one.effect.key, reach, one.before, one.after) for _n, reach, one in page.context["milder"]
    ]
    assert shown == [
        ("heat_pus", "a little / bothers, on every day", "urgent", "self_care"),
        ("heat_pus", "strong, on every day", "urgent", "review"),
    ]

    status, page_again = publish(doctor, draft, "Seen in person.")
    assert status == 422
    assert "Nothing is in force yet" in page_again
    assert publish(doctor, draft, " ", accepts_milder="on")[0] == 422
    assert TriageRuleSet.objects.get(status="draft")
    assert publish(doctor, draft, "Seen in person.", accepts_milder="on")[0] == 302
    new = TriageRuleSet.objects.get(status="published")
    assert (new.version, new.note) == (2, "Seen in person.")
    assert new.approved_by == practitioner.display_name
    assert from_json(new.spec).by_key["heat_pus"].base == "self_care"
    assert TriageRuleSet.objects.get(status="retired").version == 1
    # What is in force can not be edited.
    doctor.post(url, changed | {"base": "urgent"})
    new.refresh_from_db()
    assert from_json(new.spec).by_key["heat_pus"].base == "self_care"


def test_a_stricter_draft_needs_only_a_word(doctor: Client, draft: str) -> None:
    doctor.post(f"{draft}bruise/", filled(doctor, f"{draft}bruise/") | {"base": "review"})
    page = doctor.get(draft)
    assert not page.context["milder"]
    assert {one.effect.key for _n, _reach, one in page.context["graver"]} == {"bruise"}
    assert publish(doctor, draft, "")[0] == 422
    assert publish(doctor, draft, "One was overlooked.")[0] == 302


@pytest.mark.parametrize(
    "change", [{"unwell_from": 5}, {"effects": "fewer"}, {"effects": "not late"}]
)
def test_whatever_else_would_be_noticed_less_must_be_meant_too(
    doctor: Client, draft: str, practitioner: Membership, change: dict[str, Any]
) -> None:
    row = TriageRuleSet.objects.get(status="draft")
    spec = from_json(row.spec)
    effects = {
        "fewer": tuple(one for one in spec.effects if one.key != "sight"),
        "not late": tuple(replace(one, late=False) for one in spec.effects),
    }
    if "effects" in change:
        change = {"effects": effects[change["effects"]]}
    TriageRuleSet.objects.filter(pk=row.pk).update(spec=to_json(replace(spec, **change)))
    page = doctor.get(draft)
    assert page.context["compared"].weakens
    assert "This version would notice less." in page.content.decode()
    assert publish(doctor, draft, "Fewer calls.")[0] == 422
    # Not past the page either.
    row.refresh_from_db()
    with pytest.raises(MilderRules):
        rules.publish(
            actor=treatments.actor_of(practitioner), clinic=row.clinic, draft_id=row.pk, now=NOW,
            decision=rules.Decision(rules.fingerprint(row), "Fewer calls."),
        )  # fmt: skip


def test_only_a_draft_that_was_looked_at_is_put_in_force(doctor: Client, draft: str) -> None:
    seen = doctor.get(draft).context["form"]["seen"].value()
    doctor.post(f"{draft}bruise/", filled(doctor, f"{draft}bruise/") | {"base": "review"})
    sent = {"seen": seen, "note": "Looked at another one."}
    refused = doctor.post(f"{draft}publish/", sent)
    assert refused.status_code == 409
    assert TriageRuleSet.objects.get(status="draft")


def test_an_unchanged_form_changes_nothing(doctor: Client, draft: str) -> None:
    before = TriageRuleSet.objects.get(status="draft").spec
    for key in ("redness", "swelling", "allergic_rash", "breathing"):
        assert doctor.post(f"{draft}{key}/", filled(doctor, f"{draft}{key}/")).status_code == 302
    assert doctor.post(f"{draft}advice/", filled(doctor, f"{draft}advice/")).status_code == 302
    assert from_json(TriageRuleSet.objects.get(status="draft").spec) == from_json(before)
    page = doctor.get(draft)
    assert page.context["compared"] == Comparison()


def test_bad_lines_are_asked_again_and_lose_nothing(doctor: Client, draft: str) -> None:
    url = f"{draft}redness/"
    before = TriageRuleSet.objects.get(status="draft").spec
    spare = len(from_json(before).by_key["redness"].escalations)
    kept = filled(doctor, url) | {"name_en": "Kept name"}
    bad: list[dict[str, object]] = [
        {f"line{spare}-to": "urgent"},
        {f"line{spare}-to": "urgent", f"line{spare}-after_hours": "-1"},
        {"base": "whatever"},
        {"name_en": ""},
    ]
    for change in bad:
        again = doctor.post(url, kept | change)
        assert again.status_code == 422
        if "name_en" not in change:
            assert "Kept name" in again.content.decode()
    assert TriageRuleSet.objects.get(status="draft").spec == before
    assert doctor.get(f"{draft}nothing/").status_code == 404


def test_lines_and_effects_are_folded_but_for_what_needs_a_look(doctor: Client, draft: str) -> None:
    url = f"{draft}bruise/"
    page = doctor.get(url).content.decode()
    assert page.count('<details class="rule-fold">') == 4 + 2
    assert "bothers or more" in page
    wrong = doctor.post(url, filled(doctor, url) | {"line4-to": "urgent"}).content.decode()
    assert wrong.count('<details class="rule-fold" open>') == 1
    doctor.post(url, filled(doctor, url) | {"base": "review"})
    changed = doctor.get(draft).content.decode()
    assert changed.count('<details class="rule-fold" open>') == 1


def test_the_administration_publishes_nothing(draft: str, manager: Membership) -> None:
    row = TriageRuleSet.objects.get(status="draft")
    url = f"/admin/aftercare/triageruleset/{row.pk}/change/"
    client = client_for(manager)
    assert client.get(url).status_code == 200
    fields = {"version": row.version, "spec": json.dumps(row.spec), "status": "published"}
    client.post(url, fields | {"clinic": str(row.clinic_id)})
    row.refresh_from_db()
    assert row.status == "draft"


def test_an_ingredient_that_the_catalogue_lacks_is_said_at_its_field(
    doctor: Client, draft: str, stock: treatments.Catalogue
) -> None:
    """Names are understood too; a key with a slip of the pen gets a hint."""
    known = Ingredient.objects.for_clinic(stock.clinic).order_by("key")[0]
    url = f"{draft}redness/"
    before = TriageRuleSet.objects.get(status="draft").spec
    line = f"line{len(from_json(before).by_key['redness'].escalations)}"
    asked = filled(doctor, url) | {f"{line}-to": "urgent"}
    wrong = doctor.post(url, asked | {f"{line}-ingredients": f"{known.key}x, moon_dust"})
    assert wrong.status_code == 422
    field = wrong.context["lines"][int(line[4:])].errors["ingredients"][0]
    assert "moon_dust" in field
    assert f"Did you mean {known.key}" in field
    assert "moon_dust" in wrong.content.decode()
    assert TriageRuleSet.objects.get(status="draft").spec == before

    doctor.post(url, asked | {f"{line}-ingredients": known.name.upper()})
    kept = from_json(TriageRuleSet.objects.get(status="draft").spec).by_key["redness"]
    assert kept.escalations[-1].ingredients == (known.key,)


def test_the_administration_refuses_rules_about_unknown_ingredients(
    draft: str, lices: Clinic, stock: treatments.Catalogue
) -> None:
    row = TriageRuleSet.objects.get(status="draft")
    fields = {
        "clinic": lices.pk,
        "version": row.version,
        "spec": json.dumps(row.spec),
    }
    form = TriageRulesForm(fields, instance=row)
    assert "lidocaine" in form.errors["spec"][0] or "hyaluronidase" in form.errors["spec"][0]
    for key in from_json(row.spec).ingredients:
        treatments.ingredient(stock.clinic, key)
    form = TriageRulesForm(fields, instance=row)
    assert not form.errors.get("spec")


def test_a_check_in_keeps_the_rules_it_was_judged_by(
    doctor: Client, draft: str, record: SessionRecord
) -> None:
    told = make.checkin(record, NOW)
    publish(doctor, draft, "Nothing.")
    told.refresh_from_db()
    assert (told.rules.version, told.rules.status) == (1, "retired")


def test_a_draft_can_be_thrown_away(doctor: Client, draft: str) -> None:
    doctor.post(f"{draft}publish/", {"drop": "1"})
    assert [row.status for row in TriageRuleSet.objects.all()] == ["published"]


def test_who_may_read_and_who_may_change(
    doctor: Client, draft: str, manager: Membership, receptionist: Membership,
    other_practitioner: Membership,
) -> None:  # fmt: skip
    assert client_for(manager).get(draft).status_code == 200
    assert client_for(manager).post(f"{draft}publish/", {"note": "x"}).status_code == 403
    assert client_for(receptionist).get(draft).status_code == 403
    assert client_for(other_practitioner).get(draft).status_code == 404
    stolen = client_for(other_practitioner).post(f"{draft}publish/", {"note": "x"})
    assert stolen.status_code == 404
    assert TriageRuleSet.objects.get(status="draft")


def test_managers_set_the_watch_and_everybody_their_own_number(
    doctor: Client, lices: Clinic, manager: Membership, practitioner: Membership
) -> None:
    wanted = {"escalate_minutes": "5", "alert_by_email": "on", "silent_after": "3"}
    assert doctor.post("/care/settings/", wanted).status_code == 403
    boss = client_for(manager)
    assert boss.post("/care/settings/", wanted | {"escalate_minutes": "0"}).status_code == 422
    assert not CareSettings.objects.exists()
    boss.post("/care/settings/", wanted)
    row = CareSettings.objects.get()
    assert (row.escalate_minutes, row.late_watch, row.silent_after) == (5, False, 3)

    assert doctor.post("/care/number/", {"phone": "0612"}).status_code == 422
    doctor.post("/care/number/", {"phone": "+33 6 12 34 56 78"})
    assert AlarmNumber.objects.get().staff_id == practitioner.staff_id
    doctor.post("/care/number/", {"phone": ""})
    assert not AlarmNumber.objects.exists()

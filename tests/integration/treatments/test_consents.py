"""Consent: its text, its language, its signature."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Membership
from patients.models import Patient
from tests.factories import treatments as make
from treatments import services
from treatments.exceptions import (
    ConsentOutdated,
)
from treatments.models import (
    Consent,
    TreatmentPlan,
)
from treatments.services.consents import paper_language

NOW, TODAY = make.NOW, make.TODAY


def test_consent_names_the_plans_own_facts(plan: TreatmentPlan) -> None:
    text = services.consent_text(plan.cocktails.latest())
    for word in (
        "Inês Carvalho", "Skin hydration", "3 sessions", "Cheeks", "Nappage", "Hyaluronic acid, 1 ml",
        "Softer skin before the wedding", "Clinique des Lices", "version 1",
    ):  # fmt: skip
        assert word in text


def test_a_consent_is_never_half_in_a_language_the_product_lacks(plan: TreatmentPlan) -> None:
    for language, of_clinic, spoken in (
        ("pt", "fr", "fr"), ("en", "fr", "en"), ("fr-CA", "en", "fr"), ("fr", "en", "fr"),
        ("", "fr", "fr"), ("de", "pt", "en"),
    ):  # fmt: skip
        plan.patient.language, plan.clinic.language = language, of_clinic
        assert paper_language(plan.patient, plan.clinic) == spoken


def test_a_french_patient_of_an_english_clinic_reads_and_signs_french(plan: TreatmentPlan) -> None:
    Patient.objects.filter(pk=plan.patient_id).update(language="fr")
    text = services.consent_text(plan.cocktails.latest())
    assert text.startswith("Consentement au traitement")
    assert "Ma décision" in text
    assert "My decision" not in text


def test_only_the_text_that_was_shown_is_signed(
    plan: TreatmentPlan, stock: make.Catalogue, actor: Actor
) -> None:
    old = plan.cocktails.latest()
    digest = services.text_digest(services.consent_text(old))
    line = services.Line(stock.hyaluron.pk, Decimal(2))
    services.new_cocktail_version(
        plan=plan, version=services.Version((line,), "stronger"), actor=actor, now=NOW
    )
    signature = services.Signature(digest, "Inês Carvalho")
    for cocktail in (old, plan.cocktails.latest()):
        with pytest.raises(ConsentOutdated):
            services.sign_consent(cocktail=cocktail, signature=signature, actor=actor, now=NOW)


def test_signing_twice_is_once_and_withdrawing_is_for_good(
    plan: TreatmentPlan, practitioner: Membership, actor: Actor
) -> None:
    make.consent(plan, practitioner)
    consent = Consent.objects.get()
    services.withdraw_consent(consent=consent, actor=actor, now=NOW + dt.timedelta(hours=1))
    make.consent(plan, practitioner, now=NOW + dt.timedelta(hours=2))
    assert Consent.objects.count() == 2
    for attempt in (
        lambda: Consent.objects.filter(pk=consent.pk).update(withdrawn_at=None),
        lambda: Consent.objects.update(text="other"),
        lambda: Consent.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()

"""Consent: the exact text about one plan and one cocktail version, signed and kept."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.common.errors import Invalid
from treatments.exceptions import ConsentOutdated, WrongPlanStatus
from treatments.models import Cocktail, Consent, TreatmentPlan
from treatments.services.rights import check_can_treat

CONSENT_TEMPLATE = "treatments/consent_text.txt"


@dataclass(frozen=True)
class Signature:
    """Under which text (its SHA-256, as it was shown), by whom, and how."""

    text_sha256: str
    signer_name: str
    method: str = Consent.Method.TABLET


def consent_text(cocktail: Cocktail) -> str:
    """The text to be signed, with the plan's own facts; the same facts give the same text."""
    plan = (
        TreatmentPlan.objects.select_related("clinic", "patient", "indication", "practitioner")
        .prefetch_related("areas", "techniques")
        .get(pk=cocktail.plan_id)
    )
    text = render_to_string(
        CONSENT_TEMPLATE,
        {
            "plan": plan,
            "clinic": plan.clinic,
            "patient": plan.patient,
            "cocktail": cocktail,
            "areas": sorted(str(area) for area in plan.areas.all()),
            "techniques": sorted(plan.techniques.all(), key=str),
            "items": cocktail.items.select_related("ingredient").order_by("ingredient__name"),
            "sessions": plan.sessions.filter(dropped_at__isnull=True).count(),
        },
    )
    return text.strip() + "\n"


def text_digest(text: str) -> str:
    """SHA-256 of a text, 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def sign_consent(
    *, cocktail: Cocktail, signature: Signature, actor: Actor, now: dt.datetime
) -> Consent:
    """Store the signature with the text. Signing the same text twice is once.

    Raises ConsentOutdated when the text shown is not today's text or the cocktail has a newer
    version, Invalid without a name, WrongPlanStatus for a plan that is over.
    """
    check_can_treat(actor)
    if not signature.signer_name.strip():
        raise Invalid(_("Type the patient's full name."), code="name_missing", field="signer_name")
    with audited(actor):
        plan = TreatmentPlan.objects.select_for_update().get(pk=cocktail.plan_id)
        if plan.status in {TreatmentPlan.Status.STOPPED, TreatmentPlan.Status.COMPLETED}:
            raise WrongPlanStatus
        newest = plan.cocktails.order_by("-version").values_list("pk", flat=True).first()
        text = consent_text(cocktail)
        digest = text_digest(text)
        if newest != cocktail.pk or digest != signature.text_sha256:
            raise ConsentOutdated
        signed = cocktail.consents.filter(withdrawn_at__isnull=True, text_sha256=digest).first()
        if signed is not None:
            return signed
        return Consent.objects.create(
            clinic_id=cocktail.clinic_id,
            patient_id=cocktail.patient_id,
            cocktail=cocktail,
            text=text,
            text_sha256=digest,
            signer_name=signature.signer_name.strip()[:200],
            method=signature.method,
            signed_at=now,
            created_at=now,
        )


def withdraw_consent(*, consent: Consent, actor: Actor, now: dt.datetime) -> Consent:
    """The patient takes the consent back: from now on the gate stops. Twice is once."""
    check_can_treat(actor)
    with audited(actor, reason="withdrawn by the patient"):
        consent = Consent.objects.select_for_update().get(pk=consent.pk)
        if consent.withdrawn_at is None:
            consent.withdrawn_at = now
            consent.save(update_fields=["withdrawn_at"])
    return consent

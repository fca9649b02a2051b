"""Consent: the exact text about one plan and one cocktail version, signed and kept."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.languages import readable
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.errors import Invalid
from patients.exceptions import NoAddress, PatientClosed
from patients.models import Patient, PatientLink
from patients.services import revoke_links
from treatments.domain.costs import CostLine, read_costs, total_cost
from treatments.exceptions import ConsentOutdated, WrongPlanStatus
from treatments.models import Cocktail, Consent, TreatmentPlan
from treatments.services.rights import check_can_treat
from treatments.signals import consent_asked

CONSENT_TEMPLATE = "treatments/consent_text.txt"
_DRAWING = re.compile(r"(M[ML0-9 ]{1,20000})?")


@dataclass(frozen=True)
class Signature:
    """Under which text (its SHA-256, as it was shown), by whom, and how.

    `drawing` is what was drawn beside the typed name: an SVG path in a field of 600 by 200.
    """

    text_sha256: str
    signer_name: str
    method: str = Consent.Method.TABLET
    drawing: str = ""


def consent_text(cocktail: Cocktail) -> str:
    """The text to be signed, in the patient's language, with the plan's own facts.

    The same facts give the same text.
    """
    plan = (
        TreatmentPlan.objects.select_related("clinic", "patient", "indication", "practitioner")
        .prefetch_related("areas", "techniques")
        .get(pk=cocktail.plan_id)
    )
    costs = read_costs(plan.cost_lines)
    with translation.override(paper_language(plan.patient, plan.clinic)):
        text = render_to_string(CONSENT_TEMPLATE, _facts(plan, cocktail, costs))
    return text.strip() + "\n"


def paper_language(patient: Patient, clinic: Clinic) -> str:
    """The patient's language where the product speaks it, else the clinic's: never a mixture."""
    return readable(patient.language, clinic.language)


def _facts(
    plan: TreatmentPlan, cocktail: Cocktail, costs: tuple[CostLine, ...]
) -> dict[str, object]:
    areas = list(plan.areas.all())
    return {
        "plan": plan,
        "clinic": plan.clinic,
        "patient": plan.patient,
        "cocktail": cocktail,
        "areas": sorted(str(area) for area in areas),
        "sun": any(area.sun_exposed for area in areas),
        "costs": costs,
        "cost_total": total_cost(costs),
        "techniques": sorted(plan.techniques.all(), key=str),
        "items": cocktail.items.select_related("ingredient").order_by("ingredient__name"),
        "sessions": plan.sessions.filter(dropped_at__isnull=True).count(),
    }


def text_digest(text: str) -> str:
    """SHA-256 of a text, 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def sign_consent(
    *, cocktail: Cocktail, signature: Signature, actor: Actor, now: dt.datetime
) -> Consent:
    """Store the signature with the text. Signing the same text twice is once.

    The actor is a practitioner with the patient at the tablet, or the holder of a link made for
    exactly this cocktail (the link page has checked that). Raises ConsentOutdated when the text
    shown is not today's text or the cocktail has a newer version, Invalid without a name or with a
    drawing that is none, WrongPlanStatus for a plan that is over.
    """
    by_link = actor.kind == "link" and actor.clinic_id == cocktail.clinic_id
    if not (by_link and signature.method == Consent.Method.LINK):
        check_can_treat(actor)
    if not signature.signer_name.strip():
        raise Invalid(_("Type the patient's full name."), code="name_missing", field="signer_name")
    if not _DRAWING.fullmatch(signature.drawing):
        raise Invalid(_("Draw the signature again."), code="drawing", field="drawing")
    with audited(actor):
        plan = TreatmentPlan.objects.select_for_update().get(pk=cocktail.plan_id)
        if plan.status in {TreatmentPlan.Status.STOPPED, TreatmentPlan.Status.COMPLETED}:
            raise WrongPlanStatus
        text = _current_text(plan, cocktail, signature)
        digest = text_digest(text)
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
            drawing=signature.drawing,
            method=signature.method,
            signed_at=now,
            created_at=now,
        )


def _current_text(plan: TreatmentPlan, cocktail: Cocktail, signature: Signature) -> str:
    """Today's text, if it is the one that was shown and the cocktail is the newest."""
    newest = plan.cocktails.order_by("-version").values_list("pk", flat=True).first()
    text = consent_text(cocktail)
    if newest != cocktail.pk or text_digest(text) != signature.text_sha256:
        raise ConsentOutdated
    return text


def ask_for_consent(*, plan: TreatmentPlan, actor: Actor, now: dt.datetime) -> Cocktail:
    """Mail the patient a link under which the consent to the newest cocktail is read and signed.

    Upper rooms write the message. Raises NoAddress, PatientClosed, WrongPlanStatus.
    """
    check_can_treat(actor)
    if not plan.patient.can_be_contacted:
        raise PatientClosed
    if not plan.patient.email:
        raise NoAddress(field="email")
    with audited(actor, reason="consent asked for"):
        row = TreatmentPlan.objects.select_for_update().get(pk=plan.pk)
        cocktail = row.cocktails.order_by("-version").first()
        over = {TreatmentPlan.Status.STOPPED, TreatmentPlan.Status.COMPLETED}
        if row.status in over or cocktail is None:
            raise WrongPlanStatus
        revoke_links(
            actor=actor, patient=plan.patient, now=now, purpose=PatientLink.Purpose.CONSENT
        )
        consent_asked.send(
            Cocktail, clinic=plan.clinic, actor=actor, now=now, patient=plan.patient,
            cocktail=cocktail,
        )  # fmt: skip
    return cocktail


def withdraw_consent(*, consent: Consent, actor: Actor, now: dt.datetime) -> Consent:
    """The patient takes the consent back: from now on the gate stops. Twice is once."""
    check_can_treat(actor)
    with audited(actor, reason="withdrawn by the patient"):
        consent = Consent.objects.select_for_update().get(pk=consent.pk)
        if consent.withdrawn_at is None:
            consent.withdrawn_at = now
            consent.save(update_fields=["withdrawn_at"])
    return consent

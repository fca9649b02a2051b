"""Objects behind the URLs of plans, sessions, stock, the catalogue."""

from __future__ import annotations

from django.db.models import Model

from mesoclinic.clinic.models import Clinic
from tests.access_objects.registry import makes
from tests.factories import treatments
from tests.factories.clinic import (
    PractitionerFactory,
)
from tests.factories.patients import (
    PatientFactory,
)
from treatments.models import (
    AdverseEvent,
    IncompatiblePair,
    InjectionDevice,
    OutcomeReview,
    ReadinessOverride,
    Recipe,
    SessionRecord,
    TextSnippet,
    TreatmentPlan,
)


def _course(clinic: Clinic) -> TreatmentPlan:
    return treatments.course(treatments.catalogue(clinic), PractitionerFactory(clinic=clinic))


def signed_record(clinic: Clinic) -> SessionRecord:
    member = PractitionerFactory(clinic=clinic)
    shelf = treatments.catalogue(clinic)
    return treatments.signed(treatments.course(shelf, member), shelf, member)


@makes(
    "treatments:plan-detail",
    "treatments:plan-activate",
    "treatments:plan-stop",
    "treatments:plan-terms",
    "treatments:plan-ask-consent",
    "treatments:plan-add-session",
    "treatments:cocktail-edit",
    "treatments:consent",
    "api-plan-*",
    "admin:treatments.treatmentplan",
)
def _plan(clinic: Clinic) -> Model:
    return _course(clinic)


@makes("admin:treatments.cocktail")
def _cocktail(clinic: Clinic) -> Model:
    return _course(clinic).cocktails.latest()


@makes("treatments:consent-*", "api-consent-*", "admin:treatments.consent")
def _consent(clinic: Clinic) -> Model:
    return _course(clinic).cocktails.latest().consents.get()


@makes("treatments:session", "treatments:session-*", "admin:treatments.plannedsession")
def _planned_session(clinic: Clinic) -> Model:
    return _course(clinic).sessions.get(number=1)


@makes(
    "api-session-*", "treatments:session-pictures", "treatments:session-pdf",
    "treatments:session-result",
)  # fmt: skip
def _session_with_record(clinic: Clinic) -> Model:
    return signed_record(clinic).planned_session


@makes("admin:treatments.sessionrecord")
def _session_record(clinic: Clinic) -> Model:
    return signed_record(clinic)


@makes("admin:treatments.readinessoverride")
def _override(clinic: Clinic) -> Model:
    plan = _course(clinic)
    return ReadinessOverride.objects.create(
        clinic=clinic,
        patient=plan.patient,
        planned_session=plan.sessions.get(number=1),
        codes=["window_too_early"],
        reason="Leaves for a year",
        overridden_at=treatments.NOW,
        overridden_by=plan.practitioner,
    )


@makes("treatments:lot", "treatments:lot-*", "api-lot-*", "admin:treatments.lot")
def _lot(clinic: Clinic) -> Model:
    return treatments.catalogue(clinic).lots["vitamin_c"]


@makes(
    "treatments:event",
    "treatments:event-pictures",
    "treatments:event-follow",
    "treatments:event-reopen",
    "api-adverse-event-*",
    "admin:treatments.adverseevent",
)
def _event(clinic: Clinic) -> Model:
    return AdverseEvent.objects.create(
        clinic=clinic,
        patient=PatientFactory(clinic=clinic),
        effect="swelling",
        severity=2,
        onset_on=treatments.TODAY,
    )


@makes("treatments:recall", "admin:treatments.lotrecall")
def _recall(clinic: Clinic) -> Model:
    return treatments.recalled(clinic)


@makes("treatments:recall-reached", "admin:treatments.recallcontact")
def _recall_contact(clinic: Clinic) -> Model:
    return treatments.recalled(clinic).contacts.get()


@makes("admin:treatments.syringe")
def _syringe(clinic: Clinic) -> Model:
    return treatments.charted(clinic).syringes.get()


@makes("admin:treatments.pointgroup")
def _points(clinic: Clinic) -> Model:
    return treatments.charted(clinic).point_groups.get()


@makes("admin:treatments.outcomereview")
def _review(clinic: Clinic) -> Model:
    return OutcomeReview.objects.create(
        clinic=clinic,
        patient=(record := treatments.charted(clinic)).patient,
        session=record,
        rater="practitioner",
        gais=2,
        reviewed_on=treatments.TODAY,
        by_label="Ayla",
    )


@makes("admin:treatments.textsnippet")
def _snippet(clinic: Clinic) -> Model:
    return TextSnippet.objects.create(clinic=clinic, title="Calm", text="No reaction.")


@makes("treatments:event-report", "treatments:patient-lots")
def _reporting(clinic: Clinic) -> Model:
    return PatientFactory(clinic=clinic)


@makes("api-indication-detail", "admin:treatments.indication")
def _indication(clinic: Clinic) -> Model:
    return treatments.catalogue(clinic).indication


@makes("api-protocol-detail", "admin:treatments.protocol")
def _protocol(clinic: Clinic) -> Model:
    return treatments.catalogue(clinic).protocol


@makes("api-area-detail", "admin:treatments.targetarea")
def _area(clinic: Clinic) -> Model:
    return treatments.catalogue(clinic).cheeks


@makes("api-technique-detail", "admin:treatments.technique")
def _technique(clinic: Clinic) -> Model:
    return treatments.catalogue(clinic).nappage


@makes("api-injection-device-detail", "admin:treatments.injectiondevice")
def _injection_device(clinic: Clinic) -> Model:
    return InjectionDevice.objects.create(clinic=clinic, key="pen", name="Pen")


@makes("api-recipe-detail", "admin:treatments.recipe")
def _recipe(clinic: Clinic) -> Model:
    return Recipe.objects.create(clinic=clinic, key="basic", name="Basic")


@makes("api-ingredient-detail", "admin:treatments.ingredient")
def _ingredient(clinic: Clinic) -> Model:
    return treatments.catalogue(clinic).hyaluron


@makes("api-product-detail", "admin:treatments.product")
def _product(clinic: Clinic) -> Model:
    return treatments.catalogue(clinic).lots["vitamin_c"].product


@makes("api-pair-detail", "admin:treatments.incompatiblepair")
def _pair(clinic: Clinic) -> Model:
    treatments.catalogue(clinic)
    return IncompatiblePair.objects.get(clinic=clinic)

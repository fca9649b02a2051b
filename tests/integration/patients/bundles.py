"""Small FHIR bundles, and importing them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from patients import services
from patients.models import Allergy, Condition, ExternalIdentifier, Medicine, Patient
from tests.factories.patients import NOW

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "fhir"
RESOURCES = {
    Patient: ("Patient",),
    Allergy: ("AllergyIntolerance",),
    Condition: ("Condition",),
    Medicine: ("MedicationRequest", "MedicationStatement"),
}


def bundle(name: str = "ines") -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text("utf-8"))
    return loaded


def run(clinic: Clinic, data: dict[str, Any] | bytes) -> list[services.ImportOutcome]:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    actor = Actor.system(clinic.pk)
    return services.import_bundle(actor=actor, clinic=clinic, data=raw, now=NOW)


def resource(data: dict[str, Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        entry["resource"] for entry in data["entry"] if entry["resource"]["resourceType"] == kind
    )
    return found


def everything() -> list[Any]:
    """Every imported row with all its columns."""
    return [
        list(model.objects.order_by("pk").values()) for model in (*RESOURCES, ExternalIdentifier)
    ]

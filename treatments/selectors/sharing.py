"""Protocols and cocktail recipes of a clinic as one JSON document (docs/sharing.md)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from mesoclinic.clinic.models import Clinic
from treatments.models import Protocol, ProtocolPhase, Recipe
from treatments.selectors import catalogue

FORMAT = "mesoclinic-catalogue"
FORMAT_VERSION = 1
MAX_BYTES = 1_000_000
PHASE_FIELDS = (
    "name", "sessions_min", "sessions_planned", "sessions_max", "gap_min", "gap_ideal", "gap_max",
    "gap_unit", "repeats",
)  # fmt: skip


def export_catalogue(clinic: Clinic, now: dt.datetime) -> dict[str, Any]:
    """Everything in use, the newest version of each; amounts as strings. Four queries."""
    recipes = catalogue.recipes(clinic).prefetch_related("indications")
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "exported_at": now.replace(microsecond=0).isoformat(),
        "clinic": clinic.name,
        "protocols": [protocol_json(row) for row in catalogue.protocols(clinic)],
        "recipes": [recipe_json(row) for row in recipes],
    }


def protocol_json(row: Protocol) -> dict[str, Any]:
    """One protocol with its phases in order; a row with prefetched phases."""
    phases = sorted(row.phases.all(), key=lambda phase: phase.order)
    return {
        "key": row.key,
        "name": row.name,
        "description": row.description,
        "source": row.source,
        "phases": [_phase(phase) for phase in phases],
    }


def recipe_json(row: Recipe) -> dict[str, Any]:
    """One recipe; a row with prefetched items and indications."""
    items = sorted(row.items.all(), key=lambda item: item.ingredient.key)
    return {
        "key": row.key,
        "name": row.name,
        "note": row.note,
        "source": row.source,
        "indications": sorted(one.key for one in row.indications.all()),
        "items": [
            {
                "ingredient": item.ingredient.key,
                "dose": f"{item.dose.normalize():f}",
                "unit": item.ingredient.unit,
            }
            for item in items
        ],
    }


def _phase(phase: ProtocolPhase) -> dict[str, Any]:
    return {name: getattr(phase, name) for name in PHASE_FIELDS}

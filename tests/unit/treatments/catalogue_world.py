"""The default catalogue as the safety check sees it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from treatments.domain.cocktail import (
    AreaFacts,
    Contraindication,
    IncompatiblePair,
    IngredientFacts,
    Level,
)
from treatments.domain.doses import Dose, Unit, parse_unit

DATA = Path(__file__).resolve().parents[3] / "treatments" / "data" / "catalogue.json"
CATALOGUE: dict[str, Any] = json.loads(DATA.read_text("utf-8"))


def _ingredient(row: dict[str, Any]) -> IngredientFacts:
    unit = parse_unit(row["unit"])
    course, per_kg = row.get("max_dose_course"), row.get("max_mg_per_kg")
    return IngredientFacts(
        key=row["key"],
        name=row["name"],
        ingredient_class=row["ingredient_class"],
        prescription_only=row["prescription_only"],
        allergen_groups=frozenset(row.get("allergen_tags", ())),
        contraindications=tuple(
            Contraindication(
                one["tag"], Level(one["level"]), one["why"], one["source"],
                one.get("past_counts", False),
            )
            for one in row.get("contraindications", ())
        ),
        usual_dose=Dose(Decimal(row["usual_dose"]), unit),
        max_per_session=Dose(Decimal(row["max_dose_session"]), unit),
        max_per_kg=Dose(Decimal(per_kg), Unit.MG) if per_kg else None,
        max_per_course=Dose(Decimal(course), unit) if course else None,
        forbidden_areas=frozenset(row.get("forbidden_areas", ())),
        forbidden_layers=frozenset(row.get("forbidden_layers", ())),
        sun_sensitive=row.get("sun_sensitive", False),
        additive_group=row.get("additive_group", ""),
        source=row["source"],
    )  # fmt: skip


def _area(row: dict[str, Any]) -> AreaFacts:
    return AreaFacts(
        key=row["key"],
        name=row["name"],
        within=frozenset({row["region"], row.get("parent", row["region"])} - {row["key"]}),
        sun_exposed=row["sun_exposed"],
        forbidden_layers=frozenset(row.get("forbidden_layers", ())),
    )


INGREDIENTS = {row["key"]: _ingredient(row) for row in CATALOGUE["ingredients"]}
AREAS = {row["key"]: _area(row) for row in CATALOGUE["areas"]}
PAIRS = tuple(
    IncompatiblePair(row["first"], row["second"], row["reason"], row["source"], Level(row["level"]))
    for row in CATALOGUE["incompatible_pairs"]
)
LAYERS = ("epidermis", "junction", "superficial_dermis", "deep_dermis", "hypodermis")
TAGS = sorted(
    {one.tag for facts in INGREDIENTS.values() for one in facts.contraindications}
    | {group for facts in INGREDIENTS.values() for group in facts.allergen_groups}
)

"""What the treatments room stores: catalogue, stock, plans and the record of every injection."""

from __future__ import annotations

from treatments.models.catalogue import (
    IncompatiblePair,
    Indication,
    Ingredient,
    IngredientContraindication,
    InjectionDevice,
    Layer,
    Level,
    Protocol,
    ProtocolPhase,
    Recipe,
    RecipeItem,
    TargetArea,
    Technique,
)
from treatments.models.plan import Cocktail, CocktailItem, Consent, PlannedSession, TreatmentPlan
from treatments.models.session import (
    AdverseEvent,
    ReadinessOverride,
    SessionAddendum,
    SessionDose,
    SessionRecord,
)
from treatments.models.stock import Lot, Product, StockMovement

__all__ = [
    "AdverseEvent",
    "Cocktail",
    "CocktailItem",
    "Consent",
    "IncompatiblePair",
    "Indication",
    "Ingredient",
    "IngredientContraindication",
    "InjectionDevice",
    "Layer",
    "Level",
    "Lot",
    "PlannedSession",
    "Product",
    "Protocol",
    "ProtocolPhase",
    "ReadinessOverride",
    "Recipe",
    "RecipeItem",
    "SessionAddendum",
    "SessionDose",
    "SessionRecord",
    "StockMovement",
    "TargetArea",
    "Technique",
    "TreatmentPlan",
]

"""What the treatments room stores: catalogue, stock, plans and the record of every injection."""

from __future__ import annotations

from treatments.models.catalogue import (
    IncompatiblePair,
    Indication,
    Ingredient,
    IngredientContraindication,
    Layer,
    Level,
    Protocol,
    ProtocolPhase,
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
    "Layer",
    "Level",
    "Lot",
    "PlannedSession",
    "Product",
    "Protocol",
    "ProtocolPhase",
    "ReadinessOverride",
    "SessionAddendum",
    "SessionDose",
    "SessionRecord",
    "StockMovement",
    "TargetArea",
    "Technique",
    "TreatmentPlan",
]

"""What the treatments room stores: catalogue, stock, plans and the record of every injection."""

from __future__ import annotations

from treatments.models.aftermath import (
    SEVERE,
    STANDS_IN_RECALL,
    AdverseEvent,
    AdverseEventEntry,
    ClinicalPicture,
    LotRecall,
    OutcomeReview,
    RecallContact,
    TextSnippet,
)
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
    PointGroup,
    ReadinessOverride,
    SessionAddendum,
    SessionDose,
    SessionRecord,
    Syringe,
)
from treatments.models.stock import Lot, Product, StockMovement

__all__ = [
    "SEVERE",
    "STANDS_IN_RECALL",
    "AdverseEvent",
    "AdverseEventEntry",
    "ClinicalPicture",
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
    "LotRecall",
    "OutcomeReview",
    "PlannedSession",
    "PointGroup",
    "Product",
    "Protocol",
    "ProtocolPhase",
    "ReadinessOverride",
    "RecallContact",
    "Recipe",
    "RecipeItem",
    "SessionAddendum",
    "SessionDose",
    "SessionRecord",
    "StockMovement",
    "Syringe",
    "TargetArea",
    "Technique",
    "TextSnippet",
    "TreatmentPlan",
]

"""The API of the treatments room: the same services as the pages, the same walls between roles."""

from __future__ import annotations

from treatments.api.catalogue import (
    AreaViewSet,
    IndicationViewSet,
    IngredientViewSet,
    InjectionDeviceViewSet,
    PairViewSet,
    ProductViewSet,
    ProtocolViewSet,
    RecipeViewSet,
    TechniqueViewSet,
)
from treatments.api.events import EventViewSet
from treatments.api.plans import ConsentViewSet, PlanViewSet
from treatments.api.sessions import SessionViewSet
from treatments.api.stock import LotViewSet

__all__ = [
    "AreaViewSet",
    "ConsentViewSet",
    "EventViewSet",
    "IndicationViewSet",
    "IngredientViewSet",
    "InjectionDeviceViewSet",
    "LotViewSet",
    "PairViewSet",
    "PlanViewSet",
    "ProductViewSet",
    "ProtocolViewSet",
    "RecipeViewSet",
    "SessionViewSet",
    "TechniqueViewSet",
]

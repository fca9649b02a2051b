"""The catalogue, to be read."""

from __future__ import annotations

import abc
from typing import Any

from django.db.models import QuerySet
from rest_framework import mixins

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.pagination import ByName
from treatments.api.base import TreatmentsViewSet
from treatments.models import (
    IncompatiblePair,
    Indication,
    Ingredient,
    InjectionDevice,
    Product,
    Protocol,
    Recipe,
    TargetArea,
    Technique,
)
from treatments.selectors import catalogue
from treatments.selectors.facts import with_safety
from treatments.serializers import catalogue as shapes


class CatalogueViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, TreatmentsViewSet, abc.ABC
):
    """Entries in use, by name."""

    pagination_class = ByName

    @abc.abstractmethod
    def rows(self) -> QuerySet[Any]:
        """The entries of the clinic: every list below says which."""

    def get_queryset(self) -> QuerySet[Any]:
        """Nothing while the schema is drawn, else the clinic's."""
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset()
        return self.rows()


@access(Policy.STAFF)
class IndicationViewSet(CatalogueViewSet):
    """What patients come for."""

    queryset = Indication.objects.none()
    serializer_class = shapes.IndicationSerializer

    def rows(self) -> QuerySet[Any]:
        """With the ids of what each suggests."""
        return catalogue.indications(self.clinic).prefetch_related(
            "protocols", "areas", "techniques", "ingredients"
        )


@access(Policy.STAFF)
class AreaViewSet(CatalogueViewSet):
    """Where it is treated."""

    queryset = TargetArea.objects.none()
    serializer_class = shapes.TargetAreaSerializer

    def rows(self) -> QuerySet[Any]:
        """By region."""
        return catalogue.areas(self.clinic)


@access(Policy.STAFF)
class TechniqueViewSet(CatalogueViewSet):
    """How it is injected."""

    queryset = Technique.objects.none()
    serializer_class = shapes.TechniqueSerializer

    def rows(self) -> QuerySet[Any]:
        """From the surface down."""
        return catalogue.techniques(self.clinic)


@access(Policy.STAFF)
class ProtocolViewSet(CatalogueViewSet):
    """At which intervals."""

    queryset = Protocol.objects.none()
    serializer_class = shapes.ProtocolSerializer

    def rows(self) -> QuerySet[Any]:
        """With phases."""
        return catalogue.protocols(self.clinic)


@access(Policy.CLINICAL_OR_MANAGER)
class IngredientViewSet(CatalogueViewSet):
    """With what."""

    queryset = Ingredient.objects.none()
    serializer_class = shapes.IngredientSerializer

    def rows(self) -> QuerySet[Any]:
        """With contraindications and forbidden areas."""
        return with_safety(catalogue.ingredients(self.clinic))


@access(Policy.STAFF)
class InjectionDeviceViewSet(CatalogueViewSet):
    """Syringes and injectors."""

    queryset = InjectionDevice.objects.none()
    serializer_class = shapes.InjectionDeviceSerializer

    def rows(self) -> QuerySet[Any]:
        """With the ids of the techniques they serve."""
        return catalogue.devices(self.clinic).prefetch_related("techniques")


@access(Policy.CLINICAL_OR_MANAGER)
class RecipeViewSet(CatalogueViewSet):
    """Cocktails of the clinic."""

    queryset = Recipe.objects.none()
    serializer_class = shapes.RecipeSerializer

    def rows(self) -> QuerySet[Any]:
        """With their ingredients."""
        return catalogue.recipes(self.clinic).prefetch_related("indications")


@access(Policy.CLINICAL_OR_MANAGER)
class PairViewSet(CatalogueViewSet):
    """What may not go together."""

    queryset = IncompatiblePair.objects.none()
    serializer_class = shapes.PairSerializer

    def rows(self) -> QuerySet[Any]:
        """In the order they were made."""
        return catalogue.incompatible(self.clinic).order_by("created_at", "pk")


@access(Policy.CLINICAL_OR_MANAGER)
class ProductViewSet(CatalogueViewSet):
    """What a vial contains."""

    queryset = Product.objects.none()
    serializer_class = shapes.ProductSerializer

    def rows(self) -> QuerySet[Any]:
        """By name."""
        return catalogue.products(self.clinic)

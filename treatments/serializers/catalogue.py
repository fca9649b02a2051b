"""The catalogue as the API shows it."""

from __future__ import annotations

from rest_framework import serializers

from treatments.models import (
    IncompatiblePair,
    Indication,
    Ingredient,
    IngredientContraindication,
    InjectionDevice,
    Product,
    Protocol,
    ProtocolPhase,
    Recipe,
    RecipeItem,
    TargetArea,
    Technique,
)

_ENTRY = ["id", "key", "name", "source", "is_active", "version", "approved_at"]


class IndicationSerializer(serializers.ModelSerializer[Indication]):
    """An indication with the ids of what it suggests."""

    class Meta:
        model = Indication
        fields = [*_ENTRY, "category", "protocols", "areas", "techniques", "ingredients"]


class TargetAreaSerializer(serializers.ModelSerializer[TargetArea]):
    """A region of the body."""

    class Meta:
        model = TargetArea
        fields = [*_ENTRY, "region", "parent", "sun_exposed", "forbidden_layers"]


class TechniqueSerializer(serializers.ModelSerializer[Technique]):
    """A technique: depths and spacing in mm, volume per point in ml."""

    class Meta:
        model = Technique
        fields = [
            *_ENTRY, "layers", "depth_min_mm", "depth_max_mm", "spacing_min_mm", "spacing_max_mm",
            "point_volume_max_ml", "marks",
        ]  # fmt: skip


class ContraindicationSerializer(serializers.ModelSerializer[IngredientContraindication]):
    """A state of the patient that speaks against an ingredient."""

    class Meta:
        model = IngredientContraindication
        fields = ["tag", "level", "why", "source", "past_counts"]


class IngredientSerializer(serializers.ModelSerializer[Ingredient]):
    """An ingredient; doses in its own unit."""

    contraindications = ContraindicationSerializer(many=True, read_only=True)

    class Meta:
        model = Ingredient
        fields = [
            *_ENTRY, "ingredient_class", "prescription_only", "unit", "usual_dose",
            "max_dose_session", "max_dose_course", "max_mg_per_kg", "is_anaesthetic",
            "allergen_tags", "additive_group", "sun_sensitive", "forbidden_layers",
            "forbidden_areas", "advice", "contraindications",
        ]  # fmt: skip


class InjectionDeviceSerializer(serializers.ModelSerializer[InjectionDevice]):
    """A syringe or injector."""

    class Meta:
        model = InjectionDevice
        fields = [*_ENTRY, "kind", "needle", "needle_mm", "settings", "techniques"]


class RecipeItemSerializer(serializers.ModelSerializer[RecipeItem]):
    """One ingredient with its dose, in its unit of dose."""

    class Meta:
        model = RecipeItem
        fields = ["ingredient", "dose"]


class RecipeSerializer(serializers.ModelSerializer[Recipe]):
    """A cocktail of the clinic with the ids of the indications it is for."""

    items = RecipeItemSerializer(many=True, read_only=True)

    class Meta:
        model = Recipe
        fields = [*_ENTRY, "note", "indications", "items"]


class PairSerializer(serializers.ModelSerializer[IncompatiblePair]):
    """Two ingredients that may not share one cocktail."""

    class Meta:
        model = IncompatiblePair
        fields = ["id", "first", "second", "level", "reason", "source"]


class PhaseSerializer(serializers.ModelSerializer[ProtocolPhase]):
    """A run of sessions with one gap."""

    class Meta:
        model = ProtocolPhase
        fields = [
            "order", "name", "sessions_min", "sessions_planned", "sessions_max", "gap_min",
            "gap_ideal", "gap_max", "gap_unit", "repeats",
        ]  # fmt: skip


class ProtocolSerializer(serializers.ModelSerializer[Protocol]):
    """A protocol with its phases."""

    phases = PhaseSerializer(many=True, read_only=True)

    class Meta:
        model = Protocol
        fields = [*_ENTRY, "description", "phases"]


class ProductSerializer(serializers.ModelSerializer[Product]):
    """What one vial contains, in the ingredient's unit of dose."""

    class Meta:
        model = Product
        fields = [
            "id", "ingredient", "name", "maker", "content", "gtin", "use_within_hours",
            "reorder_level", "is_active",
        ]  # fmt: skip

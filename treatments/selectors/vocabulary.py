"""The words of the catalogue that screening rules may be limited to."""

from __future__ import annotations

from mesoclinic.clinic.models import Clinic
from patients.panels import Vocabulary
from treatments.models import Ingredient, TargetArea


def vocabulary(clinic: Clinic) -> Vocabulary:
    """The clinic's areas and the allergen tags of its ingredients, by key. Two queries."""
    areas = TargetArea.objects.for_clinic(clinic).filter(is_active=True).order_by("region", "name")
    lists = Ingredient.objects.for_clinic(clinic).values_list("allergen_tags", flat=True)
    tags = sorted({tag for found in lists for tag in found})
    words = {tag: tag.removeprefix("allergen:").replace("-", " ").capitalize() for tag in tags}
    return Vocabulary(dict(areas.values_list("key", "name")), words)

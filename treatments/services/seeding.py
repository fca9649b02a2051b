"""The default catalogue of a new clinic: all of it to be reviewed before use, none of it law."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar, cast

from django.db import models

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic
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
    TextSnippet,
)
from treatments.models.catalogue import CatalogueEntry

DEFAULTS = Path(__file__).resolve().parent.parent / "data" / "catalogue.json"
_Entry = TypeVar("_Entry", bound=CatalogueEntry)
Rows = Sequence[Mapping[str, Any]]


def seed_clinic(clinic: Clinic) -> dict[str, int]:
    """Give a clinic what it lacks of the default catalogue; says how many entries of each were added.

    What the clinic has stays untouched, however it was edited: entries are known by their key, and
    what hangs on an entry (contraindications, pairs, phases, products, suggestions) comes only with
    an entry that is new. So a second run adds nothing, not even what the clinic deleted.
    """
    data = json.loads(DEFAULTS.read_text(encoding="utf-8"))
    with audited(Actor.system(clinic.pk, "seed")):
        areas = _seed_areas(clinic, data["areas"])
        techniques = _seed(clinic, Technique, data["techniques"])
        devices = _seed_devices(clinic, data["devices"], techniques)
        ingredients = _seed_ingredients(clinic, data["ingredients"], areas.all)
        pairs = _seed_pairs(clinic, data["incompatible_pairs"], ingredients)
        protocols = _seed_protocols(clinic, data["protocols"])
        indications = _seed_indications(clinic, data["indications"])
        products = _seed_products(clinic, data["products"], ingredients)
        recipes = _seed_recipes(clinic, data["recipes"], ingredients, indications)
        snippets = _seed_snippets(clinic, data["snippets"]) if areas.new else 0
    return {
        "areas": len(areas.new),
        "techniques": len(techniques.new),
        "devices": len(devices.new),
        "ingredients": len(ingredients.new),
        "incompatible_pairs": pairs,
        "protocols": len(protocols.new),
        "indications": len(indications.new),
        "products": products,
        "recipes": len(recipes.new),
        "snippets": snippets,
    }


class _Seeded(dict[str, Any]):
    """All entries of a kind by key (`all`), and the keys of those that are new."""

    def __init__(self, everything: Mapping[str, Any], new: Iterable[str]) -> None:
        super().__init__(everything)
        self.new = frozenset(new)

    @property
    def all(self) -> Mapping[str, Any]:
        """Every entry by its key."""
        return self


def _seed(clinic: Clinic, model: type[_Entry], rows: Rows, leave: Sequence[str] = ()) -> _Seeded:
    manager = cast("models.Manager[_Entry]", model._default_manager)
    known = {row.key: row for row in manager.filter(clinic=clinic).order_by("created_at")}
    fresh = [
        model(clinic=clinic, **_values(model, row, leave))
        for row in rows
        if row["key"] not in known
    ]
    manager.bulk_create(fresh)
    return _Seeded(known | {row.key: row for row in fresh}, [row.key for row in fresh])


def _values(
    model: type[models.Model], row: Mapping[str, Any], leave: Sequence[str]
) -> dict[str, Any]:
    """The row's plain columns, with decimals exact."""
    values = {}
    for name, value in row.items():
        if name in leave:
            continue
        decimal = isinstance(model._meta.get_field(name), models.DecimalField)
        values[name] = Decimal(str(value)) if decimal and value is not None else value
    return values


def _seed_snippets(clinic: Clinic, rows: Rows) -> int:
    """Sentences for the notes, for a clinic that is new and has none."""
    if TextSnippet.objects.for_clinic(clinic).exists():
        return 0
    fresh = [TextSnippet(clinic=clinic, order=place, **row) for place, row in enumerate(rows)]
    return len(TextSnippet.objects.bulk_create(fresh))


def _seed_areas(clinic: Clinic, rows: Rows) -> _Seeded:
    areas = _seed(clinic, TargetArea, rows, leave=("parent",))
    parts = []
    for row in rows:
        if row["key"] in areas.new and row.get("parent"):
            area = areas[row["key"]]
            area.parent = areas[row["parent"]]
            parts.append(area)
    TargetArea.objects.bulk_update(parts, ["parent"])
    return areas


def _seed_devices(clinic: Clinic, rows: Rows, techniques: Mapping[str, Any]) -> _Seeded:
    devices = _seed(clinic, InjectionDevice, rows, leave=("techniques",))
    link = InjectionDevice.techniques.through
    link.objects.bulk_create(
        link(injectiondevice=devices[row["key"]], technique=techniques[key])
        for row in rows
        if row["key"] in devices.new
        for key in row["techniques"]
    )
    return devices


def _seed_recipes(
    clinic: Clinic, rows: Rows, ingredients: Mapping[str, Any], indications: Mapping[str, Any]
) -> _Seeded:
    recipes = _seed(clinic, Recipe, rows, leave=("indications", "items"))
    new = [row for row in rows if row["key"] in recipes.new]
    RecipeItem.objects.bulk_create(
        RecipeItem(
            clinic=clinic,
            recipe=recipes[row["key"]],
            ingredient=ingredients[item["ingredient"]],
            dose=Decimal(item["dose"]),
        )
        for row in new
        for item in row["items"]
    )
    link = Recipe.indications.through
    link.objects.bulk_create(
        link(recipe=recipes[row["key"]], indication=indications[key])
        for row in new
        for key in row["indications"]
    )
    return recipes


def _seed_ingredients(clinic: Clinic, rows: Rows, areas: Mapping[str, Any]) -> _Seeded:
    left = ("contraindications", "forbidden_areas")
    ingredients = _seed(clinic, Ingredient, rows, leave=left)
    reasons, places = [], []
    link = Ingredient.forbidden_areas.through
    for row in rows:
        if row["key"] not in ingredients.new:
            continue
        ingredient = ingredients[row["key"]]
        reasons += [
            IngredientContraindication(clinic=clinic, ingredient=ingredient, **one)
            for one in row.get("contraindications", ())
        ]
        places += [
            link(ingredient=ingredient, targetarea=areas[key])
            for key in row.get("forbidden_areas", ())
        ]
    IngredientContraindication.objects.bulk_create(reasons)
    link.objects.bulk_create(places)
    return ingredients


def _seed_pairs(clinic: Clinic, rows: Rows, ingredients: _Seeded) -> int:
    known = set(IncompatiblePair.objects.for_clinic(clinic).values_list("first_id", "second_id"))
    pairs = []
    for row in rows:
        if not {row["first"], row["second"]} & ingredients.new:
            continue
        first, second = sorted(
            (ingredients[row["first"]], ingredients[row["second"]]), key=lambda one: one.pk
        )
        if (first.pk, second.pk) not in known:
            values = _values(IncompatiblePair, row, ("first", "second"))
            pairs.append(IncompatiblePair(clinic=clinic, first=first, second=second, **values))
    IncompatiblePair.objects.bulk_create(pairs)
    return len(pairs)


def _seed_protocols(clinic: Clinic, rows: Rows) -> _Seeded:
    protocols = _seed(clinic, Protocol, rows, leave=("phases",))
    ProtocolPhase.objects.bulk_create(
        ProtocolPhase(clinic=clinic, protocol=protocols[row["key"]], **phase)
        for row in rows
        if row["key"] in protocols.new
        for phase in row["phases"]
    )
    return protocols


_SUGGESTED: dict[str, type[CatalogueEntry]] = {
    "protocols": Protocol,
    "areas": TargetArea,
    "techniques": Technique,
    "ingredients": Ingredient,
}


def _seed_indications(clinic: Clinic, rows: Rows) -> _Seeded:
    indications = _seed(clinic, Indication, rows, leave=tuple(_SUGGESTED))
    for name, model in _SUGGESTED.items():
        manager = cast("models.Manager[CatalogueEntry]", model._default_manager)
        known = {row.key: row.pk for row in manager.filter(clinic=clinic)}
        through = getattr(Indication, name).through
        column = f"{model._meta.model_name}_id"
        through.objects.bulk_create(
            through(indication_id=indications[row["key"]].pk, **{column: known[key]})
            for row in rows
            if row["key"] in indications.new
            for key in row.get(name, ())
        )
    return indications


def _seed_products(clinic: Clinic, rows: Rows, ingredients: _Seeded) -> int:
    known = set(Product.objects.for_clinic(clinic).values_list("name", flat=True))
    products = [
        Product(
            clinic=clinic,
            ingredient=ingredients[row["ingredient"]],
            **_values(Product, row, ("ingredient",)),
        )
        for row in rows
        if row["ingredient"] in ingredients.new and row["name"] not in known
    ]
    Product.objects.bulk_create(products)
    return len(products)

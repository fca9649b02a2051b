"""Taking in protocols and cocktail recipes from another clinic's file: all of it, or nothing.

What comes in is never approved: a practitioner of this clinic looks first. A protocol that is
known with other phases becomes its next version, suggested wherever the one before is; where that
one is approved, it stays in use until the new one is. Plans keep what they were drawn up with.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic
from treatments.models import Indication, Ingredient, Protocol, ProtocolPhase, Recipe, RecipeItem
from treatments.selectors.sharing import PHASE_FIELDS, protocol_json, recipe_json
from treatments.services.rights import check_can_keep_stock
from treatments.services.shared_file import SharedFile, SharedProtocol, SharedRecipe, read_shared


@dataclass(frozen=True)
class Outcome:
    """What an entry becomes: `new`, `version` (the next one) or `same`; `notes` are left out."""

    kind: str
    name: str
    state: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shelf:
    """What this clinic has, by key."""

    ingredients: Mapping[str, Ingredient]
    indications: Mapping[str, Indication]


def import_catalogue(
    *, clinic: Clinic, content: bytes, actor: Actor, now: dt.datetime, dry_run: bool = False
) -> list[Outcome]:
    """Take a file in, or with `dry_run` only say what it would do.

    Raises SharedFileRefused with every problem and where it stands in the file.
    """
    check_can_keep_stock(actor)
    ingredients = {row.key: row for row in Ingredient.objects.for_clinic(clinic)}
    indications = {row.key: row for row in Indication.objects.for_clinic(clinic)}
    shelf = Shelf(ingredients, indications)
    file = read_shared(content, ingredients)
    if dry_run:
        return _apply(clinic, file, shelf, now, write=False)
    with audited(actor, reason="catalogue imported"):
        Clinic.objects.select_for_update().get(pk=clinic.pk)
        return _apply(clinic, file, shelf, now, write=True)


def _apply(
    clinic: Clinic, file: SharedFile, shelf: Shelf, now: dt.datetime, *, write: bool
) -> list[Outcome]:
    protocols = [_protocol(clinic, one, now, write=write) for one in file.protocols]
    return protocols + [_recipe(clinic, one, shelf, now, write=write) for one in file.recipes]


def _protocol(clinic: Clinic, shared: SharedProtocol, now: dt.datetime, *, write: bool) -> Outcome:
    rows = Protocol.objects.for_clinic(clinic).filter(key=shared.key).order_by("-version")
    known = rows.prefetch_related("phases").first()
    if known is not None and known.is_active and protocol_json(known) == shared.as_json():
        return Outcome("protocol", shared.name, "same")
    if write:
        row = Protocol.objects.create(
            clinic=clinic, key=shared.key, name=shared.name, description=shared.description,
            source=shared.source, version=1 if known is None else known.version + 1,
            created_at=now,
        )  # fmt: skip
        ProtocolPhase.objects.bulk_create(
            ProtocolPhase(
                clinic=clinic, protocol=row, order=order, created_at=now,
                **{name: phase[name] for name in PHASE_FIELDS},
            )
            for order, phase in enumerate(shared.phases, start=1)
        )  # fmt: skip
        if known is not None:
            row.indication_set.set(known.indication_set.all())
    return Outcome("protocol", shared.name, "new" if known is None else "version")


def _recipe(
    clinic: Clinic, shared: SharedRecipe, shelf: Shelf, now: dt.datetime, *, write: bool
) -> Outcome:
    rows = Recipe.objects.for_clinic(clinic).filter(key=shared.key)
    known = rows.prefetch_related("items__ingredient", "indications").first()
    unknown = tuple(sorted(set(shared.indications) - set(shelf.indications)))
    wanted: dict[str, Any] = shared.as_json()
    wanted["indications"] = sorted(set(shared.indications) - set(unknown))
    if known is not None and known.is_active and recipe_json(known) == wanted:
        return Outcome("recipe", shared.name, "same", unknown)
    if write:
        row = known or Recipe(clinic=clinic, key=shared.key, created_at=now)
        row.name, row.note, row.source = shared.name, shared.note, shared.source
        row.is_active, row.approved_at = True, None
        row.version = 1 if known is None else known.version + 1
        row.save()
        row.indications.set(shelf.indications[key] for key in wanted["indications"])
        row.items.all().delete()
        RecipeItem.objects.bulk_create(
            RecipeItem(
                clinic=clinic, recipe=row, ingredient=shelf.ingredients[key], dose=dose,
                created_at=now,
            )
            for key, dose in shared.items
        )  # fmt: skip
    return Outcome("recipe", shared.name, "new" if known is None else "version", unknown)

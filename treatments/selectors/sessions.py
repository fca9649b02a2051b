"""The session page: what is to be given, from which lots, and what last time was."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from treatments.models import (
    CocktailItem,
    Ingredient,
    Lot,
    SessionDose,
    SessionRecord,
    TargetArea,
)
from treatments.selectors import catalogue
from treatments.selectors.drafts import DraftRow, doses_of, draft_rows, last_signed, plain
from treatments.selectors.gate import lots_by_ingredient

# The order of work of a visit (S1, S2, S4): key, words.
STEPS: tuple[tuple[str, Any], ...] = (
    ("consulted", gettext_lazy("Skin looked at, goals agreed")),
    ("cleansed", gettext_lazy("Make-up removed, skin cleansed")),
    ("anaesthetic", gettext_lazy("Anaesthetic cream, if wanted")),
    ("injected", gettext_lazy("Injections")),
    ("massaged", gettext_lazy("Massage")),
    ("soothed", gettext_lazy("Soothing cream, cold compress")),
    ("sun_protection", gettext_lazy("Sun protection explained and promised")),
    ("aftercare", gettext_lazy("Aftercare explained")),
    ("next_booked", gettext_lazy("Next session booked")),
)


@dataclass(frozen=True)
class FormRow:
    """One line of the form: the draft with what may be chosen and what differs from last time."""

    index: int
    draft: DraftRow
    ingredient: Ingredient | None
    lots: tuple[Lot, ...]
    differs: str = ""

    @property
    def unit(self) -> str:
        """The unit of the dose field."""
        return self.ingredient.get_unit_display() if self.ingredient else ""


@dataclass(frozen=True)
class SyringeBar:
    """How much of an ingredient is drawn up, against its ceiling per session."""

    title: str
    value: str
    max: str
    unit: str
    note: str
    missing: str
    state: str


def record_page(record: SessionRecord) -> dict[str, Any]:
    """Everything the unsigned page shows beside the gate: a fixed number of queries."""
    clinic = record.clinic
    items = list(record.cocktail.items.select_related("ingredient").order_by("ingredient__name"))
    drafts = draft_rows(record)
    wanted = {pk for pk in (row.ref("ingredient") for row in drafts) if pk}
    wanted |= {item.ingredient_id for item in items}
    known = {row.pk: row for row in catalogue.ingredients(clinic).filter(pk__in=wanted)}
    lots = lots_by_ingredient(clinic, wanted)
    last = last_signed(record)
    last_doses = doses_of(last) if last else []
    rows = _form_rows(drafts, known, _usable(lots, record.performed_on), last_doses)
    plan = record.planned_session.plan
    areas = list(plan.areas.order_by("name"))
    return {
        "rows": rows,
        "bars": _bars(items, drafts, lots),
        "areas": areas,
        "techniques": list(plan.techniques.order_by("name")),
        "items": items,
        "cocktail": record.cocktail,
        "steps": [
            {"key": key, "label": label, "done": bool(record.checklist.get(key))}
            for key, label in STEPS
        ],
        "last": last,
        "last_doses": last_doses,
        "area_shapes": area_shapes(areas, chosen_areas(drafts)),
        "totals": _totals(drafts, known),
    }


def signed_page(record: SessionRecord) -> dict[str, Any]:
    """What the signed page shows: doses with lots, steps, addenda."""
    doses = doses_of(record)
    shown = {str(dose.area_id) for dose in doses}
    areas = {dose.area_id: dose.area for dose in doses}
    return {
        "doses": doses,
        "steps": [label for key, label in STEPS if record.checklist.get(key)],
        "addenda": list(record.addenda.select_related("written_by")),
        "events": list(record.adverse_events.all()),
        "area_shapes": area_shapes(list(areas.values()), shown),
    }


def chosen_areas(drafts: Sequence[DraftRow]) -> set[str]:
    """Ids of the areas that rows name."""
    return {row.area for row in drafts if row.area}


def _usable(lots: Mapping[UUID, list[Lot]], on: dt.date) -> dict[UUID, tuple[Lot, ...]]:
    return {pk: tuple(lot for lot in rows if lot.usable_on(on)) for pk, rows in lots.items()}


def _form_rows(
    drafts: Sequence[DraftRow],
    known: Mapping[UUID, Ingredient],
    lots: Mapping[UUID, tuple[Lot, ...]],
    last_doses: Sequence[SessionDose],
) -> list[FormRow]:
    rows = []
    for index, draft in enumerate(drafts):
        pk = draft.ref("ingredient")
        ingredient = known.get(pk) if pk else None
        choice = lots.get(pk, ()) if pk else ()
        rows.append(FormRow(index, draft, ingredient, choice, _differs(draft, last_doses)))
    return rows


def _differs(draft: DraftRow, last_doses: Sequence[SessionDose]) -> str:
    """What is not as last time, in words; empty when all is, or without a last time."""
    if not last_doses:
        return ""
    before = [dose for dose in last_doses if str(dose.ingredient_id) == draft.ingredient]
    if not before:
        return _("new since last time")
    amounts = {dose.dose for dose in before}
    parts = []
    if draft.amount is not None and draft.amount not in amounts:
        parts.append(_("last time %(dose)s") % {"dose": plain(before[0].dose)})
    if draft.lot and draft.lot not in {str(dose.lot_id) for dose in before}:
        parts.append(_("another lot"))
    if draft.area and draft.area not in {str(dose.area_id) for dose in before}:
        parts.append(_("another area"))
    return ", ".join(parts)


def _bars(
    items: Sequence[CocktailItem], drafts: Sequence[DraftRow], lots: Mapping[UUID, list[Lot]]
) -> list[SyringeBar]:
    numbers = {str(lot.pk): lot for rows in lots.values() for lot in rows}
    bars = []
    for item in items:
        mine = [row for row in drafts if row.ingredient == str(item.ingredient_id)]
        given = sum((row.amount for row in mine if row.amount is not None), Decimal(0))
        ceiling = item.ingredient.max_dose_session
        chosen = [numbers[row.lot] for row in mine if row.lot in numbers]
        note = " · ".join(
            _("Lot %(lot)s, until %(day)s") % {"lot": lot.number, "day": f"{lot.expires_on:%m/%Y}"}
            for lot in chosen
        )
        lacks = bool(mine) and len(chosen) < len(mine)
        bars.append(
            SyringeBar(
                title=item.ingredient.name,
                value=plain(given),
                max=plain(ceiling),
                unit=item.ingredient.get_unit_display(),
                note=note or ("" if mine else _("not given today")),
                missing=_("choose the lot") if lacks else "",
                state="stop" if given > ceiling else "",
            )
        )
    return bars


def _totals(drafts: Sequence[DraftRow], known: Mapping[UUID, Ingredient]) -> list[tuple[str, str]]:
    """The volume of what can be read; masses of different substances make no sum."""
    volume = Decimal(0)
    for row in drafts:
        pk = row.ref("ingredient")
        ingredient = known.get(pk) if pk else None
        if ingredient and ingredient.unit == Ingredient.Unit.ML and row.amount is not None:
            volume += row.amount
    return [(plain(volume), str(Ingredient.Unit.ML.label))] if volume else []


def area_shapes(areas: Sequence[TargetArea], chosen: set[str]) -> list[dict[str, Any]]:
    """The areas of a plan for the figure, each with whether it is treated today."""
    return [
        {"area": area, "key": area.key, "region": area.region, "chosen": str(area.pk) in chosen}
        for area in areas
    ]

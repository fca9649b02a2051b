"""The session page: what is to be given, from which lots, and what last time was."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from treatments.domain.injections import MapDraft
from treatments.models import (
    Ingredient,
    Lot,
    SessionDose,
    SessionRecord,
    TargetArea,
    TextSnippet,
)
from treatments.selectors import catalogue
from treatments.selectors.drafts import (
    DraftRow,
    doses_of,
    draft_rows,
    last_signed,
    map_of,
    plain,
    volumes_of,
)
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
    """One line of the form: the draft with what may be chosen, how much of it is given so far, and
    what differs from last time. `given` and `share` (percent) follow the points on the map.
    """

    index: int
    draft: DraftRow
    ingredient: Ingredient | None
    lots: tuple[Lot, ...]
    differs: str = ""
    given: str = ""
    share: int = 0
    state: str = ""

    @property
    def unit(self) -> str:
        """The unit of the dose field."""
        return self.ingredient.get_unit_display() if self.ingredient else ""

    @property
    def lot(self) -> Lot | None:
        """The chosen lot, while it can be used or may have been given."""
        return next((one for one in self.lots if str(one.pk) == self.draft.lot), None)


def record_page(record: SessionRecord) -> dict[str, Any]:
    """Everything the unsigned page shows beside the gate: a fixed number of queries."""
    clinic = record.clinic
    items = list(record.cocktail.items.select_related("ingredient").order_by("ingredient__name"))
    drafts, drawing = draft_rows(record), map_of(record)
    wanted = {pk for pk in (row.ref("ingredient") for row in drafts) if pk}
    wanted |= {item.ingredient_id for item in items}
    known = {row.pk: row for row in catalogue.ingredients(clinic).filter(pk__in=wanted)}
    lots = lots_by_ingredient(clinic, wanted)
    last = last_signed(record)
    last_doses = doses_of(last) if last else []
    volumes = volumes_of(drafts, drawing, known)
    rows = _form_rows(drafts, known, _choices(lots, record), last_doses)
    rows = [_with_given(row, drawing, volumes) for row in rows]
    plan = record.planned_session.plan
    areas = list(plan.areas.order_by("name"))
    drawn = {group.area for group in drawing.groups}
    return {
        "rows": rows,
        "withdrawn": _withdrawn(rows),
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
        "area_shapes": area_shapes(areas, chosen_areas(drafts) | drawn),
        "drawing": drawing,
        "volumes": volumes,
        "syringes": syringe_lines(drafts, drawing, volumes),
        "devices": list(catalogue.devices(clinic)),
        "snippets": list(TextSnippet.objects.for_clinic(clinic).filter(is_active=True)),
    }


def signed_page(record: SessionRecord) -> dict[str, Any]:
    """What the signed page shows: doses with lots, steps, addenda."""
    doses = doses_of(record)
    groups = list(record.point_groups.select_related("area", "technique", "syringe"))
    areas = {one.area_id: one.area for one in doses} | {one.area_id: one.area for one in groups}
    shown = {str(pk) for pk in areas}
    return {
        "doses": doses,
        "steps": [label for key, label in STEPS if record.checklist.get(key)],
        "addenda": list(record.addenda.select_related("written_by")),
        "events": list(record.adverse_events.all()),
        "area_shapes": area_shapes(list(areas.values()), shown),
        "drawing": map_of(record),
        "groups": groups,
        "syringes": list(record.syringes.all()),
        "pictures": list(record.pictures.select_related("file")),
        "reviews": list(record.reviews.all()),
    }


def holds_work(page: Mapping[str, Any]) -> bool:
    """Whether a form (as from `record_page`) holds lots, points or doses that somebody put in."""
    planned = {str(item.ingredient_id): plain(item.dose) for item in page["items"]}
    drafts = [row.draft for row in page["rows"]]
    return page["drawing"].points > 0 or any(
        one.lot or one.dose != planned.get(one.ingredient) for one in drafts
    )


def chosen_areas(drafts: Sequence[DraftRow]) -> set[str]:
    """Ids of the areas that rows name."""
    return {row.area for row in drafts if row.area}


def _choices(lots: Mapping[UUID, list[Lot]], record: SessionRecord) -> dict[UUID, tuple[Lot, ...]]:
    """By ingredient: lots that can be used, then those that the session may have given before they
    were withdrawn (the signature asks whether it did).
    """
    on, began = record.performed_on, record.started_at
    return {
        pk: (
            *(lot for lot in rows if lot.usable_on(on)),
            *(lot for lot in rows if lot.withdrawn_since(began) and lot.expires_on >= on),
        )
        for pk, rows in lots.items()
    }


def _withdrawn(rows: Sequence[FormRow]) -> list[Lot]:
    """The chosen lots that were withdrawn since the session began, each once."""
    chosen = {row.lot.pk: row.lot for row in rows if row.lot is not None}
    return [lot for lot in chosen.values() if lot.withdrawn_at is not None]


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


def _with_given(row: FormRow, drawing: MapDraft, volumes: Mapping[int, Decimal]) -> FormRow:
    """How much of the row's dose the points have given so far."""
    amount, number = row.draft.amount, row.draft.number
    if amount is None or row.ingredient is None:
        return row
    given, marked, volume = amount, drawing.given_ml(number), volumes.get(number)
    if marked and volume:
        given = min(amount * marked / volume, amount)
    elif not any(group.syringe == number for group in drawing.groups):
        given = amount if row.draft.area else Decimal(0)
    over = amount > row.ingredient.max_dose_session
    return replace(
        row,
        given=plain(given.quantize(Decimal("0.001"))),
        share=int(100 * given / amount),
        state="stop" if over else "",
    )


@dataclass(frozen=True)
class SyringeLine:
    """One syringe on the page: volumes in ml, `left` what is not marked yet; "over" when too much."""

    number: int
    typed: str
    volume: str
    given: str
    points: int
    left: str
    is_over: bool
    drawn_up_at: dt.datetime | None


def syringe_lines(
    drafts: Sequence[DraftRow], drawing: MapDraft, volumes: Mapping[int, Decimal]
) -> list[SyringeLine]:
    """The syringes of a draft in order."""
    numbers = {row.number for row in drafts} | {one.syringe for one in drawing.groups} | {1}
    lines = []
    for number in sorted(numbers):
        given, volume = drawing.given_ml(number), volumes.get(number)
        known = drawing.syringe(number)
        left = None if volume is None else volume - given
        lines.append(
            SyringeLine(
                number=number,
                typed=known.volume,
                volume="" if volume is None else plain(volume),
                given=plain(given),
                points=sum(len(one.points) for one in drawing.groups if one.syringe == number),
                left="" if left is None else plain(abs(left)),
                is_over=left is not None and left < 0,
                drawn_up_at=_instant(known.drawn_up_at),
            )
        )
    return lines


def _instant(text: str) -> dt.datetime | None:
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


def area_shapes(areas: Sequence[TargetArea], chosen: set[str]) -> list[dict[str, Any]]:
    """The areas of a plan for the figure, each with whether it is treated today."""
    return [
        {"area": area, "key": area.key, "region": area.region, "chosen": str(area.pk) in chosen}
        for area in areas
    ]

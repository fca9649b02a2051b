"""What an unsigned record says: complete doses, drawn up from which lots, given where; and its gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar, cast
from uuid import UUID

from django.db import models
from django.utils.translation import gettext as _

from mesoclinic.clinic.base import ClinicOwned
from treatments.domain.injections import Group, MapDraft, read_map, spread
from treatments.models import Ingredient, Layer, Lot, SessionRecord, TargetArea, Technique
from treatments.selectors.drafts import DraftRow, draft_rows, plain, volumes_of
from treatments.services.stock import lots_of

_Row = TypeVar("_Row", bound=ClinicOwned)


@dataclass(frozen=True)
class Missing:
    """One thing that stands between a record and its signature, and where on the page it is.

    `row` is the index of the form's row, None for what concerns the whole session.
    """

    code: str
    message: str
    row: int | None = None


@dataclass(frozen=True)
class Given:
    """One dose that reached the skin: everything resolved to rows of the clinic."""

    ingredient: Ingredient
    amount: Decimal
    lot: Lot
    area: TargetArea
    technique: Technique
    syringe: int = 1


@dataclass(frozen=True)
class Charted:
    """One group of points with its area and technique."""

    group: Group
    area: TargetArea
    technique: Technique
    depth_mm: Decimal
    point_ml: Decimal


@dataclass
class Reading:
    """A draft as read: what was given, what left each lot, the points, and what is missing."""

    given: list[Given] = field(default_factory=list)
    drawn: dict[UUID, Decimal] = field(default_factory=dict)
    charted: list[Charted] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    drawing: MapDraft = field(default_factory=MapDraft)
    syringes: set[int] = field(default_factory=set)
    volumes: dict[int, Decimal] = field(default_factory=dict)

    def discarded_ml(self, number: int) -> Decimal:
        """What was drawn up into a syringe and not injected."""
        volume = self.volumes.get(number)
        given = self.drawing.given_ml(number)
        return max(volume - given, Decimal(0)) if volume and given else Decimal(0)


@dataclass(frozen=True)
class _Choices:
    """What a draft may point at: the clinic's own catalogue and shelf."""

    ingredients: Mapping[UUID, Ingredient]
    lots: Mapping[UUID, Lot]
    areas: Mapping[UUID, TargetArea]
    techniques: Mapping[UUID, Technique]


def read_record(record: SessionRecord) -> Reading:
    """Read rows and map of an unsigned record; a fixed number of queries (four).

    Where points of a row's syringe are drawn, its dose is spread over their areas by volume, and
    what was drawn up beyond them counts as discarded; otherwise the row says its own area.
    """
    rows, drawing = draft_rows(record), read_map(record.draft_map)
    choices = _choices(record, rows, drawing)
    reading = Reading(drawing=drawing)
    reading.volumes = volumes_of(rows, drawing, choices.ingredients)
    _read_groups(reading, choices)
    drawn_numbers = {one.syringe for one in drawing.groups}
    for place, row in enumerate(rows):
        _read_row(reading, place, row, choices, charted=row.number in drawn_numbers)
    if not rows:
        reading.missing.append(Missing("doses", str(_("Nothing was given yet."))))
    _check_syringes(reading, rows, drawn_numbers)
    reading.missing += _twice(reading.given)
    return reading


def _read_row(
    reading: Reading, place: int, row: DraftRow, choices: _Choices, *, charted: bool
) -> None:
    ingredient = _pick(choices.ingredients, row.ref("ingredient"))
    if ingredient is None:
        reading.missing.append(Missing("ingredient", _("Choose the ingredient."), place))
        return
    area = _pick(choices.areas, row.ref("area"))
    technique = _pick(choices.techniques, row.ref("technique"))
    lot, amount = _pick(choices.lots, row.ref("lot")), row.amount
    lacks = [] if charted else _lacks_place(ingredient, area, technique)
    lacks += _lacks_dose(ingredient, amount, lot)
    reading.missing += [Missing(code, text, place) for code, text in lacks]
    if lacks or amount is None or lot is None:
        return
    reading.syringes.add(row.number)
    reading.drawn[lot.pk] = reading.drawn.get(lot.pk, Decimal(0)) + amount
    if charted:
        reading.given += _spread(reading, row.number, ingredient, lot, amount)
    elif area is not None and technique is not None:
        reading.given.append(Given(ingredient, amount, lot, area, technique, row.number))


def _lacks_place(
    ingredient: Ingredient, area: TargetArea | None, technique: Technique | None
) -> list[tuple[str, str]]:
    lacks = []
    if area is None:
        text = _("%(name)s: mark the points on the map, or choose the area.")
        lacks.append(("area", text % {"name": ingredient.name}))
    if technique is None:
        lacks.append(
            ("technique", _("%(name)s: choose the technique.") % {"name": ingredient.name})
        )
    return lacks


def _lacks_dose(
    ingredient: Ingredient, amount: Decimal | None, lot: Lot | None
) -> list[tuple[str, str]]:
    lacks = []
    if amount is None:
        text = _("%(name)s: enter the dose as a number above zero.")
        lacks.append(("dose", text % {"name": ingredient.name}))
    if lot is None:
        lacks.append(("lot", _("%(name)s: choose the lot.") % {"name": ingredient.name}))
    elif lot.product.ingredient_id != ingredient.pk:
        text = _("%(name)s: lot %(lot)s holds another ingredient.")
        lacks.append(("lot", text % {"name": ingredient.name, "lot": lot.number}))
    return lacks


def _spread(
    reading: Reading, number: int, ingredient: Ingredient, lot: Lot, amount: Decimal
) -> list[Given]:
    volumes: dict[tuple[UUID, UUID], Decimal] = {}
    places: dict[tuple[UUID, UUID], Charted] = {}
    for one in reading.charted:
        if one.group.syringe == number:
            key = (one.area.pk, one.technique.pk)
            volumes[key] = volumes.get(key, Decimal(0)) + one.group.total_ml
            places.setdefault(key, one)
    if not volumes:
        return []
    parts = spread(amount, [*volumes.values(), reading.discarded_ml(number)])
    return [
        Given(ingredient, part, lot, places[key].area, places[key].technique, number)
        for key, part in zip(volumes, parts, strict=False)
        if part
    ]


def _read_groups(reading: Reading, choices: _Choices) -> None:
    for group in reading.drawing.groups:
        area = _pick(choices.areas, _id(group.area))
        technique = _pick(choices.techniques, _id(group.technique))
        if area is None or technique is None:
            text = _("Some points have no area or technique: draw them again.")
            reading.missing.append(Missing("points", text))
            continue
        problems = [*_layer_problems(group, area, technique), *_amount_problems(group, technique)]
        reading.missing += [Missing("points", f"{area.name}: {text}") for text in problems]
        if group.depth_mm is not None and group.point_ml is not None:
            reading.charted.append(Charted(group, area, technique, group.depth_mm, group.point_ml))


def _layer_problems(group: Group, area: TargetArea, technique: Technique) -> list[str]:
    if group.layer not in technique.layers:
        return [_("%(name)s does not reach this layer. Choose another one.") % {"name": technique}]
    if group.layer in area.forbidden_layers:
        layer = Layer(group.layer).label
        return [_("the layer “%(layer)s” is not allowed here.") % {"layer": layer}]
    return []


def _amount_problems(group: Group, technique: Technique) -> list[str]:
    problems = []
    low, high = technique.depth_min_mm, technique.depth_max_mm
    if group.depth_mm is None or not low <= group.depth_mm <= high:
        text = _("enter the depth, %(low)s to %(high)s mm with this technique.")
        problems.append(text % {"low": plain(low), "high": plain(high)})
    most = technique.point_volume_max_ml
    if group.point_ml is None:
        problems.append(_("enter the volume of a point in ml."))
    elif most is not None and group.point_ml > most:
        text = _("%(most)s ml per point at most with this technique.")
        problems.append(text % {"most": plain(most)})
    return problems


def _check_syringes(reading: Reading, rows: Sequence[DraftRow], drawn: set[int]) -> None:
    filled = {row.number for row in rows}
    for number in sorted(drawn):
        if number not in filled:
            text = _("Points are drawn with syringe %(n)s, but nothing was drawn up into it.")
            reading.missing.append(Missing("syringe", text % {"n": number}))
        volume, given = reading.volumes.get(number), reading.drawing.given_ml(number)
        if volume is not None and given > volume:
            text = _("Syringe %(n)s: %(given)s ml are marked, but only %(volume)s ml drawn up.")
            words = {"n": number, "given": plain(given), "volume": plain(volume)}
            reading.missing.append(Missing("syringe", text % words))


def _twice(given: Sequence[Given]) -> list[Missing]:
    seen: set[tuple[object, ...]] = set()
    found: dict[str, Missing] = {}
    for one in given:
        key = (one.ingredient.pk, one.lot.pk, one.area.pk, one.technique.pk, one.syringe)
        if key in seen:
            text = _("%(name)s: the same lot, area and technique stand there twice. Add them up.")
            message = text % {"name": one.ingredient.name}
            found.setdefault(message, Missing("twice", message))
        seen.add(key)
    return list(found.values())


def _choices(record: SessionRecord, rows: Sequence[DraftRow], drawing: MapDraft) -> _Choices:
    def ids(name: str) -> set[UUID]:
        return {pk for pk in (row.ref(name) for row in rows) if pk is not None}

    clinic, groups = record.clinic_id, drawing.groups
    areas = {pk for pk in (_id(one.area) for one in groups) if pk}
    techniques = {pk for pk in (_id(one.technique) for one in groups) if pk}
    return _Choices(
        ingredients=_by_id(Ingredient, clinic, ids("ingredient")),
        lots=lots_of(clinic, ids("lot")),
        areas=_by_id(TargetArea, clinic, ids("area") | areas),
        techniques=_by_id(Technique, clinic, ids("technique") | techniques),
    )


def _id(text: str) -> UUID | None:
    return DraftRow(area=text).ref("area")


def _pick(rows: Mapping[UUID, _Row], pk: UUID | None) -> _Row | None:
    return None if pk is None else rows.get(pk)


def _by_id(model: type[_Row], clinic: UUID, ids: set[UUID]) -> dict[UUID, _Row]:
    rows = cast("models.QuerySet[_Row]", model._default_manager.all())
    return {row.pk: row for row in rows.filter(clinic_id=clinic, pk__in=ids)}

"""The unsigned form of a session: rows as typed, what is missing in them, what last time was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from uuid import UUID

from treatments.domain.injections import MAX_SYRINGES, MapDraft, read_map
from treatments.models import (
    Cocktail,
    Ingredient,
    Lot,
    PointGroup,
    SessionDose,
    SessionRecord,
    TreatmentPlan,
)

_PLACES = Decimal("0.001")
_NUMBERS = {str(number) for number in range(1, MAX_SYRINGES + 1)}


@dataclass(frozen=True)
class DraftRow:
    """One line of the form as typed: ids as text, the dose with a point or a comma; all may be empty."""

    ingredient: str = ""
    dose: str = ""
    lot: str = ""
    area: str = ""
    technique: str = ""
    syringe: str = ""

    @property
    def number(self) -> int:
        """The syringe it is drawn up into; the first unless said otherwise."""
        return int(self.syringe) if self.syringe in _NUMBERS else 1

    @property
    def amount(self) -> Decimal | None:
        """The dose as an exact number above zero with at most three decimals, else None."""
        try:
            number = Decimal(self.dose.strip().replace(",", "."))
        except InvalidOperation:
            return None
        if not number.is_finite() or not 0 < number < 1_000_000:
            return None
        return number if number == number.quantize(_PLACES) else None

    def ref(self, name: str) -> UUID | None:
        """The id in the column `name`, None where it is empty or no id."""
        try:
            return UUID(getattr(self, name))
        except (ValueError, AttributeError, TypeError):
            return None


def rows_as_json(rows: Iterable[DraftRow]) -> list[dict[str, str]]:
    """Rows for the `draft` column."""
    return [asdict(row) for row in rows]


def draft_rows(record: SessionRecord) -> tuple[DraftRow, ...]:
    """The rows of an unsigned record. Anything unreadable in the column reads as empty."""
    rows = record.draft if isinstance(record.draft, list) else []
    return tuple(
        DraftRow(**{name: str(row.get(name, "")) for name in DraftRow.__dataclass_fields__})
        for row in rows
        if isinstance(row, Mapping)
    )


def plain(number: Decimal) -> str:
    """A decimal without trailing zeros and without exponent: 1.500 → "1.5"."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def default_rows(plan: TreatmentPlan, cocktail: Cocktail) -> tuple[DraftRow, ...]:
    """One row for each ingredient at its planned dose.

    Area and technique are filled where the plan has only one; the lot is always left to the hand
    that takes the vial.
    """
    areas = list(plan.areas.values_list("pk", flat=True)[:2])
    techniques = list(plan.techniques.values_list("pk", flat=True)[:2])
    area = str(areas[0]) if len(areas) == 1 else ""
    technique = str(techniques[0]) if len(techniques) == 1 else ""
    return tuple(
        DraftRow(str(item.ingredient_id), plain(item.dose), "", area, technique)
        for item in cocktail.items.order_by("ingredient__name")
    )


def last_signed(record: SessionRecord) -> SessionRecord | None:
    """The last signed session of the same plan before this one."""
    return (
        SessionRecord.objects.filter(
            planned_session__plan_id=record.planned_session.plan_id, signed_at__isnull=False
        )
        .exclude(pk=record.pk)
        .select_related("planned_session", "cocktail", "practitioner")
        .order_by("-performed_on", "-signed_at")
        .first()
    )


def doses_of(record: SessionRecord) -> list[SessionDose]:
    """What a signed session gave, with names and lots."""
    rows = record.doses.select_related("ingredient", "lot", "area", "technique", "syringe")
    return list(rows.order_by("ingredient__name", "area__name", "pk"))


def same_as_last_rows(record: SessionRecord) -> tuple[DraftRow, ...] | None:
    """The rows that repeat the last signed session; None when there is none."""
    last = last_signed(record)
    if last is None:
        return None
    items = {item.ingredient_id: item for item in record.cocktail.items.all()}
    rows = [
        DraftRow(
            str(dose.ingredient_id), plain(dose.dose), _lot_again(dose.lot, record),
            str(dose.area_id), str(dose.technique_id), _syringe(dose),
        )
        for dose in doses_of(last)
        if dose.ingredient_id in items
    ]  # fmt: skip
    if last.point_groups.exists():
        rows = _drawn_up_again(last, record, set(items))
    given = {row.ingredient for row in rows}
    area = rows[0].area if rows else ""
    technique = rows[0].technique if rows else ""
    rows += [
        DraftRow(str(pk), plain(item.dose), "", area, technique)
        for pk, item in items.items()
        if str(pk) not in given
    ]
    return tuple(rows)


def _lot_again(lot: Lot, record: SessionRecord) -> str:
    return str(lot.pk) if lot.usable_on(record.performed_on) else ""


def _syringe(dose: SessionDose) -> str:
    return "" if dose.syringe is None else str(dose.syringe.number)


def _drawn_up_again(
    last: SessionRecord, record: SessionRecord, wanted: set[UUID]
) -> list[DraftRow]:
    """One row for each ingredient and lot of a charted session: the map says where it goes."""
    amounts: dict[tuple[UUID, UUID, str], Decimal] = {}
    lots: dict[UUID, Lot] = {}
    for dose in doses_of(last):
        key = (dose.ingredient_id, dose.lot_id, _syringe(dose))
        amounts[key] = amounts.get(key, Decimal(0)) + dose.dose
        lots[dose.lot_id] = dose.lot
    return [
        DraftRow(str(ingredient), plain(amount), _lot_again(lots[lot], record), syringe=number)
        for (ingredient, lot, number), amount in amounts.items()
        if ingredient in wanted
    ]


def map_of(record: SessionRecord) -> MapDraft:
    """What was drawn: of a signed record from its rows (two queries), else from the draft."""
    if not record.is_signed:
        return read_map(record.draft_map)
    syringes = [
        {"number": one.number, "volume": "" if one.volume_ml is None else plain(one.volume_ml)}
        for one in record.syringes.all()
    ]
    groups = [_group(one) for one in record.point_groups.select_related("syringe")]
    return read_map({"syringes": syringes, "groups": groups})


def maps_before(record: SessionRecord) -> dict[UUID, MapDraft]:
    """The points of the plan's other signed sessions, newest first, by session (one query)."""
    rows = (
        PointGroup.objects.filter(
            session__planned_session__plan_id=record.planned_session.plan_id,
            session__signed_at__isnull=False,
        )
        .exclude(session_id=record.pk)
        .select_related("syringe")
        .order_by("-session__performed_on", "-session__signed_at")
    )
    found: dict[UUID, list[dict[str, object]]] = {}
    for row in rows:
        found.setdefault(row.session_id, []).append(_group(row))
    return {session: read_map({"groups": groups}) for session, groups in found.items()}


def _group(row: PointGroup) -> dict[str, object]:
    return {
        "view": row.view, "area": str(row.area_id), "technique": str(row.technique_id),
        "layer": row.layer, "depth": plain(row.depth_mm), "volume": plain(row.point_ml),
        "syringe": row.syringe.number, "points": row.points,
    }  # fmt: skip


def volumes_of(
    rows: Sequence[DraftRow], drawing: MapDraft, ingredients: Mapping[UUID, Ingredient]
) -> dict[int, Decimal]:
    """What each syringe holds in ml: as measured, else the sum where all of it is dosed in ml."""
    volumes = {}
    for number in {row.number for row in rows}:
        measured = drawing.syringe(number).volume_ml
        mine = [row for row in rows if row.number == number]
        if measured is None:
            measured = _sum_of_ml(mine, ingredients)
        if measured is not None:
            volumes[number] = measured
    return volumes


def _sum_of_ml(rows: Sequence[DraftRow], ingredients: Mapping[UUID, Ingredient]) -> Decimal | None:
    total = Decimal(0)
    for row in rows:
        pk = row.ref("ingredient")
        ingredient = ingredients.get(pk) if pk else None
        if ingredient is None or ingredient.unit != Ingredient.Unit.ML or row.amount is None:
            return None
        total += row.amount
    return total or None

"""The unsigned form of a session: rows as typed, what is missing in them, what last time was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from uuid import UUID

from treatments.models import (
    Cocktail,
    Lot,
    SessionDose,
    SessionRecord,
    TreatmentPlan,
)

_PLACES = Decimal("0.001")


@dataclass(frozen=True)
class DraftRow:
    """One line of the form as typed: ids as text, the dose with a point or a comma; all may be empty."""

    ingredient: str = ""
    dose: str = ""
    lot: str = ""
    area: str = ""
    technique: str = ""

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
    rows = record.doses.select_related("ingredient", "lot", "area", "technique")
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
            str(dose.area_id), str(dose.technique_id),
        )
        for dose in doses_of(last)
        if dose.ingredient_id in items
    ]  # fmt: skip
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

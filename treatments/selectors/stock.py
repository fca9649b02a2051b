"""What is on the shelf."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from mesoclinic.clinic.models import Clinic
from mesoclinic.common.errors import NotFound
from treatments.domain.readiness import LotProblem
from treatments.models import Lot, Product, StockMovement
from treatments.selectors.gate import lot_problem

SOON = dt.timedelta(days=60)


@dataclass(frozen=True)
class LotLine:
    """A lot as the stock page shows it.

    `state` is ok, soon, low, open_too_long, expired, withdrawn or exhausted.
    """

    lot: Lot
    state: str


def stock_list(clinic: Clinic) -> QuerySet[Lot]:
    """All lots, first-expired first."""
    rows = Lot.objects.for_clinic(clinic).select_related("product__ingredient")
    return rows.order_by("expires_on", "product__name", "number")


@dataclass(frozen=True)
class ToOrder:
    """A product of which less can be used than should be on the shelf, in its unit of dose."""

    product: Product
    left: Decimal
    level: Decimal


ATTENTION = frozenset({"soon", "low", "expired", LotProblem.OPEN_TOO_LONG.value})


def lot_line(lot: Lot, now: dt.datetime, today: dt.date) -> LotLine:
    """Low: less than one vial is left. Soon: expires within 60 days."""
    problem = lot_problem(lot, today, now)
    if problem is not None:
        return LotLine(lot, problem.value)
    if lot.expires_on - today <= SOON:
        return LotLine(lot, "soon")
    return LotLine(lot, "low" if lot.quantity < lot.product.content else "ok")


def to_order(clinic: Clinic, today: dt.date) -> list[ToOrder]:
    """Products to be ordered, the emptiest first: below their level, or below one vial without one.

    A product that has no level and was never received is not kept here, so it is not missed.
    """
    usable = Q(lots__withdrawn_at__isnull=True, lots__expires_on__gte=today)
    rows = (
        Product.objects.for_clinic(clinic)
        .filter(Q(reorder_level__isnull=False) | Q(lots__isnull=False), is_active=True)
        .select_related("ingredient")
        .annotate(left=Coalesce(Sum("lots__quantity", filter=usable), Decimal(0)))
        .order_by("name")
    )
    lines = [ToOrder(row, row.left, row.reorder_level or row.content) for row in rows]
    return sorted((one for one in lines if one.left < one.level), key=lambda one: one.left)


def stock_lines(
    clinic: Clinic, now: dt.datetime, wanted: str = "", query: str = ""
) -> list[LotLine]:
    """Lots for the page. `wanted` is usable (default), attention or all."""
    today = clinic.today(now)
    lines = [lot_line(lot, now, today) for lot in stock_list(clinic)]
    word = query.strip().lower()
    if word:
        lines = [one for one in lines if word in _words(one.lot)]
    if wanted == "all":
        return lines
    if wanted == "attention":
        return [one for one in lines if one.state in ATTENTION]
    gone = {LotProblem.WITHDRAWN.value, LotProblem.EXHAUSTED.value}
    return [one for one in lines if one.state not in gone]


def _words(lot: Lot) -> str:
    return f"{lot.number} {lot.product.name} {lot.product.ingredient.name} {lot.supplier}".lower()


def get_lot(clinic: Clinic, pk: UUID) -> Lot:
    """One lot of the clinic with its movements, newest first. Raises NotFound."""
    rows = stock_list(clinic).prefetch_related(
        Prefetch("movements", StockMovement.objects.order_by("-at", "-pk"))
    )
    lot = rows.filter(pk=pk).first()
    if lot is None:
        raise NotFound
    return lot


def used_so_far(lot: Lot) -> Decimal:
    """How much sessions have taken out of a lot of `get_lot`."""
    used = [one.amount for one in lot.movements.all() if one.kind == StockMovement.Kind.USED]
    return -sum(used, Decimal(0))

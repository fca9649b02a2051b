"""Stock: received, adjusted with a reason, withdrawn, and used up by signed sessions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.common.errors import Invalid
from treatments.domain.readiness import LotProblem
from treatments.exceptions import LotRefused, LotShort
from treatments.models import Lot, Product, StockMovement
from treatments.selectors.gate import lot_problem, problem_but_withdrawn
from treatments.services.rights import check_can_keep_stock


@dataclass(frozen=True)
class Delivery:
    """One lot as delivered. `quantity` is in the ingredient's unit of dose."""

    number: str
    expires_on: dt.date
    quantity: Decimal
    supplier: str = ""


def receive_lot(*, product: Product, delivery: Delivery, actor: Actor, now: dt.datetime) -> Lot:
    """Put a delivery on the shelf; more of a known lot adds to it.

    Raises Invalid for an empty delivery, an expired one, or a known lot with another expiry date;
    LotRefused for a lot that was withdrawn.
    """
    check_can_keep_stock(actor)
    number = delivery.number.strip()
    if delivery.quantity <= 0 or not number:
        raise Invalid(_("Enter the lot number and how much came."), field="quantity")
    if delivery.expires_on < product.clinic.today(now):
        raise Invalid(_("This lot has expired already."), code="expired", field="expires_on")
    with audited(actor):
        Product.objects.select_for_update().get(pk=product.pk)
        lot = Lot.objects.select_for_update().filter(product=product, number=number).first()
        if lot is None:
            lot = Lot(
                clinic_id=product.clinic_id,
                product=product,
                number=number,
                expires_on=delivery.expires_on,
                quantity=Decimal(0),
                supplier=delivery.supplier.strip(),
                created_at=now,
            )
        elif lot.withdrawn_at is not None:
            raise LotRefused(
                _("This lot was withdrawn: nothing may be added to it."), field="number"
            )
        elif lot.expires_on != delivery.expires_on:
            raise Invalid(
                _("This lot number is known with another expiry date. Look at the vial again."),
                code="expiry_differs",
                field="expires_on",
            )
        lot.quantity += delivery.quantity
        lot.save()
        _move(lot, StockMovement.Kind.RECEIVED, delivery.quantity, actor, now)
    return lot


def adjust_lot(*, lot: Lot, quantity: Decimal, reason: str, actor: Actor, now: dt.datetime) -> Lot:
    """Set what was really counted, and say why it differs. Nothing is written when it does not."""
    check_can_keep_stock(actor)
    if quantity < 0:
        raise Invalid(_("A quantity is zero or more."), field="quantity")
    if not reason.strip():
        raise Invalid(_("Say why the quantity changes."), code="reason_missing", field="reason")
    with audited(actor, reason="stock"):
        lot = Lot.objects.select_for_update().get(pk=lot.pk)
        difference = quantity - lot.quantity
        if difference:
            lot.quantity = quantity
            lot.save(update_fields=["quantity"])
            _move(lot, StockMovement.Kind.ADJUSTED, difference, actor, now, reason=reason)
    return lot


def withdraw_lot(*, lot: Lot, reason: str, actor: Actor, now: dt.datetime) -> Lot:
    """Block a lot at once, whatever is left of it. Twice is once."""
    check_can_keep_stock(actor)
    if not reason.strip():
        raise Invalid(_("Say why it is withdrawn."), code="reason_missing", field="reason")
    with audited(actor, reason="stock"):
        lot = Lot.objects.select_for_update().get(pk=lot.pk)
        if lot.withdrawn_at is None:
            lot.withdrawn_at, lot.withdrawn_reason = now, reason.strip()[:300]
            lot.save(update_fields=["withdrawn_at", "withdrawn_reason"])
    return lot


def open_vial(*, lot: Lot, actor: Actor, now: dt.datetime) -> Lot:
    """Another vial of the lot is opened: from now on the product's time runs (`use_within_hours`).

    Raises LotRefused for a lot that must not be used.
    """
    check_can_keep_stock(actor)
    with audited(actor, reason="stock"):
        rows = Lot.objects.select_for_update(of=("self",)).select_related("product__clinic")
        lot = rows.get(pk=lot.pk)
        problem = lot_problem(lot, lot.product.clinic.today(now))
        if problem is not None:
            raise LotRefused(PROBLEMS[problem.value] % {"lot": lot.number}, code=f"lot_{problem}")
        hours = lot.product.use_within_hours
        lot.opened_at = now
        lot.use_until = None if hours is None else now + dt.timedelta(hours=hours)
        lot.save(update_fields=["opened_at", "use_until"])
    return lot


@dataclass(frozen=True)
class Use:
    """What a session takes out of the shelf: lots with amounts, on the clinic's local day.

    `given_before` are lots that were withdrawn after the session had begun (`began_at`), and of
    which the practitioner says that they were given before.
    """

    session_id: UUID
    on: dt.date
    amounts: Mapping[UUID, Decimal]
    began_at: dt.datetime | None = None
    given_before: Collection[UUID] = ()

    def may_have_given(self, lot: Lot) -> bool:
        """Whether the lot was withdrawn only after the session had begun."""
        return self.began_at is not None and lot.withdrawn_since(self.began_at)


def use_lots(*, clinic_id: UUID, use: Use, actor: Actor, now: dt.datetime) -> dict[UUID, Lot]:
    """Take the amounts out of the lots, in the caller's transaction.

    The rows are locked in id order, so two sessions that draw from the same lots wait for each
    other instead of dead-locking, and the second sees what the first has left. Raises LotRefused
    for an expired, withdrawn or empty lot and for a vial open too long, LotShort where less is left than is wanted.
    A lot withdrawn since the session began is taken only where `use` says that it was given before.
    """
    rows = Lot.objects.for_clinic(clinic_id).filter(pk__in=use.amounts).order_by("pk")
    locked = {lot.pk: lot for lot in rows.select_for_update(of=("self",)).select_related("product")}
    for pk, amount in sorted(use.amounts.items()):
        _check_usable(locked.get(pk), amount, use, now)
    movements = []
    for pk, amount in use.amounts.items():
        locked[pk].quantity -= amount
        movements.append(
            StockMovement(
                clinic_id=clinic_id,
                lot=locked[pk],
                kind=StockMovement.Kind.USED,
                amount=-amount,
                session_id=use.session_id,
                at=now,
                by_label=actor.label[:200],
            )
        )
    Lot.objects.bulk_update(locked.values(), ["quantity"])
    StockMovement.objects.bulk_create(movements)
    return locked


PROBLEMS = {
    "expired": _("Lot %(lot)s has expired. Choose another one."),
    "withdrawn": _("Lot %(lot)s has been withdrawn. Choose another one."),
    "exhausted": _("Lot %(lot)s is used up. Choose another one."),
    "open_too_long": _(
        "The open vial of lot %(lot)s is past its time. Open another one on the lot's page."
    ),
}


_WITHDRAWN_SINCE = _(
    "Lot %(lot)s was withdrawn after this session began. Choose another one if it was not given. "
    "If it was, confirm that it was given before the lot was withdrawn, and sign again."
)


def _check_usable(lot: Lot | None, amount: Decimal, use: Use, now: dt.datetime) -> None:
    if lot is None:
        raise LotRefused
    problem = (
        _given_problem(lot, use, now) if use.may_have_given(lot) else lot_problem(lot, use.on, now)
    )
    if problem is not None:
        raise LotRefused(PROBLEMS[problem.value] % {"lot": lot.number}, code=f"lot_{problem}")
    if lot.quantity < amount:
        text = _("Only %(left)s is left of lot %(lot)s, and %(wanted)s is to be given.")
        raise LotShort(
            text % {"left": lot.quantity.normalize(), "lot": lot.number, "wanted": amount}
        )


def _given_problem(lot: Lot, use: Use, now: dt.datetime) -> LotProblem | None:
    """What else is wrong with a lot that was given before it was withdrawn."""
    if lot.pk not in use.given_before:
        raise LotRefused(_WITHDRAWN_SINCE % {"lot": lot.number}, code="lot_withdrawn_since")
    problem = problem_but_withdrawn(lot, use.on, now)
    # Counted to nothing when it left the shelf: there is too little of it, but no other was given.
    return None if problem is LotProblem.EXHAUSTED else problem


def lots_of(clinic_id: UUID, ids: Iterable[UUID]) -> dict[UUID, Lot]:
    """Lots of the clinic by id, with their products."""
    rows = Lot.objects.for_clinic(clinic_id).filter(pk__in=set(ids)).select_related("product")
    return {row.pk: row for row in rows}


def _move(
    lot: Lot, kind: str, amount: Decimal, actor: Actor, now: dt.datetime, *, reason: str = ""
) -> None:
    StockMovement.objects.create(
        clinic_id=lot.clinic_id,
        lot=lot,
        kind=kind,
        amount=amount,
        reason=reason.strip()[:200],
        at=now,
        by_label=actor.label[:200],
    )

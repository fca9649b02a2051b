"""Stock by lot, and reactions."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Membership
from mesoclinic.common.errors import Forbidden, Invalid
from tests.factories import treatments as make
from treatments import services
from treatments.exceptions import (
    EventClosed,
    LotRefused,
)
from treatments.models import (
    Lot,
    TreatmentPlan,
)
from treatments.selectors.stock import stock_lines, to_order
from treatments.services.stock import Delivery, Use, use_lots
from treatments.signals import adverse_event_reported

NOW, TODAY = make.NOW, make.TODAY


def test_receiving_counting_and_withdrawing(
    stock: make.Catalogue, manager: Membership, receptionist: Membership
) -> None:
    product = stock.lots["vitamin_c"].product
    actor = make.actor_of(manager)
    delivery = Delivery("A1", dt.date(2027, 1, 31), Decimal(50), "Medifarm")
    lot = services.receive_lot(product=product, delivery=delivery, actor=actor, now=NOW)
    lot = services.receive_lot(product=product, delivery=delivery, actor=actor, now=NOW)
    assert lot.quantity == 100
    lot = services.adjust_lot(
        lot=lot, quantity=Decimal(97), reason="broken vial", actor=actor, now=NOW
    )
    assert sum(one.amount for one in lot.movements.all()) == lot.quantity == 97
    with pytest.raises(Invalid):
        services.adjust_lot(lot=lot, quantity=Decimal(1), reason="", actor=actor, now=NOW)
    lot = services.withdraw_lot(lot=lot, reason="recall", actor=actor, now=NOW)
    with pytest.raises(LotRefused):
        services.receive_lot(product=product, delivery=delivery, actor=actor, now=NOW)
    with pytest.raises(Forbidden):
        services.withdraw_lot(lot=lot, reason="x", actor=make.actor_of(receptionist), now=NOW)
    with pytest.raises(DatabaseError), transaction.atomic():
        lot.movements.update(amount=1)


def test_an_open_vial_is_refused_after_its_time_until_another_is_opened(
    stock: make.Catalogue, manager: Membership
) -> None:
    actor, lot = make.actor_of(manager), stock.lots["vitamin_c"]
    product = lot.product
    product.use_within_hours = 24
    product.save()
    lot = services.open_vial(lot=lot, actor=actor, now=NOW)

    def take(now: dt.datetime) -> None:
        use = Use(uuid4(), stock.clinic.today(now), {lot.pk: Decimal(1)})
        with transaction.atomic():
            use_lots(clinic_id=stock.clinic.pk, use=use, actor=actor, now=now)

    take(NOW + dt.timedelta(hours=24))
    late = NOW + dt.timedelta(hours=24, seconds=1)
    with pytest.raises(LotRefused, match="past its time"):
        take(late)
    assert [one.state for one in stock_lines(stock.clinic, late, "attention")] == ["open_too_long"]
    services.open_vial(lot=lot, actor=actor, now=late)
    take(late + dt.timedelta(hours=1))
    withdrawn = services.withdraw_lot(lot=lot, reason="recall", actor=actor, now=late)
    with pytest.raises(LotRefused):
        services.open_vial(lot=withdrawn, actor=actor, now=late)


def test_what_is_to_be_ordered(stock: make.Catalogue, manager: Membership) -> None:
    assert to_order(stock.clinic, TODAY) == []
    product = stock.lots["vitamin_c"].product
    product.reorder_level = Decimal(25)
    product.save()
    lot = stock.lots["pdrn"]
    services.withdraw_lot(lot=lot, reason="recall", actor=make.actor_of(manager), now=NOW)
    found = [(one.product, one.left, one.level) for one in to_order(stock.clinic, TODAY)]
    assert found == [(lot.product, Decimal(0), Decimal(5)), (product, Decimal(20), Decimal(25))]


@pytest.mark.parametrize(
    ("expires_on", "quantity"), [(TODAY - dt.timedelta(days=1), "5"), (TODAY, "0")]
)
def test_odd_deliveries_are_refused(
    stock: make.Catalogue, actor: Actor, expires_on: dt.date, quantity: str
) -> None:
    with pytest.raises(Invalid):
        services.receive_lot(
            product=stock.lots["vitamin_c"].product,
            delivery=Delivery("B2", expires_on, Decimal(quantity)),
            actor=actor,
            now=NOW,
        )
    assert not Lot.objects.filter(number="B2").exists()


def test_a_reaction_is_reported_and_closed_once(
    plan: TreatmentPlan, other_practitioner: Membership, actor: Actor
) -> None:
    heard: list[Any] = []

    def listen(**kwargs: Any) -> None:
        heard.append(kwargs["event"])

    adverse_event_reported.connect(listen)
    report = services.EventReport("swelling", 3, TODAY, "Both cheeks")
    event = services.report_adverse_event(patient=plan.patient, report=report, actor=actor, now=NOW)
    assert heard == [event]
    assert event.stops_treatment
    with pytest.raises(Invalid):
        services.resolve_adverse_event(event=event, outcome="", actor=actor, now=NOW)
    closed = services.resolve_adverse_event(event=event, outcome="Gone", actor=actor, now=NOW)
    assert not closed.stops_treatment
    with pytest.raises(EventClosed):
        services.resolve_adverse_event(event=event, outcome="Gone", actor=actor, now=NOW)
    for odd in (
        services.EventReport("pain", 6, TODAY),
        services.EventReport("pain", 1, TODAY + dt.timedelta(days=1)),
    ):
        with pytest.raises(Invalid):
            services.report_adverse_event(patient=plan.patient, report=odd, actor=actor, now=NOW)

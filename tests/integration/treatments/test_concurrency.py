"""Two people at once: stock is never overdrawn, and nothing is written twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connection

from mesoclinic.clinic.models import Clinic
from tests import personas
from tests.factories import treatments as make
from treatments import services
from treatments.exceptions import LotRefused, LotShort
from treatments.models import Lot, SessionDose, SessionRecord, StockMovement
from treatments.services import stock as stock_services

pytestmark = pytest.mark.django_db(transaction=True)


def _together(calls: list[Callable[[], Any]]) -> list[object]:
    """Run all at once; the result or the exception of each."""
    barrier = threading.Barrier(len(calls))
    outcomes: list[object] = [None] * len(calls)

    def run(place: int) -> None:
        try:
            barrier.wait()
            outcomes[place] = calls[place]()
        except Exception as error:  # noqa: BLE001 - the outcome is what the test is about
            outcomes[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def _drafts(clinic: Clinic, count: int) -> tuple[make.Catalogue, list[Callable[[], Any]]]:
    """`count` sessions ready to be signed, all from the same two lots."""
    member = personas.ayla(clinic)
    actor = make.actor_of(member)
    shelf = make.catalogue(clinic)
    signs: list[Callable[[], Any]] = []
    for _ in range(count):
        record = make.started(make.course(shelf, member), member)
        services.record_doses(record=record, rows=make.full_rows(shelf), actor=actor, now=make.NOW)
        signs.append(partial(services.sign_session, record=record, actor=actor, now=make.NOW))
    return shelf, signs


def test_two_signatures_on_one_lot_take_no_more_than_there_is() -> None:
    shelf, signs = _drafts(personas.lices(), 4)
    scarce = shelf.lots["vitamin_c"]
    Lot.objects.filter(pk=scarce.pk).update(quantity=Decimal(2))
    outcomes = _together(signs)
    refused = [one for one in outcomes if isinstance(one, LotShort | LotRefused)]
    assert len(refused) == 2
    assert len([one for one in outcomes if isinstance(one, SessionRecord)]) == 2
    scarce.refresh_from_db()
    assert scarce.quantity == 0
    assert Lot.objects.get(pk=shelf.lots["hyaluronic_acid"].pk).quantity == 18
    assert StockMovement.objects.filter(kind="used").count() == 4


def test_with_the_lock_planted_out_stock_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same race without row locks loses an update, or the database refuses: never silence."""
    shelf, signs = _drafts(personas.lices(), 4)
    real = stock_services._check_usable
    gate = threading.Barrier(len(signs))

    def unlocked(rows: Any, *args: Any, **kwargs: Any) -> Any:
        return rows

    def slow(*args: Any) -> None:
        real(*args)
        if args[0].pk == shelf.lots["vitamin_c"].pk:
            gate.wait(timeout=20)

    monkeypatch.setattr("mesoclinic.clinic.querysets.ClinicQuerySet.select_for_update", unlocked)
    monkeypatch.setattr(stock_services, "_check_usable", slow)
    outcomes = _together(signs)
    signed = [one for one in outcomes if isinstance(one, SessionRecord)]
    left = Lot.objects.get(pk=shelf.lots["vitamin_c"].pk).quantity
    assert len(signed) == 4
    assert left != Decimal(20) - len(signed)


def test_the_same_session_signed_twice_at_once_is_signed_once() -> None:
    _shelf, signs = _drafts(personas.lices(), 1)
    outcomes = _together([signs[0], signs[0]])
    assert all(isinstance(one, SessionRecord) for one in outcomes)
    assert SessionDose.objects.count() == 2
    assert StockMovement.objects.filter(kind="used").count() == 2


def test_a_session_begun_twice_at_once_has_one_record() -> None:
    clinic = personas.lices()
    member = personas.ayla(clinic)
    plan = make.course(make.catalogue(clinic), member)
    session = plan.sessions.get(number=1)
    actor = make.actor_of(member)

    def begin() -> SessionRecord:
        return services.start_session(planned_session=session, actor=actor, now=make.NOW)

    first, second = _together([begin, begin])
    assert first == second
    assert SessionRecord.objects.count() == 1

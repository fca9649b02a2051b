"""Sessions with a map: doses follow the points, syringes keep their time, two tabs don't overwrite."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Membership
from mesoclinic.common.errors import Invalid
from tests.factories import treatments as make
from tests.personas import client_for
from treatments import services
from treatments.domain.injections import read_map
from treatments.exceptions import DraftConflict, LotRefused
from treatments.models import Lot, SessionRecord, TreatmentPlan
from treatments.selectors.drafts import map_of
from treatments.selectors.mapping import against_last_time, course_doses
from treatments.services.scanning import read_label

NOW = make.NOW


@pytest.fixture
def record(plan: TreatmentPlan, practitioner: Membership) -> SessionRecord:
    """A session that has begun."""
    return make.started(plan, practitioner)


def sign(record: SessionRecord, actor: Actor) -> SessionRecord:
    return services.sign_session(record=record, actor=actor, now=NOW + dt.timedelta(minutes=20))


def test_doses_follow_the_points_and_the_rest_is_discarded(
    record: SessionRecord, stock: make.Catalogue, practitioner: Membership, actor: Actor
) -> None:
    make.with_map(record, stock, practitioner, 60, volume="0.02")
    signed = sign(record, actor)
    syringe = signed.syringes.get()
    assert (syringe.volume_ml, syringe.discarded_ml) == (Decimal(2), Decimal("0.8"))
    assert syringe.drawn_up_at == NOW + dt.timedelta(minutes=5)
    doses = {one.ingredient.key: one for one in signed.doses.select_related("ingredient")}
    assert {one.dose for one in doses.values()} == {Decimal("0.6")}
    assert {one.syringe_id for one in doses.values()} == {syringe.pk}
    assert Lot.objects.get(pk=stock.lots["vitamin_c"].pk).quantity == Decimal(19)
    group = signed.point_groups.get()
    assert group.count == 60
    assert group.points[0] == [Decimal("30.00"), Decimal("50.00")]
    assert signed.duration_min == 20
    assert map_of(signed).points == 60


def test_what_the_technique_does_not_allow_is_missing_before_the_signature(
    record: SessionRecord, stock: make.Catalogue, practitioner: Membership, actor: Actor
) -> None:
    drawing = make.grid(stock, 200)
    drawing["groups"][0] |= {"depth": "9", "layer": "hypodermis"}
    services.save_draft(
        record=record,
        draft=services.Draft(rows=make.drawn_up(stock), drawing=read_map(drawing)),
        actor=actor,
        now=NOW,
    )
    record.refresh_from_db()
    words = [one.message for one in services.missing_to_sign(record, NOW)]
    assert "Cheeks: Nappage does not reach this layer. Choose another one." in words
    assert "Cheeks: enter the depth, 2 to 4 mm with this technique." in words
    assert "Syringe 1: 4 ml are marked, but only 2 ml drawn up." in words
    with pytest.raises(Invalid):
        sign(record, actor)


def test_a_second_tab_is_told_and_nothing_is_written_over(
    record: SessionRecord, stock: make.Catalogue, actor: Actor
) -> None:
    first = services.Draft(rows=make.full_rows(stock), expected_version=0)
    services.save_draft(record=record, draft=first, actor=actor, now=NOW)
    second = services.Draft(rows=(), texts={"notes": "from the other tab"}, expected_version=0)
    with pytest.raises(DraftConflict):
        services.save_draft(record=record, draft=second, actor=actor, now=NOW)
    record.refresh_from_db()
    assert (len(record.draft), record.notes, record.draft_version) == (2, "", 1)


def test_the_conflict_page_keeps_what_was_typed_and_offers_the_choice(
    record: SessionRecord, practitioner: Membership, time_machine_now: None
) -> None:
    client: Client = client_for(practitioner)
    address = f"/sessions/{record.planned_session_id}/save/"
    client.post(address, {"version": "0", "notes": "first", "map": "{}"})
    answer = client.post(address, {"version": "0", "notes": "second", "map": "{}"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Changed on another page" in page
    assert "second" in page
    kept = client.post(address, {"version": "0", "keep_mine": "1", "notes": "second", "map": "{}"})
    assert kept.status_code == 302
    record.refresh_from_db()
    assert record.notes == "second"


@pytest.fixture
def time_machine_now() -> object:
    """The server's clock stands at the session's day."""
    import time_machine

    with time_machine.travel(NOW, tick=True) as traveller:
        yield traveller


def test_same_as_last_time_brings_points_and_says_what_differs(
    plan: TreatmentPlan, stock: make.Catalogue, practitioner: Membership, actor: Actor
) -> None:
    make.with_map(make.started(plan, practitioner), stock, practitioner, 60)
    last = sign(SessionRecord.objects.get(), actor)
    later = NOW + dt.timedelta(days=8)
    second = make.started(plan, practitioner, number=2, now=later)
    second = services.same_as_last_time(record=second, actor=actor, now=later)
    assert map_of(second).points == 60
    assert {row["dose"] for row in second.draft} == {"0.6"}
    assert against_last_time(map_of(second), map_of(last), second) == []
    fewer = read_map(make.grid(stock, 30))
    (line,) = against_last_time(fewer, map_of(last), second)
    assert line == "Cheeks: 30 points, 0.6 ml; last time 60, 1.2 ml"
    heat = course_doses(plan)
    assert [(one["name"], one["total"]) for one in heat] == [
        ("Hyaluronic acid", "0.6"), ("Vitamin C", "0.6"),
    ]  # fmt: skip


def test_labels_are_read_as_scanners_send_them() -> None:
    label = read_label("]d2010761234567890017270630" + "10HA2201\x1d21XYZ")
    assert (label.lot, label.expires_on) == ("HA2201", dt.date(2027, 6, 30))
    assert read_label("(01)07612345678900(17)270630(10)HA2201").lot == "HA2201"
    assert read_label(" ha-2201 ").lot == "ha-2201"
    with pytest.raises(Invalid):
        read_label("  ")
    with pytest.raises(Invalid):
        read_label("0107612345678900")


def test_a_scanned_lot_lands_in_its_row(
    record: SessionRecord, stock: make.Catalogue, actor: Actor
) -> None:
    lot = stock.lots["vitamin_c"]
    services.scan_lot(record=record, code=lot.number.lower(), actor=actor, now=NOW)
    record.refresh_from_db()
    assert [row["lot"] for row in record.draft] == ["", str(lot.pk)]
    assert map_of(record).syringe(1).drawn_up_at == NOW.isoformat()


@pytest.mark.parametrize(
    "state", ["expired", "withdrawn", "exhausted", "foreign", "unknown", "expiry"]
)
def test_a_lot_that_must_not_be_used_is_refused(
    record: SessionRecord, stock: make.Catalogue, actor: Actor, state: str
) -> None:
    lot = stock.lots["pdrn" if state == "foreign" else "vitamin_c"]
    changes: dict[str, dict[str, Any]] = {
        "expired": {"expires_on": make.TODAY - dt.timedelta(days=1)},
        "withdrawn": {"withdrawn_at": NOW, "withdrawn_reason": "Glass"},
        "exhausted": {"quantity": 0},
    }
    Lot.objects.filter(pk=lot.pk).update(**changes.get(state, {"supplier": "x"}))
    code = {"unknown": "NO-SUCH", "expiry": f"01076123456789001727010110{lot.number}"}
    with pytest.raises(LotRefused) as refused:
        services.scan_lot(record=record, code=code.get(state, lot.number), actor=actor, now=NOW)
    assert refused.value.field == "scan"
    record.refresh_from_db()
    assert {row["lot"] for row in record.draft} == {""}


def test_the_record_on_paper_is_the_same_every_time(
    stock: make.Catalogue, practitioner: Membership
) -> None:
    record = make.charted(stock.clinic, stock)
    client = client_for(practitioner)
    address = f"/sessions/{record.planned_session_id}/pdf/"
    first, second = client.get(address), client.get(address)
    assert first["Content-Type"] == "application/pdf"
    assert first.content == second.content
    assert record.patient.name not in first["Content-Disposition"]


def test_a_page_with_400_points_costs_no_more_queries_than_one_with_six(
    record: SessionRecord, stock: make.Catalogue, practitioner: Membership,
    django_assert_max_num_queries: object,
) -> None:  # fmt: skip
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for points in (6, 400):
        make.with_map(record, stock, practitioner, points, volume="0.002")
        client = client_for(practitioner)
        with CaptureQueriesContext(connection) as seen:
            page = client.get(f"/sessions/{record.planned_session_id}/")
        assert page.status_code == 200
        assert json.dumps(str(stock.cheeks.pk)).strip('"') in page.content.decode()
        counts.append(len(seen))
    assert counts[0] == counts[1]

"""The record of a session: begun, kept, signed once, never changed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Membership
from mesoclinic.common.errors import Forbidden, Invalid
from tests.factories import treatments as make
from treatments import services
from treatments.exceptions import (
    LotRefused,
    LotShort,
    NotReady,
    RecordIncomplete,
    SessionSigned,
    WrongPlanStatus,
)
from treatments.models import Lot, SessionDose, SessionRecord, StockMovement, TreatmentPlan
from treatments.signals import session_signed, session_started

NOW = make.NOW
LATER = NOW + dt.timedelta(minutes=20)


def test_start_opens_a_draft_with_the_cocktail_and_its_planned_doses(
    plan: TreatmentPlan, stock: make.Catalogue, practitioner: Membership
) -> None:
    record = make.started(plan, practitioner)
    rows = record.draft
    assert [row["ingredient"] for row in rows] == [str(stock.hyaluron.pk), str(stock.vitamin_c.pk)]
    assert {row["dose"] for row in rows} == {"1"}
    assert {row["area"] for row in rows} == {str(stock.cheeks.pk)}
    assert {row["lot"] for row in rows} == {""}
    assert record.performed_on == make.TODAY


def test_a_second_click_on_start_gives_the_same_record(
    plan: TreatmentPlan, practitioner: Membership
) -> None:
    seen: list[Any] = []

    def listen(**kwargs: Any) -> None:
        seen.append(kwargs["record"])

    session_started.connect(listen)
    first = make.started(plan, practitioner)
    again = make.started(plan, practitioner)
    assert first == again
    assert seen == [first]


def test_sign_writes_doses_and_takes_stock_down(
    plan: TreatmentPlan, stock: make.Catalogue, practitioner: Membership
) -> None:
    heard: list[Any] = []

    def listen(**kwargs: Any) -> None:
        heard.append(kwargs["record"])

    session_signed.connect(listen)
    record = make.signed(plan, stock, practitioner)
    assert record.is_signed
    assert record.signed_by_id == practitioner.staff_id
    assert record.doses.count() == 2
    lot = Lot.objects.get(pk=stock.lots["vitamin_c"].pk)
    assert lot.quantity == Decimal(19)
    movement = StockMovement.objects.get(lot=lot)
    assert (movement.kind, movement.session_id) == ("used", record.pk)
    assert movement.amount == Decimal(-1)
    assert heard == [record]


def test_signing_twice_by_the_same_person_is_once(
    plan: TreatmentPlan, stock: make.Catalogue, practitioner: Membership, actor: Actor
) -> None:
    record = make.signed(plan, stock, practitioner)
    again = services.sign_session(record=record, actor=actor, now=LATER)
    assert again.signed_at == record.signed_at
    assert StockMovement.objects.count() == 2


def test_what_is_missing_is_listed_in_order(
    plan: TreatmentPlan, practitioner: Membership, actor: Actor
) -> None:
    session = plan.sessions.get(number=1)
    make.screen(plan.patient, at=NOW - dt.timedelta(days=3))
    consent = plan.cocktails.latest().consents.get()
    services.withdraw_consent(consent=consent, actor=actor, now=NOW)
    cocktail = plan.cocktails.latest()
    with pytest.raises(NotReady):
        services.start_session(planned_session=session, actor=actor, now=NOW)
    record = SessionRecord.objects.create(
        clinic=plan.clinic, patient=plan.patient, planned_session=session, cocktail=cocktail,
        practitioner=practitioner.staff, performed_on=make.TODAY, started_at=NOW,
    )  # fmt: skip
    services.record_doses(
        record=record,
        rows=[services.DraftRow(str(cocktail.items.all()[0].ingredient_id), "x")],
        actor=actor,
        now=NOW,
    )
    record.refresh_from_db()
    codes = [one.code for one in services.missing_to_sign(record, NOW)]
    assert codes == ["consent_withdrawn", "area", "technique", "dose", "lot"]
    with pytest.raises(RecordIncomplete) as refused:
        services.sign_session(record=record, actor=actor, now=LATER)
    assert len(refused.value.missing) == len(codes)


def test_a_screening_from_another_day_must_be_reconfirmed(
    stock: make.Catalogue, practitioner: Membership, actor: Actor
) -> None:
    who = make.patient(stock.clinic)
    make.screen(who, at=NOW - dt.timedelta(days=9))
    plan = make.course(stock, practitioner, who=who)
    record = services.start_session(
        planned_session=plan.sessions.get(number=1), actor=actor, now=NOW
    )
    record = services.record_doses(record=record, rows=make.full_rows(stock), actor=actor, now=NOW)
    assert [one.code for one in services.missing_to_sign(record, NOW)] == [
        "screening_not_reconfirmed"
    ]
    make.reconfirm(who, NOW)
    assert services.missing_to_sign(record, NOW) == ()


@pytest.mark.parametrize("dose", ["2.001", "1,5;0,6", "5"])
def test_doses_above_the_ceiling_are_refused(
    plan: TreatmentPlan, stock: make.Catalogue, practitioner: Membership, actor: Actor, dose: str
) -> None:
    record = make.started(plan, practitioner)
    second = make.lot(stock.hyaluron)
    parts = dose.split(";")
    rows = [
        services.DraftRow(
            str(stock.hyaluron.pk), part, str(lot.pk), str(stock.cheeks.pk), str(stock.nappage.pk)
        )
        for part, lot in zip(parts, (stock.lots["hyaluronic_acid"], second), strict=False)
    ]
    record = services.record_doses(record=record, rows=rows, actor=actor, now=NOW)
    assert [one.code for one in services.missing_to_sign(record, NOW)] == ["ceiling"]
    with pytest.raises(RecordIncomplete, match="above the maximum"):
        services.sign_session(record=record, actor=actor, now=LATER)
    assert not SessionDose.objects.exists()


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"expires_on": dt.date(2026, 1, 12)}, LotRefused),
        ({"withdrawn_at": NOW, "withdrawn_reason": "recall"}, LotRefused),
        ({"quantity": Decimal(0)}, LotRefused),
        ({"quantity": Decimal("0.5")}, LotShort),
    ],
)
def test_lots_that_cannot_be_used_are_refused_and_nothing_is_written(
    plan: TreatmentPlan,
    stock: make.Catalogue,
    practitioner: Membership,
    actor: Actor,
    change: dict[str, Any],
    error: type[Exception],
) -> None:
    record = make.started(plan, practitioner)
    services.record_doses(record=record, rows=make.full_rows(stock), actor=actor, now=NOW)
    Lot.objects.filter(pk=stock.lots["vitamin_c"].pk).update(**change)
    with pytest.raises(error):
        services.sign_session(record=record, actor=actor, now=LATER)
    record.refresh_from_db()
    assert not record.is_signed
    assert not SessionDose.objects.exists()
    assert Lot.objects.get(pk=stock.lots["hyaluronic_acid"].pk).quantity == 20


def test_the_last_day_of_a_lot_counts(
    plan: TreatmentPlan, stock: make.Catalogue, practitioner: Membership
) -> None:
    Lot.objects.update(expires_on=make.TODAY)
    assert make.signed(plan, stock, practitioner).is_signed


def test_the_database_refuses_any_change_of_a_signed_record(
    plan: TreatmentPlan, stock: make.Catalogue, practitioner: Membership
) -> None:
    record = make.signed(plan, stock, practitioner)
    dose = record.doses.all()[0]
    attempts = [
        lambda: SessionRecord.objects.filter(pk=record.pk).update(notes="else"),
        lambda: SessionRecord.objects.filter(pk=record.pk).delete(),
        lambda: SessionDose.objects.filter(pk=dose.pk).update(dose=9),
        lambda: SessionDose.objects.filter(pk=dose.pk).delete(),
        lambda: SessionDose.objects.create(
            clinic=record.clinic, patient=record.patient, session=record, dose=1, unit="ml",
            ingredient=stock.pdrn, lot=stock.lots["pdrn"], technique=stock.nappage,
            area=stock.cheeks,
        ),
    ]  # fmt: skip
    for attempt in attempts:
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()


def test_a_signed_record_takes_addenda_only(
    plan: TreatmentPlan, stock: make.Catalogue, practitioner: Membership, actor: Actor
) -> None:
    record = make.signed(plan, stock, practitioner)
    with pytest.raises(SessionSigned):
        services.save_draft(
            record=record, draft=services.Draft(texts={"notes": "x"}), actor=actor, now=LATER
        )
    added = services.add_addendum(record=record, text="Mild redness.", actor=actor, now=LATER)
    again = services.add_addendum(record=record, text=" Mild redness. ", actor=actor, now=LATER)
    assert again.pk == added.pk
    with pytest.raises(DatabaseError), transaction.atomic():
        type(added).objects.filter(pk=added.pk).update(text="other")
    with pytest.raises(Invalid):
        services.add_addendum(record=record, text="  ", actor=actor, now=LATER)


def test_the_plan_completes_with_its_last_signature(
    plan: TreatmentPlan, stock: make.Catalogue, practitioner: Membership
) -> None:
    for number, day in ((1, 0), (2, 8), (3, 38)):
        make.signed(plan, stock, practitioner, number=number, now=NOW + dt.timedelta(days=day))
        plan.refresh_from_db()
        assert plan.status == ("completed" if number == 3 else "active")


def test_same_as_last_time_fills_everything_but_unusable_lots(
    plan: TreatmentPlan, stock: make.Catalogue, practitioner: Membership, actor: Actor
) -> None:
    make.signed(plan, stock, practitioner)
    version = services.Version(
        (
            services.Line(stock.hyaluron.pk, Decimal("1.5")),
            services.Line(stock.pdrn.pk, Decimal(1)),
        ),
        "PDRN instead of vitamin C",
    )
    services.new_cocktail_version(plan=plan, version=version, actor=actor, now=NOW)
    make.consent(plan, practitioner)
    Lot.objects.filter(pk=stock.lots["hyaluronic_acid"].pk).update(
        withdrawn_at=NOW, withdrawn_reason="recall"
    )
    record = make.started(plan, practitioner, number=2, now=NOW + dt.timedelta(days=8))
    record = services.same_as_last_time(record=record, actor=actor, now=NOW)
    by_ingredient = {row["ingredient"]: row for row in record.draft}
    assert set(by_ingredient) == {str(stock.hyaluron.pk), str(stock.pdrn.pk)}
    assert by_ingredient[str(stock.hyaluron.pk)]["dose"] == "1"
    assert by_ingredient[str(stock.hyaluron.pk)]["lot"] == ""
    assert by_ingredient[str(stock.pdrn.pk)]["area"] == str(stock.cheeks.pk)


def test_the_first_session_has_no_last_time(
    plan: TreatmentPlan, practitioner: Membership, actor: Actor
) -> None:
    record = make.started(plan, practitioner)
    with pytest.raises(WrongPlanStatus):
        services.same_as_last_time(record=record, actor=actor, now=NOW)


def test_what_was_typed_is_kept_however_odd(
    plan: TreatmentPlan, stock: make.Catalogue, practitioner: Membership, actor: Actor
) -> None:
    record = make.started(plan, practitioner)
    rows = [services.DraftRow("nonsense", "about two", "", "", "")]
    record = services.record_doses(record=record, rows=rows, actor=actor, now=NOW)
    assert record.draft[0]["dose"] == "about two"
    assert services.missing_to_sign(record, NOW)[0].code == "ingredient"
    with pytest.raises(Invalid):
        services.save_draft(
            record=record, draft=services.Draft(pain_score=11, with_pain_score=True),
            actor=actor, now=NOW,
        )  # fmt: skip


def test_receptionists_and_managers_do_not_record(
    plan: TreatmentPlan, stock: make.Catalogue, practitioner: Membership,
    receptionist: Membership, manager: Membership,
) -> None:  # fmt: skip
    record = make.started(plan, practitioner)
    for member in (receptionist, manager):
        other = make.actor_of(member)
        with pytest.raises(Forbidden):
            services.sign_session(record=record, actor=other, now=LATER)
        with pytest.raises(Forbidden):
            services.record_doses(record=record, rows=[], actor=other, now=LATER)


def test_too_early_stops_the_start_until_a_practitioner_says_why(
    plan: TreatmentPlan, stock: make.Catalogue, practitioner: Membership, actor: Actor
) -> None:
    make.signed(plan, stock, practitioner)
    early = NOW + dt.timedelta(days=3)
    make.reconfirm(plan.patient, early)
    session = plan.sessions.get(number=2)
    with pytest.raises(NotReady, match="too soon"):
        services.start_session(planned_session=session, actor=actor, now=early)
    services.override_readiness(
        planned_session=session, codes=["window_too_early"], reason="Leaves for a year.",
        actor=actor, now=early, on=early.date(),
    )  # fmt: skip
    assert services.start_session(planned_session=session, actor=actor, now=early).pk

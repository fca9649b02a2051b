"""Plans, cocktail versions, and the catalogue's seed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.models import AuditEntry
from mesoclinic.clinic.models import Clinic, Membership
from mesoclinic.common.errors import Forbidden, Invalid
from patients.exceptions import PatientClosed
from tests.factories import treatments as make
from treatments import services
from treatments.exceptions import (
    ChangeNoteMissing,
    CocktailMovedOn,
    CocktailStopped,
    NothingChanged,
    WrongPlanStatus,
)
from treatments.models import (
    Cocktail,
    Ingredient,
    PlannedSession,
    Protocol,
    TreatmentPlan,
)
from treatments.selectors.plans import cocktails_of, differences
from treatments.signals import plan_activated, plan_stopped

NOW, TODAY = make.NOW, make.TODAY


def test_a_plan_freezes_the_protocol_as_it_was(plan: TreatmentPlan, stock: make.Catalogue) -> None:
    assert [one.number for one in plan.sessions.all()] == [1, 2, 3]
    assert plan.sessions.get(number=1).gap_min is None
    assert plan.sessions.get(number=3).gap_ideal == 30
    stock.protocol.phases.filter(order=1).update(gap_ideal=9, gap_max=99)
    plan.refresh_from_db()
    assert plan.protocol_snapshot["phases"][0]["gap_ideal"] == 7
    assert plan.sessions.get(number=2).gap_max == 10


def test_other_counts_within_the_protocol(
    stock: make.Catalogue, practitioner: Membership, actor: Actor
) -> None:
    who = make.patient(stock.clinic)
    draft = make.plan_draft(stock, practitioner, counts=(4, 2))
    assert (
        services.create_plan(patient=who, draft=draft, actor=actor, now=NOW).sessions.count() == 6
    )
    with pytest.raises(Invalid) as refused:
        services.create_plan(
            patient=who,
            draft=make.plan_draft(stock, practitioner, counts=(7, 1)),
            actor=actor,
            now=NOW,
        )
    assert refused.value.field == "counts"


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("indication", "indication_id"),
        ("protocol", "protocol_id"),
        ("areas", "area_ids"),
        ("techniques", "technique_ids"),
        ("lines", "lines"),
        ("practitioner", "practitioner_id"),
    ],
)
def test_nothing_of_another_clinic_enters_a_plan(
    stock: make.Catalogue,
    practitioner: Membership,
    other_practitioner: Membership,
    actor: Actor,
    field: str,
    change: str,
) -> None:
    theirs = make.plan_draft(make.catalogue(other_practitioner.clinic), other_practitioner)
    draft = make.plan_draft(stock, practitioner, **{change: getattr(theirs, change)})
    with pytest.raises(Invalid) as refused:
        services.create_plan(patient=make.patient(stock.clinic), draft=draft, actor=actor, now=NOW)
    assert refused.value.field == field
    assert not TreatmentPlan.objects.exists()


@pytest.mark.parametrize(
    "lines", [[], [("hyaluron", "0")], [("hyaluron", "0.0005")], [("hyaluron", "1")] * 2]
)
def test_odd_cocktails_are_refused(
    stock: make.Catalogue, practitioner: Membership, actor: Actor, lines: list[Any]
) -> None:
    odd = tuple(services.Line(getattr(stock, name).pk, Decimal(dose)) for name, dose in lines)
    with pytest.raises((Invalid, CocktailStopped)):
        services.create_plan(
            patient=make.patient(stock.clinic),
            draft=make.plan_draft(stock, practitioner, lines=odd),
            actor=actor,
            now=NOW,
        )


def test_incompatible_partners_and_forbidden_areas_are_refused(
    stock: make.Catalogue, practitioner: Membership, actor: Actor
) -> None:
    def attempt(*names: str, area: str = "cheeks") -> None:
        lines = tuple(services.Line(getattr(stock, one).pk, Decimal(1)) for one in names)
        places = frozenset({getattr(stock, area).pk})
        draft = make.plan_draft(stock, practitioner, lines=lines, area_ids=places)
        services.create_plan(patient=make.patient(stock.clinic), draft=draft, actor=actor, now=NOW)

    with pytest.raises(CocktailStopped, match="don't go together"):
        attempt("vitamin_c", "minoxidil")
    with pytest.raises(CocktailStopped, match="must not be injected here"):
        attempt("pdrn", area="under_eye")
    attempt("pdrn")


def test_no_plan_for_the_dead_and_none_by_the_desk(
    stock: make.Catalogue, practitioner: Membership, receptionist: Membership, actor: Actor
) -> None:
    dead = make.patient(stock.clinic, deceased_on=TODAY)
    draft = make.plan_draft(stock, practitioner)
    with pytest.raises(PatientClosed):
        services.create_plan(patient=dead, draft=draft, actor=actor, now=NOW)
    with pytest.raises(Forbidden):
        services.create_plan(
            patient=make.patient(stock.clinic),
            draft=draft,
            actor=make.actor_of(receptionist),
            now=NOW,
        )


def test_status_moves_are_announced_once(plan: TreatmentPlan, actor: Actor) -> None:
    heard: list[str] = []

    def listen(signal: Any, **kwargs: Any) -> None:
        heard.append("stopped" if signal is plan_stopped else "activated")

    plan_activated.connect(listen)
    plan_stopped.connect(listen)
    services.activate_plan(plan=plan, actor=actor, now=NOW)
    for _ in range(2):
        services.stop_plan(plan=plan, reason="Moved away", actor=actor, now=NOW)
    assert heard == ["stopped"]
    with pytest.raises(WrongPlanStatus):
        services.activate_plan(plan=plan, actor=actor, now=NOW)
    with pytest.raises(Invalid):
        services.stop_plan(plan=plan, reason=" ", actor=actor, now=NOW)


def test_a_change_is_a_new_version_with_its_differences(
    plan: TreatmentPlan, stock: make.Catalogue, actor: Actor
) -> None:
    lines = (
        services.Line(stock.hyaluron.pk, Decimal("1.5")),
        services.Line(stock.pdrn.pk, Decimal(1)),
    )
    with pytest.raises(ChangeNoteMissing):
        services.new_cocktail_version(
            plan=plan, version=services.Version(lines), actor=actor, now=NOW
        )
    services.new_cocktail_version(
        plan=plan, version=services.Version(lines, "PDRN for C"), actor=actor, now=NOW
    )
    with pytest.raises(NothingChanged):
        services.new_cocktail_version(
            plan=plan, version=services.Version(lines, "again"), actor=actor, now=NOW
        )
    behind = services.Version((services.Line(stock.hyaluron.pk, Decimal(1)),), "less", since=1)
    with pytest.raises(CocktailMovedOn, match=r"Version 2 .* PDRN for C"):
        services.new_cocktail_version(plan=plan, version=behind, actor=actor, now=NOW)
    new, old = cocktails_of(plan)
    assert (new.version, old.version) == (2, 1)
    found = {(one.kind, one.name): (one.before, one.after) for one in differences(new, old)}
    assert found == {
        ("changed", "Hyaluronic acid"): ("1 ml", "1.5 ml"),
        ("added", "PDRN"): ("", "1 ml"),
        ("removed", "Vitamin C"): ("1 ml", ""),
    }


def test_a_stored_cocktail_never_changes(plan: TreatmentPlan) -> None:
    cocktail = plan.cocktails.latest()
    for attempt in (
        lambda: Cocktail.objects.filter(pk=cocktail.pk).update(version=9),
        lambda: cocktail.items.update(dose=9),
        lambda: cocktail.items.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()


# --- one patient throughout -----------------------------------------------------------------------


def _at_once() -> None:
    """Deferred constraints are judged now instead of at the commit."""
    with transaction.get_connection().cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_the_database_keeps_two_patients_and_two_clinics_apart(
    plan: TreatmentPlan, other_practitioner: Membership
) -> None:
    other = make.patient(plan.clinic, "Somebody Else")
    theirs = make.patient(other_practitioner.clinic)

    def mix_patients() -> None:
        PlannedSession.objects.create(
            clinic=plan.clinic, patient=other, plan=plan, number=9, phase_name="x"
        )
        _at_once()

    def mix_clinics() -> None:
        TreatmentPlan.objects.filter(pk=plan.pk).update(patient=theirs)
        _at_once()

    for attempt in (mix_patients, mix_clinics):
        with pytest.raises(IntegrityError), transaction.atomic():
            attempt()


def test_every_write_is_recorded_under_its_actor(plan: TreatmentPlan, actor: Actor) -> None:
    entries = AuditEntry.objects.filter(patients__contains=[plan.patient_id], actor_id=actor.id)
    written = set(entries.values_list("model", flat=True))
    assert {
        "treatments.treatmentplan", "treatments.cocktail", "treatments.cocktailitem",
        "treatments.plannedsession", "treatments.consent",
    } <= written  # fmt: skip


# --- catalogue --------------------------------------------------------------------------------------


def test_the_seed_is_complete_idempotent_and_never_overwrites(clinic: Clinic) -> None:
    added = services.seed_clinic(clinic)
    assert added["ingredients"] >= 60
    assert min(added.values()) > 0
    entry = Ingredient.objects.for_clinic(clinic).get(key="hyaluronic_acid")
    entry.name, entry.is_active = "Our own", False
    entry.save()
    entry.contraindications.all().delete()
    Protocol.objects.for_clinic(clinic).get(key="maintenance").phases.all().delete()
    assert set(services.seed_clinic(clinic).values()) == {0}
    entry.refresh_from_db()
    assert (entry.name, entry.is_active, entry.contraindications.count()) == ("Our own", False, 0)


def test_every_seeded_protocol_makes_a_course(
    clinic: Clinic, practitioner: Membership, actor: Actor
) -> None:
    services.seed_clinic(clinic)
    stock = make.catalogue_of(clinic)
    for protocol in Protocol.objects.for_clinic(clinic):
        plan = services.create_plan(
            patient=make.patient(clinic),
            draft=make.plan_draft(stock, practitioner, protocol_id=protocol.pk),
            actor=actor,
            now=NOW,
        )
        assert plan.sessions.exists()
        assert services.plan_windows(plan, TODAY)

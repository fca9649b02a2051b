"""A small catalogue with stock, screened patients, and courses in any state."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count
from typing import Any

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic, Membership
from patients.models import (
    Patient,
    Questionnaire,
    Screening,
    ScreeningConfirmation,
    ScreeningResult,
)
from tests.factories.clinic import PractitionerFactory
from treatments import services
from treatments.domain.injections import read_map
from treatments.models import (
    IncompatiblePair,
    Indication,
    Ingredient,
    IngredientContraindication,
    Lot,
    LotRecall,
    PlannedSession,
    Product,
    Protocol,
    ProtocolPhase,
    SessionRecord,
    TargetArea,
    Technique,
    TreatmentPlan,
)

NOW = dt.datetime(2026, 1, 13, 9, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 1, 13)
_numbers = count(1)


@dataclass
class Catalogue:
    """What a clinic treats with, by short names."""

    clinic: Clinic
    indication: Indication
    protocol: Protocol
    face: TargetArea
    cheeks: TargetArea
    under_eye: TargetArea
    nappage: Technique
    subcutaneous: Technique
    hyaluron: Ingredient
    vitamin_c: Ingredient
    pdrn: Ingredient
    minoxidil: Ingredient
    lots: dict[str, Lot]


def ingredient(clinic: Clinic, key: str, **fields: Any) -> Ingredient:
    """An ingredient of 1 ml usual and 2 ml at most unless told otherwise."""
    defaults: dict[str, Any] = {
        "name": key.replace("_", " ").capitalize(),
        "ingredient_class": "test",
        "unit": "ml",
        "usual_dose": Decimal(1),
        "max_dose_session": Decimal(2),
    }
    return Ingredient.objects.create(clinic=clinic, key=key, **{**defaults, **fields})


def lot(item: Ingredient, number: str = "", **fields: Any) -> Lot:
    """A usable lot of 20 units of dose."""
    product, _ = Product.objects.get_or_create(
        clinic=item.clinic, name=f"{item.name} vial", defaults={"ingredient": item, "content": 5}
    )
    defaults: dict[str, Any] = {"expires_on": dt.date(2027, 6, 30), "quantity": Decimal(20)}
    return Lot.objects.create(
        clinic=item.clinic,
        product=product,
        number=number or f"L{next(_numbers):04d}",
        **{**defaults, **fields},
    )


def _technique(clinic: Clinic, key: str, layers: list[str]) -> Technique:
    return Technique.objects.create(
        clinic=clinic, key=key, name=key.capitalize(), layers=layers, depth_min_mm=2,
        depth_max_mm=4, spacing_min_mm=2, spacing_max_mm=4, marks="grid",
    )  # fmt: skip


def _protocol(clinic: Clinic) -> Protocol:
    protocol = Protocol.objects.create(clinic=clinic, key="initial", name="Initial course")
    phases = [("Weekly", 2, 7, 7, 10, "days"), ("Monthly", 1, 28, 30, 35, "days")]
    for order, (name, sessions, low, ideal, high, unit) in enumerate(phases, start=1):
        ProtocolPhase.objects.create(
            clinic=clinic, protocol=protocol, order=order, name=name, sessions_min=1,
            sessions_planned=sessions, sessions_max=6, gap_min=low, gap_ideal=ideal, gap_max=high,
            gap_unit=unit,
        )  # fmt: skip
    return protocol


def catalogue(clinic: Clinic) -> Catalogue:
    """Skin hydration with three sessions; hyaluronic acid, vitamin C, PDRN (fish) and minoxidil."""
    face = TargetArea.objects.create(clinic=clinic, key="face", name="Face", region="face")
    cheeks = TargetArea.objects.create(
        clinic=clinic, key="cheeks", name="Cheeks", region="face", parent=face, sun_exposed=True
    )
    under_eye = TargetArea.objects.create(
        clinic=clinic, key="under_eye", name="Under the eyes", region="face", parent=face
    )
    hyaluron = ingredient(clinic, "hyaluronic_acid", name="Hyaluronic acid")
    vitamin_c = ingredient(clinic, "vitamin_c", name="Vitamin C", max_dose_course=Decimal(4))
    pdrn = ingredient(clinic, "pdrn", name="PDRN", allergen_tags=["allergen:fish"])
    pdrn.forbidden_areas.add(under_eye)
    minoxidil = ingredient(clinic, "minoxidil", name="Minoxidil", prescription_only=True)
    IngredientContraindication.objects.create(
        clinic=clinic, ingredient=minoxidil, tag="heart_disease", level="stop",
        why="May strain the heart.", source="G",
    )  # fmt: skip
    first, second = sorted((vitamin_c, minoxidil), key=lambda one: one.pk)
    IncompatiblePair.objects.create(
        clinic=clinic, first=first, second=second, reason="Falls out of solution.", source="G"
    )
    protocol = _protocol(clinic)
    indication = Indication.objects.create(
        clinic=clinic, key="hydration", name="Skin hydration", category="Face and skin"
    )
    nappage = _technique(clinic, "nappage", ["superficial_dermis"])
    deep = _technique(clinic, "subcutaneous", ["hypodermis"])
    indication.protocols.add(protocol)
    indication.areas.add(cheeks)
    indication.techniques.add(nappage)
    indication.ingredients.add(hyaluron, vitamin_c)
    lots = {one.key: lot(one) for one in (hyaluron, vitamin_c, pdrn, minoxidil)}
    return Catalogue(
        clinic, indication, protocol, face, cheeks, under_eye, nappage, deep, hyaluron, vitamin_c,
        pdrn, minoxidil, lots,
    )  # fmt: skip


def catalogue_of(clinic: Clinic) -> Catalogue:
    """The seeded catalogue by the same short names (no lots)."""

    def entry(model: Any, key: str) -> Any:
        return model.objects.get(clinic=clinic, key=key)

    return Catalogue(
        clinic, entry(Indication, "hydration"), entry(Protocol, "initial_course"),
        entry(TargetArea, "face"), entry(TargetArea, "cheeks"), entry(TargetArea, "under_eye"),
        entry(Technique, "nappage"), entry(Technique, "subcutaneous"),
        entry(Ingredient, "hyaluronic_acid"), entry(Ingredient, "vitamin_c"),
        entry(Ingredient, "pdrn"), entry(Ingredient, "minoxidil"), {},
    )  # fmt: skip


def actor_of(member: Membership) -> Actor:
    """The actor of somebody signed in at their clinic."""
    return Actor(
        kind="staff", id=str(member.staff_id), label=str(member.staff), role=member.role,
        clinic_id=member.clinic_id, staff_id=member.staff_id,
    )  # fmt: skip


def patient(clinic: Clinic, name: str = "Inês Carvalho", **fields: Any) -> Patient:
    """A patient without any health data."""
    number = f"T-{next(_numbers):05d}"
    return Patient.objects.create(clinic=clinic, name=name, record_number=number, **fields)


def screen(
    who: Patient,
    *,
    outcome: str = "cleared",
    at: dt.datetime = NOW,
    findings: list[dict[str, Any]] | None = None,
    valid_until: dt.date = dt.date(2026, 12, 31),
) -> ScreeningResult:
    """A submitted screening with its judgement, as the patients room would store it."""
    form, _ = Questionnaire.objects.get_or_create(
        clinic=who.clinic, key="screening", version=1,
        defaults={"title": "Screening", "spec": {}, "status": "published", "published_at": at},
    )  # fmt: skip
    screening = Screening.objects.create(
        clinic=who.clinic, patient=who, questionnaire=form, channel="desk", started_by="Noor",
        submitted_at=at, submitted_by="Noor",
    )  # fmt: skip
    return ScreeningResult.objects.create(
        clinic=who.clinic, patient=who, screening=screening, outcome=outcome,
        findings=findings or [], inputs={"today": at.date().isoformat(), "missing": ["q"] if outcome == "incomplete" else []},
        evaluated_at=at, valid_until=valid_until,
    )  # fmt: skip


def reconfirm(who: Patient, at: dt.datetime) -> None:
    """Nothing has changed, said at `at`."""
    screening = Screening.objects.filter(patient=who).latest("submitted_at")
    ScreeningConfirmation.objects.create(
        clinic=who.clinic, patient=who, screening=screening, confirmed_at=at, confirmed_by="Ayla"
    )


def plan_draft(stock: Catalogue, member: Membership, **changes: Any) -> services.PlanDraft:
    """Skin hydration of the cheeks by nappage: 1 ml hyaluronic acid, 1 ml vitamin C."""
    values: dict[str, Any] = {
        "practitioner_id": member.staff_id,
        "indication_id": stock.indication.pk,
        "protocol_id": stock.protocol.pk,
        "technique_ids": frozenset({stock.nappage.pk}),
        "area_ids": frozenset({stock.cheeks.pk}),
        "lines": (
            services.Line(stock.hyaluron.pk, Decimal(1)),
            services.Line(stock.vitamin_c.pk, Decimal(1)),
        ),
        "start_on": TODAY,
        "goals": "Softer skin before the wedding",
    }
    return services.PlanDraft(**{**values, **changes})


def course(
    stock: Catalogue, member: Membership, *, who: Patient | None = None, now: dt.datetime = NOW
) -> TreatmentPlan:
    """An active plan of three sessions with consent and a cleared screening."""
    who = who or patient(stock.clinic)
    if not Screening.objects.filter(patient=who).exists():
        screen(who, at=now)
    actor = actor_of(member)
    plan = services.create_plan(patient=who, draft=plan_draft(stock, member), actor=actor, now=now)
    services.activate_plan(plan=plan, actor=actor, now=now)
    consent(plan, member, now=now)
    plan.refresh_from_db()
    return plan


def consent(plan: TreatmentPlan, member: Membership, *, now: dt.datetime = NOW) -> None:
    """The patient signs the newest cocktail version."""
    cocktail = plan.cocktails.latest()
    digest = services.text_digest(services.consent_text(cocktail))
    services.sign_consent(
        cocktail=cocktail,
        signature=services.Signature(digest, plan.patient.name),
        actor=actor_of(member),
        now=now,
    )


def full_rows(stock: Catalogue, **doses: str) -> tuple[services.DraftRow, ...]:
    """Complete rows for the cheeks by nappage: hyaluronic acid and vitamin C, 1 ml each."""
    wanted = doses or {"hyaluronic_acid": "1", "vitamin_c": "1"}
    known = {one.key: one for one in (stock.hyaluron, stock.vitamin_c, stock.pdrn, stock.minoxidil)}
    return tuple(
        services.DraftRow(
            str(known[key].pk), dose, str(stock.lots[key].pk), str(stock.cheeks.pk),
            str(stock.nappage.pk),
        )
        for key, dose in wanted.items()
    )  # fmt: skip


def started(
    plan: TreatmentPlan, member: Membership, *, number: int = 1, now: dt.datetime = NOW
) -> SessionRecord:
    """A session that has begun, screening re-confirmed."""
    session = PlannedSession.objects.get(plan=plan, number=number)
    reconfirm(plan.patient, now)
    return services.start_session(planned_session=session, actor=actor_of(member), now=now)


def signed(
    plan: TreatmentPlan,
    stock: Catalogue,
    member: Membership,
    *,
    number: int = 1,
    now: dt.datetime = NOW,
) -> SessionRecord:
    """A signed session."""
    record = started(plan, member, number=number, now=now)
    actor = actor_of(member)
    services.record_doses(record=record, rows=full_rows(stock), actor=actor, now=now)
    return services.sign_session(record=record, actor=actor, now=now + dt.timedelta(minutes=20))


def grid(
    stock: Catalogue, count: int = 6, *, volume: str = "0.02", syringe: int = 1
) -> dict[str, Any]:
    """A map with `count` points of nappage on the cheeks, as the browser sends it."""
    points = [[30 + place % 10, 50 + place // 10] for place in range(count)]
    return {
        "syringes": [],
        "groups": [
            {
                "view": "face", "area": str(stock.cheeks.pk), "technique": str(stock.nappage.pk),
                "layer": "superficial_dermis", "depth": "2", "volume": volume, "syringe": syringe,
                "points": points,
            }
        ],
    }  # fmt: skip


def drawn_up(stock: Catalogue, **doses: str) -> tuple[services.DraftRow, ...]:
    """As `full_rows`, with the area left to the map."""
    return tuple(replace(row, area="", technique="") for row in full_rows(stock, **doses))


def with_map(
    record: SessionRecord, stock: Catalogue, member: Membership, count: int = 6, **grid_: Any
) -> SessionRecord:
    """A begun session with its lots drawn up and its points marked."""
    drawing = read_map(grid(stock, count, **grid_))
    draft = services.Draft(rows=drawn_up(stock), drawing=drawing)
    at = record.started_at + dt.timedelta(minutes=5)
    return services.save_draft(record=record, draft=draft, actor=actor_of(member), now=at)


def charted(
    clinic: Clinic, stock: Catalogue | None = None, who: Patient | None = None
) -> SessionRecord:
    """A signed session of which six points were marked."""
    member = PractitionerFactory(clinic=clinic)
    stock = stock or catalogue(clinic)
    record = started(course(stock, member, who=who), member)
    record = with_map(record, stock, member)
    return services.sign_session(
        record=record, actor=actor_of(member), now=record.started_at + dt.timedelta(minutes=20)
    )


def recalled(clinic: Clinic) -> LotRecall:
    """A recall of the lot of vitamin C, with one patient."""
    stock = catalogue(clinic)
    record = charted(clinic, stock)
    return services.begin_recall(
        lot=stock.lots["vitamin_c"],
        reason="Glass in the vial",
        actor=Actor.system(clinic.pk, "test"),
        now=record.started_at + dt.timedelta(days=1),
    )

"""The default catalogue: complete, consistent, and as the knowledge base says."""

from __future__ import annotations

from decimal import Decimal

from patients.domain.codec import from_json
from tests.unit.patients.screening_worlds import SPEC, TERMS
from tests.unit.treatments.catalogue_world import (
    AREAS,
    CATALOGUE,
    INGREDIENTS,
    LAYERS,
    PAIRS,
)
from treatments.domain.protocol import Gap, GapUnit, Phase

CLASSES = {
    "vitamin", "mineral", "amino acid", "hyaluronic acid", "silica", "coenzyme or antioxidant",
    "nucleic acid", "peptide or growth factor", "collagen", "enzyme", "plant extract", "lipolytic",
    "brightening agent", "hair agent", "vasoactive", "hormone", "anaesthetic", "vehicle",
}  # fmt: skip


def test_there_are_ingredients_of_every_class() -> None:
    assert len(INGREDIENTS) >= 60
    assert {facts.ingredient_class for facts in INGREDIENTS.values()} >= CLASSES


def test_keys_are_unique_and_references_lead_somewhere() -> None:
    for kind in ("areas", "techniques", "ingredients", "protocols", "indications"):
        keys = [row["key"] for row in CATALOGUE[kind]]
        assert len(keys) == len(set(keys)), kind
        assert all(row["source"] for row in CATALOGUE[kind])
    protocols = {row["key"] for row in CATALOGUE["protocols"]}
    techniques = {row["key"] for row in CATALOGUE["techniques"]}
    for row in CATALOGUE["indications"]:
        assert set(row["protocols"]) <= protocols
        assert set(row["areas"]) <= set(AREAS)
        assert set(row["techniques"]) <= techniques
        assert set(row["ingredients"]) <= set(INGREDIENTS)
    for row in CATALOGUE["areas"]:
        assert row.get("parent", row["key"]) in AREAS
    assert {row["ingredient"] for row in CATALOGUE["products"]} == set(INGREDIENTS)


def test_layers_and_doses_make_sense() -> None:
    for facts in INGREDIENTS.values():
        assert facts.forbidden_layers <= set(LAYERS)
        assert facts.forbidden_areas <= set(AREAS)
        assert facts.usual_dose is not None
        assert facts.max_per_session is not None
        assert 0 < facts.usual_dose.amount <= facts.max_per_session.amount
        if facts.max_per_course is not None:
            assert facts.max_per_course.amount >= facts.max_per_session.amount
        assert len({one.tag for one in facts.contraindications}) == len(facts.contraindications)
    for row in CATALOGUE["techniques"]:
        assert set(row["layers"]) <= set(LAYERS)
        assert Decimal(row["depth_min_mm"]) <= Decimal(row["depth_max_mm"])
        assert Decimal(row["spacing_min_mm"]) <= Decimal(row["spacing_max_mm"])


def test_every_tag_of_the_catalogue_can_be_recognised() -> None:
    known = {term.tag for term in TERMS}
    known |= {
        tag
        for question in SPEC.questions.values()
        for option in question.options
        for tag in option.tags
    }
    for facts in INGREDIENTS.values():
        assert facts.allergen_groups <= known, facts.key
        assert {one.tag for one in facts.contraindications} <= known, facts.key


def test_pairs_name_two_ingredients_once() -> None:
    pairs = [frozenset((pair.first, pair.second)) for pair in PAIRS]
    assert all(len(pair) == 2 and pair <= set(INGREDIENTS) for pair in pairs)
    assert len(pairs) == len(set(pairs))


def test_protocols_have_the_windows_of_the_knowledge_base() -> None:
    phases = {
        row["key"]: [
            Phase(
                one["name"], one["sessions_min"], one["sessions_planned"], one["sessions_max"],
                Gap(one["gap_min"], one["gap_ideal"], one["gap_max"], GapUnit(one["gap_unit"])),
                one["repeats"],
            )
            for one in row["phases"]
        ]
        for row in CATALOGUE["protocols"]
    }  # fmt: skip
    first, monthly = phases["initial_course"]
    assert (first.gap.min, first.gap.max, first.sessions_planned) == (7, 10, 4)
    assert (monthly.gap.min, monthly.gap.max) == (28, 35)
    assert first.sessions_min + monthly.sessions_min == 3
    assert first.sessions_max + monthly.sessions_max == 15
    assert [phase.sessions_planned for phase in phases["hair_restoration"][:3]] == [4, 4, 2]
    (maintenance,) = phases["maintenance"]
    assert (maintenance.gap.min, maintenance.gap.max, maintenance.gap.unit) == (
        2, 6, GapUnit.MONTHS,
    )  # fmt: skip
    assert maintenance.repeats
    assert phases["cellulite_body"][0].sessions_max == 15


def test_areas_fit_the_domain() -> None:
    assert AREAS["chin"].within == {"face"}
    assert AREAS["under_eye"].forbidden_layers
    assert {"face", "scalp", "neck", "decollete", "hands", "abdomen", "thighs"} <= set(AREAS)
    assert from_json(str, CATALOGUE["review_note"])

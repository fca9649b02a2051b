"""The safety check of a cocktail: each danger by example, and what holds for all of them."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patients.domain.questionnaire import Severity
from patients.domain.screening import Finding as ScreeningFinding
from patients.domain.screening import FindingKind
from tests.unit.treatments.catalogue_world import AREAS, INGREDIENTS, LAYERS, PAIRS, TAGS
from treatments.domain.cocktail import (
    CocktailCheck,
    CocktailItem,
    CourseDose,
    Finding,
    Hemisphere,
    IngredientFacts,
    Level,
    PatientFacts,
    Season,
    check_cocktail,
    worst,
)
from treatments.domain.doses import Dose, Unit, UnitMismatch


def item(key: str, amount: str | None = None, unit: Unit | None = None) -> CocktailItem:
    facts = INGREDIENTS[key]
    assert facts.usual_dose is not None
    dose = Dose(Decimal(amount), unit or facts.usual_dose.unit) if amount else facts.usual_dose
    return CocktailItem(facts, dose)


def check(*items: CocktailItem, **inputs: object) -> tuple[Finding, ...]:
    return check_cocktail(CocktailCheck(items, **{"pairs": PAIRS, **inputs}))  # type: ignore[arg-type]


def codes(findings: tuple[Finding, ...], level: Level = Level.STOP) -> set[str]:
    return {one.code for one in findings if one.level is level}


def patient(*tags: str, past: tuple[str, ...] = (), weight: str | None = None) -> PatientFacts:
    kg = Decimal(weight) if weight else None
    return PatientFacts(frozenset(tags), frozenset(past), kg)


def test_a_usual_cocktail_passes() -> None:
    findings = check(
        item("hyaluronic_acid"), item("biotin"), areas=(AREAS["cheeks"],),
        layers=frozenset({"superficial_dermis"}), season=Season(11, Hemisphere.NORTH),
    )  # fmt: skip
    assert findings == ()
    assert worst(findings) is None


def test_a_fish_allergy_stops_what_comes_from_fish() -> None:
    for key in ("pdrn", "polynucleotides", "calcitonin", "collagen_marine"):
        assert "allergy" in codes(check(item(key), patient=patient("allergen:fish")))
    assert check(item("hyaluronic_acid"), patient=patient("allergen:fish")) == ()


def test_a_past_allergy_is_reviewed() -> None:
    findings = check(item("pdrn"), patient=patient(past=("allergen:fish",)))
    assert codes(findings, Level.REVIEW) == {"allergy"}
    both = check(item("pdrn"), patient=patient("allergen:fish", past=("allergen:fish",)))
    assert [one.level for one in both] == [Level.STOP]


@pytest.mark.parametrize(
    ("key", "tag"),
    [
        ("phosphatidylcholine", "allergen:soy"), ("phosphatidylcholine", "allergen:egg"),
        ("phosphatidylcholine", "pregnancy"), ("phosphatidylcholine", "liver_disease"),
        ("phosphatidylcholine", "diabetes"), ("deoxycholate", "allergen:egg"),
        ("deoxycholate", "liver_disease"), ("caffeine", "arrhythmia"),
        ("lidocaine", "allergen:local-anaesthetic-amide"), ("minoxidil", "heart_disease"),
        ("procaine", "allergen:local-anaesthetic-ester"), ("vitamin_c", "g6pd_deficiency"),
    ],
)  # fmt: skip
def test_the_contraindications_of_the_knowledge_base_stop(key: str, tag: str) -> None:
    findings = check(item(key), patient=patient(tag))
    assert worst(findings) is Level.STOP
    (found,) = [one for one in findings if one.subject == tag]
    assert found.ingredient == key
    assert found.what
    assert found.why
    assert found.source
    assert found.what_to_do


def test_a_past_fact_counts_only_where_it_should() -> None:
    assert "contraindication" in codes(check(item("pdrn"), patient=patient(past=("cancer",))))
    assert check(item("saline"), patient=patient(past=("cancer",))) == ()
    assert "contraindication" not in codes(
        check(item("vitamin_a"), patient=patient(past=("pregnancy",)))
    )


def test_lipolytics_stay_away_from_the_eyes_and_the_upper_skin() -> None:
    assert "area" in codes(check(item("deoxycholate"), areas=(AREAS["under_eye"],)))
    assert "layer" in codes(check(item("deoxycholate"), layers=frozenset({"superficial_dermis"})))
    deep = check(item("deoxycholate"), areas=(AREAS["abdomen"],), layers=frozenset({"hypodermis"}))
    assert {"area", "layer"}.isdisjoint(codes(deep))


def test_an_area_forbids_its_parts_and_layers() -> None:
    assert "area" in codes(check(item("collagenase"), areas=(AREAS["chin"],)))
    findings = check(item("saline"), areas=(AREAS["under_eye"],), layers=frozenset({"hypodermis"}))
    assert codes(findings) == {"area_layer"}


def test_ceilings_sum_over_items_and_units() -> None:
    at = check(item("zinc", "6"), item("zinc", "4000", Unit.UG))
    assert "ceiling" not in codes(at)
    above = check(item("zinc", "6"), item("zinc", "4000.001", Unit.UG))
    assert "ceiling" in codes(above)
    assert "10.000001 mg" in next(one.what for one in above if one.code == "ceiling")


def test_a_unit_that_does_not_fit_stops() -> None:
    findings = check(item("zinc", "1", Unit.ML))
    assert "unit" in codes(findings)
    both = check(item("zinc", "1", Unit.ML), item("zinc", "11"))
    assert {"unit", "ceiling"} <= codes(both)


def test_the_course_has_a_ceiling_too() -> None:
    given = (CourseDose("deoxycholate", Dose(Decimal(561), Unit.MG)),)
    assert "ceiling" in codes(check(item("deoxycholate", "40"), given_in_course=given))
    given = (CourseDose("deoxycholate", Dose(Decimal(560), Unit.MG)),)
    assert "ceiling" not in codes(check(item("deoxycholate", "40"), given_in_course=given))


def test_anaesthetics_keep_to_the_body_weight() -> None:
    assert "ceiling" not in codes(check(item("lidocaine", "150"), patient=patient(weight="50")))
    assert "ceiling" in codes(check(item("lidocaine", "150.1"), patient=patient(weight="50")))
    assert "no_weight" in codes(check(item("lidocaine", "121")), Level.REVIEW)
    assert "no_weight" not in codes(check(item("lidocaine", "120")), Level.REVIEW)


def test_anaesthetics_add_up() -> None:
    half = check(item("lidocaine", "100"), item("procaine", "100"))
    assert "additive" not in codes(half)
    more = check(item("lidocaine", "100"), item("procaine", "100.001"))
    assert "additive" in codes(more)


def test_pairs_that_do_not_mix_stop_or_ask() -> None:
    assert "pair" in codes(check(item("vitamin_c"), item("copper")))
    assert "pair" in codes(check(item("lidocaine"), item("procaine")), Level.REVIEW)
    assert codes(check(item("vitamin_c"), item("biotin"))) == set()


@pytest.mark.parametrize(
    ("month", "hemisphere", "strong"),
    [
        (4, Hemisphere.NORTH, True), (9, Hemisphere.NORTH, True), (10, Hemisphere.NORTH, False),
        (3, Hemisphere.NORTH, False), (12, Hemisphere.NORTH, False), (7, Hemisphere.SOUTH, False),
        (10, Hemisphere.SOUTH, True), (1, Hemisphere.SOUTH, True), (3, Hemisphere.SOUTH, True),
        (4, Hemisphere.SOUTH, False), (9, Hemisphere.SOUTH, False), (12, Hemisphere.SOUTH, True),
    ],
)  # fmt: skip
def test_strong_sun_depends_on_the_hemisphere(
    month: int, hemisphere: Hemisphere, strong: bool
) -> None:
    assert Season(month, hemisphere).strong_sun is strong


def test_sun_exposed_areas_ask_for_protection_in_summer() -> None:
    summer = Season(7, Hemisphere.NORTH)
    assert codes(check(item("biotin"), areas=(AREAS["face"],), season=summer), Level.REVIEW) == {
        "season"
    }
    agreed = replace(summer, sun_protection_confirmed=True)
    assert codes(check(item("biotin"), areas=(AREAS["face"],), season=agreed), Level.NOTE) == {
        "season"
    }
    assert check(item("biotin"), areas=(AREAS["abdomen"],), season=summer) == ()


def test_prescription_needs_a_prescriber() -> None:
    assert "prescription" in codes(check(item("minoxidil")), Level.NOTE)
    assert "prescription" in codes(check(item("minoxidil"), prescriber=False))


def test_an_empty_dose_and_a_missing_ceiling_are_not_passed_over() -> None:
    nothing = CocktailItem(INGREDIENTS["biotin"], Dose(Decimal(0), Unit.MG))
    assert "no_dose" in codes(check(nothing))
    unknown = CocktailItem(IngredientFacts("new", "New"), Dose(Decimal(1), Unit.MG))
    assert "no_ceiling" in codes(check(unknown), Level.REVIEW)


def screening(**limits: object) -> ScreeningFinding:
    return ScreeningFinding(
        "rule", Severity.ABSOLUTE, FindingKind.ANSWERED, "Finding", source="G",
        **limits,  # type: ignore[arg-type]
    )  # fmt: skip


def test_limited_screening_findings_reach_their_cocktails_and_areas() -> None:
    fish = screening(ingredient_tags=("allergen:fish",))
    assert "allergy" in codes(check(item("pdrn"), screening=(fish,)))
    assert check(item("biotin"), screening=(fish,)) == ()
    lips = screening(areas=("perioral",))
    assert "screening:rule" in codes(
        check(item("biotin"), screening=(lips,), areas=(AREAS["perioral"],))
    )
    face = screening(areas=("face",))
    assert "screening:rule" in codes(
        check(item("biotin"), screening=(face,), areas=(AREAS["chin"],))
    )
    by_class = screening(ingredient_tags=("class:lipolytic",))
    assert "screening:rule" in codes(check(item("caffeine"), screening=(by_class,)))
    assert check(item("biotin"), screening=(screening(until=date(2026, 1, 1)),)) == ()
    # The words name what of the plan it is about: the belly may be treated.
    (found,) = check(item("biotin"), screening=(face,), areas=(AREAS["chin"], AREAS["abdomen"]))
    assert found.what.startswith(f"{AREAS['chin'].name}: ")


def test_an_allergy_known_twice_is_told_once_with_all_that_is_known() -> None:
    said = screening(ingredient_tags=("allergen:fish",), evidence=("Fish: hives",), advice="Ask.")
    milder = replace(said, rule="other", severity=Severity.CAUTION, advice="")
    (found,) = check(
        item("pdrn"), patient=patient("allergen:fish"), screening=(milder, said)
    )  # fmt: skip
    assert (found.key, found.level) == (("allergy", "pdrn", "allergen:fish"), Level.STOP)
    assert "is allergic to fish" in found.what
    assert "allergen group fish" in found.why
    assert "Said: Fish: hives." in found.why
    assert found.source == "S2, S4, G"
    assert "Ask." in found.what_to_do
    (graver,) = check(
        item("pdrn"), patient=patient(past=("allergen:fish",)), screening=(said,)
    )  # fmt: skip
    assert graver.level is Level.STOP
    assert "has been allergic" not in graver.what


ITEMS = st.builds(
    lambda key, share: CocktailItem(
        INGREDIENTS[key],
        Dose(
            (INGREDIENTS[key].max_per_session.amount * share).quantize(Decimal("0.001")),  # type: ignore[union-attr]
            INGREDIENTS[key].max_per_session.unit,  # type: ignore[union-attr]
        ),
    ),
    st.sampled_from(sorted(INGREDIENTS)),
    st.decimals(min_value="0.01", max_value="1.5", places=2),
)
CHECKS = st.builds(
    CocktailCheck,
    items=st.lists(ITEMS, max_size=6).map(tuple),
    patient=st.builds(
        PatientFacts,
        st.frozensets(st.sampled_from(TAGS), max_size=4),
        st.frozensets(st.sampled_from(TAGS), max_size=4),
        st.none() | st.decimals(min_value=40, max_value=120, places=1),
    ),
    screening=st.lists(
        st.builds(
            ScreeningFinding,
            st.sampled_from(("one", "two")),
            st.sampled_from(Severity),
            st.just(FindingKind.ANSWERED),
            st.sampled_from(("This", "That")),
            ingredient_tags=st.lists(st.sampled_from(TAGS), max_size=2, unique=True).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
    areas=st.lists(st.sampled_from(list(AREAS.values())), max_size=3, unique=True).map(tuple),
    layers=st.frozensets(st.sampled_from(LAYERS), max_size=2),
    pairs=st.just(PAIRS),
    season=st.none() | st.builds(Season, st.integers(1, 12), st.sampled_from(Hemisphere)),
)


def levels(findings: tuple[Finding, ...]) -> dict[tuple[str, str, str], int]:
    return {one.key: one.level.rank for one in findings}


@given(CHECKS, ITEMS)
@settings(max_examples=150, deadline=None)
def test_adding_an_ingredient_never_removes_a_finding(
    before: CocktailCheck, more: CocktailItem
) -> None:
    old = levels(check_cocktail(before))
    new = levels(check_cocktail(replace(before, items=(*before.items, more))))
    assert all(new.get(key, -1) >= level for key, level in old.items())


@given(CHECKS, st.sampled_from(TAGS), st.booleans())
@settings(max_examples=150, deadline=None)
def test_a_further_fact_about_the_patient_never_removes_a_finding(
    before: CocktailCheck, tag: str, past: bool
) -> None:
    known = before.patient
    added = (
        replace(known, past_tags=known.past_tags | {tag})
        if past
        else replace(known, active_tags=known.active_tags | {tag})
    )
    old = levels(check_cocktail(before))
    new = levels(check_cocktail(replace(before, patient=added)))
    assert all(new.get(key, -1) >= level for key, level in old.items())


@given(CHECKS)
@settings(max_examples=100, deadline=None)
def test_order_never_matters(one: CocktailCheck) -> None:
    turned = replace(
        one,
        items=tuple(reversed(one.items)),
        screening=tuple(reversed(one.screening)),
        areas=tuple(reversed(one.areas)),
        pairs=tuple(reversed(one.pairs)),
    )
    assert check_cocktail(turned) == check_cocktail(one)


@given(CHECKS)
@settings(max_examples=150, deadline=None)
def test_nothing_with_an_absolute_finding_ever_passes(one: CocktailCheck) -> None:
    grave = any(
        item.ingredient.allergen_groups & one.patient.active_tags
        or any(
            reason.level is Level.STOP and reason.tag in one.patient.active_tags
            for reason in item.ingredient.contraindications
        )
        or _too_much(item)
        for item in one.items
    )
    if grave:
        assert worst(check_cocktail(one)) is Level.STOP


def _too_much(item: CocktailItem) -> bool:
    ceiling = item.ingredient.max_per_session
    try:
        return ceiling is not None and item.dose.exceeds(ceiling)
    except UnitMismatch:
        return True


def test_every_ingredient_is_safe_alone_at_its_usual_dose() -> None:
    for key in INGREDIENTS:
        assert worst(check(item(key), patient=patient(weight="60"))) in (None, Level.NOTE), key


def test_every_incompatible_pair_of_the_catalogue_is_found() -> None:
    for pair in PAIRS:
        for first, second in itertools.permutations((pair.first, pair.second)):
            findings = check(item(first), item(second))
            assert [one.level for one in findings if one.code == "pair"] == [pair.level]


def test_every_pair_in_the_catalogue_keeps_the_findings_of_both() -> None:
    everything = patient(*TAGS)
    alone = {key: levels(check(item(key), patient=everything)) for key in INGREDIENTS}
    for first, second in itertools.combinations(INGREDIENTS, 2):
        both = levels(check(item(first), item(second), patient=everything))
        for key, level in (alone[first] | alone[second]).items():
            assert both.get(key, -1) >= level


def test_a_doubt_is_reviewed_and_certainty_weighs_more() -> None:
    unsure = PatientFacts(doubtful_tags=frozenset({"heart_disease", "allergen:fish"}))
    assert codes(check(item("minoxidil"), patient=unsure), Level.REVIEW) == {"contraindication"}
    assert codes(check(item("pdrn"), patient=unsure), Level.REVIEW) == {"allergy"}
    sure = replace(unsure, active_tags=unsure.doubtful_tags)
    assert "contraindication" in codes(check(item("minoxidil"), patient=sure))
    once = PatientFacts(doubtful_tags=frozenset({"past:cancer"}))
    assert "contraindication" in codes(check(item("pdrn"), patient=once), Level.REVIEW)
    assert check(item("folic_acid"), patient=once) == ()

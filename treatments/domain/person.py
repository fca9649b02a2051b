"""What the patient's record and answers say against a cocktail.

Pure. Sources (docs/clinical-defaults.md): allergen groups and contraindications of ingredients (G), an
allergy to an ingredient is absolute for cocktails that contain it (S2, S4). An allergy is told once for each
ingredient and allergen group, whether the record, the answers or both speak of it: at the graver
level, with everything that is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from patients.domain.questionnaire import Severity
from patients.domain.screening import Finding as ScreeningFinding
from treatments.domain.facts import (
    CocktailCheck,
    Contraindication,
    Finding,
    IngredientFacts,
    Level,
    PatientFacts,
)

_ALLERGY = "allergy"


def allergies(check: CocktailCheck) -> Iterable[Finding]:
    """One finding for each allergen group of an ingredient that record or answers speak of."""
    same: dict[tuple[str, str, str], list[Finding]] = {}
    # The record's words come first; of equals the first is kept.
    for one in (*_on_record(check), *sorted(_said(check), key=lambda one: (one.what, one.code))):
        same.setdefault(one.key, []).append(one)
    return [_folded(ones) for ones in same.values()]


def screening(check: CocktailCheck) -> Iterable[Finding]:
    """Other screening findings that are kept for this cocktail's ingredients or these areas."""
    areas = {key for area in check.areas for key in (area.key, *area.within)}
    for one in check.ingredients:
        names = {one.key, f"ingredient:{one.key}"} - one.allergen_groups
        if one.ingredient_class:
            names.add(f"class:{one.ingredient_class}")
        for found in check.screening:
            for tag in sorted(names & set(found.ingredient_tags)):
                yield _from_screening(found, f"{one.name}: {found.message}", one.key, tag)
    for found in check.screening:
        for area in sorted(areas & set(found.areas)):
            # Where of the plan's areas it holds: the others may be treated.
            where = ", ".join(one.name for one in check.areas if area in {one.key, *one.within})
            yield _from_screening(found, f"{where}: {found.message}", "", area)


def contraindications(check: CocktailCheck) -> Iterable[Finding]:
    """What the catalogue says against an ingredient for this patient."""
    patient = check.patient
    for one in check.ingredients:
        for reason in one.contraindications:
            words = reason.tag.replace("_", " ")
            active = reason.tag in patient.active_tags
            past = reason.past_counts and reason.tag in patient.past_tags
            if active or past:
                yield Finding(
                    reason.level, "contraindication", f"{one.name}: {reason.why}",
                    f"The record or the answers say: {words}.",
                    reason.source, "Leave it out or choose another ingredient.",
                    one.key, reason.tag,
                )  # fmt: skip
            elif _in_doubt(reason, patient):
                level = Level.NOTE if reason.level is Level.NOTE else Level.REVIEW
                yield Finding(
                    level, "contraindication", f"{one.name}: {reason.why}",
                    f"The patient does not know about: {words}.",
                    reason.source, "Find out before going on, or leave it out.",
                    one.key, reason.tag,
                )  # fmt: skip


def _on_record(check: CocktailCheck) -> Iterable[Finding]:
    known = check.patient.active_tags | check.patient.past_tags
    for one in check.ingredients:
        for group in one.allergen_groups & check.patient.active_tags:
            yield _allergy(one, group, Level.STOP, "is allergic to")
        for group in (one.allergen_groups & check.patient.past_tags) - check.patient.active_tags:
            yield _allergy(one, group, Level.REVIEW, "has been allergic to")
        for group in (one.allergen_groups & check.patient.doubtful_tags) - known:
            yield _allergy(one, group, Level.REVIEW, "does not know about")


def _allergy(one: IngredientFacts, group: str, level: Level, verb: str) -> Finding:
    allergen = group.removeprefix("allergen:").replace("-", " ").replace("_", " ")
    return Finding(
        level, _ALLERGY, f"{one.name}: the patient {verb} {allergen}.",
        f"{one.name} belongs to the allergen group {allergen}.", "S2, S4",
        "Choose an ingredient from another source.", one.key, group,
    )  # fmt: skip


def _said(check: CocktailCheck) -> Iterable[Finding]:
    for one in check.ingredients:
        for found in check.screening:
            for group in one.allergen_groups & set(found.ingredient_tags):
                what = f"{one.name}: {found.message}"
                yield replace(_from_screening(found, what, one.key, group), code=_ALLERGY)


def _folded(ones: list[Finding]) -> Finding:
    gravest = max(ones, key=lambda one: one.level.rank)
    ordered = [gravest, *(one for one in ones if one is not gravest)]
    return replace(
        gravest,
        why=_all(one.why for one in ordered),
        source=_all((part for one in ordered for part in one.source.split(", ")), ", "),
        what_to_do=_all(one.what_to_do for one in ordered),
    )


def _all(texts: Iterable[str], between: str = " ") -> str:
    return between.join(dict.fromkeys(text for text in texts if text))


_LEVELS = {
    Severity.NOTE: Level.NOTE,
    Severity.CAUTION: Level.REVIEW,
    Severity.ABSOLUTE: Level.STOP,
}


def _from_screening(found: ScreeningFinding, what: str, ingredient: str, subject: str) -> Finding:
    return Finding(
        _LEVELS[found.severity], f"screening:{found.rule}", what,
        f"Said: {'; '.join(found.evidence)}." if found.evidence else "The screening says so.",
        found.source,
        found.advice or "Judge the screening before going on.", ingredient, subject,
    )  # fmt: skip


def _in_doubt(reason: Contraindication, patient: PatientFacts) -> bool:
    doubts = patient.doubtful_tags
    return reason.tag in doubts or (reason.past_counts and f"past:{reason.tag}" in doubts)

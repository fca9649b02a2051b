"""Check a cocktail against the patient, the areas, its own ingredients and the season.

Pure; all amounts are exact decimals. Sources: clinical-knowledge §3 (ceilings, allergen groups,
contraindications of ingredients, incompatible partners), §6 (season, S4), §7 (allergy to an
ingredient is absolute for cocktails that contain it, S2, S4). Adding an ingredient, an area or a
fact about the patient never removes a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from patients.domain.questionnaire import Severity
from patients.domain.screening import Finding as ScreeningFinding
from treatments.domain.doses import Dose, total
from treatments.domain.facts import (
    AreaFacts,
    CocktailItem,
    Contraindication,
    CourseDose,
    Hemisphere,
    IncompatiblePair,
    IngredientFacts,
    Level,
    PatientFacts,
    Season,
)

__all__ = [
    "AreaFacts",
    "CocktailCheck",
    "CocktailItem",
    "Contraindication",
    "CourseDose",
    "Finding",
    "Hemisphere",
    "IncompatiblePair",
    "IngredientFacts",
    "Level",
    "PatientFacts",
    "Season",
    "check_cocktail",
    "worst",
]


@dataclass(frozen=True)
class CocktailCheck:
    """All inputs of one check. `screening` are the findings of the patient's current screening.

    `sessions_ahead` is how many sessions this cocktail is planned for, this one included.
    """

    items: tuple[CocktailItem, ...]
    patient: PatientFacts = field(default_factory=PatientFacts)
    screening: tuple[ScreeningFinding, ...] = ()
    areas: tuple[AreaFacts, ...] = ()
    layers: frozenset[str] = frozenset()
    pairs: tuple[IncompatiblePair, ...] = ()
    season: Season | None = None
    given_in_course: tuple[CourseDose, ...] = ()
    prescriber: bool = True
    sessions_ahead: int = 1


@dataclass(frozen=True)
class Finding:
    """One thing to know about the cocktail: what, why, from where, and what to do."""

    level: Level
    code: str
    what: str
    why: str
    source: str
    what_to_do: str
    ingredient: str = ""
    subject: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What the finding is about, whatever the amounts in its words."""
        return self.code, self.ingredient, self.subject


def check_cocktail(check: CocktailCheck) -> tuple[Finding, ...]:
    """Return all findings, gravest first, in a stable order that does not depend on the input's."""
    findings = {finding for rule in _RULES for finding in rule(check)}
    return tuple(sorted(findings, key=_weight))


def worst(findings: Iterable[Finding]) -> Level | None:
    """Return the gravest level, None without findings."""
    return max((finding.level for finding in findings), key=lambda one: one.rank, default=None)


_SLIGHT_KG = Decimal(40)


def _weight(finding: Finding) -> tuple[object, ...]:
    return (-finding.level.rank, finding.code, finding.ingredient, finding.subject, finding.what)


def _ingredients(check: CocktailCheck) -> tuple[IngredientFacts, ...]:
    return tuple(item.ingredient for item in check.items)


def _doses(check: CocktailCheck) -> dict[str, list[Dose]]:
    doses: dict[str, list[Dose]] = {}
    for item in check.items:
        doses.setdefault(item.ingredient.key, []).append(item.dose)
    return doses


def _empty(check: CocktailCheck) -> Iterable[Finding]:
    for item in check.items:
        if item.dose.amount == 0:
            yield Finding(
                Level.STOP, "no_dose", f"{item.ingredient.name} has no dose.",
                "An ingredient without an amount can't be checked.", "G",
                "Enter the dose or take the ingredient out.", item.ingredient.key,
            )  # fmt: skip


def _allergies(check: CocktailCheck) -> Iterable[Finding]:
    for one in _ingredients(check):
        for group in one.allergen_groups & check.patient.active_tags:
            yield _allergy(one, group, Level.STOP, "is allergic to")
        for group in (one.allergen_groups & check.patient.past_tags) - check.patient.active_tags:
            yield _allergy(one, group, Level.REVIEW, "has been allergic to")
        known = check.patient.active_tags | check.patient.past_tags
        for group in (one.allergen_groups & check.patient.doubtful_tags) - known:
            yield _allergy(one, group, Level.REVIEW, "does not know about")


def _allergy(one: IngredientFacts, group: str, level: Level, verb: str) -> Finding:
    allergen = group.removeprefix("allergen:").replace("-", " ").replace("_", " ")
    return Finding(
        level, "allergy", f"{one.name}: the patient {verb} {allergen}.",
        f"{one.name} belongs to the allergen group {allergen}.", "S2, S4",
        "Choose an ingredient from another source.", one.key, group,
    )  # fmt: skip


def _screening(check: CocktailCheck) -> Iterable[Finding]:
    """Screening findings that are kept for this cocktail's ingredients or these areas."""
    areas = {key for area in check.areas for key in (area.key, *area.within)}
    for one in _ingredients(check):
        names = {one.key, f"ingredient:{one.key}", *one.allergen_groups}
        if one.ingredient_class:
            names.add(f"class:{one.ingredient_class}")
        for found in check.screening:
            for tag in sorted(names & set(found.ingredient_tags)):
                yield _from_screening(found, f"{one.name}: {found.message}", one.key, tag)
    for found in check.screening:
        for area in sorted(areas & set(found.areas)):
            yield _from_screening(found, found.message, "", area)


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


def _contraindications(check: CocktailCheck) -> Iterable[Finding]:
    patient = check.patient
    for one in _ingredients(check):
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


def _in_doubt(reason: Contraindication, patient: PatientFacts) -> bool:
    doubts = patient.doubtful_tags
    return reason.tag in doubts or (reason.past_counts and f"past:{reason.tag}" in doubts)


def _prescription(check: CocktailCheck) -> Iterable[Finding]:
    for one in _ingredients(check):
        if one.prescription_only:
            yield Finding(
                Level.NOTE if check.prescriber else Level.STOP, "prescription",
                f"{one.name} is prescription-only.",
                "Only a licensed prescriber may order it.", "G",
                "Make sure that a licensed prescriber has signed the plan.", one.key,
            )  # fmt: skip


def _ceilings(check: CocktailCheck) -> Iterable[Finding]:
    facts = {one.key: one for one in _ingredients(check)}
    for key, doses in _doses(check).items():
        one = facts[key]
        yield from _against(one, doses, one.max_per_session, "session")
        yield from _against(one, doses, _by_weight(one, check.patient), "body weight")
        yield from _unweighed(one, doses, check.patient)
        earlier = [given.dose for given in check.given_in_course if given.ingredient == key]
        yield from _against(one, doses + earlier, one.max_per_course, "course")
        yield from _ahead(one, doses, earlier, check.sessions_ahead)
        if one.max_per_session is None and one.max_per_kg is None:
            yield Finding(
                Level.REVIEW, "no_ceiling", f"{one.name} has no maximum dose in the catalogue.",
                "A dose without a ceiling can't be checked.", "G",
                "Have the ceiling entered in the catalogue.", key,
            )  # fmt: skip


def _by_weight(one: IngredientFacts, patient: PatientFacts) -> Dose | None:
    if one.max_per_kg is None or patient.weight_kg is None:
        return None
    return one.max_per_kg.times(patient.weight_kg)


def _unweighed(one: IngredientFacts, doses: list[Dose], patient: PatientFacts) -> Iterable[Finding]:
    """Without a weight, a dose that would be too much for a slight person needs a look (G)."""
    if one.max_per_kg is None or patient.weight_kg is not None:
        return
    ceiling = one.max_per_kg.times(_SLIGHT_KG)
    fitting = [dose for dose in doses if dose.dimension is ceiling.dimension]
    if total(fitting, ceiling.unit).exceeds(ceiling):
        yield Finding(
            Level.REVIEW, "no_weight", f"{one.name}: the weight of the patient is not known.",
            f"For somebody of {_SLIGHT_KG} kg this would be above {ceiling}.", one.source or "G",
            "Weigh the patient and enter the weight.", one.key,
        )  # fmt: skip


def _against(
    one: IngredientFacts, doses: list[Dose], ceiling: Dose | None, scope: str
) -> Iterable[Finding]:
    if ceiling is None:
        return
    fitting = [dose for dose in doses if dose.dimension is ceiling.dimension]
    amount = total(fitting, ceiling.unit)
    if len(fitting) < len(doses):
        yield Finding(
            Level.STOP, "unit", f"{one.name}: the units of dose and ceiling do not match.",
            f"The ceiling per {scope} is given in {ceiling.unit.value}.", one.source or "G",
            f"Enter the dose in {ceiling.unit.value}.", one.key, scope,
        )  # fmt: skip
    if amount.exceeds(ceiling):
        yield Finding(
            Level.STOP, "ceiling", f"{one.name}: {amount} is above the maximum of {ceiling}.",
            f"This is the ceiling by {scope}.", one.source or "G",
            f"Lower the dose to {ceiling} or less.", one.key, scope,
        )  # fmt: skip


def _ahead(
    one: IngredientFacts, doses: list[Dose], earlier: list[Dose], sessions: int
) -> Iterable[Finding]:
    """The whole course as planned against its ceiling: to be seen when planning, not in the chair."""
    ceiling = one.max_per_course
    if ceiling is None or sessions <= 1:
        return
    planned = [dose.times(Decimal(sessions)) for dose in doses] + earlier
    amount = total([one for one in planned if one.dimension is ceiling.dimension], ceiling.unit)
    if amount.exceeds(ceiling):
        yield Finding(
            Level.REVIEW, "course_ahead", f"{one.name}: the course as planned comes to {amount}.",
            f"The ceiling by course is {ceiling}; {sessions} sessions are planned with it.",
            one.source or "G", "Lower the dose, or plan to change the cocktail in time.", one.key,
        )  # fmt: skip


def _additive(check: CocktailCheck) -> Iterable[Finding]:
    """Anaesthetics of one group poison together: the shares of their ceilings add up (G)."""
    shares: dict[str, Fraction] = {}
    members: dict[str, set[str]] = {}
    facts = {one.key: one for one in _ingredients(check)}
    for key, doses in _doses(check).items():
        one = facts[key]
        if one.additive_group:
            members.setdefault(one.additive_group, set()).add(one.name)
            share = _share(one, doses, check.patient)
            shares[one.additive_group] = shares.get(one.additive_group, Fraction(0)) + share
    for group, share in shares.items():
        if share > 1 and len(members[group]) > 1:
            yield Finding(
                Level.STOP, "additive", f"Too much of {group} together.",
                f"{', '.join(sorted(members[group]))} reach more than the whole of their ceilings.",
                "G", "Lower the doses or leave one out.", "", group,
            )  # fmt: skip


def _share(one: IngredientFacts, doses: list[Dose], patient: PatientFacts) -> Fraction:
    """How much of its strictest ceiling an ingredient uses up, exactly."""
    shares = [Fraction(0)]
    for ceiling in (one.max_per_session, _by_weight(one, patient)):
        if ceiling is not None and ceiling.amount:
            fitting = [dose for dose in doses if dose.dimension is ceiling.dimension]
            used = total(fitting, ceiling.unit).base
            shares.append(Fraction(used) / Fraction(ceiling.base))
    return max(shares)


def _places(check: CocktailCheck) -> Iterable[Finding]:
    for one in _ingredients(check):
        for area in check.areas:
            if one.forbidden_areas & {area.key, *area.within}:
                yield Finding(
                    Level.STOP, "area", f"{one.name} must not be injected here: {area.name}.",
                    "The catalogue forbids the ingredient in this area.", one.source or "G",
                    "Treat another area or leave it out.", one.key, area.key,
                )  # fmt: skip
        for layer in sorted(one.forbidden_layers & check.layers):
            yield Finding(
                Level.STOP, "layer", f"{one.name} must not be injected into the {layer}.",
                "The catalogue forbids the ingredient in this layer.", one.source or "G",
                "Choose another technique or leave it out.", one.key, layer,
            )  # fmt: skip
    for area in check.areas:
        for layer in sorted(area.forbidden_layers & check.layers):
            yield Finding(
                Level.STOP, "area_layer", f"{area.name}: not into the {layer}.",
                "The catalogue forbids this layer in this area.", "G",
                "Choose another technique.", "", f"{area.key}:{layer}",
            )  # fmt: skip


def _pairs(check: CocktailCheck) -> Iterable[Finding]:
    names = {one.key: one.name for one in _ingredients(check)}
    for pair in check.pairs:
        if pair.first in names and pair.second in names:
            first, second = sorted((pair.first, pair.second))
            yield Finding(
                pair.level, "pair", f"{names[first]} and {names[second]} don't go together.",
                pair.why, pair.source, "Give one of them in another session.",
                first, second,
            )  # fmt: skip


def _season(check: CocktailCheck) -> Iterable[Finding]:
    season = check.season
    if season is None or not season.strong_sun:
        return
    level = Level.NOTE if season.sun_protection_confirmed else Level.REVIEW
    when = "later in the course" if season.ahead else "at this time of the year"
    for area in check.areas:
        if area.sun_exposed:
            yield Finding(
                level, "season", f"{area.name} is exposed to strong sun {when}.",
                "Sunlight after the treatment may discolour the skin.", "S4",
                "Have sun protection confirmed, or choose a month with less sun.",
                "", area.key,
            )  # fmt: skip


_RULES: tuple[Callable[[CocktailCheck], Iterable[Finding]], ...] = (
    _empty,
    _allergies,
    _screening,
    _contraindications,
    _prescription,
    _ceilings,
    _additive,
    _places,
    _pairs,
    _season,
)

"""Check a cocktail against the patient, the areas, its own ingredients and the season.

Pure; all amounts are exact decimals. The letters of sources (G, S2 …) are those of
docs/clinical-defaults.md: ceilings, allergen groups and partners (G), season (S4), an allergy to an
ingredient is absolute for cocktails that contain it (S2, S4). Adding an ingredient, an area or a
fact about the patient never removes a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction

from treatments.domain.doses import Dose, total
from treatments.domain.facts import (
    AreaFacts,
    CocktailCheck,
    CocktailItem,
    Contraindication,
    CourseDose,
    Finding,
    Hemisphere,
    IncompatiblePair,
    IngredientFacts,
    Level,
    PatientFacts,
    Season,
)
from treatments.domain.person import allergies, contraindications, screening

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


def _prescription(check: CocktailCheck) -> Iterable[Finding]:
    for one in check.ingredients:
        if one.prescription_only:
            yield Finding(
                Level.NOTE if check.prescriber else Level.STOP, "prescription",
                f"{one.name} is prescription-only.",
                "Only a licensed prescriber may order it.", "G",
                "Make sure that a licensed prescriber has signed the plan.", one.key,
            )  # fmt: skip


def _ceilings(check: CocktailCheck) -> Iterable[Finding]:
    facts = {one.key: one for one in check.ingredients}
    for key, doses in _doses(check).items():
        one = facts[key]
        yield from _against(one, doses, one.max_per_session, "session")
        yield from _against(one, doses, _by_weight(one, check.patient), "body weight")
        yield from _unweighed(one, doses, check.patient)
        earlier = [given.dose for given in check.given_in_course if given.ingredient == key]
        yield from _against(one, doses + earlier, one.max_per_course, "course", earlier)
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
    one: IngredientFacts,
    doses: list[Dose],
    ceiling: Dose | None,
    scope: str,
    earlier: Iterable[Dose] = (),
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
            _lower(ceiling, [dose for dose in earlier if dose.dimension is ceiling.dimension]),
            one.key, scope,
        )  # fmt: skip


def _lower(ceiling: Dose, earlier: list[Dose]) -> str:
    if not earlier:
        return f"Lower the dose to {ceiling} or less."
    given = total(earlier, ceiling.unit)
    return f"Earlier sessions gave {given}: lower the dose, or leave it out for the rest of the course."


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
    facts = {one.key: one for one in check.ingredients}
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
    for one in check.ingredients:
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
    names = {one.key: one.name for one in check.ingredients}
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
    allergies,
    screening,
    contraindications,
    _prescription,
    _ceilings,
    _additive,
    _places,
    _pairs,
    _season,
)

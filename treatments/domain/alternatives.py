"""What could be given instead of an ingredient that must not be given.

Pure. A substitute is judged by the very check that stopped the ingredient: it stands in its place
at its usual dose and must not itself be stopped for this patient, here, with the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from treatments.domain.cocktail import CocktailCheck, Finding, check_cocktail, worst
from treatments.domain.facts import CocktailItem, IngredientFacts, Level

# A stop that a smaller or readable dose lifts asks for another dose, not for another ingredient.
_DOSE_CODES = frozenset({"no_dose", "ceiling", "unit"})


@dataclass(frozen=True)
class Alternative:
    """An ingredient that may stand in; `level` is the gravest finding about it, None for none."""

    ingredient: IngredientFacts
    level: Level | None


def to_replace(findings: Iterable[Finding]) -> frozenset[str]:
    """Keys of the ingredients that are stopped for what they are."""
    return frozenset(
        key
        for one in findings
        if one.level is Level.STOP and one.code not in _DOSE_CODES
        for key in _about(one)
    )


def alternatives(
    check: CocktailCheck, key: str, candidates: Sequence[IngredientFacts], *, most: int = 3
) -> tuple[Alternative, ...]:
    """Up to `most` candidates that may stand in for `key`, the least doubtful first.

    Among equals the order of `candidates` (what the indication suggests, then its own class)
    holds. Nothing that is in the cocktail already is offered.
    """
    inside = {item.ingredient.key for item in check.items}
    rest = tuple(item for item in check.items if item.ingredient.key != key)
    found = []
    for one in candidates:
        if one.key in inside or one.usual_dose is None:
            continue
        items = (*rest, CocktailItem(one, one.usual_dose))
        level = worst(
            finding
            for finding in check_cocktail(replace(check, items=items))
            if one.key in _about(finding)
        )
        if level is not Level.STOP:
            found.append(Alternative(one, level))
    found.sort(key=lambda one: -1 if one.level is None else one.level.rank)
    return tuple(found[:most])


def _about(finding: Finding) -> tuple[str, ...]:
    """The ingredients a finding speaks of; a pair speaks of two."""
    if finding.code == "pair":
        return finding.ingredient, finding.subject
    return (finding.ingredient,) if finding.ingredient else ()

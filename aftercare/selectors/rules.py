"""Versions of the triage rules, and what they say in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from aftercare.domain.triage import Effect, Escalation, TriageRules
from aftercare.exceptions import RulesNotFound
from aftercare.models import TriageRuleSet
from mesoclinic.clinic.models import Clinic
from treatments.models import Ingredient


@dataclass(frozen=True)
class EffectLine:
    """One effect in words: its level by itself, and (level, when) for what is graver."""

    key: str
    name: str
    base: str
    advice: str
    graver: tuple[tuple[str, str], ...]


def rule_sets(clinic: Clinic) -> QuerySet[TriageRuleSet]:
    """All versions, newest first."""
    return TriageRuleSet.objects.for_clinic(clinic).order_by("-version")


def rule_set(clinic: Clinic, pk: UUID) -> TriageRuleSet:
    """One version. Raises RulesNotFound."""
    found = rule_sets(clinic).filter(pk=pk).first()
    if found is None:
        raise RulesNotFound
    return found


def ingredient_names(clinic: Clinic) -> dict[str, str]:
    """Names of all ingredients by key, of those no longer in use too: they have been given."""
    rows = Ingredient.objects.for_clinic(clinic).order_by("name")
    return dict(rows.values_list("key", "name"))


def effect_lines(rules: TriageRules, language: str) -> list[EffectLine]:
    """Every effect in words."""

    def said(effect: Effect) -> str:
        return effect.name.get(language) or effect.name["en"]

    names = {effect.key: said(effect) for effect in rules.effects}
    return [
        EffectLine(
            key=effect.key,
            name=said(effect),
            base=effect.base.value,
            advice=effect.advice.get(language) or effect.advice["en"],
            graver=tuple(
                (one.to.value, ", ".join(_conditions(one, names)))
                for one in sorted(effect.escalations, key=lambda one: one.to.rank)
            ),
        )
        for effect in rules.effects
    ]


def _conditions(one: Escalation, names: dict[str, str]) -> Iterator[str]:
    if one.severity is not None:
        yield _("strength %(n)s or more") % {"n": one.severity}
    if one.size is not None:
        yield _("larger than a palm") if one.size > 2 else _("larger than a coin")
    if one.after_hours is not None:
        yield _("%(time)s after the session") % {"time": _time(one.after_hours)}
    if one.lasting_hours is not None:
        yield _("there for %(time)s") % {"time": _time(one.lasting_hours)}
    flags = {
        _("gets worse"): one.growing,
        _("spreads"): one.spreading,
        _("deep technique"): one.deep,
    }
    yield from (word for word, is_set in flags.items() if is_set)
    if one.together_with:
        with_ = " / ".join(names.get(key, key) for key in one.together_with)
        yield _("together with %(what)s") % {"what": with_}
    if one.ingredients:
        yield _("after %(what)s") % {"what": " / ".join(one.ingredients).replace("_", " ")}


def _time(hours: int) -> str:
    if hours % 24 or hours == 0:
        return _("%(n)s h") % {"n": hours}
    return _("%(n)s d") % {"n": hours // 24}

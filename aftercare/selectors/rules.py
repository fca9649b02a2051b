"""Versions of the triage rules, and what they say in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aftercare.domain.comparison import DAYS, Shift
from aftercare.domain.triage import SIZES, Effect, Escalation, TriageRules
from aftercare.exceptions import RulesNotFound
from aftercare.models import TriageRuleSet
from mesoclinic.clinic.models import Clinic
from treatments.models import Ingredient

STRENGTHS = {
    1: gettext_lazy("a little"), 2: gettext_lazy("bothers"), 3: gettext_lazy("strong"),
    4: gettext_lazy("life-threatening"),
}  # fmt: skip
EXTENTS = {1: gettext_lazy("coin"), 2: gettext_lazy("palm"), 3: gettext_lazy("larger")}


@dataclass(frozen=True)
class EffectLine:
    """One effect in words: its level by itself, and (level, when) for what is graver.

    `worst` is the level it can reach, `is_changed` says that the rules in force differ.
    """

    key: str
    name: str
    base: str
    advice: str
    graver: tuple[tuple[str, str], ...]
    worst: str
    is_changed: bool


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


def effect_lines(
    rules: TriageRules, language: str, in_force: TriageRules | None = None
) -> list[EffectLine]:
    """Every effect in words; what differs from the rules in force is marked."""
    known = in_force.by_key if in_force is not None else rules.by_key

    names = {effect.key: name_of(effect, language) for effect in rules.effects}
    return [
        EffectLine(
            key=effect.key,
            name=names[effect.key],
            base=effect.base.value,
            advice=effect.advice.get(language) or effect.advice["en"],
            graver=tuple(
                (one.to.value, when_graver(one, names))
                for one in sorted(effect.escalations, key=lambda one: one.to.rank)
            ),
            worst=max(
                (effect.base, *(one.to for one in effect.escalations)), key=lambda one: one.rank
            ).value,
            is_changed=known.get(effect.key) != effect,
        )
        for effect in rules.effects
    ]


def name_of(effect: Effect, language: str) -> str:
    """What the effect is called."""
    return effect.name.get(language) or effect.name["en"]


def when_graver(line: Escalation, names: Mapping[str, str]) -> str:
    """The conditions of one line in words; `names` of the effects by key."""
    return ", ".join(_conditions(line, names))


def reach_of(shift: Shift) -> str:
    """Which reports of an effect a change concerns, in words."""
    return ", ".join(_reach(shift))


def _reach(shift: Shift) -> Iterator[str]:
    yield " / ".join(str(STRENGTHS[n]) for n in shift.severities if n in STRENGTHS)
    if shift.effect.on_skin and len(shift.sizes) < len(SIZES):
        yield _("size: %(sizes)s") % {"sizes": " / ".join(str(EXTENTS[n]) for n in shift.sizes)}
    if shift.only_growing:
        yield _("when it gets worse or spreads")
    if set(DAYS) <= set(shift.days):
        yield _("on every day")
    elif shift.days[-1] == DAYS[-1]:
        yield _("from day %(day)s on") % {"day": shift.days[0]}
    elif len(shift.days) == 1:
        yield _("day %(day)s") % {"day": shift.days[0]}
    else:
        yield _("days %(first)s to %(last)s") % {"first": shift.days[0], "last": shift.days[-1]}


def _conditions(one: Escalation, names: Mapping[str, str]) -> Iterator[str]:
    if one.severity is not None:
        yield _strength(one.severity)
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


def _strength(least: int) -> str:
    if least >= max(STRENGTHS):
        return str(STRENGTHS[max(STRENGTHS)])
    return _("%(strength)s or more") % {"strength": STRENGTHS[least]}


def _time(hours: int) -> str:
    if hours % 24 or hours == 0:
        return _("%(n)s h") % {"n": hours}
    return _("%(n)s d") % {"n": hours // 24}

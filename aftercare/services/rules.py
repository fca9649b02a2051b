"""Triage rules are edited as a draft, and published by a practitioner; what was in force stays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any
from uuid import UUID

from django.db.models import Max

from aftercare.domain.codec import from_json, to_json
from aftercare.domain.triage import (
    SEVERITIES,
    SIZES,
    Effect,
    Report,
    ReportedEffect,
    SessionFacts,
    TriageRules,
    Urgency,
    assess,
)
from aftercare.exceptions import RulesNotDraft, RulesNotFound
from aftercare.models import TriageRuleSet
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.access import Policy, check_can
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.errors import Invalid

Status = TriageRuleSet.Status
_DAYS = (0, 1, 3, 7, 14, 28, 84)


@dataclass(frozen=True)
class Change:
    """A report that two versions judge differently: what, how strong, on which day."""

    effect: Effect
    severity: int
    size: int
    day: int
    growing: bool
    before: Urgency
    after: Urgency

    @property
    def is_milder(self) -> bool:
        """Whether the new rules are the milder ones."""
        return self.after.rank < self.before.rank


def start_draft(*, actor: Actor, clinic: Clinic) -> TriageRuleSet:
    """A copy of the rules in force to work on, or the draft there is."""
    check_can(actor, Policy.CLINICAL)
    with audited(actor):
        rows = TriageRuleSet.objects.for_clinic(clinic).select_for_update()
        found = rows.filter(status=Status.DRAFT).first()
        if found is not None:
            return found
        current = rows.filter(status=Status.PUBLISHED).first()
        if current is None:
            raise RulesNotFound
        newest = TriageRuleSet.objects.for_clinic(clinic).aggregate(n=Max("version"))["n"] or 0
        spec = {**current.spec, "version": str(newest + 1)}
        return TriageRuleSet.objects.create(clinic=clinic, version=newest + 1, spec=spec)


def change_effect(*, actor: Actor, clinic: Clinic, draft_id: UUID, effect: Effect) -> TriageRuleSet:
    """Put an effect into a draft: a new one at the end, a known one in its place. Raises Invalid."""
    check_can(actor, Policy.CLINICAL)
    with audited(actor):
        draft = _draft(clinic, draft_id)
        rules = from_json(draft.spec)
        kept = [effect if one.key == effect.key else one for one in rules.effects]
        if effect.key not in rules.by_key:
            kept.append(effect)
        _save(draft, rules, effects=tuple(kept))
    return draft


def change_general(
    *, actor: Actor, clinic: Clinic, draft_id: UUID, unwell_from: int, advice: dict[str, Any]
) -> TriageRuleSet:
    """Change from which face on somebody reads it, and what is said to each urgency."""
    check_can(actor, Policy.CLINICAL)
    with audited(actor):
        draft = _draft(clinic, draft_id)
        _save(draft, from_json(draft.spec), unwell_from=unwell_from, advice=advice)
    return draft


def publish(
    *, actor: Actor, clinic: Clinic, draft_id: UUID, note: str, now: dt.datetime
) -> TriageRuleSet:
    """Put a draft in force under the practitioner's name; the version before it is retired.

    Raises Invalid without a word on what changed.
    """
    check_can(actor, Policy.CLINICAL)
    if not note.strip():
        raise Invalid(field="note")
    with audited(actor):
        draft = _draft(clinic, draft_id)
        from_json(draft.spec)
        TriageRuleSet.objects.for_clinic(clinic).filter(status=Status.PUBLISHED).update(
            status=Status.RETIRED
        )
        draft.status, draft.note = Status.PUBLISHED, note.strip()[:300]
        draft.approved_at, draft.approved_by = now, actor.label[:200]
        draft.save(update_fields=["status", "note", "approved_at", "approved_by"])
    return draft


def drop_draft(*, actor: Actor, clinic: Clinic, draft_id: UUID) -> None:
    """Throw a draft away; what is in force is not touched."""
    check_can(actor, Policy.CLINICAL)
    with audited(actor):
        _draft(clinic, draft_id).delete()


def differences(before: TriageRules, after: TriageRules) -> list[Change]:
    """Every report of one effect that the two judge differently, milder ones first.

    Each effect alone, after a deep technique, after every ingredient that a rule names, beside
    each effect that a rule names, and all of that together; the first difference of a kind is enough.
    """
    found = [
        one
        for effect in after.effects
        if effect.key in before.by_key and before.by_key[effect.key] != effect
        for one in _of_effect(effect, before, after)
    ]
    return sorted(found, key=lambda one: (not one.is_milder, one.effect.key, one.day))


def _of_effect(effect: Effect, before: TriageRules, after: TriageRules) -> Iterator[Change]:
    around = _circumstances(effect, before, after)
    grows = ((False, False), (True, False), (False, True))
    for severity, size, day, worse in product(SEVERITIES, SIZES, _DAYS, grows):
        said = ReportedEffect(effect.key, severity, *worse, size, day * 24)
        for others, session in around:
            report = Report((said, *others), day * 24, session=session)
            old, new = (_own(effect.key, report, rules) for rules in (before, after))
            if old is not new:
                yield Change(effect, severity, size, day, any(worse), old, new)
                break


def _circumstances(
    effect: Effect, before: TriageRules, after: TriageRules
) -> list[tuple[tuple[ReportedEffect, ...], SessionFacts]]:
    """What may lift the effect from outside: the other effects reported, and the session."""
    both = (before.by_key[effect.key], effect)
    lines = [line for one in both for line in one.escalations]
    partners = {key for line in lines for key in line.together_with} - {effect.key}
    given = frozenset(key for line in lines for key in line.ingredients)
    others = tuple(ReportedEffect(key) for key in sorted(partners))
    return [
        ((), SessionFacts()),
        ((), SessionFacts(deep=True)),
        ((), SessionFacts(given)),
        *(((other,), SessionFacts()) for other in others),
        (others, SessionFacts(given, deep=True)),
    ]


def _own(key: str, report: Report, rules: TriageRules) -> Urgency:
    """How the effect itself is judged, whatever stands beside it."""
    return next(one.urgency for one in assess(report, rules).effects if one.effect == key)


def _save(draft: TriageRuleSet, rules: TriageRules, **changes: Any) -> None:
    try:
        draft.spec = to_json(replace(rules, **changes))
        from_json(draft.spec)
    except ValueError as error:
        raise Invalid(str(error)) from error
    draft.save(update_fields=["spec"])


def _draft(clinic: Clinic, pk: UUID) -> TriageRuleSet:
    row = TriageRuleSet.objects.for_clinic(clinic).select_for_update().filter(pk=pk).first()
    if row is None:
        raise RulesNotFound
    if row.status != Status.DRAFT:
        raise RulesNotDraft
    return row

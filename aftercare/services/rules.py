"""Triage rules are edited as a draft, and published by a practitioner; what was in force stays."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db.models import Max
from django.utils.translation import gettext as _

from aftercare.domain.codec import from_json, to_json
from aftercare.domain.comparison import compare
from aftercare.domain.triage import Effect, TriageRules
from aftercare.exceptions import ChangedMeanwhile, MilderRules, RulesNotDraft, RulesNotFound
from aftercare.models import TriageRuleSet
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.access import Policy, check_can
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.errors import Invalid

Status = TriageRuleSet.Status


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


def fingerprint(row: TriageRuleSet) -> str:
    """Tells whether a draft is still the one that somebody looked at."""
    return sha256(json.dumps(row.spec, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Decision:
    """What a practitioner puts in force: the draft `seen` (a `fingerprint`), with a word on it.

    `accepts_milder` says that what is judged more mildly was read and is meant.
    """

    seen: str
    note: str
    accepts_milder: bool = False


def publish(
    *, actor: Actor, clinic: Clinic, draft_id: UUID, decision: Decision, now: dt.datetime
) -> TriageRuleSet:
    """Put a draft in force under the practitioner's name; the version before it is retired.

    Raises Invalid without a word on what changed, MilderRules where something could be missed that
    is noticed today and nobody has said that it is meant, ChangedMeanwhile where the draft is
    another by now.
    """
    check_can(actor, Policy.CLINICAL)
    if not decision.note.strip():
        raise Invalid(field="note")
    with audited(actor):
        draft = _draft(clinic, draft_id)
        _check(draft, decision)
        TriageRuleSet.objects.for_clinic(clinic).filter(status=Status.PUBLISHED).update(
            status=Status.RETIRED
        )
        draft.status, draft.note = Status.PUBLISHED, decision.note.strip()[:300]
        draft.approved_at, draft.approved_by = now, actor.label[:200]
        draft.save(update_fields=["status", "note", "approved_at", "approved_by"])
    return draft


def _check(draft: TriageRuleSet, decision: Decision) -> None:
    rules = from_json(draft.spec)
    if decision.seen != fingerprint(draft):
        raise ChangedMeanwhile(
            _(
                "Somebody has changed this draft in the meantime. Read it again, then put it in force."
            )
        )
    rows = TriageRuleSet.objects.for_clinic(draft.clinic).select_for_update()
    current = rows.filter(status=Status.PUBLISHED).first()
    if current is None or decision.accepts_milder:
        return
    if compare(from_json(current.spec), rules).weakens:
        raise MilderRules(field="accepts_milder")


def drop_draft(*, actor: Actor, clinic: Clinic, draft_id: UUID) -> None:
    """Throw a draft away; what is in force is not touched."""
    check_can(actor, Policy.CLINICAL)
    with audited(actor):
        _draft(clinic, draft_id).delete()


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

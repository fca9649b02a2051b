"""JSON form of the triage rules, as they are stored, edited and exported.

`from_json(to_json(rules)) == rules`; a malformed document raises ValueError naming the place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aftercare.domain.triage import Effect, Escalation, TriageRules, Urgency

_TEXTS = ("name", "question", "usual_course", "advice")


def to_json(rules: TriageRules) -> dict[str, Any]:
    """Return the document of a version of the rules."""
    return {
        "version": rules.version,
        "unwell_from": rules.unwell_from,
        "review_note": rules.review_note,
        "advice": {urgency: dict(text) for urgency, text in rules.advice.items()},
        "effects": [_effect_to_json(effect) for effect in rules.effects],
    }


def from_json(document: Mapping[str, Any]) -> TriageRules:
    """Read a document. Raises ValueError with the place of the first fault."""
    try:
        return TriageRules(
            version=str(document["version"]),
            effects=tuple(_effect(one) for one in document["effects"]),
            advice={str(key): dict(text) for key, text in document["advice"].items()},
            unwell_from=int(document.get("unwell_from", 4)),
            review_note=str(document.get("review_note", "")),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"The triage rules are not readable: {error}") from error


def _effect(one: Mapping[str, Any]) -> Effect:
    try:
        return Effect(
            key=str(one["key"]),
            name=dict(one["name"]),
            question=dict(one["question"]),
            base=Urgency(one["base"]),
            usual_course=dict(one["usual_course"]),
            advice=dict(one["advice"]),
            source=str(one["source"]),
            escalations=tuple(_escalation(lift) for lift in one.get("escalations", [])),
            red_flag=bool(one.get("red_flag", False)),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"Effect {one.get('key', '?')!r} is not readable: {error}") from error


def _escalation(lift: Mapping[str, Any]) -> Escalation:
    return Escalation(
        to=Urgency(lift["to"]),
        severity=lift.get("severity"),
        after_hours=lift.get("after_hours"),
        growing=bool(lift.get("growing", False)),
        spreading=bool(lift.get("spreading", False)),
        together_with=tuple(lift.get("together_with", ())),
    )


def _effect_to_json(effect: Effect) -> dict[str, Any]:
    document: dict[str, Any] = {name: dict(getattr(effect, name)) for name in _TEXTS}
    return {
        "key": effect.key,
        **document,
        "base": effect.base.value,
        "source": effect.source,
        "red_flag": effect.red_flag,
        "escalations": [_escalation_to_json(lift) for lift in effect.escalations],
    }


def _escalation_to_json(lift: Escalation) -> dict[str, Any]:
    return {
        "to": lift.to.value,
        "severity": lift.severity,
        "after_hours": lift.after_hours,
        "growing": lift.growing,
        "spreading": lift.spreading,
        "together_with": list(lift.together_with),
    }

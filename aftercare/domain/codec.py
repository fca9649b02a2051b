"""JSON form of the triage rules, as they are stored, edited and exported.

`from_json(to_json(rules)) == rules`; a malformed document raises ValueError naming the place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aftercare.domain.triage import TriageRules
from patients.domain import codec


def to_json(rules: TriageRules) -> dict[str, Any]:
    """Return the document of a version of the rules."""
    document: dict[str, Any] = codec.to_json(rules)
    return document


def from_json(document: Mapping[str, Any]) -> TriageRules:
    """Read a document. Raises ValueError with the place of the first fault."""
    return codec.from_json(TriageRules, document)

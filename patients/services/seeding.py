"""The defaults a new clinic starts with: clinical terms and the first questionnaire."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from pathlib import Path
from typing import Any

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic
from patients.domain.codec import from_json
from patients.domain.screening import QuestionnaireSpec
from patients.models import ClinicalTerm, Questionnaire

DATA = Path(__file__).resolve().parent.parent / "data"
KEY = "screening"


def seed_clinic(clinic: Clinic, *, actor: Actor, now: dt.datetime) -> None:
    """Give a clinic the default terms and questionnaire version 1, published. Idempotent.

    What is there already stays as the clinic has it. Everything is a default that a practitioner
    reviews before use: `approved_at` stays empty.
    """
    with audited(actor):
        _seed_terms(clinic, now)
        if not Questionnaire.objects.for_clinic(clinic).filter(key=KEY).exists():
            spec = default_questionnaire()
            Questionnaire.objects.create(
                clinic=clinic, key=KEY, version=1, title=spec["title"]["en"], spec=spec,
                status=Questionnaire.Status.PUBLISHED, published_at=now, created_at=now,
            )  # fmt: skip


@cache
def default_questionnaire() -> dict[str, Any]:
    """The default questions and rules (docs/clinical-defaults.md) as stored; read once, checked."""
    data: dict[str, Any] = json.loads((DATA / "questionnaire.json").read_text("utf-8"))
    from_json(QuestionnaireSpec, data)
    return data


@cache
def default_terms() -> tuple[dict[str, Any], ...]:
    """The default terms: kind, tag, label, words, codes, excludes, past."""
    data = json.loads((DATA / "terms.json").read_text("utf-8"))
    return tuple(data["terms"])


def _seed_terms(clinic: Clinic, now: dt.datetime) -> None:
    rows = [
        ClinicalTerm(
            clinic=clinic,
            kind=term["kind"],
            tag=term["tag"],
            label=term.get("label", term["tag"]),
            words=term.get("words", []),
            codes=term.get("codes", []),
            excludes=term.get("excludes", []),
            is_past=term.get("past", False),
            created_at=now,
        )
        for term in default_terms()
    ]
    # The unique constraint on kind and tag keeps what the clinic has changed.
    ClinicalTerm.objects.bulk_create(rows, ignore_conflicts=True)

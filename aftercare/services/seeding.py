"""The defaults a new clinic starts with; what the clinic has changed is never touched."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.db.models import Model

from aftercare.models import CannedAnswer, MessageTemplate, ProgrammeStep, TriageRuleSet
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic

_DATA = Path(__file__).resolve().parent.parent / "data"


def seed_clinic(clinic: Clinic, *, actor: Actor | None = None) -> None:
    """Load templates, programme and triage rules that the clinic does not have yet.

    `actor` None: the house does it, when a clinic is made.
    """
    with audited(actor or Actor.system(clinic.pk, "seed")):
        _add([MessageTemplate(clinic=clinic, **row) for row in _rows("templates.json")])
        _add([ProgrammeStep(clinic=clinic, **row) for row in _rows("programme.json")])
        _add([CannedAnswer(clinic=clinic, **row) for row in _rows("canned.json")])
        published = TriageRuleSet.Status.PUBLISHED
        spec = json.loads((_DATA / "triage.json").read_text("utf-8"))
        _add([TriageRuleSet(clinic=clinic, version=1, status=published, spec=spec)])


def _add(rows: Sequence[Model]) -> None:
    """Those whose key (by the table's unique constraint) is not there yet. One statement."""
    type(rows[0])._default_manager.bulk_create(rows, ignore_conflicts=True)


def _rows(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((_DATA / name).read_text("utf-8"))
    return rows

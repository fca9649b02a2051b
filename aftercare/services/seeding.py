"""The defaults a new clinic starts with; what the clinic has changed is never touched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from aftercare.models import CannedAnswer, MessageTemplate, ProgrammeStep, TriageRuleSet
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic

_WORDS = ("subject", "preheader", "short_text", "body")
_DATA = Path(__file__).resolve().parent.parent / "data"


def seed_clinic(clinic: Clinic, *, actor: Actor | None = None) -> None:
    """Load templates, programme and triage rules that the clinic does not have yet.

    `actor` None: the house does it, when a clinic is made.
    """
    with audited(actor or Actor.system(clinic.pk, "seed")):
        for row in _rows("templates.json"):
            words = {name: row[name] for name in _WORDS if name in row}
            MessageTemplate.objects.get_or_create(
                clinic=clinic, key=row["key"], language=row["language"], defaults=words
            )
        for row in _rows("programme.json"):
            defaults = {name: value for name, value in row.items() if name != "key"}
            ProgrammeStep.objects.get_or_create(clinic=clinic, key=row["key"], defaults=defaults)
        for row in _rows("canned.json"):
            CannedAnswer.objects.get_or_create(
                clinic=clinic, language=row["language"], title=row["title"],
                defaults={"text": row["text"]},
            )  # fmt: skip
        TriageRuleSet.objects.get_or_create(
            clinic=clinic,
            version=1,
            defaults={
                "status": TriageRuleSet.Status.PUBLISHED,
                "spec": json.loads((_DATA / "triage.json").read_text("utf-8")),
            },
        )


def _rows(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((_DATA / name).read_text("utf-8"))
    return rows

"""Versions of the questionnaire, and what its builder and its simulator need to know."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from uuid import UUID

from django.db.models import Count

from mesoclinic.clinic.models import Clinic
from patients.domain.codec import from_json
from patients.domain.record import RecordFacts
from patients.domain.simulation import Case
from patients.exceptions import QuestionnaireNotFound
from patients.models import ClinicalTerm, Questionnaire
from patients.models import ScreeningResult as ResultRow

SIMULATED = 1000


def questionnaires_of(clinic: Clinic) -> list[Questionnaire]:
    """Every version, newest first, with `used`: how many screenings it was filled in for."""
    return list(
        Questionnaire.objects.for_clinic(clinic)
        .annotate(used=Count("screenings"))
        .order_by("key", "-version")
    )


def get_questionnaire(clinic: Clinic, pk: UUID) -> Questionnaire:
    """One version. Raises QuestionnaireNotFound."""
    row = Questionnaire.objects.for_clinic(clinic).filter(pk=pk).first()
    if row is None:
        raise QuestionnaireNotFound
    row.clinic = clinic
    return row


def tag_words(clinic: Clinic) -> dict[str, str]:
    """Each tag of the clinic's terms with its word, in the order of the words. One query."""
    rows = ClinicalTerm.objects.for_clinic(clinic).order_by("label", "tag")
    return dict(rows.values_list("tag", "label"))


def last_cases(clinic: Clinic, limit: int = SIMULATED) -> Iterator[tuple[Case, ResultRow]]:
    """The last submitted screenings, newest first, as they were first judged. One query.

    Each with the record as it was then, so that only the rules make a difference.
    """
    rows = (
        ResultRow.objects.for_clinic(clinic)
        .filter(screening__submitted_at__isnull=False, patient__erased_at=None)
        .order_by("-screening__submitted_at", "screening_id", "evaluated_at", "id")
        .distinct("screening__submitted_at", "screening_id")
        .select_related("screening", "patient")
        .defer("findings")[:limit]
    )
    for row in rows.iterator(chunk_size=200):
        yield (
            Case(
                id=str(row.screening_id),
                answers=row.screening.answers,
                record=from_json(RecordFacts, row.inputs["record"], "record"),
                today=dt.date.fromisoformat(row.inputs["today"]),
            ),
            row,
        )

"""Everything held about a person: every row of every table from which foreign keys lead to them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from django.db.models import ForeignKey, Model, Q, QuerySet, Value

from mesoclinic.clinic.models import Clinic
from patients import holdings
from patients.holdings import Holding
from patients.models import Patient
from patients.selectors.paths import paths_to_patient
from patients.selectors.search import Fold

_LONGEST_CHAIN = 20


@dataclass(frozen=True)
class Held:
    """The rows of one table about one person."""

    holding: Holding
    rows: tuple[Any, ...]


def entries_of(patient: Patient) -> list[UUID]:
    """The ids of a person's entry and of all that were merged into it, the standing one first."""
    found, fresh = [patient.pk], [patient.pk]
    for _step in range(_LONGEST_CHAIN):
        rows = Patient.objects.filter(merged_into__in=fresh).exclude(pk__in=found)
        fresh = list(rows.values_list("pk", flat=True))
        if not fresh:
            break
        found += fresh
    return found


def held_tables() -> list[Holding]:
    """Every table that can hold something about a person, in the order of the document."""
    found = [holdings.holding(model) for model in paths_to_patient() if model is not Patient]
    return sorted(found, key=lambda one: (one.order, one.model._meta.label))


def rows_about(model: type[Model], patients: Collection[UUID]) -> QuerySet[Any]:
    """The rows of one table about these entries, by whatever path they hang on them."""
    wanted = Q()
    for path in paths_to_patient()[model]:
        wanted |= Q(**{f"{path}__in": patients})
    return model._default_manager.filter(wanted)


def everything_about(patients: Collection[UUID]) -> list[Held]:
    """All rows with what their foreign keys point at: one query a table; empty tables are left out."""
    found = []
    for holding in held_tables():
        rows = rows_about(holding.model, patients).select_related(*_pointed_at(holding.model))
        held = Held(holding, tuple(rows.order_by(*_order(holding.model))))
        if held.rows:
            found.append(held)
    return found


def counts_about(patients: Collection[UUID]) -> list[tuple[Holding, int]]:
    """How much each table holds; empty ones are left out. One query a table."""
    counts = [(one, rows_about(one.model, patients).count()) for one in held_tables()]
    return [(one, count) for one, count in counts if count]


def closed_records(clinic: Clinic, query: str = "") -> QuerySet[Patient]:
    """Erased persons of whose treatment the law keeps the record, the next to go first.

    Every word of `query` is in the name or the record's number.
    """
    rows = Patient.objects.for_clinic(clinic).filter(kept_until__isnull=False)
    for word in query.split()[:6]:
        rows = rows.filter(search__contains=Fold(Value(word)))
    return rows.order_by("kept_until", "record_number")


@cache
def _pointed_at(model: type[Model]) -> tuple[str, ...]:
    """The foreign keys whose target is named in words; the person themselves need no naming."""
    owned = paths_to_patient()
    return tuple(
        one.name
        for one in model._meta.concrete_fields
        if isinstance(one, ForeignKey)
        and one.related_model is not Clinic
        and one.related_model is not Patient
        and (one.related_model not in owned or one.related_model is not model)
    )


def _order(model: type[Model]) -> tuple[str, ...]:
    names = {one.name for one in model._meta.concrete_fields}
    return ("created_at", "pk") if "created_at" in names else ("pk",)

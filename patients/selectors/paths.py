"""Every way by which a row belongs to a patient, read from the models themselves.

Merging, handing out and erasing walk these paths, so that a table added later can't be forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from django.apps import apps
from django.db.models import ForeignKey, Model

from patients.models import Patient, PatientMerge

Owner = tuple[type[Model], str]


@dataclass(frozen=True)
class Reference:
    """A foreign key from one table of patient rows to another: `model.column` points at `target`."""

    model: type[Model]
    column: str
    target: type[Model]


@cache
def owned_tables() -> dict[type[Model], str]:
    """The models whose rows belong to a patient, with the column that says to whom.

    Patient itself (`merged_into`) and the record of merges are not among them.
    """
    return {
        model: field.attname
        for model in _concrete_models()
        if model not in {Patient, PatientMerge}
        for field in _foreign_keys(model)
        if field.related_model is Patient
    }


@cache
def references() -> tuple[Reference, ...]:
    """The foreign keys among the models of `owned_tables`, by which rows hang together."""
    owned = owned_tables()
    return tuple(
        Reference(model, field.attname, target)
        for model in owned
        for field in _foreign_keys(model)
        if (target := _model_of(field)) in owned
    )


def _concrete_models() -> list[type[Model]]:
    return [one for one in apps.get_models(include_auto_created=True) if one._meta.managed]


def _foreign_keys(model: type[Model]) -> list[ForeignKey[Model, Model]]:
    return [one for one in model._meta.concrete_fields if isinstance(one, ForeignKey)]


def _model_of(field: ForeignKey[Model, Model]) -> type[Model]:
    target = field.related_model
    assert not isinstance(target, str)  # noqa: S101
    return target

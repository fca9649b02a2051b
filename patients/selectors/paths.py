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


@cache
def paths_to_patient() -> dict[type[Model], tuple[str, ...]]:
    """Every table from which foreign keys lead to a patient, with the lookups that lead there.

    Patient is among them (`pk`), and so are tables that hang on patients' rows without naming the
    patient themselves, such as the techniques of a plan (`treatmentplan__patient_id`).
    """
    found: dict[type[Model], tuple[str, ...]] = {Patient: ("pk",)}
    grew = True
    while grew:
        fresh = {
            model: paths
            for model in _concrete_models()
            if model not in found and not model._meta.proxy
            if (paths := _lookups(model, found))
        }
        found |= fresh
        grew = bool(fresh)
    return found


def _lookups(model: type[Model], known: dict[type[Model], tuple[str, ...]]) -> tuple[str, ...]:
    keys = _foreign_keys(model)
    own = tuple(one.attname for one in keys if _model_of(one) is Patient)
    return own or tuple(
        f"{one.name}__{path}"
        for one in keys
        if (target := _model_of(one)) in known and target is not model
        for path in known[target]
    )


def _concrete_models() -> list[type[Model]]:
    return [one for one in apps.get_models(include_auto_created=True) if one._meta.managed]


def _foreign_keys(model: type[Model]) -> list[ForeignKey[Model, Model]]:
    return [one for one in model._meta.concrete_fields if isinstance(one, ForeignKey)]


def _model_of(field: ForeignKey[Model, Model]) -> type[Model]:
    target = field.related_model
    assert not isinstance(target, str)  # noqa: S101
    return target

"""Taking a whole import back: what it wrote goes, what it changed is as before.

Whom it registered goes with all it brought, unless somebody has worked with the record since: then
the patient stays, and the import says so. What it added to patients who were here before goes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Model
from django.utils.translation import gettext as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.access import Policy, check_can
from patients.exceptions import ImportNotUndoable
from patients.models import ImportRow, ImportRun, Patient
from patients.selectors.dossier import rows_about
from patients.selectors.paths import paths_to_patient
from patients.services.judging import reevaluate
from patients.services.rows import check_constraints_now, restore

_State, _Line = ImportRun.State, ImportRow.State
# What may differ without anybody having worked with the record.
_UNTOUCHED = frozenset({"search"})


def undo_import(*, actor: Actor, run: ImportRun, now: dt.datetime) -> ImportRun:
    """Take an import back, all of it in one transaction. Raises Forbidden, ImportNotUndoable."""
    check_can(actor, Policy.CLINICAL_OR_MANAGER)
    with audited(actor, reason="import undone"):
        stored = ImportRun.objects.select_for_update(of=("self",)).filter(pk=run.pk).first()
        if (
            stored is None
            or stored.state != _State.DONE
            or stored.undo_until is None
            or now > stored.undo_until
        ):
            raise ImportNotUndoable
        rows = list(
            stored.rows.filter(state=_Line.DONE)
            .select_related("patient__clinic")
            .order_by("-number")
        )
        since = _worked_with(rows)
        for row in rows:
            _take_back(row, since, actor, now)
        ImportRow.objects.bulk_update(
            rows, ["state", "patient", "problems", "trace", "label"], batch_size=250
        )
        _remove_registered(rows, since)
        check_constraints_now()
        stored.state, stored.undone_at = _State.UNDONE, now
        stored.undone_by = actor.label[:200] or actor.kind
        stored.save(update_fields=["state", "undone_at", "undone_by"])
    return stored


def _registered(row: ImportRow) -> bool:
    """Whether this line brought a patient who had not been here."""
    return bool(row.trace.get("created", {}).get(Patient._meta.label))


def _worked_with(rows: Iterable[ImportRow]) -> dict[UUID, str]:
    """Patients the import registered → what has been added since. One query a table."""
    lines = list(rows)
    mine = {
        (label, pk)
        for row in lines
        for label, ids in row.trace.get("created", {}).items()
        for pk in ids
    }
    new = {row.patient_id for row in lines if _registered(row) and row.patient_id is not None}
    since: dict[UUID, str] = {}
    for model, paths in paths_to_patient().items():
        if model in {Patient, ImportRow}:
            continue
        for pk, *whose in rows_about(model, new).values_list("pk", *paths):
            if (model._meta.label, str(pk)) not in mine:
                name = str(model._meta.verbose_name_plural)
                since |= dict.fromkeys(new.intersection(whose), name)
    return since | _changed(lines)


def _changed(rows: Iterable[ImportRow]) -> dict[UUID, str]:
    """Patients the import registered whose identity staff have changed since, or merged, or erased."""
    found = {}
    for row in rows:
        patient = row.patient
        if patient is not None and _registered(row) and fingerprint(patient) != row.trace.get("identity"):  # fmt: skip
            found[patient.pk] = _("changes of the identity")
    return found


def fingerprint(patient: Patient) -> dict[str, Any]:
    """Everything said about a person, to tell later whether anybody has changed it."""
    return {
        one.attname: str(getattr(patient, one.attname))
        for one in Patient._meta.concrete_fields
        if one.name not in _UNTOUCHED
    }


def _take_back(row: ImportRow, since: dict[UUID, str], actor: Actor, now: dt.datetime) -> None:
    patient = row.patient
    assert patient is not None  # noqa: S101 - a constraint says so
    if not _registered(row):
        for label, ids in row.trace.get("created", {}).items():
            _delete(apps.get_model(label), ids)
        for line in reversed(row.trace.get("changes", [])):
            restore(line)
        patient.refresh_from_db()
        reevaluate(actor=actor, patient=patient, now=now)
        row.state = _Line.UNDONE
    elif patient.pk in since:
        row.state = _Line.KEPT
        row.problems = [_("Kept: since then there are %(what)s.") % {"what": since[patient.pk]}]
    else:
        row.state, row.patient = _Line.UNDONE, None
    row.label = ""


def _remove_registered(rows: Iterable[ImportRow], since: dict[UUID, str]) -> None:
    """The patients go when nothing points at them any more, not even this import."""
    going: dict[str, list[str]] = {}
    for row in rows:
        created = row.trace.get("created", {})
        people = created.get(Patient._meta.label, [])
        if people and UUID(people[0]) not in since:
            for label, ids in created.items():
                going.setdefault(label, []).extend(ids)
    for label in sorted(going, key=lambda one: one == Patient._meta.label):
        _delete(apps.get_model(label), going[label])


def _delete(model: type[Model], ids: Iterable[str]) -> None:
    rows = model._default_manager.filter(pk__in=list(ids))
    rows._raw_delete(rows.db)

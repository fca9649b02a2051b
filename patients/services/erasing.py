"""A person's right to be forgotten, and to have their data kept but not used.

Erasing walks every table from which foreign keys lead to the person. What belongs to the record of
treatment is kept where somebody was treated and the law still wants it (`Clinic.keep_records_years`
after the last treatment), closed to everyday work; the rest goes at once. When the years are over,
`finish_erasures` takes the remainder. The audit keeps who did what and when: it holds no health data.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.db import models, transaction
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.access import Policy, check_can
from mesoclinic.common.calendar import add_months
from mesoclinic.common.errors import Invalid
from patients import holdings, signals
from patients.exceptions import ErasureBlocked, PatientClosed
from patients.holdings import Fate, Holding
from patients.models import ExternalIdentifier, Patient, PatientFile, PatientMerge
from patients.selectors.dossier import counts_about, entries_of, held_tables, rows_about
from patients.selectors.paths import owned_tables, references
from patients.services import vault
from patients.services.contact import hidden_value
from patients.services.judging import lock_patient
from patients.services.rows import check_constraints_now, unguarded

ERASED_NAME = "—"
# What the law's record needs so that it can be found again: whose it is.
_IDENTIFIES = frozenset({"name", "family_name", "birth_date", "sex"})
_FRAME = frozenset(
    {"id", "clinic", "created_at", "record_number", "language", "erased_at", "kept_until",
     "merged_into", "search"}
)  # fmt: skip


@dataclass(frozen=True)
class ErasurePlan:
    """What erasing would do today. `kept_until` None: nothing is kept.

    `obstacles` must be settled first; `ends` is under way and would end.
    """

    kept_until: dt.date | None
    goes: tuple[tuple[str, int], ...]
    stays: tuple[tuple[str, int], ...]
    obstacles: tuple[str, ...]
    ends: tuple[str, ...]


def erasure_plan(patient: Patient, now: dt.datetime) -> ErasurePlan:
    """Look before leaping: what goes, what the law keeps and until when, what must be settled."""
    entries = entries_of(patient)
    kept_until = _kept_until(patient, entries, patient.clinic.today(now))
    counts = counts_about(entries)
    stays = [one for one in counts if kept_until and one[0].fate is Fate.TREATMENT]
    goes = [one for one in counts if one not in stays]
    return ErasurePlan(
        kept_until=kept_until,
        goes=tuple((one.name, count) for one, count in goes),
        stays=tuple((one.name, count) for one, count in stays),
        obstacles=tuple(holdings.obstacles(patient, now)),
        ends=tuple(holdings.under_way(entries)),
    )


def erase_patient(*, actor: Actor, patient: Patient, now: dt.datetime) -> Patient:
    """Forget a person, but for what the law wants kept. It can't be undone.

    Entries merged into this one go with it. Raises Forbidden (front desk), PatientClosed (done
    already, or merged into another), ErasureBlocked with what must be settled first.
    """
    check_can(actor, Policy.CLINICAL_OR_MANAGER)
    with audited(actor, reason="erasure"):
        lock_patient(patient)
        stored = Patient.objects.select_related("clinic").get(pk=patient.pk)
        if stored.erased_at is not None:
            raise PatientClosed
        if reasons := holdings.obstacles(stored, now):
            raise ErasureBlocked(" ".join(reasons))
        entries = entries_of(stored)
        kept_until = _kept_until(stored, entries, stored.clinic.today(now))
        signals.record_closing.send(
            sender=Patient, clinic=stored.clinic, actor=actor, now=now, patient=stored,
            entries=entries,
        )  # fmt: skip
        _erase_rows(entries, keep_treatment=kept_until is not None)
        _blank(entries, keep_identity=kept_until is not None)
        Patient.objects.filter(pk__in=entries).update(erased_at=now)
        Patient.objects.filter(pk=stored.pk).update(kept_until=kept_until)
        check_constraints_now()
        stored.refresh_from_db()
        signals.contact_changed.send(
            sender=Patient, clinic=stored.clinic, actor=actor, now=now, patient=stored
        )
    return stored


def finish_erasures(*, now: dt.datetime) -> int:
    """Erase what the law has kept until now; returns of how many persons. Run daily."""
    due = Patient.objects.filter(kept_until__lt=now.date()).select_related("clinic")
    count = 0
    for patient in due.order_by("pk"):
        if patient.kept_until is not None and patient.kept_until < patient.clinic.today(now):
            with audited(Actor.system(patient.clinic_id, label="erasure"), reason="years are over"):
                lock_patient(patient)
                entries = entries_of(patient)
                _erase_rows(entries, keep_treatment=False)
                _blank(entries, keep_identity=False)
                Patient.objects.filter(pk=patient.pk).update(kept_until=None)
                check_constraints_now()
            count += 1
    return count


def restrict_patient(*, actor: Actor, patient: Patient, reason: str, now: dt.datetime) -> Patient:
    """Keep the data, use them no more: nothing is planned, booked or sent until it is lifted.

    Raises Forbidden, Invalid (field "reason"), PatientClosed.
    """
    check_can(actor, Policy.CLINICAL_OR_MANAGER)
    if not reason.strip():
        raise Invalid(_("Say why, for example “says the record is wrong”."), field="reason")
    return _set_restriction(actor, patient, now, since=now, reason=reason.strip()[:300])


def lift_restriction(*, actor: Actor, patient: Patient, now: dt.datetime) -> Patient:
    """Use the data again. Raises Forbidden, PatientClosed."""
    check_can(actor, Policy.CLINICAL_OR_MANAGER)
    return _set_restriction(actor, patient, now, since=None, reason="")


def _set_restriction(
    actor: Actor, patient: Patient, now: dt.datetime, *, since: dt.datetime | None, reason: str
) -> Patient:
    with audited(actor, reason="restriction" if since else "restriction lifted"):
        lock_patient(patient)
        stored = Patient.objects.select_related("clinic").get(pk=patient.pk)
        if stored.erased_at is not None:
            raise PatientClosed
        stored.restricted_at, stored.restricted_reason = since, reason
        stored.save(update_fields=["restricted_at", "restricted_reason"])
        signals.contact_changed.send(
            sender=Patient, clinic=stored.clinic, actor=actor, now=now, patient=stored
        )
    return stored


def _kept_until(patient: Patient, entries: Collection[UUID], today: dt.date) -> dt.date | None:
    last = holdings.last_treatment(entries)
    if last is None:
        return None
    until = add_months(last, 12 * patient.clinic.keep_records_years)
    return until if until >= today else None


def _erase_rows(entries: Collection[UUID], *, keep_treatment: bool) -> None:
    tables = held_tables()
    staying = {one.model for one in tables if keep_treatment and one.fate is Fate.TREATMENT}
    # All rows are found before the first one goes: some are found by way of others. The order does
    # not matter then, because foreign keys are checked at the end of the transaction.
    going = [
        (one, list(_unneeded(one.model, entries, staying).values_list("pk", flat=True)))
        for one in tables
        if one.model not in staying
    ]
    with unguarded():
        for holding, ids in going:
            _erase_table(holding, holding.model._default_manager.filter(pk__in=ids))


def _unneeded(
    model: type[Model], entries: Collection[UUID], staying: Collection[type[Model]]
) -> QuerySet[Model]:
    """The rows that nothing which stays points at: such a row holds the record together."""
    rows = rows_about(model, entries)
    needed = Q()
    for one in references():
        if one.target is model and one.model in staying:
            pointing = one.model._default_manager.filter(
                **{f"{owned_tables()[one.model]}__in": entries, f"{one.column}__isnull": False}
            )
            needed |= Q(pk__in=pointing.values(one.column))
    return rows.exclude(needed) if needed else rows


def _erase_table(holding: Holding, rows: QuerySet[Model]) -> None:
    if holding.erase is not None:
        holding.erase(rows)
    else:
        rows._raw_delete(rows.db)


def erase_bytes(rows: QuerySet[PatientFile]) -> None:
    """Files: the bytes go from the disk when the transaction is through, the rows at once."""
    for row in rows:
        transaction.on_commit(partial(vault.remove, row.stored_name, row.thumbnail_name))
    rows._raw_delete(rows.db)


def hide_identifiers(rows: QuerySet[ExternalIdentifier]) -> None:
    """Numbers at other systems become digests: an import still knows whom it must not bring back."""
    for row in rows.exclude(value__startswith="sha256:"):
        row.value = hidden_value(row.system, row.value)
        row.save(update_fields=["value"])


def forget_merges(rows: QuerySet[PatientMerge]) -> None:
    """That two entries were one stays; what changed hands, and the way back, go."""
    rows.update(moved={}, changes=[], created={})
    rows.update(undo_until=models.F("merged_at"))


def _blank(entries: Collection[UUID], *, keep_identity: bool) -> None:
    """Empty what is said about the person themselves."""
    kept = _FRAME | (_IDENTIFIES if keep_identity else frozenset())
    values = {
        field.name: _empty(field)
        for field in Patient._meta.concrete_fields
        if field.name not in kept
    }
    if not keep_identity:
        values["name"] = ERASED_NAME
    Patient.objects.filter(pk__in=entries).update(**values)


def _empty(field: models.Field[object, object]) -> object:
    return None if field.null else field.get_default()

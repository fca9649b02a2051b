"""Two entries for one person become one, and can be parted again for thirty days.

Both histories are kept: every row of the dropped entry is given to the kept one. The stricter
safety data counts: the facts of both stand side by side, and where both were screened neither
judgement is trusted any more, so that the patient is asked again before anything is injected.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import IntegrityError
from django.db.models import ProtectedError, Q
from django.utils.translation import gettext as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.access import Policy, check_can
from patients import signals
from patients.exceptions import MergeNotUndoable, MergeRefused, PatientClosed
from patients.models import (
    Allergy,
    Condition,
    ContactPreference,
    Medicine,
    Patient,
    PatientLink,
    PatientMerge,
    Screening,
    ScreeningResult,
)
from patients.selectors import ScreeningStatus, Standing, screening_status
from patients.selectors.paths import owned_tables, references
from patients.services.judging import reevaluate, store_judgement
from patients.services.rows import (
    Moved,
    change,
    check_constraints_now,
    hand_over,
    restore,
    unguarded,
)

UNDO_FOR = dt.timedelta(days=30)
_FILLED = (
    "preferred_name", "email", "phone", "address", "country", "emergency_contact", "guardian_name",
    "guardian_contact", "found_through", "found_note", "sun_exposure", "smoking", "alcohol",
    "stress", "phototype", "deceased_on", "restricted_at", "restricted_reason",
)  # fmt: skip


def merge_patients(*, actor: Actor, keep: Patient, drop: Patient, now: dt.datetime) -> PatientMerge:
    """Give everything of `drop` to `keep`; the address of `drop` leads to `keep` from now on.

    Gaps in the identity are filled. Links mailed to `drop` end. Raises Forbidden (front desk),
    MergeRefused (the same entry, two clinics, visits at the same time), PatientClosed.
    """
    check_can(actor, Policy.CLINICAL_OR_MANAGER)
    with audited(actor, reason="merge"):
        keep, drop = _locked(keep, drop)
        before = screening_status(keep, keep.clinic.today(now))
        twice = _is_screened(keep) and _is_screened(drop)
        merge = PatientMerge(
            clinic=keep.clinic, kept=keep, dropped=drop, merged_at=now, created_at=now,
            merged_by=actor.label[:200], undo_until=now + UNDO_FOR,
        )  # fmt: skip
        with unguarded():
            merge.changes = [*_prepare(keep, drop, now)]
            merge.moved = _move_all(keep, drop)
            merge.changes += _identities(keep, drop, now, ask_again=twice)
        _settle(merge)
        keep.refresh_from_db()
        row = _judge(actor, keep, replace(before, standing=Standing.NONE), now)
        if row is not None:
            merge.created = {ScreeningResult._meta.label: [str(row.pk)]}
        merge.save(force_insert=True)
        _announce(actor, keep, now)
    return merge


def undo_merge(*, actor: Actor, merge: PatientMerge, now: dt.datetime) -> Patient:
    """Part the two entries as they were; what was added since stays with the kept one.

    What hangs on a row that goes back (a session of its plan) goes back with it. Returns the entry
    that had been dropped. Raises Forbidden and MergeNotUndoable (too late, undone, merged again).
    """
    check_can(actor, Policy.CLINICAL_OR_MANAGER)
    with audited(actor, reason="merge undone"):
        merge = PatientMerge.objects.select_for_update(of=("self",)).get(pk=merge.pk)
        keep, drop = _lock(merge.kept_id, merge.dropped_id)
        if merge.undone_at or now > merge.undo_until or keep.erased_at is not None:
            raise MergeNotUndoable
        before = screening_status(keep, keep.clinic.today(now))
        with unguarded():
            _unwrite(merge)
            _move_back(merge)
            for line in reversed(merge.changes):
                restore(line)
        _settle(merge)
        merge.undone_at, merge.undone_by = now, actor.label[:200] or actor.kind
        merge.save(update_fields=["undone_at", "undone_by"])
        keep.refresh_from_db()
        drop.refresh_from_db()
        _judge(actor, keep, before, now)
        reevaluate(actor=actor, patient=drop, now=now)
        for patient in (keep, drop):
            _announce(actor, patient, now)
    return drop


def _locked(keep: Patient, drop: Patient) -> tuple[Patient, Patient]:
    if keep.pk == drop.pk or keep.clinic_id != drop.clinic_id:
        raise MergeRefused
    kept, dropped = _lock(keep.pk, drop.pk)
    if kept.erased_at is not None or dropped.erased_at is not None:
        raise PatientClosed
    return kept, dropped


def _lock(keep: UUID, drop: UUID) -> tuple[Patient, Patient]:
    """Both rows, locked in the order of their ids like everywhere else."""
    rows = {
        one.pk: one
        for one in Patient.objects.select_related("clinic")
        .select_for_update(of=("self",))
        .filter(pk__in=[keep, drop])
        .order_by("pk")
    }
    return rows[keep], rows[drop]


def _is_screened(patient: Patient) -> bool:
    return Screening.objects.filter(patient=patient, submitted_at__isnull=False).exists()


def _prepare(keep: Patient, drop: Patient, now: dt.datetime) -> list[dict[str, Any]]:
    """What must change first: links end, and where both say something once, the stricter stays."""
    links = PatientLink.objects.filter(patient=drop, revoked_at__isnull=True, expires_at__gt=now)
    changes = [change(PatientLink, link.pk, {"revoked_at": now}) for link in links]
    refused = ContactPreference.objects.filter(patient=drop, allowed=False)
    for theirs in refused:
        same = Q(patient=keep, channel=theirs.channel, purpose=theirs.purpose, allowed=True)
        for ours in ContactPreference.objects.filter(same):
            changes += [change(ContactPreference, ours.pk, {"allowed": False, "changed_at": now})]
    for model in (Allergy, Medicine, Condition):
        taken = model.objects.filter(patient=keep).exclude(source_ref="").values("source_ref")
        for fact in model.objects.filter(patient=drop, source_ref__in=taken):
            changes += [change(model, fact.pk, {"source_ref": ""})]
    return changes


def _move_all(keep: Patient, drop: Patient) -> Moved:
    moved: Moved = {}
    for model, column in owned_tables().items():
        rows = model._default_manager.filter(**{column: drop.pk})
        ids = set(rows.values_list("pk", flat=True)) - _staying(model, keep, drop)
        try:
            found = hand_over(model, ids, giver=drop.pk, taker=keep.pk)
        except IntegrityError as error:
            raise MergeRefused(
                _(
                    "Both entries have something at the same time, such as two visits. Move or cancel one first."
                )
            ) from error
        if found:
            moved[model._meta.label] = found
    return moved


def _staying(model: type[Any], keep: Patient, drop: Patient) -> set[object]:
    """Rows of which a patient has one at most, and the kept entry has its own."""
    if model is ContactPreference:
        ours = set(model.objects.filter(patient=keep).values_list("channel", "purpose"))
        rows = model.objects.filter(patient=drop).values_list("pk", "channel", "purpose")
        return {pk for pk, *key in rows if tuple(key) in ours}
    if model is Screening:
        draft = Q(submitted_at__isnull=True)
        ours = set(
            model.objects.filter(draft, patient=keep).values_list("questionnaire", "channel")
        )
        rows = model.objects.filter(draft, patient=drop).values_list(
            "pk", "questionnaire", "channel"
        )
        return {pk for pk, *key in rows if tuple(key) in ours}
    return set()


def _identities(
    keep: Patient, drop: Patient, now: dt.datetime, *, ask_again: bool
) -> list[dict[str, Any]]:
    values: dict[str, Any] = {
        name: getattr(drop, name)
        for name in _FILLED
        if not getattr(keep, name) and getattr(drop, name)
    }
    if keep.sex == Patient.Sex.UNKNOWN != drop.sex:
        values["sex"] = drop.sex
    values |= _stricter(keep, drop)
    values |= _words(keep, drop)
    if ask_again:
        values["screen_again_since"] = now
    lines = [change(Patient, keep.pk, values)] if values else []
    return [*lines, change(Patient, drop.pk, {"merged_into_id": keep.pk, "erased_at": now})]


def _stricter(keep: Patient, drop: Patient) -> dict[str, Any]:
    """What protects more of two different values (G).

    The later birth date, a guardian's consent only where both have it, and the lower weight, by
    which the ceilings of doses are reckoned.
    """
    values: dict[str, Any] = {}
    weights = [one for one in (keep.weight_kg, drop.weight_kg) if one is not None]
    if weights and min(weights) != keep.weight_kg:
        values["weight_kg"] = min(weights)
    born = [day for day in (keep.birth_date, drop.birth_date) if day is not None]
    if born and max(born) != keep.birth_date:
        values["birth_date"] = max(born)
    if keep.guardian_consent_on and not drop.guardian_consent_on:
        values["guardian_consent_on"] = None
    return values


def _words(keep: Patient, drop: Patient) -> dict[str, Any]:
    """Alert and notes of both; an alert that grows too long goes on in the notes."""
    values: dict[str, Any] = {}
    notes = [keep.notes, drop.notes if drop.notes != keep.notes else ""]
    if drop.alert and drop.alert not in keep.alert:
        joined = " · ".join(one for one in (keep.alert, drop.alert) if one)
        if len(joined) <= 200:
            values["alert"] = joined
        else:
            notes.append(drop.alert)
    text = "\n".join(one for one in notes if one)
    if text != keep.notes:
        values["notes"] = text
    return values


def _settle(merge: PatientMerge) -> None:
    try:
        check_constraints_now()
    except IntegrityError as error:
        raise MergeRefused from error


def _judge(
    actor: Actor, patient: Patient, before: ScreeningStatus, now: dt.datetime
) -> ScreeningResult | None:
    """Judge the latest screening anew; returns the judgement if it is a new row."""
    screening = (
        Screening.objects.filter(patient=patient, submitted_at__isnull=False)
        .select_related("questionnaire", "clinic", "patient")
        .order_by("-submitted_at")
        .first()
    )
    if screening is None:
        return None
    known = set(ScreeningResult.objects.filter(screening=screening).values_list("pk", flat=True))
    screening.patient = patient
    row = store_judgement(actor=actor, screening=screening, before=before, now=now)
    return row if row.pk not in known else None


def _unwrite(merge: PatientMerge) -> None:
    """Take back what the merge itself wrote, unless somebody has built upon it."""
    for label, ids in merge.created.items():
        for row in apps.get_model(label)._default_manager.filter(pk__in=ids):
            try:
                row.delete()
            except ProtectedError:
                continue


def _move_back(merge: PatientMerge) -> None:
    moved = {apps.get_model(label): set(ids) for label, ids in merge.moved.items()}
    going = {model: set(ids) for model, ids in moved.items()}
    grew = True
    while grew:
        grew = False
        for one in references():
            hanging = one.model._default_manager.filter(
                **{owned_tables()[one.model]: merge.kept_id},
                **{f"{one.column}__in": going.get(one.target, set())},
            )
            new = {str(pk) for pk in hanging.values_list("pk", flat=True)} - going.get(
                one.model, set()
            )
            if new:
                going.setdefault(one.model, set()).update(new)
                grew = True
    for model, ids in going.items():
        hand_over(model, ids, giver=merge.kept_id, taker=merge.dropped_id)


def _announce(actor: Actor, patient: Patient, now: dt.datetime) -> None:
    signals.contact_changed.send(
        sender=Patient, clinic=patient.clinic, actor=actor, now=now, patient=patient
    )

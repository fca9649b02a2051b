"""Recalls: a lot is blocked, everybody treated with it is told, and who was reached is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.common.errors import Invalid
from patients.models import Patient
from treatments.exceptions import NobodyToTell
from treatments.models import Lot, LotRecall, RecallContact, SessionDose, SessionRecord
from treatments.services.rights import check_can_treat
from treatments.services.stock import withdraw_lot
from treatments.signals import lot_recalled


def begin_recall(*, lot: Lot, reason: str, actor: Actor, now: dt.datetime) -> LotRecall:
    """Withdraw a lot and tell every patient of its signed sessions. A second call returns the first.

    Those who died or were erased are left out. Raises Invalid without a reason, NobodyToTell when nobody is left
    who could be told (withdraw it instead).
    """
    check_can_treat(actor)
    if not reason.strip():
        raise Invalid(_("Say why the lot is recalled."), code="reason_missing", field="reason")
    with audited(actor, reason="recall"):
        row = Lot.objects.select_for_update().get(pk=lot.pk)
        known = LotRecall.objects.filter(lot=row).first()
        if known is not None:
            return known
        people = _treated_with(row)
        if not people:
            raise NobodyToTell
        withdraw_lot(lot=row, reason=reason, actor=actor, now=now)
        recall = LotRecall.objects.create(
            clinic_id=row.clinic_id,
            lot=row,
            reason=reason.strip()[:300],
            begun_at=now,
            begun_by_id=actor.staff_id,
            created_at=now,
        )
        _tell(recall, people, actor, now)
    return recall


def join_recalls(*, record: SessionRecord, actor: Actor, now: dt.datetime) -> None:
    """Tell the patient of a session just signed with recalled lots, as the others were told.

    In the signature's transaction, after the lots are locked: a recall that begins at the same
    time either finds the signed session or is found here. Who stands in a recall already stays as
    they are.
    """
    recalls = LotRecall.objects.filter(lot__in=record.doses.values("lot")).select_related(
        "lot__product", "clinic"
    )
    for recall in recalls.order_by("pk"):
        people = _can_be_told(recall.clinic_id, [record.patient_id])
        _tell(recall, people.exclude(pk__in=recall.contacts.values("patient")), actor, now)


def _tell(recall: LotRecall, people: Iterable[Patient], actor: Actor, now: dt.datetime) -> None:
    contacts = RecallContact.objects.bulk_create(
        RecallContact(clinic_id=recall.clinic_id, patient_id=one.pk, recall=recall, created_at=now)
        for one in people
    )
    if contacts:
        lot_recalled.send(
            LotRecall, clinic=recall.clinic, actor=actor, now=now, recall=recall, contacts=contacts
        )


def note_reached(
    *, contact: RecallContact, how: str, note: str, actor: Actor, now: dt.datetime
) -> RecallContact:
    """Somebody has spoken with the patient, or the patient has answered. The first time counts.

    Raises Invalid for an unknown way.
    """
    if actor.kind != "link":
        check_can_treat(actor)
    if how not in RecallContact.How.values:
        raise Invalid(_("Choose how the patient was reached."), field="how")
    with audited(actor, reason="recall"):
        row = RecallContact.objects.select_for_update().get(pk=contact.pk)
        if row.reached_at is None:
            row.reached_at, row.reached_how = now, how
            row.reached_by, row.note = actor.label[:200], note.strip()[:300]
            row.save(update_fields=["reached_at", "reached_how", "reached_by", "note"])
    return row


def _treated_with(lot: Lot) -> list[Patient]:
    ids = SessionDose.objects.filter(lot=lot, session__signed_at__isnull=False).values("patient")
    return list(_can_be_told(lot.clinic_id, ids).order_by("pk"))


def _can_be_told(clinic_id: UUID, ids: Any) -> QuerySet[Patient]:
    rows = Patient.objects.for_clinic(clinic_id).filter(pk__in=ids)
    return rows.filter(deceased_on__isnull=True, erased_at__isnull=True)

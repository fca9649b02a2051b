"""Where a lot went and what a patient got: lot → mixtures → sessions → points → patients, and back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum

from mesoclinic.clinic.models import Clinic
from mesoclinic.common.errors import NotFound
from patients.models import Patient
from treatments.models import (
    STANDS_IN_RECALL,
    Lot,
    LotRecall,
    PointGroup,
    RecallContact,
    SessionDose,
    SessionRecord,
)
from treatments.selectors.drafts import plain


@dataclass(frozen=True)
class TraceLine:
    """One session in which a lot was given: `dose` in its unit, with areas, syringes and points.

    `mixed_with` are the other lots in the same syringes.
    """

    session: SessionRecord
    dose: str
    unit: str
    areas: tuple[str, ...]
    syringes: tuple[int, ...]
    points: int
    mixed_with: tuple[str, ...]


@dataclass(frozen=True)
class TraceTotals:
    """How far a lot went."""

    patients: int
    sessions: int
    dose: str


def sessions_with(lot: Lot) -> QuerySet[SessionRecord]:
    """Signed sessions in which the lot was given, newest first."""
    used = SessionDose.objects.filter(session=OuterRef("pk"), lot=lot)
    return (
        SessionRecord.objects.filter(Exists(used), clinic_id=lot.clinic_id, signed_at__isnull=False)
        .select_related("patient", "practitioner", "planned_session__plan__indication")
        .order_by("-performed_on", "-pk")
    )


def totals_of(lot: Lot) -> TraceTotals:
    """Patients, sessions and dose of a lot (one query)."""
    signed = SessionDose.objects.filter(lot=lot, session__signed_at__isnull=False)
    found = signed.aggregate(dose=Sum("dose"))
    ids = signed.order_by().values_list("patient_id", "session_id").distinct()
    pairs = set(ids)
    return TraceTotals(
        patients=len({patient for patient, _session in pairs}),
        sessions=len(pairs),
        dose=plain(found["dose"] or Decimal(0)),
    )


def trace_lines(lot: Lot, sessions: Iterable[SessionRecord]) -> list[TraceLine]:
    """What a page of sessions gave of the lot: two queries, however many."""
    rows = list(sessions)
    ids = [one.pk for one in rows]
    doses: dict[UUID, list[SessionDose]] = {}
    for dose in SessionDose.objects.filter(session__in=ids).select_related(
        "area", "lot", "syringe"
    ):
        doses.setdefault(dose.session_id, []).append(dose)
    points: dict[UUID, list[tuple[UUID, int]]] = {}
    for group in PointGroup.objects.filter(session__in=ids).only("session", "syringe", "points"):
        points.setdefault(group.session_id, []).append((group.syringe_id, group.count))
    return [_line(lot, one, doses.get(one.pk, []), points.get(one.pk, [])) for one in rows]


def _line(
    lot: Lot,
    session: SessionRecord,
    doses: list[SessionDose],
    points: list[tuple[UUID, int]],
) -> TraceLine:
    mine = [one for one in doses if one.lot_id == lot.pk]
    syringes = {one.syringe_id: one.syringe.number for one in mine if one.syringe is not None}
    others = {
        one.lot.number
        for one in doses
        if one.lot_id != lot.pk and one.syringe_id is not None and one.syringe_id in syringes
    }
    return TraceLine(
        session=session,
        dose=plain(sum((one.dose for one in mine), Decimal(0))),
        unit=mine[0].get_unit_display() if mine else "",
        areas=tuple(dict.fromkeys(one.area.name for one in mine)),
        syringes=tuple(sorted(syringes.values())),
        points=sum(count for syringe, count in points if syringe in syringes),
        mixed_with=tuple(sorted(others)),
    )


@dataclass(frozen=True)
class LotOfPatient:
    """A lot that a patient got: when, how much; `problem` when it is withdrawn or recalled."""

    lot: Lot
    first_on: date
    last_on: date
    dose: str
    unit: str
    sessions: int


def lots_of_patient(patient: Patient) -> list[LotOfPatient]:
    """Every lot of a patient's signed sessions, the last used first (two queries)."""
    rows = (
        SessionDose.objects.filter(patient=patient, session__signed_at__isnull=False)
        .order_by()
        .values_list("lot_id", "unit", "session__performed_on", "session_id", "dose")
    )
    found: dict[UUID, list[tuple[str, date, UUID, Decimal]]] = {}
    for lot, unit, day, session, dose in rows:
        found.setdefault(lot, []).append((unit, day, session, dose))
    lots = Lot.objects.filter(pk__in=found).select_related("product__ingredient", "recall")
    lines = [
        LotOfPatient(
            lot=lot,
            first_on=min(one[1] for one in found[lot.pk]),
            last_on=max(one[1] for one in found[lot.pk]),
            dose=plain(sum((one[3] for one in found[lot.pk]), Decimal(0))),
            unit=found[lot.pk][0][0],
            sessions=len({one[2] for one in found[lot.pk]}),
        )
        for lot in lots
    ]
    return sorted(lines, key=lambda one: (one.last_on, one.lot.number), reverse=True)


def find_lots(clinic: Clinic, query: str) -> list[Lot]:
    """Lots whose number begins with the words (20 at most), for the trace page."""
    word = query.strip()
    if not word:
        return []
    rows = Lot.objects.for_clinic(clinic).filter(
        Q(number__istartswith=word) | Q(product__name__icontains=word)
    )
    return list(rows.select_related("product__ingredient").order_by("number")[:20])


def unsigned_with(lot: Lot) -> list[SessionRecord]:
    """Sessions under way whose draft names the lot: counted nowhere, told of nothing (one query)."""
    rows = SessionRecord.objects.for_clinic(lot.clinic_id).filter(
        signed_at__isnull=True, draft__contains=[{"lot": str(lot.pk)}]
    )
    return list(rows.select_related("patient").order_by("performed_on", "pk"))


def left_out(lot: Lot, told: Iterable[RecallContact] = ()) -> list[Patient]:
    """Who got the lot and can't be told of its recall: the dead and the erased (one query)."""
    got = SessionDose.objects.filter(lot=lot, session__signed_at__isnull=False).values("patient")
    rows = Patient.objects.for_clinic(lot.clinic_id).filter(pk__in=got)
    gone = rows.filter(Q(deceased_on__isnull=False) | Q(erased_at__isnull=False))
    return list(gone.exclude(pk__in=[one.patient_id for one in told]).order_by("record_number"))


def recall_of(lot: Lot) -> LotRecall | None:
    """The recall of a lot, if there is one."""
    return LotRecall.objects.filter(lot=lot).select_related("begun_by").first()


def get_recall(clinic: Clinic, pk: UUID) -> LotRecall:
    """One recall of the clinic. Raises NotFound."""
    rows = LotRecall.objects.for_clinic(clinic).select_related(
        "lot__product__ingredient", "begun_by"
    )
    recall = rows.filter(pk=pk).first()
    if recall is None:
        raise NotFound
    return recall


def contacts_of(recall: LotRecall) -> list[RecallContact]:
    """The patients of a recall: those not reached first (one query).

    Not who died or was erased before anybody reached them: see `left_out`.
    """
    rows = recall.contacts.filter(STANDS_IN_RECALL).select_related("patient")
    return list(rows.order_by(F("reached_at").asc(nulls_first=True), "patient__name", "pk"))


def get_contact(clinic: Clinic, pk: UUID) -> RecallContact:
    """One patient of a recall. Raises NotFound."""
    row = (
        RecallContact.objects.for_clinic(clinic)
        .select_related("patient", "recall__lot")
        .filter(pk=pk)
        .first()
    )
    if row is None:
        raise NotFound
    return row


def recalls(clinic: Clinic) -> QuerySet[LotRecall]:
    """All recalls, newest first."""
    return LotRecall.objects.for_clinic(clinic).select_related("lot__product__ingredient")

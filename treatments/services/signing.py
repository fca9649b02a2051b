"""The signature under a session: what is missing first, then doses, stock and the seal at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar, cast
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.base import ClinicOwned
from treatments.domain.cocktail import Level
from treatments.domain.readiness import Moment, Readiness, Verdict
from treatments.exceptions import RecordIncomplete, SessionSigned
from treatments.models import Ingredient, Lot, SessionDose, SessionRecord, TargetArea, Technique
from treatments.selectors.checks import Line, Question, check_for_patient
from treatments.selectors.drafts import DraftRow, draft_rows
from treatments.services.plans import complete_if_done
from treatments.services.readiness import assess_readiness
from treatments.services.rights import check_can_treat, signer_of
from treatments.services.sessions import locked_draft
from treatments.services.stock import Use, lots_of, use_lots
from treatments.signals import session_signed

_Row = TypeVar("_Row", bound=ClinicOwned)


@dataclass(frozen=True)
class Missing:
    """One thing that stands between a record and its signature, and where on the page it is.

    `row` is the index of the form's row, None for what concerns the whole session.
    """

    code: str
    message: str
    row: int | None = None


@dataclass(frozen=True)
class Given:
    """One complete row: everything resolved to rows of the clinic."""

    ingredient: Ingredient
    amount: Decimal
    lot: Lot
    area: TargetArea
    technique: Technique


@dataclass(frozen=True)
class _Choices:
    """What the rows of a draft may point at: the clinic's own catalogue and shelf."""

    ingredients: Mapping[UUID, Ingredient]
    lots: Mapping[UUID, Lot]
    areas: Mapping[UUID, TargetArea]
    techniques: Mapping[UUID, Technique]


def missing_to_sign(
    record: SessionRecord, now: dt.datetime, gate: Readiness | None = None
) -> tuple[Missing, ...]:
    """Everything that is missing or stops, in the order of work: gate, rows, doses against ceilings.

    `gate` saves asking again where the answer at the chair is at hand.
    """
    given, missing = read_rows(record)
    answer = gate or _ask_gate(record, now)
    return (*_from_gate(answer), *missing, *_from_check(record, given))


def sign_session(*, record: SessionRecord, actor: Actor, now: dt.datetime) -> SessionRecord:
    """Sign: doses are written, stock goes down, the record becomes immutable.

    Everything happens in one transaction under row locks (record, then lots in id order). Raises
    RecordIncomplete (with the list), LotRefused, LotShort, Forbidden; SessionSigned when it was
    signed before, except by a second click of the same person, who gets the signed record.
    """
    check_can_treat(actor)
    signer = signer_of(actor, record.practitioner_id)
    with audited(actor):
        try:
            row = locked_draft(record)
        except SessionSigned:
            signed = SessionRecord.objects.get(pk=record.pk)
            if signed.signed_by_id == signer:
                return signed
            raise
        given, missing = read_rows(row)
        everything = (*_from_gate(_ask_gate(row, now)), *missing, *_from_check(row, given))
        if everything:
            raise RecordIncomplete([one.message for one in everything])
        _write(row, given, actor, now)
        row.draft, row.signed_at, row.signed_by_id = [], now, signer
        row.save(update_fields=["draft", "signed_at", "signed_by"])
        session_signed.send(SessionRecord, clinic=row.clinic, actor=actor, now=now, record=row)
        complete_if_done(row.planned_session.plan)
    return row


def read_rows(record: SessionRecord) -> tuple[tuple[Given, ...], tuple[Missing, ...]]:
    """The complete rows of a draft, and what the others lack."""
    rows = draft_rows(record)
    choices = _choices(record, rows)
    missing: list[Missing] = []
    given: list[Given] = []
    for place, row in enumerate(rows):
        complete, lacks = _read(row, choices)
        missing += [Missing(code, message, place) for code, message in lacks]
        if complete is not None:
            given.append(complete)
    if not rows:
        missing.append(Missing("doses", str(_("Nothing was given yet."))))
    missing += _twice(given)
    return tuple(given), tuple(missing)


def _read(row: DraftRow, choices: _Choices) -> tuple[Given | None, list[tuple[str, str]]]:
    ingredient = _pick(choices.ingredients, row.ref("ingredient"))
    if ingredient is None:
        return None, [("ingredient", str(_("Choose the ingredient.")))]
    area = _pick(choices.areas, row.ref("area"))
    technique = _pick(choices.techniques, row.ref("technique"))
    lot, amount = _pick(choices.lots, row.ref("lot")), row.amount
    lacks = []
    for part, code, text in (
        (area, "area", _("%(name)s: choose the area.")),
        (technique, "technique", _("%(name)s: choose the technique.")),
        (amount, "dose", _("%(name)s: enter the dose as a number above zero.")),
        (lot, "lot", _("%(name)s: choose the lot.")),
    ):
        if part is None:
            lacks.append((code, text % {"name": ingredient.name}))
    if lot is not None and lot.product.ingredient_id != ingredient.pk:
        text = _("%(name)s: lot %(lot)s holds another ingredient.")
        lacks.append(("lot", text % {"name": ingredient.name, "lot": lot.number}))
    if lacks or amount is None or lot is None or area is None or technique is None:
        return None, lacks
    return Given(ingredient, amount, lot, area, technique), lacks


def _pick(rows: Mapping[UUID, _Row], pk: UUID | None) -> _Row | None:
    return None if pk is None else rows.get(pk)


def _by_id(model: type[_Row], clinic: UUID, ids: set[UUID]) -> dict[UUID, _Row]:
    rows = cast("models.QuerySet[_Row]", model._default_manager.all())
    return {row.pk: row for row in rows.filter(clinic_id=clinic, pk__in=ids)}


def _twice(given: Sequence[Given]) -> list[Missing]:
    seen: set[tuple[UUID, ...]] = set()
    found = []
    for one in given:
        key = (one.ingredient.pk, one.lot.pk, one.area.pk, one.technique.pk)
        if key in seen:
            text = _("%(name)s: the same lot, area and technique stand there twice. Add them up.")
            found.append(Missing("twice", text % {"name": one.ingredient.name}))
        seen.add(key)
    return found


def _ask_gate(record: SessionRecord, now: dt.datetime) -> Readiness:
    return assess_readiness(
        planned_session=record.planned_session,
        at=Moment.CHAIR,
        now=now,
        on=record.performed_on,
        practitioner_id=record.practitioner_id,
    )


def _from_gate(answer: Readiness) -> list[Missing]:
    return [
        Missing(one.code, f"{one.message} {one.what_to_do}".strip())
        for one in answer.reasons
        # Lots are judged by what was really drawn up, under lock, when stock goes down.
        if one.weighs is Verdict.STOP and not one.code.startswith("lot:")
    ]


def _from_check(record: SessionRecord, given: Sequence[Given]) -> list[Missing]:
    """Sums of what was really given, where it was given, against every rule (design §6)."""
    sums: dict[UUID, Decimal] = {}
    for one in given:
        sums[one.ingredient.pk] = sums.get(one.ingredient.pk, Decimal(0)) + one.amount
    question = Question(
        lines=tuple(Line(pk, amount) for pk, amount in sums.items()),
        area_ids=frozenset(one.area.pk for one in given),
        technique_ids=frozenset(one.technique.pk for one in given),
        on=record.performed_on,
        plan=record.planned_session.plan,
        sun_confirmed=bool(record.checklist.get("sun_protection")),
    )
    findings = check_for_patient(record.clinic, record.patient, question)
    return [
        Missing(one.code, f"{one.what} {one.what_to_do}")
        for one in findings
        if one.level is Level.STOP
    ]


def _write(record: SessionRecord, given: Sequence[Given], actor: Actor, now: dt.datetime) -> None:
    amounts: dict[UUID, Decimal] = {}
    for one in given:
        amounts[one.lot.pk] = amounts.get(one.lot.pk, Decimal(0)) + one.amount
    use = Use(record.pk, record.performed_on, amounts)
    use_lots(clinic_id=record.clinic_id, use=use, actor=actor, now=now)
    SessionDose.objects.bulk_create(
        SessionDose(
            clinic_id=record.clinic_id,
            patient_id=record.patient_id,
            session=record,
            ingredient=one.ingredient,
            lot=one.lot,
            dose=one.amount,
            unit=one.ingredient.unit,
            technique=one.technique,
            area=one.area,
            created_at=now,
        )
        for one in given
    )


def _choices(record: SessionRecord, rows: Sequence[DraftRow]) -> _Choices:
    def ids(name: str) -> set[UUID]:
        return {pk for pk in (row.ref(name) for row in rows) if pk is not None}

    clinic = record.clinic_id
    return _Choices(
        ingredients=_by_id(Ingredient, clinic, ids("ingredient")),
        lots=lots_of(clinic, ids("lot")),
        areas=_by_id(TargetArea, clinic, ids("area")),
        techniques=_by_id(Technique, clinic, ids("technique")),
    )

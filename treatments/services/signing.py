"""The signature under a session: what is missing first, then doses, stock and the seal at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from decimal import Decimal
from uuid import UUID

from django.utils import formats
from django.utils.translation import gettext as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from treatments.domain.cocktail import Level
from treatments.domain.injections import SyringeDraft
from treatments.domain.readiness import Moment, Readiness, Verdict
from treatments.exceptions import RecordIncomplete, SessionSigned
from treatments.models import Lot, PointGroup, SessionDose, SessionRecord, Syringe
from treatments.selectors.checks import Line, Question, check_for_patient
from treatments.services.plans import complete_if_done
from treatments.services.readiness import assess_readiness
from treatments.services.reading import Given, Missing, Reading, read_record
from treatments.services.recalls import join_recalls
from treatments.services.rights import check_can_treat, signer_of
from treatments.services.sessions import add_addendum, locked_draft
from treatments.services.stock import Use, use_lots
from treatments.signals import session_signed

# The clock says how long a session took only while it was not left open, in minutes.
_LONG_SESSION = 240


def missing_to_sign(
    record: SessionRecord, now: dt.datetime, gate: Readiness | None = None
) -> tuple[Missing, ...]:
    """Everything that is missing or stops, in the order of work: gate, rows, doses against ceilings.

    `gate` saves asking again where the answer at the chair is at hand.
    """
    reading = read_record(record)
    answer = gate or _ask_gate(record, now)
    return (*_from_gate(answer), *reading.missing, *_from_check(record, reading.given))


def sign_session(
    *,
    record: SessionRecord,
    actor: Actor,
    now: dt.datetime,
    given_before: Collection[UUID] = (),
) -> SessionRecord:
    """Sign: doses are written, stock goes down, the record becomes immutable.

    `given_before` are lots of which the practitioner says that they were given before they were
    withdrawn. For those withdrawn since the session began that word is an addendum, and the
    patient joins the lot's recall; without it, and for lots withdrawn earlier, nothing is signed.

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
        reading = read_record(row)
        stops = (*reading.missing, *_from_check(row, reading.given))
        everything = (*_from_gate(_ask_gate(row, now)), *stops)
        if everything:
            raise RecordIncomplete([one.message for one in everything])
        use = Use(row.pk, row.performed_on, reading.drawn, row.started_at, given_before)
        lots = use_lots(clinic_id=row.clinic_id, use=use, actor=actor, now=now)
        _write(row, reading, now)
        _seal(row, signer, now)
        _note_given_before(row, lots.values(), actor, now)
        session_signed.send(SessionRecord, clinic=row.clinic, actor=actor, now=now, record=row)
        join_recalls(record=row, actor=actor, now=now)
        complete_if_done(row.planned_session.plan)
    return row


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
    """Sums of what was really given, where it was given, against every rule."""
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


def _write(record: SessionRecord, reading: Reading, now: dt.datetime) -> None:
    about = {"clinic_id": record.clinic_id, "patient_id": record.patient_id, "session": record}
    syringes = {
        number: Syringe(
            **about,
            number=number,
            drawn_up_at=drawn_up(reading.drawing.syringe(number), record.started_at, now),
            volume_ml=reading.volumes.get(number),
            discarded_ml=reading.discarded_ml(number),
            created_at=now,
        )
        for number in sorted(reading.syringes)
    }
    Syringe.objects.bulk_create(syringes.values())
    PointGroup.objects.bulk_create(
        PointGroup(
            **about,
            syringe=syringes[one.group.syringe],
            view=one.group.view,
            area=one.area,
            technique=one.technique,
            layer=one.group.layer,
            depth_mm=one.depth_mm,
            point_ml=one.point_ml,
            points=[list(point) for point in one.group.points],
            created_at=now,
        )
        for one in reading.charted
    )
    SessionDose.objects.bulk_create(
        SessionDose(
            **about,
            ingredient=one.ingredient,
            lot=one.lot,
            syringe=syringes[one.syringe],
            dose=one.amount,
            unit=one.ingredient.unit,
            technique=one.technique,
            area=one.area,
            created_at=now,
        )
        for one in reading.given
    )


def _seal(row: SessionRecord, signer: UUID, now: dt.datetime) -> None:
    minutes = round((now - row.started_at).total_seconds() / 60)
    if row.duration_min is None and 1 <= minutes <= _LONG_SESSION:
        row.duration_min = minutes
    row.draft, row.draft_map = [], {}
    row.signed_at, row.signed_by_id = now, signer
    row.save(update_fields=["draft", "draft_map", "duration_min", "signed_at", "signed_by"])


def _note_given_before(
    row: SessionRecord, lots: Collection[Lot], actor: Actor, now: dt.datetime
) -> None:
    """The word by which lots withdrawn meanwhile were signed: part of the record, with its author."""
    text = _("Lot %(lot)s was given before it was withdrawn on %(when)s.")
    words = [
        text % {"lot": one.number, "when": _when(row, one.withdrawn_at)}
        for one in sorted(lots, key=lambda lot: lot.number)
        if one.withdrawn_at is not None
    ]
    if words:
        add_addendum(record=row, text="\n".join(words), actor=actor, now=now)


def _when(row: SessionRecord, at: dt.datetime) -> str:
    return formats.date_format(row.clinic.local(at), "j M Y, H:i")


def drawn_up(syringe: SyringeDraft, started_at: dt.datetime, now: dt.datetime) -> dt.datetime:
    """When a syringe was drawn up: as kept in the draft, never before the day began or after now."""
    try:
        at = dt.datetime.fromisoformat(syringe.drawn_up_at)
    except ValueError:
        return now
    if at.tzinfo is None:
        return now
    return min(max(at, started_at - dt.timedelta(hours=24)), now)

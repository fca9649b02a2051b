"""The record of a session: begun, kept as a draft, signed once, then only added to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.common.errors import Invalid
from treatments.domain.injections import MapDraft, map_as_json, read_map
from treatments.domain.readiness import Moment, Readiness, Verdict
from treatments.exceptions import DraftConflict, NotReady, SessionSigned, WrongPlanStatus
from treatments.models import (
    PlannedSession,
    SessionAddendum,
    SessionRecord,
    TreatmentPlan,
)
from treatments.selectors.drafts import (
    DraftRow,
    default_rows,
    draft_rows,
    last_signed,
    map_of,
    rows_as_json,
    same_as_last_rows,
)
from treatments.services.readiness import assess_readiness
from treatments.services.rights import check_can_treat, signer_of
from treatments.signals import session_started

# What is settled in the chair itself does not keep a session from being opened.
SETTLED_IN_THE_CHAIR = frozenset(
    {
        "screening_not_reconfirmed",
        "screening_undecided",
        "consent_missing",
        "consent_outdated",
    }
)


def start_session(
    *,
    planned_session: PlannedSession,
    actor: Actor,
    now: dt.datetime,
    practitioner_id: UUID | None = None,
) -> SessionRecord:
    """Open the record as a draft with the cocktail in force. A second call returns the same record.

    Its day is the clinic's local day of `now`. Raises NotReady when the gate stops for something
    that can't be settled in the chair, WrongPlanStatus for a plan that is not active.
    """
    check_can_treat(actor)
    with audited(actor):
        session = _locked_session(planned_session.pk)
        known = SessionRecord.objects.filter(planned_session=session).first()
        if known is not None:
            return known
        plan = session.plan
        cocktail = plan.cocktails.order_by("-version").first()
        if plan.status != TreatmentPlan.Status.ACTIVE or cocktail is None or session.dropped_at:
            raise WrongPlanStatus(_("Only a session of an active plan can begin."))
        today = session.clinic.today(now)
        treating = practitioner_id or signer_of(actor, plan.practitioner_id)
        answer = assess_readiness(
            planned_session=session, at=Moment.CHAIR, now=now, on=today, practitioner_id=treating
        )
        _refuse_to_begin(answer)
        record = SessionRecord.objects.create(
            clinic_id=session.clinic_id,
            patient_id=session.patient_id,
            planned_session=session,
            cocktail=cocktail,
            practitioner_id=treating,
            performed_on=today,
            started_at=now,
            created_at=now,
            draft=rows_as_json(default_rows(plan, cocktail)),
        )
        session_started.send(
            SessionRecord, clinic=session.clinic, actor=actor, now=now, record=record
        )
    return record


@dataclass(frozen=True)
class Draft:
    """The unsigned form as it stands. None leaves a part as it is.

    `rows` may be incomplete: whatever was typed is kept. `pain_score` is 0 to 10 or None;
    `checklist` maps steps of the order of work to True; `duration_min` is 1 to 1440.
    `expected_version` is the draft the form was filled from: another one stored since is not
    written over.
    """

    rows: tuple[DraftRow, ...] | None = None
    checklist: Mapping[str, bool] | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    pain_score: int | None = None
    with_pain_score: bool = False
    drawing: MapDraft | None = None
    duration_min: int | None = None
    with_duration: bool = False
    expected_version: int | None = None


def save_draft(
    *, record: SessionRecord, draft: Draft, actor: Actor, now: dt.datetime
) -> SessionRecord:
    """Keep the form. Raises SessionSigned once signed, DraftConflict when another page has saved
    since, Invalid for a pain score outside 0 to 10.
    """
    check_can_treat(actor)
    if draft.pain_score is not None and draft.pain_score not in range(11):
        raise Invalid(_("Pain is a number from 0 to 10."), field="pain_score")
    with audited(actor):
        row = locked_draft(record)
        if draft.expected_version not in {None, row.draft_version}:
            raise DraftConflict
        _fill(row, draft, now)
        row.draft_version += 1
        row.save(update_fields=_DRAFT_FIELDS)
    return row


def as_typed(record: SessionRecord, draft: Draft, now: dt.datetime) -> SessionRecord:
    """The record with the form's content and nothing stored: what a refused save shows again."""
    _fill(record, draft, now)
    return record


_TEXTS = ("reaction", "notes", "device", "device_settings")
_DRAFT_FIELDS = (
    "draft", "draft_map", "draft_version", "checklist", "pain_score", "duration_min", *_TEXTS,
)  # fmt: skip


def _fill(row: SessionRecord, draft: Draft, now: dt.datetime) -> None:
    if draft.rows is not None:
        row.draft = rows_as_json(draft.rows)
    row.draft_map = _with_times(row, draft.drawing, now)
    if draft.checklist is not None:
        row.checklist = {key: True for key, done in draft.checklist.items() if done}
    for name in _TEXTS:
        if name in draft.texts:
            setattr(row, name, draft.texts[name])
    if draft.with_pain_score:
        row.pain_score = draft.pain_score
    if draft.with_duration:
        row.duration_min = draft.duration_min


def _with_times(row: SessionRecord, drawn: MapDraft | None, now: dt.datetime) -> dict[str, Any]:
    """The map with a time for every syringe into which a lot was drawn up, set once."""
    stored = read_map(row.draft_map)
    drawing = stored if drawn is None else drawn
    filled = {one.number for one in draft_rows(row) if one.lot}
    numbers = filled | {one.number for one in drawing.syringes}
    syringes = []
    for number in sorted(numbers):
        known = drawing.syringe(number)
        before = known.drawn_up_at or stored.syringe(number).drawn_up_at
        stamped = (before or now.isoformat()) if number in filled else ""
        syringes.append(replace(known, drawn_up_at=stamped))
    return map_as_json(replace(drawing, syringes=tuple(syringes)))


def record_doses(
    *, record: SessionRecord, rows: Sequence[DraftRow], actor: Actor, now: dt.datetime
) -> SessionRecord:
    """Set what is given: ingredient, dose, lot, technique and area of each row."""
    return save_draft(record=record, draft=Draft(rows=tuple(rows)), actor=actor, now=now)


def same_as_last_time(*, record: SessionRecord, actor: Actor, now: dt.datetime) -> SessionRecord:
    """Fill the draft with what the plan's last signed session gave.

    Points, volumes and the device's settings come along. Ingredients that left the cocktail are left out, new ones come with their planned dose, and a
    lot that can't be used any more is left open. Raises WrongPlanStatus when nothing was given yet.
    """
    rows, last = same_as_last_rows(record), last_signed(record)
    if rows is None or last is None:
        raise WrongPlanStatus(_("This is the first session of the plan: there is no last time."))
    drawing = map_of(last)
    fresh = tuple(replace(one, drawn_up_at="") for one in drawing.syringes)
    texts = {"device": last.device, "device_settings": last.device_settings}
    draft = Draft(rows=rows, drawing=replace(drawing, syringes=fresh), texts=texts)
    return save_draft(record=record, draft=draft, actor=actor, now=now)


def add_addendum(
    *, record: SessionRecord, text: str, actor: Actor, now: dt.datetime
) -> SessionAddendum:
    """Add to a signed record; the same words by the same person stand there once.

    A second press finds what the first wrote: nothing of a signed record can be taken out again.
    Raises Invalid without text, WrongPlanStatus before the signature.
    """
    check_can_treat(actor)
    if not text.strip():
        raise Invalid(_("Write what is to be added."), code="text_missing", field="text")
    if not record.is_signed:
        raise WrongPlanStatus(_("This session is not signed yet: change the record itself."))
    words = {"text": text.strip(), "written_by_id": signer_of(actor, record.practitioner_id)}
    with audited(actor):
        SessionRecord.objects.select_for_update(of=("self",), no_key=True).get(pk=record.pk)
        there = record.addenda.filter(**words).first()
        return there or SessionAddendum.objects.create(
            clinic_id=record.clinic_id, patient_id=record.patient_id, session=record,
            written_at=now, **words,
        )  # fmt: skip


def locked_draft(record: SessionRecord) -> SessionRecord:
    """The record's row, locked and unsigned. Raises SessionSigned."""
    row = (
        SessionRecord.objects.select_for_update(of=("self",))
        .select_related("clinic", "patient", "planned_session__plan", "cocktail")
        .get(pk=record.pk)
    )
    if row.is_signed:
        raise SessionSigned
    return row


def stops_of(answer: Readiness) -> tuple[str, ...]:
    """The codes of the reasons that stop, without those that were overridden."""
    return tuple(one.code for one in answer.reasons if one.weighs is Verdict.STOP)


def _refuse_to_begin(answer: Readiness) -> None:
    stops = [
        one
        for one in answer.reasons
        if one.weighs is Verdict.STOP
        and one.code not in SETTLED_IN_THE_CHAIR
        and not one.code.startswith("lot:")
    ]
    if stops:
        raise NotReady(" ".join(f"{one.message} {one.what_to_do}".strip() for one in stops))


def _locked_session(pk: UUID) -> PlannedSession:
    return (
        PlannedSession.objects.select_for_update(of=("self",))
        .select_related("clinic", "patient", "plan")
        .get(pk=pk)
    )

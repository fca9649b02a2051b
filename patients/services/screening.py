"""Filling, submitting and confirming screenings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Role
from patients.domain.answers import AnswerState, read_answers, visible
from patients.domain.questionnaire import Question, QuestionKind, QuestionnaireSpec, Section
from patients.exceptions import (
    AlreadySubmitted,
    AnswerNotAccepted,
    AnswersMissing,
    ClinicalContent,
    NoQuestionnaire,
    NothingToConfirm,
    PatientClosed,
    QuestionnaireReplaced,
)
from patients.models import (
    Patient,
    PatientFile,
    PatientLink,
    Questionnaire,
    Screening,
    ScreeningConfirmation,
)
from patients.models import ScreeningResult as ResultRow
from patients.selectors import (
    Standing,
    published_questionnaire,
    screening_status,
)
from patients.services.judging import (
    judge,
    lock_patient,
    questionnaire_spec,
    store_judgement,
)
from patients.services.links import mark_used

_DOUBLE_CLICK = dt.timedelta(minutes=10)


def start_screening(
    *,
    actor: Actor,
    patient: Patient,
    channel: str,
    now: dt.datetime,
    prefill: bool = False,
    afresh: bool = False,
) -> Screening:
    """The patient's draft of the published questionnaire in this channel, made where there is none.

    `prefill` starts a new draft with the answers of the last submitted screening ("what has
    changed since?"); `afresh` empties a draft that is there. Raises NoQuestionnaire and
    PatientClosed.
    """
    if not patient.can_be_contacted:
        raise PatientClosed
    # A link shows earlier answers only after a mailed code; its page has checked that.
    if prefill and actor.is_person and actor.role != Role.PRACTITIONER:
        raise ClinicalContent
    with audited(actor):
        lock_patient(patient)
        questionnaire = published_questionnaire(patient.clinic_id)
        if questionnaire is None:
            raise NoQuestionnaire
        drafts = Screening.objects.filter(
            patient=patient, channel=channel, submitted_at__isnull=True
        ).select_related("questionnaire")
        current = next((one for one in drafts if one.questionnaire_id == questionnaire.pk), None)
        if current is not None:
            if actor.is_person:
                check_can_fill(actor, current)
            return _emptied(current) if afresh else current
        draft = Screening(
            clinic_id=patient.clinic_id, patient=patient, questionnaire=questionnaire,
            channel=channel, started_by=actor.label[:200], created_at=now,
        )  # fmt: skip
        _fill_from_earlier(draft, list(drafts), prefill=prefill, afresh=afresh)
        draft.save(force_insert=True)
        Screening.objects.filter(pk__in=[one.pk for one in drafts if one.pk != draft.pk]).delete()
    return draft


def save_answers(
    *, actor: Actor, screening: Screening, answers: Mapping[str, object], now: dt.datetime
) -> Screening:
    """Keep answers as they come in; None takes an answer back. Others stay as they are.

    Raises AlreadySubmitted, and AnswerNotAccepted with the question's key as field.
    """
    with audited(actor):
        stored = _locked(screening)
        questions = questionnaire_spec(stored.questionnaire).questions
        merged = dict(stored.answers)
        for key, value in answers.items():
            question = questions.get(key)
            if question is None:
                raise AnswerNotAccepted(_("There is no such question."), field=key)
            merged[key] = accepted(question, value)
            if question.kind is QuestionKind.PHOTOGRAPH:
                _check_photographs(stored, key, merged[key])
        merged = _asked(stored.questionnaire, merged)
        if merged != stored.answers:
            stored.answers = merged
            stored.save(update_fields=["answers"])
    return stored


@dataclass(frozen=True)
class Signature:
    """The exact words that stood over the name, and the strokes as an SVG path."""

    text: str = ""
    drawing: str = ""


def submit_screening(
    *,
    actor: Actor,
    screening: Screening,
    now: dt.datetime,
    signed_name: str = "",
    signature: Signature | None = None,
    link: PatientLink | None = None,
) -> ResultRow:
    """Close a draft for good and judge it; the `link` it came by is used up with it.

    Raises AnswersMissing (with every open question), AlreadySubmitted, and QuestionnaireReplaced
    where a newer version was published in the meantime.
    """
    with audited(actor):
        lock_patient(screening.patient)
        stored = _locked(screening)
        if stored.questionnaire.status != Questionnaire.Status.PUBLISHED:
            raise QuestionnaireReplaced
        result, _inputs = judge(screening=stored, today=stored.clinic.today(now))
        if result.missing:
            raise AnswersMissing(dict.fromkeys(result.missing, str(_("Please answer this."))))
        before = screening_status(stored.patient, stored.clinic.today(now))
        stored.submitted_at = now
        stored.submitted_by = actor.label[:200]
        signed = signature or Signature()
        stored.signed_name = " ".join(signed_name.split())[:200]
        stored.signed_text, stored.signature = signed.text, signed.drawing
        stored.save(
            update_fields=[
                "submitted_at",
                "submitted_by",
                "signed_name",
                "signed_text",
                "signature",
            ]
        )
        if link is not None:
            mark_used(actor=actor, link=link, now=now)
        return store_judgement(actor=actor, screening=stored, before=before, now=now)


def discard_draft(*, actor: Actor, screening: Screening) -> None:
    """Throw a draft away. Raises AlreadySubmitted."""
    with audited(actor):
        _locked(screening).delete()


def confirm_unchanged(*, actor: Actor, patient: Patient, now: dt.datetime) -> ScreeningConfirmation:
    """ "Has anything changed since?" answered with no (S2, S4). Does not lengthen the validity.

    Raises NothingToConfirm without a valid screening. A second click within ten minutes gives the
    same row.
    """
    with audited(actor):
        lock_patient(patient)
        status = screening_status(patient, patient.clinic.today(now))
        if status.screening_id is None or not status.is_valid:
            raise NothingToConfirm
        if status.standing is Standing.STOPPED:
            raise NothingToConfirm
        if status.confirmed_at is not None and now - status.confirmed_at < _DOUBLE_CLICK:
            return ScreeningConfirmation.objects.filter(screening_id=status.screening_id).latest()
        return ScreeningConfirmation.objects.create(
            clinic_id=patient.clinic_id, patient=patient, screening_id=status.screening_id,
            confirmed_at=now, confirmed_by=actor.label[:200], created_at=now,
        )  # fmt: skip


def check_can_fill(actor: Actor, screening: Screening) -> None:
    """Raise ClinicalContent unless `actor` may see and change the answers of this draft.

    Practitioners may; others only at the desk and where nothing was filled in from an earlier
    screening: what a patient said before is clinical content.
    """
    if actor.role == Role.PRACTITIONER:
        return
    if screening.channel != Screening.Channel.DESK or screening.prefilled_from_id is not None:
        raise ClinicalContent


def can_fill(actor: Actor, screening: Screening) -> bool:
    """`check_can_fill` for templates."""
    try:
        check_can_fill(actor, screening)
    except ClinicalContent:
        return False
    return True


def accepted(question: Question, value: object) -> object:
    """`value` as it is stored, or None for no answer. Raises AnswerNotAccepted."""
    if value is None or value in ("", [], {}):
        return None
    # A question by itself, without its condition: it may be answered before what it depends on.
    alone = Question(
        key=question.key, kind=question.kind, text=question.text, options=question.options,
        minimum=question.minimum, maximum=question.maximum,
    )  # fmt: skip
    spec = _spec_of(alone)
    answer = read_answers(spec, {question.key: value})[question.key]
    if answer.state is AnswerState.UNKNOWN and not answer.values:
        raise AnswerNotAccepted(field=question.key)
    exclusive = {option.key for option in question.options if option.exclusive}
    if len(answer.values) > 1 and exclusive & set(answer.values):
        raise AnswerNotAccepted(
            _("“None of these” can't be chosen together with something else."), field=question.key
        )
    if isinstance(value, Decimal | dt.date):
        return str(value)
    return value


def missing_answers(screening: Screening) -> dict[str, str]:
    """The required questions that are still open, by key, in the order they are asked."""
    spec = questionnaire_spec(screening.questionnaire)
    read = read_answers(spec, screening.answers)
    return {
        key: str(_("Please answer this."))
        for key, question in spec.questions.items()
        if read[key].missing and visible(question, read)
    }


def _check_photographs(screening: Screening, key: str, value: object) -> None:
    """Only the patient's own photographs are answers. Raises AnswerNotAccepted."""
    wanted = set(value) if isinstance(value, list) else set()
    if not wanted:
        return
    files = PatientFile.objects.shown().filter(patient=screening.patient)
    if not wanted <= {str(pk) for pk in files.values_list("pk", flat=True)}:
        raise AnswerNotAccepted(field=key)


def _spec_of(question: Question) -> QuestionnaireSpec:
    section = Section(key="only", title={"en": ""}, questions=(question,))
    return QuestionnaireSpec(version="", validity_days=1, sections=(section,), rules=())


def _locked(screening: Screening) -> Screening:
    stored = (
        Screening.objects.select_for_update(of=("self",))
        .select_related("questionnaire", "clinic", "patient")
        .filter(pk=screening.pk)
        .first()
    )
    if stored is None or stored.submitted_at is not None:
        raise AlreadySubmitted
    stored.patient.clinic = stored.clinic
    return stored


def _emptied(draft: Screening) -> Screening:
    draft.answers = {}
    draft.prefilled_from = None
    draft.save(update_fields=["answers", "prefilled_from"])
    return draft


def _fill_from_earlier(
    draft: Screening, older_drafts: list[Screening], *, prefill: bool, afresh: bool
) -> None:
    """Answers of a draft of an older version, or of the last submitted screening."""
    if afresh:
        return
    source = older_drafts[0] if older_drafts else None
    if source is not None:
        draft.prefilled_from = source.prefilled_from
    elif prefill:
        source = (
            Screening.objects.filter(patient=draft.patient, submitted_at__isnull=False)
            .order_by("-submitted_at")
            .first()
        )
        draft.prefilled_from = source
    if source is not None:
        draft.answers = _still_fitting(draft.questionnaire, source.answers)


def _still_fitting(
    questionnaire: Questionnaire, answers: Mapping[str, object]
) -> dict[str, object]:
    """The answers that the questions of another version take."""
    fitting: dict[str, object] = {}
    for key, question in questionnaire_spec(questionnaire).questions.items():
        try:
            value = accepted(question, answers.get(key))
        except AnswerNotAccepted:
            continue
        if value is not None:
            fitting[key] = value
    return fitting


def _asked(questionnaire: Questionnaire, answers: Mapping[str, object]) -> dict[str, object]:
    """Without what was taken back, and without answers whose question is not asked any more.

    Only an answer to the earlier question can close a later one: while it is open, all is kept.
    """
    given = {key: value for key, value in answers.items() if value is not None}
    spec = questionnaire_spec(questionnaire)
    for key, question in spec.questions.items():
        read = read_answers(spec, given)
        parent = question.show_if.question if question.show_if else ""
        if key in given and parent in given and not visible(question, read):
            del given[key]
    return given

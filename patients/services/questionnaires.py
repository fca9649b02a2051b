"""Building, publishing and retiring questionnaires."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic, Role
from mesoclinic.common.errors import Conflict, Forbidden
from patients.domain.codec import CodecError, from_json, to_json
from patients.domain.questionnaire import say
from patients.domain.screening import QuestionnaireSpec
from patients.exceptions import NotADraft, QuestionnaireBroken
from patients.models import Questionnaire
from patients.selectors import published_questionnaire
from patients.services.seeding import KEY, default_questionnaire


def check_spec(spec: object) -> QuestionnaireSpec:
    """Read the JSON of a questionnaire. Raises QuestionnaireBroken with the place."""
    return _read(json.dumps(spec, ensure_ascii=False))


@lru_cache(maxsize=32)
def _read(text: str) -> QuestionnaireSpec:
    """Reading takes ten times as long as comparing: a version in force is read once a process."""
    try:
        return from_json(QuestionnaireSpec, json.loads(text))
    except CodecError as error:
        raise QuestionnaireBroken(str(error), field="spec") from error


def publish_questionnaire(
    *, actor: Actor, questionnaire: Questionnaire, now: dt.datetime
) -> Questionnaire:
    """Put a draft into force and retire the version before it.

    Earlier screenings keep the version they were filled in with, and its outcome. Raises
    QuestionnaireBroken, and Conflict for what is no draft any more.
    """
    states = Questionnaire.Status
    with audited(actor):
        versions = Questionnaire.objects.select_for_update(of=("self",)).filter(
            clinic_id=questionnaire.clinic_id, key=questionnaire.key
        )
        rows = {row.pk: row for row in versions.order_by("pk")}
        draft = rows.get(questionnaire.pk)
        if draft is None or draft.status != states.DRAFT:
            raise Conflict(_("Only a draft can be published. Copy this version to a new draft."))
        check_spec(draft.spec)
        for row in rows.values():
            if row.status == states.PUBLISHED:
                row.status = states.RETIRED
                row.save(update_fields=["status"])
        draft.status = states.PUBLISHED
        draft.published_at = now
        draft.save(update_fields=["status", "published_at"])
    return draft


def start_draft(*, actor: Actor, source: Questionnaire, now: dt.datetime) -> Questionnaire:
    """A draft of the next version, copied from `source`; the one that is open, where there is one."""
    states = Questionnaire.Status
    with audited(actor):
        clinic = Clinic.objects.select_for_update(of=("self",), no_key=True).get(
            pk=source.clinic_id
        )
        versions = Questionnaire.objects.for_clinic(clinic).filter(key=source.key)
        open_draft = versions.filter(status=states.DRAFT).order_by("-version").first()
        if open_draft is not None:
            return open_draft
        version = (versions.aggregate(models.Max("version"))["version__max"] or 0) + 1
        return Questionnaire.objects.create(
            clinic=clinic, key=source.key, version=version, title=source.title,
            spec={**source.spec, "version": str(version)}, created_at=now,
        )  # fmt: skip


def draft_for(
    *, actor: Actor, clinic: Clinic, now: dt.datetime, spec: dict[str, Any] | None = None
) -> Questionnaire:
    """A draft for the clinic: of `spec` (JSON, from an export), else a copy of what it has.

    A clinic that has nothing gets the default questions. Raises QuestionnaireBroken for a `spec` that
    can't be read, and Conflict where one is brought beside an open draft.
    """
    versions = Questionnaire.objects.for_clinic(clinic).filter(key=KEY)
    with audited(actor):
        Clinic.objects.select_for_update(of=("self",), no_key=True).get(pk=clinic.pk)
        if spec is not None and versions.filter(status=Questionnaire.Status.DRAFT).exists():
            raise Conflict(_("There is a draft already. Publish or discard it first."))
        source = published_questionnaire(clinic) or versions.order_by("-version").first()
        if spec is None and source is not None:
            return start_draft(actor=actor, source=source, now=now)
        found = check_spec(spec or default_questionnaire())
        version = (versions.aggregate(models.Max("version"))["version__max"] or 0) + 1
        return Questionnaire.objects.create(
            clinic=clinic, key=KEY, version=version, title=say(found.title)[:200],
            spec={**to_json(found), "version": str(version)}, created_at=now,
        )  # fmt: skip


def edit_draft(
    *,
    actor: Actor,
    questionnaire: Questionnaire,
    change: Callable[[QuestionnaireSpec], QuestionnaireSpec],
    now: dt.datetime,
) -> Questionnaire:
    """Change one piece of a draft, with the others as they are stored now.

    Raises NotADraft, and QuestionnaireBroken where the change leaves something pointing at nothing.
    """
    with audited(actor):
        draft = _locked_draft(questionnaire)
        try:
            spec = change(check_spec(draft.spec))
        except ValueError as error:
            raise QuestionnaireBroken(str(error)) from error
        draft.spec = {**to_json(spec), "version": str(draft.version)}
        draft.title = say(spec.title)[:200] or draft.title
        draft.save(update_fields=["spec", "title"])
    return draft


def discard_questionnaire(*, actor: Actor, questionnaire: Questionnaire) -> None:
    """Throw a draft away. Raises NotADraft: screenings refer to published versions for good."""
    with audited(actor):
        _locked_draft(questionnaire).delete()


def retire_questionnaire(
    *, actor: Actor, questionnaire: Questionnaire, now: dt.datetime
) -> Questionnaire:
    """Take the version in force out of use; nobody can be screened until another is published."""
    with audited(actor):
        row = Questionnaire.objects.select_for_update(of=("self",)).get(pk=questionnaire.pk)
        if row.status != Questionnaire.Status.PUBLISHED:
            raise Conflict(_("Only the version in force can be retired."))
        row.status = Questionnaire.Status.RETIRED
        row.save(update_fields=["status"])
    return row


def approve_questionnaire(
    *, actor: Actor, questionnaire: Questionnaire, now: dt.datetime
) -> Questionnaire:
    """A practitioner has reviewed this version for the clinic."""
    if actor.role != Role.PRACTITIONER:
        raise Forbidden(_("Only a practitioner can approve the questions and rules."))
    with audited(actor):
        row = Questionnaire.objects.select_for_update(of=("self",)).get(pk=questionnaire.pk)
        if row.approved_at is None:
            row.approved_at = now
            row.save(update_fields=["approved_at"])
    return row


def _locked_draft(questionnaire: Questionnaire) -> Questionnaire:
    row = Questionnaire.objects.select_for_update(of=("self",)).filter(pk=questionnaire.pk).first()
    if row is None or row.status != Questionnaire.Status.DRAFT:
        raise NotADraft
    return row

"""Publishing questionnaires."""

from __future__ import annotations

import datetime as dt
import json
from functools import lru_cache

from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.common.errors import Conflict
from patients.domain.codec import CodecError, from_json
from patients.domain.screening import QuestionnaireSpec
from patients.exceptions import QuestionnaireBroken
from patients.models import Questionnaire


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

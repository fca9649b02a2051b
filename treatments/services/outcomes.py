"""How a result is judged: GAIS and satisfaction, by the practitioner or the patient."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.common.errors import Invalid
from treatments.exceptions import WrongPlanStatus
from treatments.models import OutcomeReview, SessionRecord
from treatments.services.rights import check_can_treat


@dataclass(frozen=True)
class Judgement:
    """`gais` 1 (very much improved) to 5 (worse); `satisfaction` 0 to 10 or None; `rater` a value of
    the model's choices.
    """

    rater: str
    gais: int
    satisfaction: int | None = None
    note: str = ""


def review_outcome(
    *, session: SessionRecord, judgement: Judgement, actor: Actor, now: dt.datetime
) -> OutcomeReview:
    """Keep a judgement of the result after a signed session; a later one stands beside it.

    A patient may answer by a link for themselves. Raises Invalid for values out of range,
    WrongPlanStatus before the signature.
    """
    if actor.kind != "link" or judgement.rater != OutcomeReview.Rater.PATIENT:
        check_can_treat(actor)
    if judgement.rater not in OutcomeReview.Rater.values:
        raise Invalid(_("Choose who judges."), field="rater")
    if judgement.gais not in OutcomeReview.Gais.values:
        raise Invalid(_("Choose how much it has improved."), field="gais")
    if judgement.satisfaction is not None and judgement.satisfaction not in range(11):
        raise Invalid(_("Satisfaction is a number from 0 to 10."), field="satisfaction")
    if not session.is_signed:
        raise WrongPlanStatus(_("A result is judged after the session is signed."))
    with audited(actor):
        return OutcomeReview.objects.create(
            clinic_id=session.clinic_id,
            patient_id=session.patient_id,
            session=session,
            rater=judgement.rater,
            gais=judgement.gais,
            satisfaction=judgement.satisfaction,
            note=judgement.note.strip()[:300],
            reviewed_on=session.clinic.today(now),
            by_label=actor.label[:200],
            created_at=now,
        )

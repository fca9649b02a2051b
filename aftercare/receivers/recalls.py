"""A lot is recalled: everybody treated with it is written to, and who can't be is to be called."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.dispatch import receiver

from aftercare.models import ProgrammeStep
from aftercare.selectors.watch import reached_of
from aftercare.services import planning, tasks
from aftercare.services.planning import Subject
from aftercare.services.watch import recall_task
from mesoclinic.clinic.models import Clinic
from treatments.models import LotRecall, RecallContact
from treatments.signals import lot_recalled


@receiver(lot_recalled)
def tell_of_recall(
    clinic: Clinic, recall: LotRecall, contacts: Sequence[RecallContact], now: dt.datetime,
    **_kwargs: Any,
) -> None:  # fmt: skip
    """One urgent message to each patient; it says neither what was given nor for what.

    And a task to reach them all, opened again for whoever joins the recall later.
    """
    subjects = [
        Subject(kind="recall", id=one.pk, patient_id=one.patient_id, anchor=now) for one in contacts
    ]
    planning.plan(clinic, ProgrammeStep.Anchor.RECALLED, subjects, now=now)
    reached, of = reached_of(recall)
    new = recall_task(recall, reached=reached, of=of, since=now)
    tasks.keep_true(tasks.open_task(clinic.pk, None, new, now=now), new)

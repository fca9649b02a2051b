"""What would be sent if visits were booked: the same rules as planning, without a row written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aftercare.models import ProgrammeStep
from aftercare.services.planning import Subject, meant_for, when
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.ids import new_id
from patients.models import Patient
from scheduling.panels import MessagePreview, PreviewLine

_PREVIEWED = [ProgrammeStep.Anchor.BOOKED, ProgrammeStep.Anchor.VISIT, ProgrammeStep.Anchor.SIGNED]


def preview_booking(
    clinic: Clinic, patient: Patient, starts: Sequence[dt.datetime], now: dt.datetime
) -> MessagePreview | None:
    """The messages that booking these sessions would plan, in order of time. At most four queries.

    Steps that ask how or where is treated are left out: that is not known here. What follows a session is counted from its start, the nearest that is known before it is held.
    None for no visits, or a clinic without a programme.
    """
    steps = list(
        ProgrammeStep.objects.for_clinic(clinic).filter(anchor__in=_PREVIEWED, is_active=True)
    )
    if not starts or not steps or not patient.can_be_contacted:
        return None
    if not patient.email:
        return MessagePreview(_("No messages: there is no e-mail address. Call instead."))
    at_once = [s for s in steps if s.anchor == ProgrammeStep.Anchor.BOOKED]
    pairs = [
        (Subject(kind="preview", id=new_id(), patient_id=patient.pk, anchor=start), step)
        for step in steps
        if step.anchor != ProgrammeStep.Anchor.BOOKED
        for start in starts
    ]
    later = sorted(
        (planned.due_at, step.name)
        for visit, step in meant_for(clinic, pairs)
        if (planned := when(clinic, step, visit.anchor, now=now)).skipped is None
    )
    lines = [PreviewLine(None, step.name) for step in at_once]
    lines += [PreviewLine(due_at, name) for due_at, name in later]
    return MessagePreview(_summary(len(at_once), len(later)), tuple(lines))


def _summary(now: int, later: int) -> str:
    first = ngettext("%(n)s confirmation now", "%(n)s confirmations now", now) % {"n": now}
    then = ngettext("%(n)s message planned", "%(n)s messages planned", later) % {"n": later}
    return ", ".join([*([first] if now else []), then])

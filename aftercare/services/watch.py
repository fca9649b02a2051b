"""The hourly round of a clinic: what nobody reported, but somebody must see to.

Every finding is a task, opened once; a task whose reason is gone closes itself, and what a person
has finished rests while it says the same. A round may run twice, or twice at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from aftercare.models import StaffTask
from aftercare.selectors.watch import (
    courses_drifting,
    lots_to_see_to,
    recalls_unreached,
    sessions_without_answer,
    visits_without_screening,
)
from aftercare.services import tasks
from aftercare.services.care import settings_of
from aftercare.services.tasks import NewTask
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.calendar import to_utc
from treatments.models import LotRecall

Kind, Role = StaffTask.Kind, StaffTask.Role
Found = Iterable[tuple[UUID | None, NewTask]]
# What a person has finished with a word is not asked again for so long, unless it says more.
_REST = dt.timedelta(days=30)


def look_round(clinic: Clinic, *, now: dt.datetime) -> dict[str, int]:
    """Open what is new and close what is over; how many are open now, by kind."""
    looks: dict[StaffTask.Kind, Callable[[Clinic, dt.datetime], Found]] = {
        Kind.CHECKIN_SILENT: _silent,
        Kind.SCREENING_EXPIRED: _unscreened,
        Kind.OFF_PROTOCOL: _drifting,
        Kind.STOCK: _stock,
        Kind.RECALL: _recalls,
    }
    with override(clinic.language), audited(Actor.system(clinic.pk, "round")):
        return {kind.value: _keep(clinic, kind, look, now) for kind, look in looks.items()}


def _keep(
    clinic: Clinic,
    kind: StaffTask.Kind,
    look: Callable[[Clinic, dt.datetime], Found],
    now: dt.datetime,
) -> int:
    found = {new.subject_id: (patient, new) for patient, new in look(clinic, now)}
    rows = StaffTask.objects.for_clinic(clinic).filter(kind=kind, done_at=None)
    known = {row.subject_id: row for row in rows}
    resting = tasks.finished_by_people(clinic, kind, since=now - _REST)
    for subject, (patient, new) in found.items():
        if subject not in known:
            if (subject, new.title[:200], new.detail[:300]) in resting:
                continue
            tasks.open_task(clinic.pk, patient, new, now=now)
        else:
            tasks.keep_true(known[subject], new)
    # Silence ends with a word of the patient's or a call, not by waiting.
    over = set() if kind is Kind.CHECKIN_SILENT else known.keys() - found.keys()
    for subject in over:
        outcome = _("This has settled itself.")
        tasks.close_tasks(kind=kind, subject_id=subject, outcome=outcome, now=now)
    return len(found)


def _silent(clinic: Clinic, now: dt.datetime) -> Found:
    for session in sessions_without_answer(clinic, settings_of(clinic).silent_after, now=now):
        yield (
            session.patient_id,
            NewTask(
                kind=Kind.CHECKIN_SILENT,
                role=Role.FRONT_DESK,
                title=gettext_noop("does not answer check-ins, call"),
                # Read by people of several languages: a date that needs no words.
                detail=_("Last visit: %(day)s") % {"day": session.performed_on},
                subject_id=session.pk,
                url_name="",
                due_at=now + dt.timedelta(hours=24),
            ),
        )


def _unscreened(clinic: Clinic, now: dt.datetime) -> Found:
    for visit in visits_without_screening(clinic, now=now):
        start = clinic.local(visit.during.lower)
        yield (
            visit.patient_id,
            NewTask(
                kind=Kind.SCREENING_EXPIRED,
                role=Role.FRONT_DESK,
                title=gettext_noop("has no valid screening"),
                detail=_("Visit on %(day)s") % {"day": f"{start:%Y-%m-%d, %H:%M}"},
                subject_id=visit.patient_id,
                url_name="patients:chart",
                due_at=max(visit.during.lower - dt.timedelta(hours=24), now),
            ),
        )


def _drifting(clinic: Clinic, now: dt.datetime) -> Found:
    for one in courses_drifting(clinic, now=now):
        yield (
            one.plan.patient_id,
            NewTask(
                kind=Kind.OFF_PROTOCOL,
                role=Role.FRONT_DESK,
                title=gettext_noop("the next session of the course is not booked"),
                detail=_("Session %(number)s") % {"number": one.number},
                subject_id=one.plan.pk,
                url_name="scheduling:course",
                due_at=tasks.closing_time(clinic, one.ends_on),
            ),
        )


def _recalls(clinic: Clinic, now: dt.datetime) -> Found:
    for recall, reached, of in recalls_unreached(clinic):
        yield None, recall_task(recall, reached=reached, of=of, since=recall.begun_at)


def recall_task(recall: LotRecall, *, reached: int, of: int, since: dt.datetime) -> NewTask:
    """A mail that has left has not been read: it is open until everybody is known to know."""
    lot = recall.lot
    return NewTask(
        kind=Kind.RECALL,
        role=Role.CLINICAL,
        title=gettext_noop("not everybody was reached about the recall"),
        detail=f"{lot.product.name} · {lot.number} · {reached}/{of}",
        subject_id=recall.pk,
        url_name="treatments:recall",
        due_at=since + dt.timedelta(hours=24),
    )


def _stock(clinic: Clinic, now: dt.datetime) -> Found:
    words = {
        "expired": gettext_noop("has run out of date, take it off the shelf"),
        "soon": gettext_noop("runs out of date soon"),
        "low": gettext_noop("is nearly used up"),
    }
    for line in lots_to_see_to(clinic, now):
        yield (
            None,
            NewTask(
                kind=Kind.STOCK,
                role=Role.MANAGEMENT,
                title=words[line.state],
                # Read by people of several languages: names and a date that need no words.
                detail=f"{line.lot.product.name} · {line.lot.number} · {line.lot.expires_on}",
                subject_id=line.lot.pk,
                url_name="treatments:lot",
                due_at=to_utc(
                    dt.datetime.combine(line.lot.expires_on, clinic.sending_from), clinic.zone
                ),
            ),
        )

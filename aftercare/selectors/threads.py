"""Conversations with patients, and how soon they are answered."""

from __future__ import annotations

import datetime as dt
import math
from statistics import median
from uuid import UUID

from django.db.models import Func, Prefetch, QuerySet, TextField, Value
from django.utils.translation import ngettext

from aftercare.exceptions import ThreadNotFound
from aftercare.models import CannedAnswer, CheckIn, CheckInPhoto, Thread, ThreadPhoto, ThreadPost
from mesoclinic.clinic.models import Clinic

_BACK = dt.timedelta(days=90)
# Of fewer answers nothing is said.
_ENOUGH = 5


def threads(clinic: Clinic, name: str = "", state: str = "") -> QuerySet[Thread]:
    """Conversations with their patients: what waits longest first, then the newest."""
    rows = Thread.objects.for_clinic(clinic).filter(patient__erased_at=None)
    rows = rows.select_related("patient")
    if name:
        folded = Func(Value(name), function="mesoclinic_fold", output_field=TextField())
        rows = rows.filter(patient__search__contains=folded)
    match state:
        case "waiting":
            return rows.filter(waits_since__isnull=False).order_by("waits_since")
        case "answered":
            rows = rows.filter(waits_since=None, closed_at=None)
        case "closed":
            rows = rows.filter(closed_at__isnull=False)
    return rows.order_by("-last_at", "-pk")


def thread(clinic: Clinic, pk: UUID) -> Thread:
    """One conversation with everything said and sent. Raises `ThreadNotFound`."""
    posts = ThreadPost.objects.order_by("at", "created_at").prefetch_related(
        Prefetch("photos", ThreadPhoto.objects.select_related("file"))
    )
    found = (
        Thread.objects.for_clinic(clinic)
        .select_related("patient", "checkin")
        .prefetch_related(Prefetch("posts", posts))
        .filter(pk=pk, patient__erased_at=None)
        .first()
    )
    if found is None:
        raise ThreadNotFound
    return found


def threads_of(clinic: Clinic, patient_id: UUID) -> QuerySet[Thread]:
    """All conversations with one patient, newest first."""
    return Thread.objects.for_clinic(clinic).filter(patient_id=patient_id).order_by("-last_at")


def photos_of(checkin: CheckIn) -> QuerySet[CheckInPhoto]:
    """Photographs of a check-in with their files; withdrawn ones are gone."""
    rows = checkin.photos.select_related("file")
    return rows.filter(file__withdrawn_at=None, file__erased_at=None)


def canned(clinic: Clinic, language: str) -> list[CannedAnswer]:
    """Ready answers in the patient's language, else in the clinic's, else in English."""
    rows = list(CannedAnswer.objects.for_clinic(clinic).filter(is_active=True))
    for wanted in (language[:2], clinic.language[:2], "en"):
        mine = [row for row in rows if row.language == wanted]
        if mine:
            return mine
    return []


def usual_wait(clinic: Clinic, *, now: dt.datetime) -> dt.timedelta | None:
    """The median time from question to first answer in the last 90 days; None for too few."""
    rows = Thread.objects.for_clinic(clinic).filter(
        answered_at__gt=now - _BACK, answered_at__lte=now
    )
    pairs = rows.order_by("-answered_at").values_list("asked_at", "answered_at")[:500]
    waits = [
        (answered - asked).total_seconds()
        for asked, answered in pairs
        if answered and answered > asked
    ]
    return dt.timedelta(seconds=median(waits)) if len(waits) >= _ENOUGH else None


def in_words(wait: dt.timedelta | None) -> str:
    """A wait rounded up, for patients and staff: "3 hours"; "" where nothing is known."""
    if wait is None:
        return ""
    minutes = max(math.ceil(wait.total_seconds() / 60), 1)
    if minutes <= 50:
        tens = math.ceil(minutes / 10) * 10
        return ngettext("%(n)s minute", "%(n)s minutes", tens) % {"n": tens}
    hours = math.ceil(minutes / 60)
    if hours < 48:
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    days = math.ceil(hours / 24)
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}

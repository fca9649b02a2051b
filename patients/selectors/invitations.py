"""Questionnaires that were mailed: how far each has come."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from mesoclinic.clinic.models import Clinic
from patients.exceptions import InvitationNotFound
from patients.models import Patient, PatientLink, Screening


@dataclass(frozen=True)
class Invitation:
    """A mailed questionnaire and how far it came: sent, opened, started, done, ended.

    Opened: somebody pressed "Start" (a GET may be a scanner's). Started: an answer is kept.
    """

    link: PatientLink
    state: str


def invitations_of(patient: Patient, now: dt.datetime) -> list[Invitation]:
    """All links to the questionnaire that the patient got, newest first. One query."""
    return [invitation(link, now) for link in _links(patient).order_by("-created_at", "-id")]


def latest_invitation(patient: Patient, now: dt.datetime) -> Invitation | None:
    """The last link to the questionnaire, if any. One query."""
    link = _links(patient).order_by("-created_at", "-id").first()
    return None if link is None else invitation(link, now)


def get_invitation(clinic: Clinic, link_id: UUID, now: dt.datetime) -> Invitation:
    """One link to the questionnaire, with its patient. Raises InvitationNotFound. One query."""
    rows = _with_answers(PatientLink.objects.for_clinic(clinic).select_related("patient"))
    link = rows.filter(
        pk=link_id, purpose=PatientLink.Purpose.SCREENING, patient__erased_at=None
    ).first()
    if link is None:
        raise InvitationNotFound
    link.clinic = link.patient.clinic = clinic
    return invitation(link, now)


def invitation(link: PatientLink, now: dt.datetime) -> Invitation:
    """The link with how far it has come."""
    return Invitation(link, _state(link, now))


def _links(patient: Patient) -> QuerySet[PatientLink]:
    links = PatientLink.objects.filter(patient=patient, purpose=PatientLink.Purpose.SCREENING)
    return _with_answers(links)


def _with_answers(links: QuerySet[PatientLink]) -> QuerySet[PatientLink]:
    begun = Screening.objects.filter(pk=OuterRef("subject_id")).exclude(answers={})
    return links.annotate(answered=Exists(begun))


def _state(link: PatientLink, now: dt.datetime) -> str:
    if link.used_at is not None:
        return "done"
    if not link.is_live(now):
        return "ended"
    # A link that was just made comes without the annotation: nobody has answered it yet.
    if getattr(link, "answered", False):
        return "started"
    return "opened" if link.opened_at is not None else "sent"

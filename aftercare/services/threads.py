"""Ask the doctor: a question becomes a task, an answer becomes "you have an answer" by mail.

Nothing of what is said goes by mail; it is read behind a link and a fresh code.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from uuid import UUID

from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from aftercare.exceptions import ThreadClosed, ThreadNotFound, TooManyQuestions
from aftercare.models import (
    CheckIn,
    ProgrammeStep,
    StaffTask,
    Thread,
    ThreadPhoto,
    ThreadPost,
)
from aftercare.services import planning, tasks
from aftercare.services.photos import keep_photos
from aftercare.services.planning import Subject
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.access import Policy, check_can
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.errors import Invalid
from patients.models import Patient, PatientLink
from patients.services import Kept, Upload, link_actor
from treatments.models import TreatmentPlan

LONGEST = 2000
# What is asked within so long belongs to the conversation that is open.
_SAME = dt.timedelta(days=30)
_TWICE = dt.timedelta(minutes=10)
_AN_HOUR = dt.timedelta(hours=1)
_MOST_AN_HOUR = 6
_ANSWER_WITHIN = dt.timedelta(hours=24)


def ask(*, link: PatientLink, text: str, now: dt.datetime) -> ThreadPost:
    """Keep what a patient asks, and tell the practitioners. The same words twice are one post.

    Raises Invalid for nothing or too much, TooManyQuestions after six within an hour.
    """
    text = _checked(text)
    with audited(link_actor(link)):
        # The patient's row is the lock: of a double click the second finds the first's post.
        Patient.objects.select_for_update(of=("self",)).get(pk=link.patient_id)
        mine = ThreadPost.objects.filter(patient=link.patient_id, staff=None, at__lte=now)
        twice = mine.filter(text=text, at__gt=now - _TWICE).select_related("thread").first()
        if twice is not None:
            return twice
        if mine.filter(at__gt=now - _AN_HOUR).count() >= _MOST_AN_HOUR:
            raise TooManyQuestions
        thread = _open_thread(link, now)
        post = _post(thread, text, now, link=link)
        if thread.waits_since is None:
            thread.waits_since = now
        thread.last_at = now
        thread.save(update_fields=["waits_since", "last_at"])
        _tell_staff(thread, text, now)
    return post


def attach_photos(
    *, link: PatientLink, post: ThreadPost, uploads: Iterable[Upload], now: dt.datetime
) -> list[Kept]:
    """Keep photographs of a post; one that is refused harms nothing else."""
    kept = keep_photos(link=link, uploads=uploads, now=now)
    with audited(link_actor(link)):
        for one in kept:
            if one.file is not None:
                ThreadPhoto.objects.get_or_create(
                    post=post, file=one.file,
                    defaults={"clinic_id": link.clinic_id, "patient_id": link.patient_id},
                )  # fmt: skip
    return kept


def answer(
    *, actor: Actor, clinic: Clinic, thread_id: UUID, text: str, now: dt.datetime
) -> ThreadPost:
    """A practitioner answers: the task is done, and the patient is told that there is an answer.

    Raises Invalid, ThreadNotFound, ThreadClosed.
    """
    check_can(actor, Policy.CLINICAL)
    text = _checked(text)
    with audited(actor):
        thread = _locked(clinic, thread_id)
        if thread.closed_at is not None:
            raise ThreadClosed
        post = _post(thread, text, now, actor=actor)
        thread.answered_at = thread.answered_at or now
        thread.waits_since, thread.last_at = None, now
        thread.save(update_fields=["answered_at", "waits_since", "last_at"])
        _done(thread, _("Answered."), actor, now)
        _announce(thread, now)
    return post


def write_first(
    *, actor: Actor, patient: Patient, text: str, checkin: CheckIn | None, now: dt.datetime
) -> Thread:
    """A practitioner writes to a patient, for example about a check-in. Raises Invalid."""
    check_can(actor, Policy.CLINICAL)
    text = _checked(text)
    with audited(actor):
        thread = Thread.objects.create(
            clinic_id=patient.clinic_id, patient=patient, checkin=checkin, asked_at=now,
            answered_at=now, last_at=now,
        )  # fmt: skip
        _post(thread, text, now, actor=actor)
        _announce(thread, now)
    return thread


def close(*, actor: Actor, clinic: Clinic, thread_id: UUID, why: str, now: dt.datetime) -> Thread:
    """End a conversation without (further) words, for example after a call. Raises Invalid."""
    check_can(actor, Policy.CLINICAL)
    why = why.strip()
    with audited(actor):
        thread = _locked(clinic, thread_id)
        if not why:
            raise Invalid(_("Say why, for example “called”."), field="why")
        if thread.closed_at is None:
            thread.closed_at, thread.closed_why, thread.waits_since = now, why[:300], None
            thread.save(update_fields=["closed_at", "closed_why", "waits_since"])
            _done(thread, why, actor, now)
    return thread


def _checked(text: str) -> str:
    text = text.strip()
    if not text:
        raise Invalid(_("Write a few words."), field="text")
    if len(text) > LONGEST:
        raise Invalid(_("At most %(n)d characters.") % {"n": LONGEST}, field="text")
    return text


def _open_thread(link: PatientLink, now: dt.datetime) -> Thread:
    recent = Thread.objects.select_for_update().filter(
        patient=link.patient_id, closed_at=None, last_at__gt=now - _SAME
    )
    named = recent.filter(pk=link.subject_id).first() if link.subject_id else None
    return (
        named
        or recent.order_by("-last_at").first()
        or Thread.objects.create(
            clinic_id=link.clinic_id, patient_id=link.patient_id, asked_at=now, last_at=now
        )
    )


def _post(
    thread: Thread,
    text: str,
    now: dt.datetime,
    *,
    link: PatientLink | None = None,
    actor: Actor | None = None,
) -> ThreadPost:
    return ThreadPost.objects.create(
        clinic_id=thread.clinic_id,
        patient_id=thread.patient_id,
        thread=thread,
        text=text,
        at=now,
        link=link,
        staff_id=actor.staff_id if actor else None,
        by_label=actor.label if actor else "",
    )


def _tell_staff(thread: Thread, text: str, now: dt.datetime) -> None:
    words = Truncator(" ".join(text.split())).chars(80)
    tasks.open_task(
        thread.clinic_id,
        thread.patient_id,
        tasks.NewTask(
            kind=StaffTask.Kind.QUESTION,
            role=StaffTask.Role.CLINICAL,
            title=gettext_noop("asks a question"),
            detail=f"“{words}”",
            subject_id=thread.pk,
            url_name="aftercare:thread",
            due_at=now + _ANSWER_WITHIN,
            assigned_to_id=_doctor_of(thread),
        ),
        now=now,
    )


def _doctor_of(thread: Thread) -> UUID | None:
    """Who answered before, else the practitioner of the newest plan."""
    said = thread.posts.filter(staff__isnull=False).order_by("-at").first()
    if said is not None:
        return said.staff_id
    plans = TreatmentPlan.objects.filter(patient=thread.patient_id).order_by("-created_at")
    return plans.values_list("practitioner_id", flat=True).first()


def _done(thread: Thread, outcome: str, actor: Actor, now: dt.datetime) -> None:
    tasks.close_tasks(
        kind=StaffTask.Kind.QUESTION, subject_id=thread.pk, outcome=outcome, now=now,
        by=actor.label,
    )  # fmt: skip


def _announce(thread: Thread, now: dt.datetime) -> None:
    """One mail for each answer: "you have an answer", with a link and nothing else."""
    subject = Subject(
        kind="thread",
        id=thread.pk,
        patient_id=thread.patient_id,
        anchor=now,
        version=thread.posts.filter(staff__isnull=False).count(),
    )
    planning.plan(thread.clinic, ProgrammeStep.Anchor.ANSWERED, [subject], now=now)


def _locked(clinic: Clinic, pk: UUID) -> Thread:
    rows = Thread.objects.for_clinic(clinic).select_for_update(of=("self",))
    thread = rows.filter(pk=pk).first()
    if thread is None:
        raise ThreadNotFound
    return thread

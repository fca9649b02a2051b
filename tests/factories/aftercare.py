"""Messages and steps for tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from aftercare.models import (
    AddressProblem,
    CheckIn,
    Message,
    MessageSettings,
    MessageTemplate,
    OutboxHold,
    ProgrammeStep,
    ProgrammeVersion,
    StaffTask,
    ThreadPost,
    TriageRuleSet,
)
from aftercare.services import dispatch
from aftercare.services.holding import hold_all
from aftercare.services.programme import keep_version
from aftercare.services.seeding import seed_clinic
from aftercare.services.threads import ask
from aftercare.services.transport import SmtpTransport
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import audited
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.ids import new_id
from patients.models import Patient, PatientLink
from patients.services import create_link
from scheduling.models import Appointment
from scheduling.services import CourseBooking, CourseVisit, book_course
from tests.factories.scheduling import Desk
from treatments.models import PlannedSession, SessionRecord

HOUR = dt.timedelta(hours=1)


def template(clinic: Clinic, key: str = "note", **fields: Any) -> MessageTemplate:
    """A short text; `note` needs no visit."""
    fields = {
        "subject": "A word from {{ clinic_name }}",
        "body": "Dear {{ patient_name }}.",
    } | fields
    found, _created = MessageTemplate.objects.update_or_create(
        clinic=clinic, key=key, language=fields.pop("language", "en"), defaults=fields
    )
    return found


def message(patient: Patient, due_at: dt.datetime, **fields: Any) -> Message:
    """A planned message of its own subject, due at an instant."""
    pk = new_id()
    values: dict[str, Any] = {
        "pk": pk,
        "clinic_id": patient.clinic_id,
        "patient": patient,
        "subject_type": "note",
        "subject_id": new_id(),
        "title": "Note",
        "step_key": "note",
        "template_key": "note",
        "purpose": "visits",
        "due_at": due_at,
        "next_try_at": due_at,
        "due_local": "as planned",
        "expires_at": due_at + 48 * HOUR,
        "why": "Planned by the programme: Note.",
        "message_id": f"<{pk.hex}@clinic.test>",
    }
    return Message.objects.create(**values | fields)


def step(clinic: Clinic) -> ProgrammeStep:
    """A step of the default programme."""
    seed_clinic(clinic)
    return ProgrammeStep.objects.for_clinic(clinic).earliest("key")


def rules(clinic: Clinic) -> TriageRuleSet:
    """The clinic's published triage rules."""
    seed_clinic(clinic)
    return TriageRuleSet.objects.for_clinic(clinic).get(status="published")


def version(clinic: Clinic) -> ProgrammeVersion:
    """A version of the default programme."""
    seed_clinic(clinic)
    with audited(Actor.system(clinic.pk)):
        return keep_version(actor=Actor.system(clinic.pk), clinic=clinic, number=7, note="Once.")


def hold(clinic: Clinic, at: dt.datetime) -> OutboxHold:
    """Nothing leaves."""
    return hold_all(actor=Actor.system(clinic.pk), clinic=clinic, why="Restored.", now=at)


def problem(patient: Patient, at: dt.datetime) -> AddressProblem:
    """The patient's mail comes back."""
    return AddressProblem.objects.create(
        clinic_id=patient.clinic_id, patient=patient, address=patient.email or "gone@example.org",
        kind=AddressProblem.Kind.BOUNCED, found_at=at,
    )  # fmt: skip


def look(clinic: Clinic, **fields: Any) -> MessageSettings:
    """What the clinic has chosen for its mails."""
    return MessageSettings.objects.create(clinic=clinic, **fields)


def draft_rules(clinic: Clinic) -> TriageRuleSet:
    """A draft of the next version."""
    current = rules(clinic)
    return TriageRuleSet.objects.create(
        clinic=clinic, version=current.version + 1, spec={**current.spec, "version": "2"}
    )


def task(patient: Patient, due_at: dt.datetime, **fields: Any) -> StaffTask:
    """An open task of the front desk about a patient."""
    values: dict[str, Any] = {
        "clinic_id": patient.clinic_id,
        "patient": patient,
        "kind": StaffTask.Kind.NO_ADDRESS,
        "role": StaffTask.Role.FRONT_DESK,
        "title": "Ask for an e-mail address",
        "subject_id": patient.pk,
        "due_at": due_at,
    }
    return StaffTask.objects.create(**values | fields)


def checkin(session: SessionRecord, answered_at: dt.datetime, **fields: Any) -> CheckIn:
    """A calm answer after a session."""
    values: dict[str, Any] = {
        "clinic_id": session.clinic_id,
        "patient_id": session.patient_id,
        "session": session,
        "feeling": 2,
        "level": CheckIn.Level.SELF_CARE,
        "rules": rules(session.clinic),
        "answered_at": answered_at,
    }
    return CheckIn.objects.create(**values | fields)


def seeded(clinic: Clinic) -> Clinic:
    """The clinic with the default templates, programme and triage rules."""
    seed_clinic(clinic)
    return clinic


def question(patient: Patient, now: dt.datetime, text: str = "May I swim?") -> ThreadPost:
    """What a patient asks by a link."""
    asked, _token = link(patient, PatientLink.Purpose.ASK, None, now)
    return ask(link=asked, text=text, now=now)


def post(at: dt.datetime) -> dispatch.Report:
    """One round of the postman at an instant, over the configured SMTP server."""
    with SmtpTransport() as transport:
        return dispatch.dispatch_due(clock=lambda: at, transport=transport)


def booked_course(
    desk: Desk, sessions: Sequence[PlannedSession], starts: Sequence[dt.datetime], now: dt.datetime
) -> list[Appointment]:
    """The sessions of a plan, booked together."""
    visits = tuple(
        CourseVisit(session.pk, desk.member.staff_id, start)
        for session, start in zip(sessions, starts, strict=True)
    )
    course = CourseBooking(
        plan_id=sessions[0].plan_id, visit_type_id=desk.session.pk, visits=visits
    )
    return book_course(clinic=desk.clinic, actor=desk.actor, now=now, course=course)


def link(
    patient: Patient, purpose: PatientLink.Purpose, subject_id: Any, now: dt.datetime
) -> tuple[PatientLink, str]:
    """A link as it is mailed, and its token."""
    return create_link(
        actor=Actor.system(patient.clinic_id), patient=patient, purpose=purpose.value,
        subject_id=subject_id, expires_at=now + 14 * 24 * HOUR, now=now,
    )  # fmt: skip

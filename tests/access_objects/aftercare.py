"""Objects behind the URLs of messages, tasks, check-ins, threads, texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Model
from django.utils import timezone

from aftercare.models import (
    AlarmNumber,
    CannedAnswer,
    CareSettings,
    CheckInPhoto,
    StaffAlert,
    TaskEvent,
    ThreadPhoto,
)
from mesoclinic.clinic.models import Clinic
from tests.access_objects.registry import makes
from tests.access_objects.treatments import signed_record
from tests.factories import aftercare
from tests.factories.clinic import (
    PractitionerFactory,
)
from tests.factories.files import photograph
from tests.factories.patients import (
    PatientFactory,
)


@makes("aftercare:message", "aftercare:release", "api-message-*", "admin:aftercare.message")
def _held_message(clinic: Clinic) -> Model:
    return aftercare.message(PatientFactory(clinic=clinic), timezone.now(), state="held")


@makes("aftercare:resend", "aftercare:forecast", "aftercare:address-works")
def _addressee(clinic: Clinic) -> Model:
    return PatientFactory(clinic=clinic)


@makes("aftercare:task", "aftercare:task-*", "api-task-*", "admin:aftercare.stafftask")
def _task(clinic: Clinic) -> Model:
    return aftercare.task(PatientFactory(clinic=clinic), timezone.now())


@makes("aftercare:checkin", "api-check-in-*", "admin:aftercare.checkin")
def _checkin(clinic: Clinic) -> Model:
    return aftercare.checkin(signed_record(clinic), timezone.now())


@makes("admin:aftercare.checkinphoto")
def _checkin_photo(clinic: Clinic) -> Model:
    checkin = aftercare.checkin(signed_record(clinic), timezone.now())
    return CheckInPhoto.objects.create(
        clinic=clinic, patient=checkin.patient, checkin=checkin, file=photograph(checkin.patient)
    )


@makes("admin:aftercare.taskevent")
def _task_step(clinic: Clinic) -> Model:
    task = aftercare.task(PatientFactory(clinic=clinic), timezone.now())
    return TaskEvent.objects.create(
        clinic=clinic, patient=task.patient, task=task, what="opened", at=timezone.now(),
        by_label="Noor",
    )  # fmt: skip


@makes("admin:aftercare.staffalert")
def _alert(clinic: Clinic) -> Model:
    task = aftercare.task(PatientFactory(clinic=clinic), timezone.now())
    return StaffAlert.objects.create(
        clinic=clinic, task=task, staff=PractitionerFactory(clinic=clinic).staff, channel="email",
        round=1, next_try_at=timezone.now(),
    )  # fmt: skip


@makes("aftercare:thread", "aftercare:thread-close", "api-thread-*", "admin:aftercare.thread")
def _thread(clinic: Clinic) -> Model:
    return aftercare.question(PatientFactory(clinic=clinic), timezone.now()).thread


@makes("admin:aftercare.threadpost")
def _post(clinic: Clinic) -> Model:
    return aftercare.question(PatientFactory(clinic=clinic), timezone.now())


@makes("admin:aftercare.threadphoto")
def _thread_photo(clinic: Clinic) -> Model:
    post = aftercare.question(PatientFactory(clinic=clinic), timezone.now())
    return ThreadPhoto.objects.create(
        clinic=clinic, patient=post.patient, post=post, file=photograph(post.patient)
    )


@makes("admin:aftercare.cannedanswer")
def _canned(clinic: Clinic) -> Model:
    return CannedAnswer.objects.create(clinic=clinic, title="Swimming", text="From Friday on.")


@makes("admin:aftercare.caresettings")
def _care_settings(clinic: Clinic) -> Model:
    return CareSettings.objects.create(clinic=clinic)


@makes("admin:aftercare.alarmnumber")
def _alarm_number(clinic: Clinic) -> Model:
    staff = PractitionerFactory(clinic=clinic).staff
    return AlarmNumber.objects.create(clinic=clinic, staff=staff, phone="+33612345678")


@makes("aftercare:text*", "api-message-template-detail", "admin:aftercare.messagetemplate")
def _template(clinic: Clinic) -> Model:
    return aftercare.template(clinic)


@makes("aftercare:step", "api-programme-step-*", "admin:aftercare.programmestep")
def _step(clinic: Clinic) -> Model:
    return aftercare.step(clinic)


@makes("aftercare:programme-restore")
def _version_number(clinic: Clinic) -> Mapping[str, Any]:
    return {"number": aftercare.version(clinic).number}


@makes("admin:aftercare.programmeversion")
def _version(clinic: Clinic) -> Model:
    return aftercare.version(clinic)


@makes("admin:aftercare.outboxhold")
def _hold(clinic: Clinic) -> Model:
    return aftercare.hold(clinic, timezone.now())


@makes("admin:aftercare.addressproblem")
def _address_problem(clinic: Clinic) -> Model:
    return aftercare.problem(PatientFactory(clinic=clinic), timezone.now())


@makes("admin:aftercare.messagesettings")
def _message_settings(clinic: Clinic) -> Model:
    return aftercare.look(clinic)


@makes("aftercare:rules", "aftercare:rules-publish", "aftercare:rules-general")
def _draft_rules(clinic: Clinic) -> Model:
    return aftercare.draft_rules(clinic)


@makes("aftercare:rules-effect")
def _rules_effect(clinic: Clinic) -> dict[str, object]:
    return {"pk": aftercare.draft_rules(clinic).pk, "key": "redness"}


@makes("admin:aftercare.triageruleset")
def _triage_rules(clinic: Clinic) -> Model:
    return aftercare.rules(clinic)

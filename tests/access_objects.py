"""Which object stands behind which URL, for the walk in `tests/integration/test_access_walk.py`.

Every URL with a stored object in it needs a line here: a maker that takes a clinic, makes the
object there and returns it (or the URL's keyword arguments where there are several).

    @makes("patients:chart", "patients:edit", "admin:patients.patient")
    def _patient(clinic: Clinic) -> Model:
        return PatientFactory(clinic=clinic)

Names are URL names as `reverse` takes them, may hold `*`, and the exact one wins. Models in the
administration are named "admin:app.model".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
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
from mesoclinic.audit.actors import Actor
from mesoclinic.audit.models import AuditEntry, AuditSeal
from mesoclinic.clinic.models import Clinic, Membership, StaffMember
from patients.models import ImportRow, ImportRun, Patient, PatientLink
from patients.services import create_link
from scheduling.models import (
    Appointment,
    AppointmentMove,
    AppointmentStatusChange,
    BookingRules,
    CalendarFeed,
    Device,
    OnlineBooking,
    OnlineRules,
    ResourceHours,
)
from scheduling.services import hold_time
from tests.factories import aftercare, scheduling, treatments
from tests.factories.clinic import (
    ApiTokenFactory,
    MembershipFactory,
    PractitionerFactory,
    StaffFactory,
)
from tests.factories.files import photograph
from tests.factories.patients import (
    AllergyFactory,
    ConditionFactory,
    LinkFactory,
    MedicineFactory,
    PatientFactory,
    PreferenceFactory,
    TermFactory,
    confirmed,
    decided,
    draft_for,
    merged,
    screened,
    seeded,
)
from treatments.models import (
    AdverseEvent,
    IncompatiblePair,
    InjectionDevice,
    OutcomeReview,
    ReadinessOverride,
    Recipe,
    SessionRecord,
    TextSnippet,
    TreatmentPlan,
)

Maker = Callable[[Clinic], Model | Mapping[str, Any]]
_MAKERS: dict[str, Maker] = {}


def makes(*names: str) -> Callable[[Maker], Maker]:
    """Decorator: this maker makes the object behind the URLs called `names`."""

    def register(maker: Maker) -> Maker:
        for name in names:
            assert name not in _MAKERS, f"{name} has two makers"
            _MAKERS[name] = maker
        return maker

    return register


def maker_of(name: str) -> Maker | None:
    """The maker for a URL name: the exact one, else the first whose pattern fits."""
    if name in _MAKERS:
        return _MAKERS[name]
    return next((maker for pattern, maker in _MAKERS.items() if fnmatchcase(name, pattern)), None)


def registered_names() -> set[str]:
    """All names with a maker (the walk refuses lines that fit no URL)."""
    return set(_MAKERS)


# --- clinic ---------------------------------------------------------------------------------------


@makes("admin:clinic.clinic")
def _clinic(clinic: Clinic) -> Model:
    return clinic


@makes("admin:clinic.membership", "api-staff-detail")
def _membership(clinic: Clinic) -> Model:
    return PractitionerFactory(clinic=clinic)


@makes("clinic:person-invite")
def _invited(clinic: Clinic) -> Model:
    staff = StaffFactory(password=None)
    made: Membership = MembershipFactory(clinic=clinic, staff=staff)
    return made


@makes("admin:clinic.staffmember")
def _staff(clinic: Clinic) -> Model:
    staff: StaffMember = MembershipFactory(clinic=clinic).staff
    return staff


@makes("clinic:token-revoke", "admin:clinic.apitoken")
def _token(clinic: Clinic) -> Model:
    return ApiTokenFactory(membership=PractitionerFactory(clinic=clinic))


@makes("admin:audit.auditentry")
def _entry(clinic: Clinic) -> Model:
    return AuditEntry.objects.create(clinic_id=clinic.pk, actor_kind="system", action="read")


@makes("admin:audit.auditseal")
def _seal(clinic: Clinic) -> Model:
    return AuditSeal.objects.create(
        clinic_id=clinic.pk,
        number=1,
        entry_ids=[1],
        entry_digests=bytes(32),
        up_to=1,
        previous=bytes(32),
        digest=bytes(32),
    )


# --- patients -------------------------------------------------------------------------------------


@makes(
    "patients:chart",
    "patients:timeline",
    "patients:edit",
    "patients:contact",
    "patients:rights",
    "patients:hand-out",
    "patients:restrict",
    "patients:lift",
    "patients:erase",
    "patients:files",
    "patients:files-compare",
    "patients:screening-start",
    "patients:screening-invite",
    "patients:screening-confirm",
    "api-patient-detail",
    "api-fhir-detail",
    "admin:patients.patient",
)
def _patient(clinic: Clinic) -> Model:
    return PatientFactory(clinic=clinic)


@makes("patients:file", "patients:file-*", "api-file-*", "admin:patients.patientfile")
def _file(clinic: Clinic) -> Model:
    return photograph(PatientFactory(clinic=clinic))


@makes("patients:closed-export")
def _closed(clinic: Clinic) -> Model:
    made: Patient = PatientFactory(
        clinic=clinic, erased_at=timezone.now(), kept_until=timezone.now().date()
    )
    return made


def import_run(clinic: Clinic) -> ImportRun:
    """An import whose columns are not matched yet."""
    return ImportRun.objects.create(
        clinic=clinic, kind="table", state="mapping", file_name="old.csv", columns=["name"]
    )


@makes("patients:import-run", "patients:import-lines", "admin:patients.importrun")
def _import(clinic: Clinic) -> Model:
    return import_run(clinic)


@makes("patients:import-step")
def _import_step(clinic: Clinic) -> dict[str, object]:
    return {"pk": import_run(clinic).pk, "step": "advance"}


@makes("admin:patients.importrow")
def _import_row(clinic: Clinic) -> Model:
    return ImportRow.objects.create(
        clinic=clinic, run=import_run(clinic), number=2, patient=PatientFactory(clinic=clinic)
    )


@makes("patients:merge")
def _two_patients(clinic: Clinic) -> dict[str, object]:
    return {"pk": PatientFactory(clinic=clinic).pk, "other": PatientFactory(clinic=clinic).pk}


@makes("patients:merge-undo")
def _merge(clinic: Clinic) -> Model:
    return merged(PatientFactory(clinic=clinic), PatientFactory(clinic=clinic))


@makes("patients:fact-add")
def _fact_place(clinic: Clinic) -> dict[str, object]:
    return {"pk": PatientFactory(clinic=clinic).pk, "kind": "allergy"}


@makes("patients:fact-edit", "patients:fact-end")
def _fact(clinic: Clinic) -> dict[str, object]:
    allergy = AllergyFactory(patient=PatientFactory(clinic=clinic))
    return {"pk": allergy.patient_id, "kind": "allergy", "fact": allergy.pk}


@makes("api-allergy-*", "admin:patients.allergy")
def _allergy(clinic: Clinic) -> Model:
    return AllergyFactory(patient=PatientFactory(clinic=clinic))


@makes("api-medicine-*", "admin:patients.medicine")
def _medicine(clinic: Clinic) -> Model:
    return MedicineFactory(patient=PatientFactory(clinic=clinic))


@makes("api-condition-*", "admin:patients.condition")
def _condition(clinic: Clinic) -> Model:
    return ConditionFactory(patient=PatientFactory(clinic=clinic))


@makes(
    "patients:screening-fill",
    "patients:screening-changes",
    "patients:screening-discard",
    "api-screening-answers",
)
def _draft(clinic: Clinic) -> Model:
    return draft_for(PatientFactory(clinic=clinic))


@makes(
    "patients:screening-detail",
    "patients:screening-done",
    "patients:screening-decide",
    "api-screening-*",
    "admin:patients.screening",
)
def _screening(clinic: Clinic) -> Model:
    return screened(PatientFactory(clinic=clinic)).screening


@makes("admin:patients.screeningresult")
def _result(clinic: Clinic) -> Model:
    return screened(PatientFactory(clinic=clinic))


@makes("admin:patients.screeningdecision")
def _decision(clinic: Clinic) -> Model:
    return decided(screened(PatientFactory(clinic=clinic)), PractitionerFactory(clinic=clinic))


@makes("admin:patients.screeningconfirmation")
def _confirmation(clinic: Clinic) -> Model:
    return confirmed(screened(PatientFactory(clinic=clinic)))


@makes("patients:section-edit", "patients:question-add")
def _section(clinic: Clinic) -> dict[str, object]:
    return {"pk": seeded(clinic).pk, "section": "skin"}


@makes("patients:question-edit")
def _question(clinic: Clinic) -> dict[str, object]:
    return {"pk": seeded(clinic).pk, "question": "stroke"}


@makes("patients:rule-edit")
def _rule(clinic: Clinic) -> dict[str, object]:
    return {"pk": seeded(clinic).pk, "rule": "stroke"}


@makes(
    "patients:questionnaire",
    "patients:questionnaire-*",
    "patients:section-add",
    "patients:rule-add",
    "api-questionnaire-*",
    "admin:patients.questionnaire",
)
def _questionnaire(clinic: Clinic) -> Model:
    return seeded(clinic)


@makes("admin:patients.clinicalterm")
def _term(clinic: Clinic) -> Model:
    return TermFactory(clinic=clinic)


@makes("admin:patients.patientlink")
def _link(clinic: Clinic) -> Model:
    return LinkFactory(patient=PatientFactory(clinic=clinic))


@makes("admin:patients.contactpreference")
def _preference(clinic: Clinic) -> Model:
    return PreferenceFactory(patient=PatientFactory(clinic=clinic))


# --- treatments -----------------------------------------------------------------------------------


def _course(clinic: Clinic) -> TreatmentPlan:
    return treatments.course(treatments.catalogue(clinic), PractitionerFactory(clinic=clinic))


def _record(clinic: Clinic) -> SessionRecord:
    member = PractitionerFactory(clinic=clinic)
    shelf = treatments.catalogue(clinic)
    return treatments.signed(treatments.course(shelf, member), shelf, member)


@makes(
    "treatments:plan-detail",
    "treatments:plan-activate",
    "treatments:plan-stop",
    "treatments:plan-terms",
    "treatments:plan-ask-consent",
    "treatments:plan-add-session",
    "treatments:cocktail-edit",
    "treatments:consent",
    "api-plan-*",
    "admin:treatments.treatmentplan",
)
def _plan(clinic: Clinic) -> Model:
    return _course(clinic)


@makes("admin:treatments.cocktail")
def _cocktail(clinic: Clinic) -> Model:
    return _course(clinic).cocktails.latest()


@makes("treatments:consent-*", "api-consent-*", "admin:treatments.consent")
def _consent(clinic: Clinic) -> Model:
    return _course(clinic).cocktails.latest().consents.get()


@makes("treatments:session", "treatments:session-*", "admin:treatments.plannedsession")
def _planned_session(clinic: Clinic) -> Model:
    return _course(clinic).sessions.get(number=1)


@makes(
    "api-session-*", "treatments:session-pictures", "treatments:session-pdf",
    "treatments:session-result",
)  # fmt: skip
def _session_with_record(clinic: Clinic) -> Model:
    return _record(clinic).planned_session


@makes("admin:treatments.sessionrecord")
def _session_record(clinic: Clinic) -> Model:
    return _record(clinic)


@makes("admin:treatments.readinessoverride")
def _override(clinic: Clinic) -> Model:
    plan = _course(clinic)
    return ReadinessOverride.objects.create(
        clinic=clinic,
        patient=plan.patient,
        planned_session=plan.sessions.get(number=1),
        codes=["window_too_early"],
        reason="Leaves for a year",
        overridden_at=treatments.NOW,
        overridden_by=plan.practitioner,
    )


@makes("treatments:lot", "treatments:lot-*", "api-lot-*", "admin:treatments.lot")
def _lot(clinic: Clinic) -> Model:
    return treatments.catalogue(clinic).lots["vitamin_c"]


@makes(
    "treatments:event",
    "treatments:event-pictures",
    "treatments:event-follow",
    "treatments:event-reopen",
    "api-adverse-event-*",
    "admin:treatments.adverseevent",
)
def _event(clinic: Clinic) -> Model:
    return AdverseEvent.objects.create(
        clinic=clinic,
        patient=PatientFactory(clinic=clinic),
        effect="swelling",
        severity=2,
        onset_on=treatments.TODAY,
    )


@makes("treatments:recall", "admin:treatments.lotrecall")
def _recall(clinic: Clinic) -> Model:
    return treatments.recalled(clinic)


@makes("treatments:recall-reached", "admin:treatments.recallcontact")
def _recall_contact(clinic: Clinic) -> Model:
    return treatments.recalled(clinic).contacts.get()


@makes("admin:treatments.syringe")
def _syringe(clinic: Clinic) -> Model:
    return treatments.charted(clinic).syringes.get()


@makes("admin:treatments.pointgroup")
def _points(clinic: Clinic) -> Model:
    return treatments.charted(clinic).point_groups.get()


@makes("admin:treatments.outcomereview")
def _review(clinic: Clinic) -> Model:
    return OutcomeReview.objects.create(
        clinic=clinic,
        patient=(record := treatments.charted(clinic)).patient,
        session=record,
        rater="practitioner",
        gais=2,
        reviewed_on=treatments.TODAY,
        by_label="Ayla",
    )


@makes("admin:treatments.textsnippet")
def _snippet(clinic: Clinic) -> Model:
    return TextSnippet.objects.create(clinic=clinic, title="Calm", text="No reaction.")


@makes("treatments:event-report", "treatments:patient-lots")
def _reporting(clinic: Clinic) -> Model:
    return PatientFactory(clinic=clinic)


@makes("api-indication-detail", "admin:treatments.indication")
def _indication(clinic: Clinic) -> Model:
    return treatments.catalogue(clinic).indication


@makes("api-protocol-detail", "admin:treatments.protocol")
def _protocol(clinic: Clinic) -> Model:
    return treatments.catalogue(clinic).protocol


@makes("api-area-detail", "admin:treatments.targetarea")
def _area(clinic: Clinic) -> Model:
    return treatments.catalogue(clinic).cheeks


@makes("api-technique-detail", "admin:treatments.technique")
def _technique(clinic: Clinic) -> Model:
    return treatments.catalogue(clinic).nappage


@makes("api-injection-device-detail", "admin:treatments.injectiondevice")
def _injection_device(clinic: Clinic) -> Model:
    return InjectionDevice.objects.create(clinic=clinic, key="pen", name="Pen")


@makes("api-recipe-detail", "admin:treatments.recipe")
def _recipe(clinic: Clinic) -> Model:
    return Recipe.objects.create(clinic=clinic, key="basic", name="Basic")


@makes("api-ingredient-detail", "admin:treatments.ingredient")
def _ingredient(clinic: Clinic) -> Model:
    return treatments.catalogue(clinic).hyaluron


@makes("api-product-detail", "admin:treatments.product")
def _product(clinic: Clinic) -> Model:
    return treatments.catalogue(clinic).lots["vitamin_c"].product


@makes("api-pair-detail", "admin:treatments.incompatiblepair")
def _pair(clinic: Clinic) -> Model:
    treatments.catalogue(clinic)
    return IncompatiblePair.objects.get(clinic=clinic)


# --- scheduling -----------------------------------------------------------------------------------


def _desk(clinic: Clinic) -> scheduling.Desk:
    return scheduling.desk(PractitionerFactory(clinic=clinic))


@makes(
    "scheduling:appointment",
    "scheduling:status",
    "scheduling:cancel",
    "scheduling:move",
    "scheduling:drop",
    "scheduling:undo",
    "scheduling:push",
    "scheduling:file",
    "api-appointment-*",
    "admin:scheduling.appointment",
)
def _visit(clinic: Clinic) -> Model:
    return _some_visit(clinic)


def _some_visit(clinic: Clinic) -> Appointment:
    tomorrow = timezone.now() + scheduling.DAY
    return scheduling.visit(_desk(clinic), treatments.patient(clinic), tomorrow)


@makes("scheduling:own-move", "scheduling:own-cancel")
def _own_visit(clinic: Clinic) -> dict[str, object]:
    visit, now = _some_visit(clinic), timezone.now()
    _link, token = create_link(
        actor=Actor.system(clinic.pk), patient=visit.patient, purpose=PatientLink.Purpose.VISITS,
        subject_id=None, expires_at=now + scheduling.DAY, now=now,
    )  # fmt: skip
    return {"token": token, "pk": visit.pk}


@makes("admin:scheduling.calendarfeed")
def _calendar_feed(clinic: Clinic) -> Model:
    return CalendarFeed.objects.create(
        clinic=clinic, membership=PractitionerFactory(clinic=clinic), digest="f" * 64, label="Phone"
    )


@makes("admin:scheduling.onlinerules")
def _online_rules(clinic: Clinic) -> Model:
    return OnlineRules.objects.create(clinic=clinic)


@makes("scheduling:online")
def _open_clinic(clinic: Clinic) -> dict[str, object]:
    scheduling.visit_type(clinic, "first-talk", is_online=True)
    OnlineRules.objects.create(clinic=clinic, is_open=True)
    return {"clinic": clinic.slug}


@makes("scheduling:online-form")
def _held_time(clinic: Clinic) -> dict[str, object]:
    desk, monday = _desk(clinic), clinic.today(timezone.now()) + dt.timedelta(days=14)
    _open_clinic(clinic)
    _booking, token = hold_time(
        clinic=clinic, kind=desk.consultation, practitioner_id=desk.member.staff_id,
        start=desk.at(monday - dt.timedelta(days=monday.weekday()), 10), now=timezone.now(),
    )  # fmt: skip
    return {"clinic": clinic.slug, "token": token}


@makes("admin:scheduling.onlinebooking")
def _online_booking(clinic: Clinic) -> Model:
    desk = _desk(clinic)
    now = timezone.now()
    return OnlineBooking.objects.create(
        clinic=clinic, digest="e" * 64, visit_type=desk.consultation,
        practitioner=desk.member.staff, held_until=now + scheduling.DAY,
        during=scheduling.range_of(scheduling.Interval(now, now + scheduling.DAY)),
    )  # fmt: skip


@makes("scheduling:course", "scheduling:course-accept", "api-course")
def _bookable_course(clinic: Clinic) -> Model:
    desk = _desk(clinic)
    return treatments.course(treatments.catalogue(clinic), desk.member)


@makes("admin:scheduling.appointmentstatuschange")
def _status_change(clinic: Clinic) -> Model:
    visit = _some_visit(clinic)
    return AppointmentStatusChange.objects.create(
        clinic=clinic, patient=visit.patient, appointment=visit, to_status="booked",
        at=timezone.now(), by_label="Noor",
    )  # fmt: skip


@makes("admin:scheduling.appointmentmove")
def _visit_move(clinic: Clinic) -> Model:
    visit = _some_visit(clinic)
    return AppointmentMove.objects.create(
        clinic=clinic, patient=visit.patient, appointment=visit, from_during=visit.during,
        to_during=visit.during, from_practitioner=visit.practitioner,
        to_practitioner=visit.practitioner, schedule_version=2, at=timezone.now(), by_label="Noor",
    )  # fmt: skip


@makes("api-room-detail", "admin:scheduling.room")
def _room(clinic: Clinic) -> Model:
    return _desk(clinic).room


@makes("scheduling:hours-resource", "admin:scheduling.device")
def _device(clinic: Clinic) -> Model:
    return Device.objects.create(clinic=clinic, name="Injector", kind="injector")


@makes("api-visit-type-detail", "admin:scheduling.visittype")
def _visit_type(clinic: Clinic) -> Model:
    return _desk(clinic).consultation


@makes("api-working-hours-detail", "admin:scheduling.workinghours")
def _working_hours(clinic: Clinic) -> Model:
    return _desk(clinic).member.staff.working_hours.all()[0]


@makes("scheduling:hours-person")
def _person_with_hours(clinic: Clinic) -> Model:
    return _desk(clinic).member.staff


@makes(
    "scheduling:absence",
    "api-time-off-detail",
    "scheduling:time-off-end",
    "admin:scheduling.timeoff",
)
def _time_off(clinic: Clinic) -> Model:
    now = timezone.now()
    return scheduling.time_off(_desk(clinic), now, now + scheduling.DAY)


@makes("admin:scheduling.resourcehours")
def _resource_hours(clinic: Clinic) -> Model:
    return ResourceHours.objects.create(
        clinic=clinic, room=_desk(clinic).room, weekday=0, starts=dt.time(9), ends=dt.time(17)
    )


@makes("admin:scheduling.bookingrules")
def _booking_rules(clinic: Clinic) -> Model:
    return BookingRules.objects.create(clinic=clinic)


@makes("scheduling:waitlist-leave", "api-waiting-list-detail", "admin:scheduling.waitlistentry")
def _waitlist_entry(clinic: Clinic) -> Model:
    return scheduling.waiting(_desk(clinic), treatments.patient(clinic))


@makes("admin:scheduling.freedtime")
def _freed_time(clinic: Clinic) -> Model:
    return scheduling.freed(_desk(clinic), timezone.now() + scheduling.DAY)


@makes("admin:scheduling.waitlistoffer")
def _waitlist_offer(clinic: Clinic) -> Model:
    desk = _desk(clinic)
    return scheduling.offer(
        desk, scheduling.waiting(desk, treatments.patient(clinic)), timezone.now() + scheduling.DAY
    )


# --- aftercare ------------------------------------------------------------------------------------


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
    return aftercare.checkin(_record(clinic), timezone.now())


@makes("admin:aftercare.checkinphoto")
def _checkin_photo(clinic: Clinic) -> Model:
    checkin = aftercare.checkin(_record(clinic), timezone.now())
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

"""Objects behind the URLs of visits, hours, courses, the waiting list."""

from __future__ import annotations

import datetime as dt

from django.db.models import Model
from django.utils import timezone

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic
from patients.models import PatientLink
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
from tests.access_objects.registry import makes
from tests.factories import scheduling, treatments
from tests.factories.clinic import (
    PractitionerFactory,
)


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


@makes("scheduling:hours-resource", "api-device-detail", "admin:scheduling.device")
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

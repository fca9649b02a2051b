"""Fields of the API, each named: nothing of a model leaks by being added to it."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from rest_framework import serializers

from scheduling.domain.status import Status
from scheduling.models import (
    Appointment,
    Device,
    Room,
    TimeOff,
    VisitType,
    WaitlistEntry,
    WorkingHours,
)
from scheduling.selectors.courses import Wishes
from scheduling.services import (
    AwayRequest,
    Booking,
    CourseBooking,
    CourseVisit,
    Exceptions,
    Move,
    Target,
    WaitlistWish,
)

_MOST_DAYS = 370


def _in_order(attrs: dict[str, Any], *pairs: tuple[str, str]) -> dict[str, Any]:
    """Raises ValidationError where an end is before its beginning; times may not be equal either."""
    for first, last in pairs:
        begins, ends = attrs[first], attrs[last]
        if begins and ends and (ends < begins or (ends == begins and isinstance(ends, time))):
            raise serializers.ValidationError({last: f"This is before {first}."})
    return attrs


class RoomSerializer(serializers.ModelSerializer[Room]):
    """A room."""

    class Meta:
        model = Room
        fields = ["id", "name", "kind", "order", "is_active"]
        read_only_fields = fields


class DeviceSerializer(serializers.ModelSerializer[Device]):
    """A device of which there is only one."""

    class Meta:
        model = Device
        fields = ["id", "name", "kind", "is_active"]
        read_only_fields = fields


class VisitTypeSerializer(serializers.ModelSerializer[VisitType]):
    """What can be booked; minutes."""

    class Meta:
        model = VisitType
        fields = [
            "id", "key", "name", "kind", "duration_min", "buffer_before_min", "buffer_after_min",
            "grid_min", "room_kind", "device_kind", "needs_licence", "given_by", "technique",
            "areas_up_to", "is_online", "notice_hours", "horizon_days", "is_active",
        ]  # fmt: skip
        read_only_fields = fields


class WorkingHoursSerializer(serializers.ModelSerializer[WorkingHours]):
    """One block of a weekday (Monday is 0), on the clinic's clock."""

    class Meta:
        model = WorkingHours
        fields = [
            "id", "practitioner", "weekday", "starts", "ends", "room", "valid_from", "valid_until",
        ]  # fmt: skip
        read_only_fields = fields


class TimeOffSerializer(serializers.ModelSerializer[TimeOff]):
    """Leave, maintenance or (nobody named) a closure; `start` and `end` are instants."""

    start = serializers.DateTimeField(source="during.lower", read_only=True)
    end = serializers.DateTimeField(source="during.upper", read_only=True)

    class Meta:
        model = TimeOff
        fields = [
            "id", "practitioner", "room", "device", "start", "end", "label", "in_force",
        ]  # fmt: skip
        read_only_fields = fields


class AwaySerializer(serializers.Serializer[Any]):
    """Time off to write down, in whole local days."""

    first_day = serializers.DateField()
    last_day = serializers.DateField()
    reason = serializers.CharField(max_length=100)
    practitioner = serializers.UUIDField(required=False, allow_null=True, default=None)
    room = serializers.UUIDField(required=False, allow_null=True, default=None)
    device = serializers.UUIDField(required=False, allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The end comes after the beginning."""
        return _in_order(attrs, ("first_day", "last_day"))

    def to_away(self) -> AwayRequest:
        """As the service takes it."""
        data = self.validated_data
        return AwayRequest(
            first_day=data["first_day"], last_day=data["last_day"], label=data["reason"],
            practitioner_id=data["practitioner"], room_id=data["room"], device_id=data["device"],
        )  # fmt: skip


class WaitlistSerializer(serializers.ModelSerializer[WaitlistEntry]):
    """Somebody on the waiting list."""

    patient_name = serializers.CharField(source="patient.name", read_only=True)

    class Meta:
        model = WaitlistEntry
        fields = [
            "id", "patient", "patient_name", "visit_type", "practitioner", "planned_session",
            "appointment", "weekdays", "starts_from", "starts_until", "first_day", "last_day",
            "note", "status", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class WaitlistWishSerializer(serializers.Serializer[Any]):
    """What somebody waits for; what is left out suits in any case."""

    patient = serializers.UUIDField()
    visit_type = serializers.UUIDField()
    practitioner = serializers.UUIDField(required=False, allow_null=True, default=None)
    planned_session = serializers.UUIDField(required=False, allow_null=True, default=None)
    appointment = serializers.UUIDField(required=False, allow_null=True, default=None)
    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6), required=False, default=list
    )
    starts_from = serializers.TimeField(required=False, allow_null=True, default=None)
    starts_until = serializers.TimeField(required=False, allow_null=True, default=None)
    first_day = serializers.DateField(required=False, allow_null=True, default=None)
    last_day = serializers.DateField(required=False, allow_null=True, default=None)
    note = serializers.CharField(required=False, allow_blank=True, max_length=300, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ends come after beginnings."""
        return _in_order(attrs, ("first_day", "last_day"), ("starts_from", "starts_until"))

    def to_wish(self) -> WaitlistWish:
        """As the service takes it."""
        data = dict(self.validated_data)
        named = ("patient", "visit_type", "practitioner", "planned_session", "appointment")
        ids = {f"{name}_id": data.pop(name) for name in named}
        return WaitlistWish(weekdays=frozenset(data.pop("weekdays")), **ids, **data)


class AppointmentSerializer(serializers.ModelSerializer[Appointment]):
    """A visit; `start` and `end` are what the patient sees."""

    start = serializers.DateTimeField(source="during.lower", read_only=True)
    end = serializers.DateTimeField(source="during.upper", read_only=True)
    patient_name = serializers.CharField(source="patient.name", read_only=True)

    class Meta:
        model = Appointment
        fields = [
            "id", "patient", "patient_name", "practitioner", "room", "device", "visit_type",
            "plan", "planned_session", "start", "end", "status", "held_until", "schedule_version",
            "off_protocol", "note",
        ]  # fmt: skip
        read_only_fields = fields


def shown(visit: Appointment) -> dict[str, object]:
    """The same fields as `AppointmentSerializer`, as plain values: bookings answer many times a
    second, and building a serializer costs more than the insert."""
    return {
        "id": visit.pk,
        "patient": visit.patient_id,
        "patient_name": visit.patient.name,
        "practitioner": visit.practitioner_id,
        "room": visit.room_id,
        "device": visit.device_id,
        "visit_type": visit.visit_type_id,
        "plan": visit.plan_id,
        "planned_session": visit.planned_session_id,
        "start": visit.during.lower,
        "end": visit.during.upper,
        "status": visit.status,
        "held_until": visit.held_until,
        "schedule_version": visit.schedule_version,
        "off_protocol": visit.off_protocol,
        "note": visit.note,
    }


class ExceptionsSerializer(serializers.Serializer[Any]):
    """Rules set aside, with a reason."""

    set_aside_protocol = serializers.BooleanField(default=False)
    set_aside_hours = serializers.BooleanField(default=False)
    reason = serializers.CharField(required=False, allow_blank=True, max_length=300, default="")

    def exceptions(self) -> Exceptions:
        """As the services take them."""
        data = self.validated_data
        return Exceptions(
            clinical=data["set_aside_protocol"], hours=data["set_aside_hours"],
            reason=data["reason"].strip(),
        )  # fmt: skip


class BookSerializer(ExceptionsSerializer):
    """A visit to book. Repeating it with the same `key` is harmless."""

    patient = serializers.UUIDField()
    visit_type = serializers.UUIDField()
    practitioner = serializers.UUIDField()
    start = serializers.DateTimeField()
    room = serializers.UUIDField(required=False, allow_null=True, default=None)
    device = serializers.UUIDField(required=False, allow_null=True, default=None)
    planned_session = serializers.UUIDField(required=False, allow_null=True, default=None)
    note = serializers.CharField(required=False, allow_blank=True, max_length=300, default="")
    key = serializers.CharField(required=False, allow_blank=True, max_length=64, default="")

    def to_booking(self) -> Booking:
        """As the service takes it."""
        data = self.validated_data
        return Booking(
            patient_id=data["patient"], visit_type_id=data["visit_type"],
            practitioner_id=data["practitioner"], start=data["start"], room_id=data["room"],
            device_id=data["device"], planned_session_id=data["planned_session"],
            note=data["note"], key=data["key"], exceptions=self.exceptions(),
        )  # fmt: skip


class LaterSerializer(serializers.Serializer[Any]):
    """A later visit that moves along."""

    appointment = serializers.UUIDField()
    start = serializers.DateTimeField()
    version = serializers.IntegerField(min_value=1)
    practitioner = serializers.UUIDField(required=False, allow_null=True, default=None)


class MoveSerializer(ExceptionsSerializer):
    """Where a visit shall go; `version` is the `schedule_version` that was seen."""

    start = serializers.DateTimeField()
    version = serializers.IntegerField(min_value=1, required=False, allow_null=True, default=None)
    practitioner = serializers.UUIDField(required=False, allow_null=True, default=None)
    room = serializers.UUIDField(required=False, allow_null=True, default=None)
    later = LaterSerializer(many=True, required=False, default=list)

    def to_move(self, pk: Any) -> Move:
        """As the service takes it."""
        data = self.validated_data
        visit = Target(pk, data["start"], data["version"], data["practitioner"], data["room"])
        later = tuple(
            Target(one["appointment"], one["start"], one["version"], one["practitioner"])
            for one in data["later"]
        )
        return Move(
            visit=visit, later=later, reason=data["reason"].strip(), exceptions=self.exceptions()
        )


class StatusSerializer(ExceptionsSerializer):
    """The status to go to."""

    status = serializers.ChoiceField(choices=[(one.value, one.value) for one in Status])


class CancelSerializer(serializers.Serializer[Any]):
    """Why a visit is cancelled."""

    reason = serializers.CharField(max_length=300)


class SlotSerializer(serializers.Serializer[Any]):
    """A time that can be booked."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    practitioner = serializers.UUIDField()
    room = serializers.UUIDField(allow_null=True)


class CourseVisitSerializer(serializers.Serializer[Any]):
    """One session of a course at a time."""

    planned_session = serializers.UUIDField()
    practitioner = serializers.UUIDField()
    start = serializers.DateTimeField()


class ProposalSerializer(serializers.Serializer[Any]):
    """A time for every session still to be placed."""

    emphasis = serializers.CharField()
    visits = CourseVisitSerializer(many=True)


class ProposalsSerializer(serializers.Serializer[Any]):
    """Up to three proposals; `blocked` says in words why there is none."""

    proposals = ProposalSerializer(many=True)
    blocked = serializers.ListField(child=serializers.CharField())


class CourseBookSerializer(ExceptionsSerializer):
    """A whole course to book: all or nothing."""

    visits = CourseVisitSerializer(many=True, allow_empty=False)
    key = serializers.CharField(required=False, allow_blank=True, max_length=64, default="")

    def to_course(self, plan_id: Any, visit_type_id: Any) -> CourseBooking:
        """As the service takes it."""
        visits = tuple(
            CourseVisit(one["planned_session"], one["practitioner"], one["start"])
            for one in self.validated_data["visits"]
        )
        return CourseBooking(
            plan_id=plan_id, visit_type_id=visit_type_id, visits=visits,
            key=self.validated_data["key"], exceptions=self.exceptions(),
        )  # fmt: skip


class WishesSerializer(serializers.Serializer[Any]):
    """What suits the patient."""

    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6), required=False, default=list
    )
    starts_from = serializers.TimeField(required=False, allow_null=True, default=None)
    starts_until = serializers.TimeField(required=False, allow_null=True, default=None)
    practitioner = serializers.UUIDField(required=False, allow_null=True, default=None)
    only = serializers.BooleanField(default=False)
    not_from = serializers.DateField(required=False, allow_null=True, default=None)
    not_until = serializers.DateField(required=False, allow_null=True, default=None)
    not_months = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=12), required=False, default=list
    )
    start_on = serializers.DateField(required=False, allow_null=True, default=None)
    strict = serializers.BooleanField(default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ends come after beginnings."""
        return _in_order(attrs, ("not_from", "not_until"), ("starts_from", "starts_until"))

    def to_wishes(self) -> Wishes:
        """As the planner takes them."""
        data = dict(self.validated_data)
        sets: dict[str, Any] = {
            name: frozenset(data.pop(name)) for name in ("weekdays", "not_months")
        }
        return Wishes(practitioner_id=data.pop("practitioner"), **sets, **data)


class RangeSerializer(serializers.Serializer[Any]):
    """`from` and `to`: local days or instants; at most a year."""

    practitioner = serializers.UUIDField(required=False, allow_null=True, default=None)
    patient = serializers.UUIDField(required=False, allow_null=True, default=None)

    def get_fields(self) -> dict[str, Any]:
        """`from` is no name that a class body may hold."""
        return {
            **super().get_fields(),
            "from": serializers.DateField(),
            "to": serializers.DateField(),
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The end comes after the beginning, and not years after."""
        days = (attrs["to"] - attrs["from"]).days
        if not 0 <= days <= _MOST_DAYS:
            raise serializers.ValidationError({"to": f"Up to {_MOST_DAYS} days after from."})
        return attrs


class FreeSlotsSerializer(RangeSerializer):
    """What to look for."""

    visit_type = serializers.UUIDField()


def iso(moment: datetime) -> str:
    """UTC with a Z, as DRF writes it."""
    return moment.isoformat().replace("+00:00", "Z")

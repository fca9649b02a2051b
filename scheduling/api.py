"""The API of the scheduling room: the same services as the pages."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.http import JsonResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.api import ClinicAPIView, ClinicViewSet
from mesoclinic.clinic.pagination import ByName
from scheduling import serializers as shapes
from scheduling.domain.courses import Proposal
from scheduling.exceptions import AppointmentNotFound
from scheduling.models import (
    Appointment,
    Device,
    Room,
    TimeOff,
    VisitType,
    WaitlistEntry,
    WorkingHours,
)
from scheduling.selectors import courses, explaining
from scheduling.selectors.appointments import (
    appointments_between,
    check_appointment,
    get_appointment,
)
from scheduling.selectors.calendars import Search
from scheduling.selectors.courses import Planned, members_for
from scheduling.selectors.slots import days_between, free_slots
from scheduling.selectors.waitlist import entries
from scheduling.services import (
    StatusChange,
    add_time_off,
    book_appointment,
    book_course,
    cancel_appointment,
    change_status,
    end_time_off,
    join_waitlist,
    leave_waitlist,
    move_appointment,
)
from scheduling.services.checks import bookable_type

_RANGE = [
    OpenApiParameter("from", OpenApiTypes.DATE, required=True, description="First local day."),
    OpenApiParameter("to", OpenApiTypes.DATE, required=True, description="Last local day."),
    OpenApiParameter("practitioner", UUID, description="Staff id; everybody without it."),
]
_NAME = "scheduling.appointment"


@access(Policy.FRONT_DESK)
class AppointmentViewSet(ClinicViewSet):
    """Visits: list a range of days, book, move, cancel, change status."""

    queryset = Appointment.objects.none()
    serializer_class = shapes.AppointmentSerializer

    @extend_schema(parameters=_RANGE, responses=shapes.AppointmentSerializer(many=True))
    def list(self, request: Request) -> Response:
        """The visits of some days, cancelled ones too, in order of start."""
        asked = shapes.RangeSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        within = days_between(self.clinic, data["from"], data["to"])
        rows = appointments_between(self.clinic, within)
        if data["practitioner"]:
            rows = rows.filter(practitioner=data["practitioner"])
        if data["patient"]:
            rows = rows.filter(patient=data["patient"])
        found = list(rows)
        record_read(
            self.actor, model=_NAME, patients=[one.patient_id for one in found], reason="api"
        )
        return Response([shapes.shown(one) for one in found])

    def retrieve(self, request: Request, pk: str) -> Response:
        """One visit."""
        visit = get_appointment(self.clinic, _uuid(pk))
        record_read(
            self.actor, model=_NAME, patients=[visit.patient_id], object_id=pk, reason="api"
        )
        return Response(shapes.shown(visit))

    @extend_schema(request=shapes.BookSerializer, responses={201: shapes.AppointmentSerializer})
    def create(self, request: Request) -> Response:
        """Book. A taken time answers 409 with the next free ones in `next_free`."""
        asked = shapes.BookSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        visit = book_appointment(
            clinic=self.clinic, actor=self.actor, now=timezone.now(), booking=asked.to_booking()
        )
        return Response(shapes.shown(visit), status=status.HTTP_201_CREATED)

    @extend_schema(request=shapes.MoveSerializer, responses=shapes.AppointmentSerializer(many=True))
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Move it, with `later` ones or alone: all or nothing."""
        check_appointment(self.clinic, _uuid(pk))
        asked = shapes.MoveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        moved = move_appointment(
            clinic=self.clinic, actor=self.actor, now=timezone.now(),
            move=asked.to_move(_uuid(pk)),
        )  # fmt: skip
        return Response([shapes.shown(one) for one in moved])

    @extend_schema(request=shapes.CancelSerializer, responses=shapes.AppointmentSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Cancel it, with a reason."""
        check_appointment(self.clinic, _uuid(pk))
        asked = shapes.CancelSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        visit = cancel_appointment(
            clinic=self.clinic, actor=self.actor, now=timezone.now(), appointment_id=_uuid(pk),
            reason=asked.validated_data["reason"],
        )  # fmt: skip
        return Response(shapes.shown(visit))

    @extend_schema(request=shapes.StatusSerializer, responses=shapes.AppointmentSerializer)
    @action(detail=True, methods=["post"])
    def status(self, request: Request, pk: str) -> Response:
        """Change the status along the table of states."""
        check_appointment(self.clinic, _uuid(pk))
        asked = shapes.StatusSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        change = StatusChange(
            appointment_id=_uuid(pk), target=asked.validated_data["status"],
            reason=asked.validated_data["reason"], exceptions=asked.exceptions(),
        )  # fmt: skip
        visit = change_status(
            clinic=self.clinic, actor=self.actor, now=timezone.now(), change=change
        )
        return Response(shapes.shown(visit))


class _ShortList(mixins.ListModelMixin, mixins.RetrieveModelMixin, ClinicViewSet):
    """A short list of settings to read."""

    pagination_class = ByName
    model: ClassVar[Any]

    def get_queryset(self) -> Any:
        """Of the caller's clinic."""
        if getattr(self, "swagger_fake_view", False):
            return self.model.objects.none()
        return self.model.objects.for_clinic(self.clinic)


@access(Policy.STAFF)
class RoomViewSet(_ShortList):
    """Rooms."""

    model = Room
    queryset = Room.objects.none()
    serializer_class = shapes.RoomSerializer


@access(Policy.STAFF)
class DeviceViewSet(_ShortList):
    """Devices."""

    model = Device
    queryset = Device.objects.none()
    serializer_class = shapes.DeviceSerializer


@access(Policy.STAFF)
class VisitTypeViewSet(_ShortList):
    """Visit types."""

    model = VisitType
    queryset = VisitType.objects.none()
    serializer_class = shapes.VisitTypeSerializer


@access(Policy.STAFF)
class WorkingHoursViewSet(_ShortList):
    """Working hours."""

    model = WorkingHours
    queryset = WorkingHours.objects.none()
    serializer_class = shapes.WorkingHoursSerializer


@access(Policy.STAFF)
class TimeOffViewSet(ClinicViewSet):
    """Leave, maintenance and closures: from now on, write down, end."""

    queryset = TimeOff.objects.none()
    serializer_class = shapes.TimeOffSerializer

    @extend_schema(responses=shapes.TimeOffSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Everything that has not ended."""
        rows = TimeOff.objects.for_clinic(self.clinic).filter(during__endswith__gt=timezone.now())
        return Response(shapes.TimeOffSerializer(rows.order_by("during"), many=True).data)

    @extend_schema(request=shapes.AwaySerializer, responses={201: shapes.TimeOffSerializer})
    def create(self, request: Request) -> Response:
        """Write it down. Visits that stand there stay until somebody replans them."""
        asked = shapes.AwaySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made = add_time_off(
            clinic=self.clinic, actor=self.actor, now=timezone.now(), away=asked.to_away()
        )
        return Response(shapes.TimeOffSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Somebody is back; a public holiday is worked."""
        end_time_off(clinic=self.clinic, actor=self.actor, now=timezone.now(), pk=_uuid(pk))
        return Response(status=status.HTTP_204_NO_CONTENT)


@access(Policy.FRONT_DESK)
class WaitlistViewSet(ClinicViewSet):
    """The waiting list: who waits, join, leave."""

    queryset = WaitlistEntry.objects.none()
    serializer_class = shapes.WaitlistSerializer

    @extend_schema(responses=shapes.WaitlistSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Who waits, the longest first."""
        found = list(entries(self.clinic))
        patients = [one.patient_id for one in found]
        record_read(self.actor, model="scheduling.waitlistentry", patients=patients, reason="api")
        return Response(shapes.WaitlistSerializer(found, many=True).data)

    @extend_schema(
        request=shapes.WaitlistWishSerializer, responses={201: shapes.WaitlistSerializer}
    )
    def create(self, request: Request) -> Response:
        """Put somebody on the list."""
        asked = shapes.WaitlistWishSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        entry = join_waitlist(
            clinic=self.clinic, actor=self.actor, now=timezone.now(), wish=asked.to_wish()
        )
        return Response(shapes.WaitlistSerializer(entry).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Take somebody off the list; an offer that waits for them ends."""
        leave_waitlist(clinic=self.clinic, actor=self.actor, now=timezone.now(), entry_id=_uuid(pk))
        return Response(status=status.HTTP_204_NO_CONTENT)


@access(Policy.FRONT_DESK)
class FreeSlots(ClinicAPIView):
    """Times that can be booked."""

    @extend_schema(
        parameters=[*_RANGE, OpenApiParameter("visit_type", UUID, required=True)],
        responses=shapes.SlotSerializer(many=True),
    )
    def get(self, request: Request) -> JsonResponse:
        """Every free start of every practitioner asked for; starts lie on the type's grid."""
        asked = shapes.FreeSlotsSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        data, now = asked.validated_data, timezone.now()
        kind = bookable_type(self.clinic, data["visit_type"])
        people = [data["practitioner"]] if data["practitioner"] else []
        known = {one.staff_id for one in members_for(self.clinic, kind, self.clinic.today(now))}
        search = Search(
            clinic=self.clinic, visit_type=kind,
            practitioners=tuple(one for one in people or sorted(known) if one in known),
            within=days_between(self.clinic, data["from"], data["to"]), now=now,
            patient_id=data["patient"],
        )  # fmt: skip
        # Plain values past the serializer: hundreds of slots are the usual answer.
        return JsonResponse([_slot(one) for one in free_slots(search)], safe=False)


def _slot(slot: Any) -> dict[str, str | None]:
    return {
        "start": shapes.iso(slot.start),
        "end": shapes.iso(slot.end),
        "practitioner": str(slot.practitioner_id),
        "room": str(slot.room_id) if slot.room_id else None,
    }


@access(Policy.FRONT_DESK)
class Courses(ClinicAPIView):
    """The course of a plan: proposals, and booking all of it."""

    @extend_schema(parameters=[shapes.WishesSerializer], responses=shapes.ProposalsSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        """Up to three proposals for the sessions without a visit."""
        plan = courses.get_plan(self.clinic, pk)
        asked = shapes.WishesSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        record_read(self.actor, model=_NAME, patients=[plan.patient_id], reason="api")
        planned = courses.propose(
            self.clinic, courses.course_of(self.clinic, plan), courses.session_type(self.clinic, plan),
            asked.to_wishes(), timezone.now(),
        )  # fmt: skip
        blocked = planned.result.blocked
        words = explaining.obstacle_words(planned, blocked.obstacles) if blocked else []
        proposals = [_proposal(planned, one) for one in planned.result.proposals]
        return Response({"proposals": proposals, "blocked": words})

    @extend_schema(
        request=shapes.CourseBookSerializer,
        responses={201: shapes.AppointmentSerializer(many=True)},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Book all of it, or nothing."""
        plan = courses.get_plan(self.clinic, pk)
        asked = shapes.CourseBookSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        kind = courses.session_type(self.clinic, plan)
        booked = book_course(
            clinic=self.clinic, actor=self.actor, now=timezone.now(),
            course=asked.to_course(plan.pk, kind.pk),
        )  # fmt: skip
        body = [shapes.shown(one) for one in booked]
        return Response(body, status=status.HTTP_201_CREATED)


def _proposal(planned: Planned, proposal: Proposal) -> dict[str, Any]:
    sessions = {one.number: one for one in planned.course.to_place}
    return {
        "emphasis": proposal.emphasis.value,
        "visits": [
            {
                "planned_session": str(sessions[visit.number].pk),
                "practitioner": str(visit.slot.practitioner_id),
                "start": shapes.iso(visit.slot.start),
            }
            for visit in proposal.visits
        ],
    }


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise AppointmentNotFound from None

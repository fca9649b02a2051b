"""The aftercare room for programs: messages, tasks and check-ins."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from aftercare import selectors
from aftercare.models import CheckIn, Message, StaffTask
from aftercare.serializers import (
    CheckInSerializer,
    MessageDecisionSerializer,
    MessageDetailSerializer,
    MessageQuery,
    MessageSerializer,
    PatientQuery,
    TaskOutcomeSerializer,
    TaskSerializer,
)
from aftercare.services import release, tasks
from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.api import ClinicViewSet


class AuditedList(mixins.ListModelMixin, ClinicViewSet):
    """A list that leaves one audit row for each page of it."""

    audit_model = ""

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One page."""
        rows = cast(list[Any], self.paginate_queryset(self.get_queryset()))
        record_read(self.actor, model=self.audit_model, patients=[r.patient_id for r in rows])
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)


@extend_schema_view(list=extend_schema(parameters=[MessageQuery]))
@access(Policy.FRONT_DESK)
class MessageViewSet(AuditedList):
    """The ledger: what was sent, what will be, what was not, and why."""

    serializer_class = MessageSerializer
    queryset = Message.objects.none()
    audit_model = "aftercare.message"

    def get_queryset(self) -> QuerySet[Message]:
        """Newest first; `?patient=` and `?state=` narrow."""
        if getattr(self, "swagger_fake_view", False):
            return Message.objects.none()
        query = MessageQuery(data=self.request.query_params)
        query.is_valid(raise_exception=True)
        return Message.objects.for_clinic(self.clinic).filter(**query.validated_data)

    @extend_schema(responses=MessageDetailSerializer)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One message with its history."""
        message = selectors.message(self.clinic, pk)
        record_read(
            self.actor,
            model=self.audit_model,
            patients=[message.patient_id],
            object_id=str(message.pk),
        )
        return Response(MessageDetailSerializer(message).data)

    @extend_schema(request=MessageDecisionSerializer, responses=MessageSerializer)
    @action(detail=True, methods=["post"])
    def release(self, request: Request, pk: UUID) -> Response:
        """Send a held or failed message again, or leave it."""
        message = selectors.message(self.clinic, pk)
        body = MessageDecisionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        decide = (
            release.send_again
            if body.validated_data["decision"] == "send"
            else release.leave_unsent
        )
        decide(actor=self.actor, clinic=self.clinic, message_id=message.pk, now=timezone.now())
        return Response(MessageSerializer(selectors.message(self.clinic, pk)).data)


@access(Policy.FRONT_DESK)
class TaskViewSet(AuditedList):
    """What waits for somebody of the caller's role."""

    serializer_class = TaskSerializer
    queryset = StaffTask.objects.none()
    audit_model = "aftercare.stafftask"

    def get_queryset(self) -> QuerySet[StaffTask]:
        """Open tasks, newest first."""
        if getattr(self, "swagger_fake_view", False):
            return StaffTask.objects.none()
        return selectors.open_tasks(self.clinic, self.membership.role)

    @extend_schema(request=None, responses=TaskSerializer)
    @action(detail=True, methods=["post"])
    def claim(self, request: Request, pk: UUID) -> Response:
        """Take a task on oneself."""
        task = selectors.task(self.clinic, self.membership.role, pk)
        done = tasks.claim_task(actor=self.actor, clinic=self.clinic, task_id=task.pk)
        return Response(TaskSerializer(done).data)

    @extend_schema(request=TaskOutcomeSerializer, responses=TaskSerializer)
    @action(detail=True, methods=["post"])
    def finish(self, request: Request, pk: UUID) -> Response:
        """Say what came of a task."""
        task = selectors.task(self.clinic, self.membership.role, pk)
        body = TaskOutcomeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        done = tasks.finish_task(
            actor=self.actor,
            clinic=self.clinic,
            task_id=task.pk,
            outcome=body.validated_data["outcome"],
            now=timezone.now(),
        )
        return Response(TaskSerializer(done).data)


@extend_schema_view(list=extend_schema(parameters=[PatientQuery]))
@access(Policy.CLINICAL)
class CheckInViewSet(AuditedList):
    """What patients reported."""

    serializer_class = CheckInSerializer
    queryset = CheckIn.objects.none()
    audit_model = "aftercare.checkin"

    def get_queryset(self) -> QuerySet[CheckIn]:
        """Newest first; `?patient=` narrows."""
        if getattr(self, "swagger_fake_view", False):
            return CheckIn.objects.none()
        query = PatientQuery(data=self.request.query_params)
        query.is_valid(raise_exception=True)
        return CheckIn.objects.for_clinic(self.clinic).filter(**query.validated_data)

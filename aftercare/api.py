"""The aftercare room for programs: messages, tasks and check-ins."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from aftercare import selectors
from aftercare.exceptions import TextRefused
from aftercare.models import CheckIn, Message, MessageTemplate, ProgrammeStep, StaffTask
from aftercare.serializers import (
    CheckInSerializer,
    MessageDecisionSerializer,
    MessageDetailSerializer,
    MessageQuery,
    MessageSerializer,
    MessageTemplateSerializer,
    PatientQuery,
    ProgrammeStepSerializer,
    TaskOutcomeSerializer,
    TaskSerializer,
)
from aftercare.services import release, tasks
from aftercare.services.programme import FIELDS, save_step
from aftercare.services.texts import Texts, save_texts
from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.api import ClinicViewSet
from patients.api.base import as_id


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
    def retrieve(self, request: Request, pk: str) -> Response:
        """One message with its history."""
        message = selectors.message(self.clinic, as_id(pk))
        record_read(
            self.actor,
            model=self.audit_model,
            patients=[message.patient_id],
            object_id=str(message.pk),
        )
        return Response(MessageDetailSerializer(message).data)

    @extend_schema(request=MessageDecisionSerializer, responses=MessageSerializer)
    @action(detail=True, methods=["post"])
    def release(self, request: Request, pk: str) -> Response:
        """Send a held or failed message again, or leave it."""
        message = selectors.message(self.clinic, as_id(pk))
        body = MessageDecisionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        decide = (
            release.send_again
            if body.validated_data["decision"] == "send"
            else release.leave_unsent
        )
        decide(actor=self.actor, clinic=self.clinic, message_id=message.pk, now=timezone.now())
        return Response(MessageSerializer(selectors.message(self.clinic, message.pk)).data)


@access(Policy.MANAGER)
class ProgrammeStepViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ClinicViewSet):
    """The programme: what is sent when, to whom."""

    serializer_class = ProgrammeStepSerializer
    queryset = ProgrammeStep.objects.none()

    def get_queryset(self) -> QuerySet[ProgrammeStep]:
        """All steps of the clinic."""
        if getattr(self, "swagger_fake_view", False):
            return ProgrammeStep.objects.none()
        return ProgrammeStep.objects.for_clinic(self.clinic)

    def create(self, request: Request) -> Response:
        """Add a step; it makes a version of the programme."""
        return Response(self._saved(request, None, ProgrammeStep()), status=201)

    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change a step; what is left out stays as it is."""
        return Response(self._saved(request, pk, self.get_object()))

    def _saved(self, request: Request, pk: UUID | None, step: ProgrammeStep) -> dict[str, Any]:
        body = ProgrammeStepSerializer(step, data=request.data, partial=pk is not None)
        body.is_valid(raise_exception=True)
        values = {name: getattr(step, name) for name in FIELDS} | body.validated_data
        saved = save_step(actor=self.actor, clinic=self.clinic, step_id=pk, values=values)
        return dict(ProgrammeStepSerializer(saved).data)


@access(Policy.MANAGER)
class MessageTemplateViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ClinicViewSet):
    """The words of the messages; the same things are refused as on the page."""

    serializer_class = MessageTemplateSerializer
    queryset = MessageTemplate.objects.none()

    def get_queryset(self) -> QuerySet[MessageTemplate]:
        """All templates of the clinic."""
        if getattr(self, "swagger_fake_view", False):
            return MessageTemplate.objects.none()
        return MessageTemplate.objects.for_clinic(self.clinic)

    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change the words; the approval is gone with it."""
        row = self.get_object()
        body = MessageTemplateSerializer(row, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        names = ("subject", "preheader", "short_text", "body")
        texts = Texts(*(body.validated_data.get(name, getattr(row, name)) for name in names))
        try:
            saved = save_texts(
                actor=self.actor, clinic=self.clinic, template_id=row.pk, texts=texts
            )
        except TextRefused as refused:
            raise ValidationError(refused.problems) from refused
        return Response(MessageTemplateSerializer(saved).data)


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
    def claim(self, request: Request, pk: str) -> Response:
        """Take a task on oneself."""
        task = selectors.task(self.clinic, self.membership.role, as_id(pk))
        done = tasks.claim_task(
            actor=self.actor, clinic=self.clinic, task_id=task.pk, now=timezone.now()
        )
        return Response(TaskSerializer(done).data)

    @extend_schema(request=TaskOutcomeSerializer, responses=TaskSerializer)
    @action(detail=True, methods=["post"])
    def finish(self, request: Request, pk: str) -> Response:
        """Say what came of a task."""
        task = selectors.task(self.clinic, self.membership.role, as_id(pk))
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
        rows = CheckIn.objects.for_clinic(self.clinic).filter(patient__erased_at=None)
        return rows.filter(**query.validated_data)

"""Adverse events."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.api import valid
from mesoclinic.common.errors import NotFound
from patients.selectors import get_patient
from treatments import serializers as shapes
from treatments import services
from treatments.api.base import TreatmentsViewSet
from treatments.models import AdverseEvent, SessionRecord
from treatments.selectors.events import event_list, get_event
from treatments.services.events import EventReport


@access(Policy.CLINICAL)
class EventViewSet(TreatmentsViewSet):
    """Unwanted effects."""

    queryset = AdverseEvent.objects.none()
    serializer_class = shapes.EventSerializer

    @extend_schema(parameters=[OpenApiParameter("show", str, enum=["open", "resolved", "all"])])
    def list(self, request: Request) -> Response:
        """Open ones unless asked otherwise; also of erased persons, whose own pages answer 404."""
        rows = event_list(self.clinic, request.query_params.get("show", "open"))
        page = self.paginate_queryset(rows) or []
        self.read("treatments.adverseevent", *(event.patient_id for event in page))
        return self.get_paginated_response(shapes.EventSerializer(page, many=True).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        """One event."""
        event = get_event(self.clinic, self.id(pk))
        self.read("treatments.adverseevent", event.patient_id)
        return Response(shapes.EventSerializer(event).data)

    @extend_schema(request=shapes.EventCreateSerializer, responses={201: shapes.EventSerializer})
    def create(self, request: Request) -> Response:
        """Report one."""
        data = valid(shapes.EventCreateSerializer, request)
        patient = get_patient(self.clinic, data.pop("patient"))
        session_id = data.pop("session")
        session = None
        if session_id is not None:
            session = SessionRecord.objects.filter(pk=session_id, patient=patient).first()
            if session is None:
                raise NotFound
        event = services.report_adverse_event(
            patient=patient,
            report=EventReport(session=session, **data),
            actor=self.actor,
            now=timezone.now(),
        )
        return Response(shapes.EventSerializer(event).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=shapes.EventOutcomeSerializer, responses=shapes.EventSerializer)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: str) -> Response:
        """Close it with its outcome."""
        event = services.resolve_adverse_event(
            event=get_event(self.clinic, self.id(pk)),
            outcome=valid(shapes.EventOutcomeSerializer, request)["outcome"],
            actor=self.actor,
            now=timezone.now(),
        )
        return Response(shapes.EventSerializer(event).data)

    @extend_schema(request=shapes.EventFollowSerializer, responses=shapes.EventSerializer)
    @action(detail=True, methods=["post"])
    def follow(self, request: Request, pk: str) -> Response:
        """Judge it anew; 409 once it is closed."""
        event = services.follow_adverse_event(
            event=get_event(self.clinic, self.id(pk)),
            follow_up=services.FollowUp(**valid(shapes.EventFollowSerializer, request)),
            actor=self.actor,
            now=timezone.now(),
        )
        return Response(shapes.EventSerializer(event).data)

    @extend_schema(request=shapes.ReasonTextSerializer, responses=shapes.EventSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str) -> Response:
        """Open it again; 409 while it is open."""
        event = services.reopen_adverse_event(
            event=get_event(self.clinic, self.id(pk)),
            reason=valid(shapes.ReasonTextSerializer, request)["reason"],
            actor=self.actor,
            now=timezone.now(),
        )
        return Response(shapes.EventSerializer(event).data)

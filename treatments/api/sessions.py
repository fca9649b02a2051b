"""Session records: begun, filled, signed, added to."""

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
from treatments import serializers as shapes
from treatments import services
from treatments.api.base import TreatmentsViewSet
from treatments.api.plans import moment
from treatments.domain.injections import read_map
from treatments.domain.readiness import Moment
from treatments.models import PlannedSession, SessionRecord
from treatments.selectors.drafts import draft_rows
from treatments.selectors.plans import get_record, get_session


@access(Policy.CLINICAL)
class SessionViewSet(TreatmentsViewSet):
    """Sessions of plans, by the id of the planned session."""

    queryset = SessionRecord.objects.none()
    serializer_class = shapes.SessionRecordSerializer

    def retrieve(self, request: Request, pk: str) -> Response:
        """The record; 404 before the session has begun."""
        record = self.record(self.session(pk))
        self.read("treatments.sessionrecord", record.patient_id)
        return Response(shapes.SessionRecordSerializer(record).data)

    @extend_schema(request=None, responses=shapes.SessionRecordSerializer)
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: str) -> Response:
        """Open the record. 409 with what stops it."""
        record = services.start_session(
            planned_session=self.session(pk), actor=self.actor, now=timezone.now()
        )
        return Response(shapes.SessionRecordSerializer(record).data)

    @extend_schema(request=shapes.RowsSerializer, responses=shapes.SessionRecordSerializer)
    @action(detail=True, methods=["put"])
    def doses(self, request: Request, pk: str) -> Response:
        """Set the rows of what is given; they may be incomplete until the signature."""
        record = self.record(self.session(pk))
        rows = valid(shapes.RowsSerializer, request)["rows"]
        record = services.record_doses(
            record=record,
            rows=[services.DraftRow(**row) for row in rows],
            actor=self.actor,
            now=timezone.now(),
        )
        return Response(shapes.SessionRecordSerializer(record).data)

    @extend_schema(request=shapes.MapSerializer, responses=shapes.SessionRecordSerializer)
    @action(detail=True, methods=["put"])
    def map(self, request: Request, pk: str) -> Response:
        """Set the points and syringes of an unsigned record."""
        record = self.record(self.session(pk))
        drawing = read_map(valid(shapes.MapSerializer, request))
        record = services.save_draft(
            record=record,
            draft=services.Draft(drawing=drawing),
            actor=self.actor,
            now=timezone.now(),
        )
        return Response(shapes.SessionRecordSerializer(record).data)

    @extend_schema(request=shapes.ReviewSerializer, responses={201: shapes.ReviewSerializer})
    @action(detail=True, methods=["post"])
    def reviews(self, request: Request, pk: str) -> Response:
        """Judge the result after a signed session."""
        made = services.review_outcome(
            session=self.record(self.session(pk)),
            judgement=services.Judgement(**valid(shapes.ReviewSerializer, request)),
            actor=self.actor,
            now=timezone.now(),
        )
        return Response(shapes.ReviewSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=shapes.SignSerializer, responses=shapes.SessionRecordSerializer)
    @action(detail=True, methods=["post"])
    def sign(self, request: Request, pk: str) -> Response:
        """Sign. 400 with everything that is missing, 409 for a lot that can't be used.

        `lot_withdrawn_since` says that a lot was withdrawn after the session began: sign again
        with `given_before_withdrawal` if it was given before, else with another lot.
        """
        record = self.record(self.session(pk))
        said = valid(shapes.SignSerializer, request)["given_before_withdrawal"]
        lots = {row.ref("lot") for row in draft_rows(record)} if said else set()
        signed = services.sign_session(
            record=record,
            actor=self.actor,
            now=timezone.now(),
            given_before={pk for pk in lots if pk is not None},
        )
        return Response(shapes.SessionRecordSerializer(signed).data)

    @extend_schema(request=shapes.AddendumSerializer, responses={201: shapes.AddendumSerializer})
    @action(detail=True, methods=["post"])
    def addenda(self, request: Request, pk: str) -> Response:
        """Add to a signed record."""
        added = services.add_addendum(
            record=self.record(self.session(pk)),
            text=valid(shapes.AddendumSerializer, request)["text"],
            actor=self.actor,
            now=timezone.now(),
        )
        shown = shapes.AddendumSerializer(added).data
        return Response(shown, status=status.HTTP_201_CREATED)

    @extend_schema(
        parameters=[OpenApiParameter("at", str, enum=[one.value for one in Moment])],
        responses=shapes.ReadinessSerializer,
    )
    @action(detail=True)
    def readiness(self, request: Request, pk: str) -> Response:
        """The gate's answer for this session, as of today."""
        session = self.session(pk)
        self.read("treatments.plannedsession", session.patient_id)
        now = timezone.now()
        answer = services.assess_readiness(
            planned_session=session, at=moment(request), now=now, on=self.clinic.today(now)
        )
        return Response(shapes.ReadinessSerializer(answer).data)

    def session(self, pk: str) -> PlannedSession:
        """The planned session of the URL."""
        return get_session(self.clinic, self.id(pk))

    def record(self, session: PlannedSession) -> SessionRecord:
        """Its record, else 404."""
        record = get_record(session)
        if record is None:
            raise NotFound
        return record

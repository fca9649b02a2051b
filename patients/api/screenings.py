"""The API of screenings: begin, answer, submit; what they came to; decisions."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.api import ClinicViewSet
from patients import serializers as shapes
from patients.api.base import OF_PATIENT, as_id
from patients.exceptions import ScreeningNotFound
from patients.models import Screening
from patients.models import ScreeningResult as ResultRow
from patients.selectors import get_patient, get_screening, results_of
from patients.services import (
    check_can_fill,
    decide_screening,
    save_answers,
    start_screening,
    submit_screening,
)


@access(Policy.FRONT_DESK)
class ScreeningViewSet(mixins.ListModelMixin, ClinicViewSet):
    """Screenings: begin, answer, submit; what they came to; decisions."""

    queryset = Screening.objects.none()
    serializer_class = shapes.ScreeningSerializer

    def get_queryset(self) -> QuerySet[Screening]:
        """The screenings of one patient (`?patient=`), newest first."""
        if getattr(self, "swagger_fake_view", False):
            return Screening.objects.none()
        patient = get_patient(self.clinic, as_id(self.request.query_params.get("patient", "")))
        self.read("patients.screening", patient.pk)
        return Screening.objects.filter(patient=patient).defer("answers")

    @extend_schema(parameters=[OF_PATIENT])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The screenings of one patient."""
        return super().list(request, *args, **kwargs)

    def retrieve(self, request: Request, pk: str) -> Response:
        """One screening; practitioners see the answers."""
        screening = get_screening(self.clinic, as_id(pk))
        self.read("patients.screening", screening.patient_id)
        return Response(self._shown(screening))

    @extend_schema(
        request=shapes.ScreeningStartSerializer, responses={201: shapes.ScreeningSerializer}
    )
    def create(self, request: Request) -> Response:
        """Begin at the desk, or get the draft there is."""
        shape = shapes.ScreeningStartSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        screening = start_screening(
            actor=self.actor,
            patient=get_patient(self.clinic, shape.validated_data["patient"]),
            channel=Screening.Channel.DESK,
            now=timezone.now(),
            prefill=shape.validated_data["prefill"],
        )
        return Response(self._shown(screening), status=status.HTTP_201_CREATED)

    @extend_schema(request=shapes.AnswersSerializer, responses=shapes.ScreeningSerializer)
    @action(detail=True, methods=["post"])
    def answers(self, request: Request, pk: str) -> Response:
        """Keep some answers."""
        screening = self._draft(pk)
        shape = shapes.AnswersSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        screening = save_answers(
            actor=self.actor, screening=screening, now=timezone.now(),
            answers=shape.validated_data["answers"],
        )  # fmt: skip
        return Response(self._shown(screening))

    @extend_schema(request=shapes.SubmitSerializer, responses=shapes.ResultSerializer)
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, pk: str) -> Response:
        """Close for good; answers the judgement, without reasons for roles that may not see them."""
        screening = self._draft(pk)
        shape = shapes.SubmitSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        row = submit_screening(
            actor=self.actor, screening=screening, now=timezone.now(),
            signed_name=shape.validated_data["signed_name"],
        )  # fmt: skip
        return Response(self._judged(row))

    @extend_schema(responses=shapes.ResultSerializer)
    @action(detail=True, methods=["get"])
    def result(self, request: Request, pk: str) -> Response:
        """The latest judgement."""
        row = self._latest(pk)
        self.read("patients.screeningresult", row.patient_id)
        return Response(self._judged(row))

    @extend_schema(
        request=shapes.ScreeningDecisionSerializer, responses=shapes.ScreeningDecisionSerializer
    )
    @access(Policy.CLINICAL)
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: str) -> Response:
        """Sign a decision on the latest judgement."""
        row = self._latest(pk)
        shape = shapes.ScreeningDecisionSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        decision = decide_screening(
            actor=self.actor, result=row, data=shape.to_data(), now=timezone.now()
        )
        return Response(
            shapes.ScreeningDecisionSerializer(decision).data, status=status.HTTP_201_CREATED
        )

    def _draft(self, pk: str) -> Screening:
        screening = get_screening(self.clinic, as_id(pk))
        check_can_fill(self.actor, screening)
        return screening

    def _latest(self, pk: str) -> ResultRow:
        screening = get_screening(self.clinic, as_id(pk))
        rows = results_of(screening)
        if not rows:
            raise ScreeningNotFound
        rows[0].patient = screening.patient
        return rows[0]

    def _shown(self, screening: Screening) -> dict[str, Any]:
        kind = (
            shapes.ScreeningWithAnswersSerializer if self.clinical else shapes.ScreeningSerializer
        )
        return dict(kind(screening).data)

    def _judged(self, row: ResultRow) -> dict[str, Any]:
        kind = shapes.ResultSerializer if self.clinical else shapes.ScreeningOutcomeSerializer
        return dict(kind(row).data)

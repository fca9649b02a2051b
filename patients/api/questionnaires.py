"""The API of questionnaires: read every version, write the draft, publish it."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.api import ClinicViewSet
from patients import serializers as shapes
from patients.api.base import as_id
from patients.exceptions import NoQuestionnaire
from patients.models import Questionnaire
from patients.selectors import get_questionnaire, published_questionnaire, questionnaires_of
from patients.services import check_spec, edit_draft, publish_questionnaire, start_draft


@access(Policy.CLINICAL_OR_MANAGER)
class QuestionnaireViewSet(ClinicViewSet):
    """Versions of the questionnaire: drafts are written whole, published ones never change."""

    queryset = Questionnaire.objects.none()
    serializer_class = shapes.QuestionnaireSerializer

    @extend_schema(responses=shapes.QuestionnaireSerializer(many=True))
    def list(self, request: Request) -> Response:
        """All versions, newest first."""
        rows = questionnaires_of(self.clinic)
        return Response(shapes.QuestionnaireSerializer(rows, many=True).data)

    @extend_schema(responses=shapes.QuestionnaireWithSpecSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One version with its questions and rules."""
        row = get_questionnaire(self.clinic, as_id(pk))
        return Response(shapes.QuestionnaireWithSpecSerializer(row).data)

    @extend_schema(request=None, responses={201: shapes.QuestionnaireWithSpecSerializer})
    def create(self, request: Request) -> Response:
        """A draft copied from the version in force, or the draft that is open."""
        source = published_questionnaire(self.clinic)
        if source is None:
            raise NoQuestionnaire
        row = start_draft(actor=self.actor, source=source, now=timezone.now())
        shown = shapes.QuestionnaireWithSpecSerializer(row).data
        return Response(shown, status=status.HTTP_201_CREATED)

    @extend_schema(
        request=shapes.QuestionnaireWithSpecSerializer,
        responses=shapes.QuestionnaireWithSpecSerializer,
    )
    def update(self, request: Request, pk: str) -> Response:
        """Write the questions and rules of a draft."""
        row = get_questionnaire(self.clinic, as_id(pk))
        shape = shapes.QuestionnaireWithSpecSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        spec = check_spec(shape.validated_data["spec"])
        row = edit_draft(
            actor=self.actor, questionnaire=row, change=lambda _before: spec, now=timezone.now()
        )
        return Response(shapes.QuestionnaireWithSpecSerializer(row).data)

    @extend_schema(request=None, responses=shapes.QuestionnaireSerializer)
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, pk: str) -> Response:
        """Put a draft into force; the version before is retired."""
        row = get_questionnaire(self.clinic, as_id(pk))
        row = publish_questionnaire(actor=self.actor, questionnaire=row, now=timezone.now())
        return Response(shapes.QuestionnaireSerializer(row).data)

"""The API of photographs and documents."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.api import ClinicViewSet
from patients import serializers as shapes
from patients.api.base import OF_PATIENT, as_id
from patients.models import PatientFile
from patients.selectors import get_file, get_patient
from patients.services import Upload, add_file, file_response, relabel_file, withdraw_file


@access(Policy.CLINICAL)
class PatientFileViewSet(mixins.ListModelMixin, ClinicViewSet):
    """Photographs and documents. They are withdrawn with a reason, never deleted."""

    queryset = PatientFile.objects.none()
    serializer_class = shapes.PatientFileSerializer
    parser_classes = [MultiPartParser, JSONParser]

    def get_queryset(self) -> QuerySet[PatientFile]:
        """The files of one patient (`?patient=`), newest first."""
        if getattr(self, "swagger_fake_view", False):
            return PatientFile.objects.none()
        patient = get_patient(self.clinic, as_id(self.request.query_params.get("patient", "")))
        self.read("patients.patientfile", patient.pk)
        return PatientFile.objects.shown().filter(patient=patient).select_related("uploaded_by")

    @extend_schema(parameters=[OF_PATIENT])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The files of one patient."""
        return super().list(request, *args, **kwargs)

    def retrieve(self, request: Request, pk: str) -> Response:
        """What is known of one file."""
        return Response(self.get_serializer(self._file(pk)).data)

    @extend_schema(
        request={"multipart/form-data": shapes.FileUploadSerializer},
        responses={201: shapes.PatientFileSerializer, 200: shapes.PatientFileSerializer},
    )
    def create(self, request: Request) -> Response:
        """Keep one file (201); the same bytes again answer the file there is (200)."""
        shape = shapes.FileUploadSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        sent = shape.validated_data["file"]
        kept = add_file(
            actor=self.actor, patient=get_patient(self.clinic, shape.validated_data["patient"]),
            upload=Upload(sent.name, sent.size, sent.read), labels=shape.to_labels(),
            now=timezone.now(),
        )  # fmt: skip
        code = status.HTTP_200_OK if kept.is_known else status.HTTP_201_CREATED
        return Response(self.get_serializer(kept.file).data, status=code)

    @extend_schema(request=shapes.FileRelabelSerializer, responses=shapes.PatientFileSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Correct some labels."""
        file = self._file(pk)
        shape = shapes.FileRelabelSerializer(data=request.data, partial=True)
        shape.is_valid(raise_exception=True)
        labels = shape.to_labels(file)
        file = relabel_file(actor=self.actor, file=file, labels=labels, now=timezone.now())
        return Response(self.get_serializer(file).data)

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    @action(detail=True, methods=["get"])
    def content(self, request: Request, pk: str) -> HttpResponseBase:
        """The bytes, in their own media type."""
        return file_response(self._file(pk))

    @extend_schema(request=shapes.FileWithdrawSerializer, responses={204: None})
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take it out of sight, with a reason."""
        file = self._file(pk)
        shape = shapes.FileWithdrawSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        withdraw_file(actor=self.actor, file=file, now=timezone.now(), **shape.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _file(self, pk: str) -> PatientFile:
        file = get_file(self.clinic, as_id(pk))
        self.read("patients.patientfile", file.patient_id)
        return file

"""The API of the safety record: allergies, medicines, conditions."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.api import ClinicViewSet
from patients import serializers as shapes
from patients.api.base import OF_PATIENT, as_id
from patients.models import Allergy, Condition, Medicine
from patients.selectors import get_fact, get_patient
from patients.services import add_fact, change_fact, end_fact


class FactViewSet(ClinicViewSet):
    """One list of the safety record; entries are ended, never deleted."""

    kind: ClassVar[str]

    @extend_schema(parameters=[OF_PATIENT])
    def list(self, request: Request) -> Response:
        """The entries of one patient (`?patient=`)."""
        patient = get_patient(self.clinic, as_id(request.query_params.get("patient", "")))
        rows: QuerySet[Any] = self.get_queryset().model.objects.filter(patient=patient)
        self.read(f"patients.{self.kind}", patient.pk)
        return Response(self.get_serializer(rows, many=True).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        """One entry."""
        row = get_fact(self.clinic, None, self.kind, as_id(pk))
        self.read(f"patients.{self.kind}", row.patient_id)
        return Response(self.get_serializer(row).data)

    def create(self, request: Request) -> Response:
        """Add; the latest screening is judged anew."""
        shape: Any = self.get_serializer(data=request.data)
        shape.is_valid(raise_exception=True)
        patient = get_patient(self.clinic, shape.validated_data["patient_id"])
        row = add_fact(actor=self.actor, patient=patient, data=shape.to_data(), now=timezone.now())
        return Response(self.get_serializer(row).data, status=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Correct an entry of the clinic's own; imported ones answer 409."""
        row = get_fact(self.clinic, None, self.kind, as_id(pk))
        shape: Any = self.get_serializer(row, data=request.data, partial=True)
        shape.is_valid(raise_exception=True)
        row = change_fact(actor=self.actor, fact=row, data=shape.to_data(), now=timezone.now())
        return Response(self.get_serializer(row).data)

    @extend_schema(request=shapes.EndSerializer)
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Response:
        """It no longer applies."""
        row = get_fact(self.clinic, None, self.kind, as_id(pk))
        shape = shapes.EndSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        row = end_fact(
            actor=self.actor, fact=row, now=timezone.now(),
            ended_on=shape.validated_data.get("ended_on"),
        )  # fmt: skip
        return Response(self.get_serializer(row).data)


@access(Policy.CLINICAL)
class AllergyViewSet(FactViewSet):
    """Allergies."""

    kind = "allergy"
    queryset = Allergy.objects.none()
    serializer_class = shapes.AllergySerializer


@access(Policy.CLINICAL)
class MedicineViewSet(FactViewSet):
    """Medicines."""

    kind = "medicine"
    queryset = Medicine.objects.none()
    serializer_class = shapes.MedicineSerializer


@access(Policy.CLINICAL)
class ConditionViewSet(FactViewSet):
    """Conditions."""

    kind = "condition"
    queryset = Condition.objects.none()
    serializer_class = shapes.ConditionSerializer

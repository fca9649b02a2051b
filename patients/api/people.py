"""The API of patients: who they are and how to reach them."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.api import ClinicViewSet
from patients import serializers as shapes
from patients.api.base import as_id
from patients.models import Patient
from patients.selectors import get_patient, search_patients
from patients.services import register_patient, update_patient

_SEARCH = [
    OpenApiParameter("q", str, description="Words of the name, phone, e-mail or record number."),
    OpenApiParameter("after", str, description="The cursor of the page before."),
]


@access(Policy.FRONT_DESK)
class PatientViewSet(ClinicViewSet):
    """Patients: who they are and how to reach them."""

    queryset = Patient.objects.none()
    serializer_class = shapes.PatientSerializer

    def shape(self, *args: Any, **kwargs: Any) -> shapes.PatientSerializer:
        """The fields of the caller's role."""
        kind = shapes.ClinicalPatientSerializer if self.clinical else shapes.PatientSerializer
        return kind(*args, **kwargs)

    @extend_schema(parameters=_SEARCH, responses=shapes.PatientPageSerializer)
    def list(self, request: Request) -> Response:
        """Twenty patients by name, or those who are found by `q`."""
        page = search_patients(
            self.clinic,
            request.query_params.get("q", "")[:100],
            after=request.query_params.get("after", ""),
        )
        self.read("patients.patient", *(one.pk for one in page.patients))
        shown = {
            "results": page.patients, "after": page.after, "by_similarity": page.by_similarity,
        }  # fmt: skip
        return Response(shapes.PatientPageSerializer(shown).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        """One patient."""
        patient = get_patient(self.clinic, as_id(pk))
        self.read("patients.patient", patient.pk)
        return Response(self.shape(patient).data)

    def create(self, request: Request) -> Response:
        """Register. Somebody alike answers 409 unless `accept_duplicate` is true."""
        shape = self.shape(data=request.data)
        shape.is_valid(raise_exception=True)
        extra = shapes.PatientCreateSerializer(data=request.data)
        extra.is_valid(raise_exception=True)
        patient = register_patient(
            actor=self.actor, clinic=self.clinic, data=shape.to_data(), now=timezone.now(),
            accept_duplicate=extra.validated_data["accept_duplicate"],
        )  # fmt: skip
        return Response(self.shape(patient).data, status=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change some fields."""
        patient = get_patient(self.clinic, as_id(pk))
        shape = self.shape(patient, data=request.data, partial=True)
        shape.is_valid(raise_exception=True)
        patient = update_patient(
            actor=self.actor, patient=patient, data=shape.to_data(), now=timezone.now()
        )
        return Response(self.shape(patient).data)

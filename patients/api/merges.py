"""The API of duplicates: who may be in the books twice, merging, and parting again."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.api import ClinicViewSet, valid
from patients.api.base import as_id
from patients.models import Patient, PatientMerge
from patients.selectors import get_merge, get_patient, suspected_pairs
from patients.serializers import merges as shapes
from patients.services import merge_patients, undo_merge

_KEPT = OpenApiParameter("patient", UUID, description="Only merges into this entry.")


@access(Policy.FRONT_DESK)
class DuplicateViewSet(ClinicViewSet):
    """Pairs of entries that may be one person."""

    queryset = Patient.objects.none()
    serializer_class = shapes.DuplicatePairSerializer
    pagination_class = None

    @extend_schema(responses=shapes.DuplicatePairSerializer(many=True))
    def list(self, request: Request) -> Response:
        """The likeliest fifty pairs first."""
        pairs = suspected_pairs(self.clinic)
        self.read("patients.patient", *(one.pk for pair in pairs for one in pair.both))
        return Response(shapes.DuplicatePairSerializer(pairs, many=True).data)


@access(Policy.CLINICAL_OR_MANAGER)
class MergeViewSet(mixins.ListModelMixin, ClinicViewSet):
    """Merges; each can be undone for thirty days."""

    queryset = PatientMerge.objects.none()
    serializer_class = shapes.MergeSerializer

    def get_queryset(self) -> QuerySet[PatientMerge]:
        """All merges, newest first, or those into one entry (`?patient=`)."""
        if getattr(self, "swagger_fake_view", False):
            return PatientMerge.objects.none()
        rows = PatientMerge.objects.for_clinic(self.clinic).defer("moved", "changes", "created")
        wanted = self.request.query_params.get("patient")
        return rows.filter(kept=get_patient(self.clinic, as_id(wanted))) if wanted else rows

    @extend_schema(parameters=[_KEPT])
    def list(self, request: Request) -> Response:
        """Merges, newest first."""
        page = self.paginate_queryset(self.get_queryset()) or []
        self.read("patients.patientmerge", *(one.kept_id for one in page))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        """One merge."""
        merge = get_merge(self.clinic, as_id(pk))
        self.read("patients.patientmerge", merge.kept_id)
        return Response(self.get_serializer(merge).data)

    @extend_schema(request=shapes.MergeCreateSerializer, responses={201: shapes.MergeSerializer})
    def create(self, request: Request) -> Response:
        """Give everything of `drop` to `keep`."""
        data = valid(shapes.MergeCreateSerializer, request)
        keep, drop = (get_patient(self.clinic, data[one]) for one in ("keep", "drop"))
        merge = merge_patients(actor=self.actor, keep=keep, drop=drop, now=timezone.now())
        return Response(self.get_serializer(merge).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=shapes.MergeSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Part the two entries again."""
        merge = get_merge(self.clinic, as_id(pk))
        undo_merge(actor=self.actor, merge=merge, now=timezone.now())
        return Response(self.get_serializer(get_merge(self.clinic, merge.pk)).data)

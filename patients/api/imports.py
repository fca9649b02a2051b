"""The API of imports: a table is sent, matched, checked without writing, imported, taken back."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.api import ClinicViewSet, valid
from mesoclinic.clinic.pagination import ByName
from patients.api.base import as_id
from patients.models import ImportRow, ImportRun
from patients.selectors.imports import get_run, lines_of
from patients.serializers import imports as shapes
from patients.services import (
    advance_run,
    discard_run,
    set_mapping,
    start_importing,
    start_table,
    undo_import,
)

_STATE = OpenApiParameter("state", str, enum=ImportRow.State.values)
_DETAIL = extend_schema(request=None, responses=shapes.ImportDetailSerializer)


@access(Policy.FRONT_DESK)
class ImportViewSet(mixins.ListModelMixin, ClinicViewSet):
    """Imports. Checking and importing go by batches: the clock does them, or `advance` at once."""

    queryset = ImportRun.objects.none()
    serializer_class = shapes.ImportRunSerializer
    parser_classes = [MultiPartParser, JSONParser]

    def get_queryset(self) -> QuerySet[ImportRun]:
        """All imports of the clinic, bundles too, newest first."""
        if getattr(self, "swagger_fake_view", False):
            return ImportRun.objects.none()
        return ImportRun.objects.for_clinic(self.clinic)

    @_DETAIL
    def retrieve(self, request: Request, pk: str) -> Response:
        """One import with its columns and how many lines are in each state."""
        return self._shown(self._run(pk))

    @extend_schema(
        request={"multipart/form-data": shapes.ImportFileSerializer},
        responses={201: shapes.ImportDetailSerializer},
    )
    def create(self, request: Request) -> Response:
        """Send a table; nothing is imported. The answer guesses what its columns are."""
        sent = valid(shapes.ImportFileSerializer, request)["file"]
        run = start_table(
            actor=self.actor, clinic=self.clinic, name=sent.name, data=sent.read(),
            now=timezone.now(),
        )  # fmt: skip
        return self._shown(run, status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Discard a table that was not imported."""
        discard_run(actor=self.actor, run=self._run(pk))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=shapes.MappingSerializer, responses=shapes.ImportDetailSerializer)
    @action(detail=True, methods=["put"])
    def mapping(self, request: Request, pk: str) -> Response:
        """Say what each column is, and have every line checked anew."""
        run = self._run(pk)
        data = valid(shapes.MappingSerializer, request)
        return self._shown(set_mapping(actor=self.actor, run=run, **data))

    @extend_schema(parameters=[_STATE], responses=shapes.ImportLineSerializer(many=True))
    @action(detail=True, methods=["get"], pagination_class=ByName)
    def lines(self, request: Request, pk: str) -> Response:
        """The report, line by line."""
        rows = lines_of(self._run(pk), request.query_params.get("state", ""))
        page = self.paginate_queryset(rows) or []
        self.read("patients.patient", *(one.patient_id for one in page if one.patient_id))
        return self.get_paginated_response(shapes.ImportLineSerializer(page, many=True).data)

    @_DETAIL
    @action(detail=True, methods=["post"])
    def advance(self, request: Request, pk: str) -> Response:
        """Check or import the next batch now."""
        run = advance_run(actor=self.actor, run=self._run(pk), now=timezone.now())
        return self._shown(run)

    @_DETAIL
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: str) -> Response:
        """Import what was found good."""
        return self._shown(start_importing(actor=self.actor, run=self._run(pk)))

    @_DETAIL
    @access(Policy.CLINICAL_OR_MANAGER)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Take the whole import back, for thirty days."""
        run = undo_import(actor=self.actor, run=self._run(pk), now=timezone.now())
        return self._shown(run)

    def _run(self, pk: str) -> ImportRun:
        return get_run(self.clinic, as_id(pk))

    def _shown(self, run: ImportRun, code: int = status.HTTP_200_OK) -> Response:
        shown: dict[str, Any] = dict(shapes.ImportDetailSerializer(run).data)
        return Response(shown, status=code)

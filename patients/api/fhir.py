"""FHIR R4 over the API: bundles come in and go out as they do on the pages."""

from __future__ import annotations

from typing import IO, Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from mesoclinic.audit.models import Action, AuditEntry
from mesoclinic.audit.services import record
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.api import ClinicViewSet
from mesoclinic.common.errors import DomainError
from patients.api.base import as_id
from patients.exceptions import BundleUnreadable
from patients.models import ImportRun, Patient
from patients.selectors import get_patient
from patients.selectors.dossier import entries_of
from patients.services import import_bundle
from patients.services.fhir_out import patient_bundle
from patients.services.runs import drop_if_empty, start_bundles

MOST_BYTES = 20_000_000


class BundleParser(BaseParser):
    """The bytes as they came: the importer reads them itself, and says what is wrong with them."""

    media_type = "application/fhir+json"

    def parse(  # type: ignore[override]
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None
    ) -> bytes:
        """At most one byte more than is taken."""
        return stream.read(MOST_BYTES + 1)


class PlainBundleParser(BundleParser):
    """The same, called JSON."""

    media_type = "application/json"


class ImportedSerializer(serializers.Serializer[Any]):
    """What became of one patient of a bundle. `problems`: what a person must complete."""

    patient_id = serializers.UUIDField(source="patient.pk")
    record_number = serializers.CharField(source="patient.record_number")
    created = serializers.BooleanField()
    unchanged = serializers.BooleanField(source="is_unchanged")
    problems = serializers.ListField(child=serializers.CharField())


@access(Policy.CLINICAL)
class FhirViewSet(ClinicViewSet):
    """Bundles of patients with allergies, conditions and medicines."""

    queryset = Patient.objects.none()
    serializer_class = ImportedSerializer
    parser_classes = [BundleParser, PlainBundleParser]

    @extend_schema(
        request={"application/fhir+json": OpenApiTypes.OBJECT, "application/json": OpenApiTypes.OBJECT},
        responses={201: ImportedSerializer(many=True)},
    )  # fmt: skip
    def create(self, request: Request) -> Response:
        """Import a bundle, whole or not at all; sent twice it changes nothing. Can be undone."""
        data: bytes = request.data if isinstance(request.data, bytes) else b""
        if len(data) > MOST_BYTES:
            raise BundleUnreadable(_("The file is too large."))
        run = start_bundles(actor=self.actor, clinic=self.clinic, name="", now=timezone.now())
        done = ImportedSerializer(self._import(data, run), many=True).data
        return Response(done, status=status.HTTP_201_CREATED)

    def _import(self, data: bytes, run: ImportRun) -> Any:
        try:
            return import_bundle(
                actor=self.actor, clinic=self.clinic, data=data, now=timezone.now(), run=run
            )
        except DomainError:
            drop_if_empty(actor=self.actor, run=run)
            raise

    @extend_schema(
        parameters=[OpenApiParameter("id", UUID, "path")],
        responses={200: OpenApiTypes.OBJECT},
    )
    def retrieve(self, request: Request, pk: str) -> Response:
        """One patient's identity and safety record as a bundle; on record as an export."""
        patient = get_patient(self.clinic, as_id(pk))
        found = patient_bundle(patient, entries_of(patient), timezone.now())
        entry = AuditEntry(
            model="patients.patient", patients=[patient.pk], object_id=pk, reason="FHIR bundle"
        )
        record(self.actor, Action.EXPORT, entry)
        return Response(found)

"""The API of a person's say over their data: contact, handing out, restricting, erasing."""

from __future__ import annotations

from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.api import ClinicViewSet, valid
from mesoclinic.common.errors import Invalid
from patients.api.base import as_id
from patients.models import Patient
from patients.selectors import get_closed_record, get_patient
from patients.selectors.dossier import closed_records
from patients.serializers import PatientSerializer
from patients.serializers import rights as shapes
from patients.services import (
    archive_response,
    contact_wishes,
    erase_patient,
    erasure_plan,
    export_patient,
    lift_restriction,
    restrict_patient,
    set_contact_wishes,
)

_ZIP = extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})


@access(Policy.FRONT_DESK)
class PatientRightsViewSet(ClinicViewSet):
    """What a person wishes to be told, and what may be done with their data."""

    queryset = Patient.objects.none()
    serializer_class = shapes.WishSerializer

    @extend_schema(responses=shapes.WishSerializer(many=True))
    @action(detail=True, methods=["get"], url_path="contact-preferences")
    def contact(self, request: Request, pk: str) -> Response:
        """Every channel and purpose; nothing said means yes."""
        patient = self._patient(pk)
        self.read("patients.contactpreference", patient.pk)
        return self._wishes(patient)

    @extend_schema(
        request=shapes.WishSerializer(many=True), responses=shapes.WishSerializer(many=True)
    )
    @contact.mapping.put
    def change_contact(self, request: Request, pk: str) -> Response:
        """Store these wishes; those left out stay. Planned messages follow."""
        patient = self._patient(pk)
        shape = shapes.WishSerializer(data=request.data, many=True)
        shape.is_valid(raise_exception=True)
        wishes = {(one["channel"], one["purpose"]): one["allowed"] for one in shape.validated_data}
        set_contact_wishes(actor=self.actor, patient=patient, wishes=wishes, now=timezone.now())
        return self._wishes(patient)

    @_ZIP
    @access(Policy.CLINICAL)
    @action(detail=True, methods=["get"])
    def export(self, request: Request, pk: str) -> HttpResponseBase:
        """Everything held about the person; on record as an export."""
        patient = self._patient(pk)
        out = export_patient(actor=self.actor, patient=patient, now=timezone.now())
        return archive_response(out, patient)

    @extend_schema(request=shapes.ReasonSerializer, responses=PatientSerializer)
    @access(Policy.CLINICAL_OR_MANAGER)
    @action(detail=True, methods=["post"])
    def restrict(self, request: Request, pk: str) -> Response:
        """Keep the data, use them no more."""
        patient = self._patient(pk)
        reason = valid(shapes.ReasonSerializer, request)["reason"]
        patient = restrict_patient(
            actor=self.actor, patient=patient, reason=reason, now=timezone.now()
        )
        return Response(PatientSerializer(patient).data)

    @extend_schema(request=None, responses=PatientSerializer)
    @access(Policy.CLINICAL_OR_MANAGER)
    @action(detail=True, methods=["post"])
    def lift(self, request: Request, pk: str) -> Response:
        """Use the data again."""
        patient = self._patient(pk)
        patient = lift_restriction(actor=self.actor, patient=patient, now=timezone.now())
        return Response(PatientSerializer(patient).data)

    @extend_schema(responses=shapes.ErasurePlanSerializer)
    @access(Policy.CLINICAL_OR_MANAGER)
    @action(detail=True, methods=["get"], url_path="erasure-plan")
    def erasure(self, request: Request, pk: str) -> Response:
        """Look before leaping: what goes, what the law keeps, what must be settled first."""
        patient = self._patient(pk)
        self.read("patients.patient", patient.pk)
        return Response(shapes.ErasurePlanSerializer(erasure_plan(patient, timezone.now())).data)

    @extend_schema(request=shapes.EraseSerializer, responses=shapes.ClosedRecordSerializer)
    @access(Policy.CLINICAL_OR_MANAGER)
    @action(detail=True, methods=["post"])
    def erase(self, request: Request, pk: str) -> Response:
        """Forget a person, but for what the law wants kept. It can't be undone."""
        patient = self._patient(pk)
        typed = valid(shapes.EraseSerializer, request)["record_number"]
        if typed.casefold() != patient.record_number.casefold():
            raise Invalid(_("This is not the number of this record."), field="record_number")
        patient = erase_patient(actor=self.actor, patient=patient, now=timezone.now())
        return Response(shapes.ClosedRecordSerializer(patient).data)

    def _patient(self, pk: str) -> Patient:
        return get_patient(self.clinic, as_id(pk))

    def _wishes(self, patient: Patient) -> Response:
        rows = [
            {"channel": channel, "purpose": purpose, "allowed": allowed}
            for (channel, purpose), allowed in contact_wishes(patient).items()
        ]
        return Response(shapes.WishSerializer(rows, many=True).data)


@access(Policy.CLINICAL_OR_MANAGER)
class ClosedRecordViewSet(ClinicViewSet):
    """Erased persons whose record of treatment the law still wants."""

    queryset = Patient.objects.none()
    serializer_class = shapes.ClosedRecordSerializer
    pagination_class = None

    @extend_schema(responses=shapes.ClosedRecordSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Whose they are and until when they are kept, the next to go first."""
        rows = list(closed_records(self.clinic))
        self.read("patients.patient", *(one.pk for one in rows))
        return Response(shapes.ClosedRecordSerializer(rows, many=True).data)

    @_ZIP
    @access(Policy.CLINICAL)
    @action(detail=True, methods=["get"])
    def export(self, request: Request, pk: str) -> HttpResponseBase:
        """What the law keeps of the person."""
        patient = get_closed_record(self.clinic, as_id(pk))
        out = export_patient(actor=self.actor, patient=patient, now=timezone.now())
        return archive_response(out, patient)

"""The API of mailed questionnaires: who was asked, asking, asking again, taking it back."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.api import ClinicViewSet, valid
from patients.api.base import OF_PATIENT, as_id
from patients.models import Patient, PatientLink
from patients.selectors import Invitation, get_invitation, get_patient, invitation, invitations_of
from patients.serializers import rights as shapes
from patients.services import invite_to_screening, withdraw_invitation

_SENT = {201: shapes.InvitationSerializer}


@access(Policy.FRONT_DESK)
class InvitationViewSet(ClinicViewSet):
    """Links to the questionnaire. The secret is in the mail alone."""

    queryset = PatientLink.objects.none()
    serializer_class = shapes.InvitationSerializer
    pagination_class = None

    @extend_schema(parameters=[OF_PATIENT], responses=shapes.InvitationSerializer(many=True))
    def list(self, request: Request) -> Response:
        """The links of one patient (`?patient=`), newest first."""
        patient = get_patient(self.clinic, as_id(request.query_params.get("patient", "")))
        self.read("patients.patientlink", patient.pk)
        found = invitations_of(patient, timezone.now())
        return Response(shapes.InvitationSerializer(found, many=True).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        """How far one has come."""
        found = self._invitation(pk)
        self.read("patients.patientlink", found.link.patient_id)
        return Response(shapes.InvitationSerializer(found).data)

    @extend_schema(request=shapes.InviteSerializer, responses=_SENT)
    def create(self, request: Request) -> Response:
        """Mail a link; earlier ones end."""
        return self._invite(
            get_patient(self.clinic, valid(shapes.InviteSerializer, request)["patient"])
        )

    @extend_schema(request=None, responses=_SENT)
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, pk: str) -> Response:
        """Mail a new link to the same patient; this one ends."""
        return self._invite(self._invitation(pk).link.patient)

    @extend_schema(request=None, responses=shapes.InvitationSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """End it: what waits to be sent does not leave."""
        now, link = timezone.now(), self._invitation(pk).link
        link = withdraw_invitation(actor=self.actor, link=link, now=now)
        return Response(shapes.InvitationSerializer(invitation(link, now)).data)

    def _invitation(self, pk: str) -> Invitation:
        return get_invitation(self.clinic, as_id(pk), timezone.now())

    def _invite(self, patient: Patient) -> Response:
        now = timezone.now()
        link = invite_to_screening(actor=self.actor, patient=patient, now=now)
        shown = shapes.InvitationSerializer(invitation(link, now)).data
        return Response(shown, status=status.HTTP_201_CREATED)

"""What every API view of the house stands on, and the clinic's own endpoints."""

from __future__ import annotations

from typing import Any, ClassVar, cast
from uuid import UUID

from django.utils.translation import get_language
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework import exceptions, mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView
from rest_framework.views import exception_handler as drf_exception_handler

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access, can
from mesoclinic.clinic.authentication import TokenAuthentication
from mesoclinic.clinic.http import ClinicRequest, problem
from mesoclinic.clinic.models import Clinic, Membership, MembershipQuerySet
from mesoclinic.clinic.pagination import ByName, NewestFirst
from mesoclinic.clinic.selectors import staff_of
from mesoclinic.clinic.serializers import ClinicSerializer, MeSerializer, StaffSerializer
from mesoclinic.common.errors import DomainError


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema describes the token."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """OpenAPI's words for a bearer token."""
        return {"type": "http", "scheme": "bearer"}


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DomainError → its status, `{code, message, field}` and its details; DRF's keep DRF's shape."""
    if isinstance(exc, DomainError):
        return Response({**exc.details, **problem(exc)}, status=exc.status)
    return drf_exception_handler(exc, context)


class ClinicAPIView(APIView):
    """An API view of one clinic; declare `@access(…)` on the subclass."""

    @property
    def clinic(self) -> Clinic:
        """The clinic of the caller (guaranteed by any policy that asks for a role)."""
        clinic = _bound(self.request).clinic
        if clinic is None:
            raise exceptions.PermissionDenied
        return clinic

    @property
    def membership(self) -> Membership:
        """The caller's membership."""
        membership = _bound(self.request).membership
        if membership is None:
            raise exceptions.PermissionDenied
        return membership

    @property
    def actor(self) -> Actor:
        """Who calls, for services and the audit."""
        return _bound(self.request).actor


class ClinicViewSet(ClinicAPIView, viewsets.GenericViewSet[Any]):
    """Base of the house's viewsets: `self.clinic`, `self.actor`, lists by cursor.

    Subclasses define `get_queryset` from a selector with `self.clinic`; writing methods call a
    service and nothing else. An action may narrow the policy with `@access(…)` on its method.
    """

    pagination_class: Any = NewestFirst
    filter_backends: Any = ()

    @property
    def clinical(self) -> bool:
        """Whether the caller sees clinical content."""
        return can(self.actor, Policy.CLINICAL)

    def read(self, model: str, *patients: UUID) -> None:
        """One audit row for what an answer shows."""
        record_read(self.actor, model=model, patients=patients, reason="api")


def valid(shape: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The request's body as the shape demands it, else 400 with the fields."""
    body = shape(data=request.data)
    body.is_valid(raise_exception=True)
    data: dict[str, Any] = body.validated_data
    return data


def _bound(request: Request) -> ClinicRequest:
    return cast(ClinicRequest, request._request)


@access(Policy.STAFF)
class ClinicDetail(ClinicAPIView):
    """The clinic of the caller."""

    @extend_schema(responses=ClinicSerializer, operation_id="clinic")
    def get(self, request: Request) -> Response:
        """Name, time zone, language and contact of the clinic."""
        return Response(ClinicSerializer(self.clinic).data)


@access(Policy.STAFF)
class Me(ClinicAPIView):
    """The caller."""

    @extend_schema(responses=MeSerializer, operation_id="me")
    def get(self, request: Request) -> Response:
        """Who calls, with which role."""
        return Response(MeSerializer(self.membership).data)


@access(Policy.STAFF)
class StaffViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, ClinicViewSet):
    """The people of the clinic."""

    serializer_class = StaffSerializer
    pagination_class = ByName
    queryset = Membership.objects.none()

    def get_queryset(self) -> MembershipQuerySet:
        """Active memberships; `?role=practitioner` narrows."""
        if getattr(self, "swagger_fake_view", False):
            return Membership.objects.none()
        people = staff_of(self.clinic)
        role = self.request.query_params.get("role")
        return people.filter(role=role) if role else people


class _OnceGenerator(SchemaGenerator):
    """The description is the same for everybody: a process makes it once in a language."""

    _made: ClassVar[dict[str, Any]] = {}

    def get_schema(self, request: Request | None = None, public: bool = False) -> Any:  # noqa: FBT001, FBT002 - as it is called
        """The description as data; whoever renders it changes nothing in it."""
        language = get_language() or "en"
        if language not in self._made:
            self._made[language] = super().get_schema(request, public)  # type: ignore[no-untyped-call]
        return self._made[language]


@access(Policy.STAFF)
class SchemaView(SpectacularAPIView):
    """The OpenAPI description."""

    generator_class = _OnceGenerator
    permission_classes = api_settings.DEFAULT_PERMISSION_CLASSES
    authentication_classes = api_settings.DEFAULT_AUTHENTICATION_CLASSES

"""Plans, their windows, cocktails and consents."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.api import valid
from mesoclinic.common.errors import NotFound
from patients.selectors import get_patient
from treatments import serializers as shapes
from treatments import services
from treatments.api.base import TreatmentsViewSet
from treatments.domain.costs import CostLine
from treatments.domain.protocol import Gap, GapUnit
from treatments.domain.readiness import Moment
from treatments.models import Consent, TreatmentPlan
from treatments.selectors.plans import PlanFilter, cocktails_of, get_consent, get_plan, plan_list
from treatments.services.consents import Signature, text_digest
from treatments.services.plans import PlanDraft

_FILTERS = [
    OpenApiParameter("status", str), OpenApiParameter("practitioner", str),
    OpenApiParameter("q", str, description="Words of the patient's or the indication's name."),
]  # fmt: skip
_WHEN = [
    OpenApiParameter("at", str, enum=[one.value for one in Moment], description="Default booking."),
]


@access(Policy.FRONT_DESK)
class PlanViewSet(TreatmentsViewSet):
    """Plans. The front desk sees what it needs for booking."""

    queryset = TreatmentPlan.objects.none()
    serializer_class = shapes.PlanSerializer

    def shape(self, *args: Any, **kwargs: Any) -> shapes.PlanSerializer:
        """The fields of the caller's role."""
        kind = shapes.ClinicalPlanSerializer if self.clinical else shapes.PlanSerializer
        return kind(*args, **kwargs)

    @extend_schema(parameters=_FILTERS, responses=shapes.PlanSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Plans, newest first."""
        query = request.query_params
        wanted = PlanFilter(
            query.get("status", ""), query.get("practitioner", ""), query.get("q", "")[:100]
        )
        rows = plan_list(self.clinic, wanted).prefetch_related("areas", "techniques")
        page = self.paginate_queryset(rows) or []
        self.read("treatments.treatmentplan", *(plan.patient_id for plan in page))
        return self.get_paginated_response(self.shape(page, many=True).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        """One plan."""
        plan = get_plan(self.clinic, self.id(pk))
        self.read("treatments.treatmentplan", plan.patient_id)
        counted = plan_list(self.clinic, PlanFilter()).get(pk=plan.pk)
        return Response(self.shape(counted).data)

    @extend_schema(
        request=shapes.PlanCreateSerializer, responses={201: shapes.ClinicalPlanSerializer}
    )
    def create(self, request: Request) -> Response:
        """Draw up a draft. 409 with every absolute finding when the cocktail must not be given."""
        data = valid(shapes.PlanCreateSerializer, request)
        counts = data["counts"]
        draft = PlanDraft(
            practitioner_id=data["practitioner"],
            indication_id=data["indication"],
            protocol_id=data["protocol"],
            technique_ids=frozenset(data["techniques"]),
            area_ids=frozenset(data["areas"]),
            lines=_lines(data["lines"]),
            start_on=data["start_on"],
            goals=data["goals"],
            counts=None if counts is None else tuple(counts),
            terms=_terms(data["terms"] or {}),
        )
        patient = get_patient(self.clinic, data["patient"])
        plan = services.create_plan(
            patient=patient, draft=draft, actor=self.actor, now=timezone.now()
        )
        return Response(self.shape(plan).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=shapes.ClinicalPlanSerializer)
    @action(detail=True, methods=["post"])
    @access(Policy.CLINICAL)
    def activate(self, request: Request, pk: str) -> Response:
        """Draft → active."""
        plan = get_plan(self.clinic, self.id(pk))
        plan = services.activate_plan(plan=plan, actor=self.actor, now=timezone.now())
        return Response(self.shape(plan).data)

    @extend_schema(request=shapes.ReasonTextSerializer, responses=shapes.ClinicalPlanSerializer)
    @action(detail=True, methods=["post"])
    @access(Policy.CLINICAL)
    def stop(self, request: Request, pk: str) -> Response:
        """Stop with a reason."""
        plan = get_plan(self.clinic, self.id(pk))
        reason = valid(shapes.ReasonTextSerializer, request)["reason"]
        plan = services.stop_plan(plan=plan, reason=reason, actor=self.actor, now=timezone.now())
        return Response(self.shape(plan).data)

    @extend_schema(request=shapes.TermsSerializer, responses=shapes.ClinicalPlanSerializer)
    @action(detail=True, methods=["post"])
    @access(Policy.CLINICAL)
    def terms(self, request: Request, pk: str) -> Response:
        """Set costs, sessions bought, and what else was offered."""
        plan = get_plan(self.clinic, self.id(pk))
        terms = _terms(valid(shapes.TermsSerializer, request))
        plan = services.set_terms(plan=plan, terms=terms, actor=self.actor, now=timezone.now())
        return Response(self.shape(plan).data)

    @extend_schema(
        request=shapes.GapSerializer, responses={201: shapes.PlannedSessionSerializer},
        operation_id="plans_add_session",
    )  # fmt: skip
    @action(detail=True, methods=["post"], url_path="add-session")
    @access(Policy.CLINICAL)
    def add_session(self, request: Request, pk: str) -> Response:
        """One more session at the end."""
        plan = get_plan(self.clinic, self.id(pk))
        data = valid(shapes.GapSerializer, request)
        row = services.add_session(
            plan=plan, gap=_gap(data), reason=data["reason"], actor=self.actor, now=timezone.now()
        )
        shown = shapes.PlannedSessionSerializer(row).data
        return Response(shown, status=status.HTTP_201_CREATED)

    @extend_schema(request=shapes.AdaptSerializer, responses=shapes.PlannedSessionSerializer)
    @action(detail=True, methods=["post"])
    @access(Policy.CLINICAL)
    def adapt(self, request: Request, pk: str) -> Response:
        """Give a session of the plan another gap, or leave it out (no gap), with a reason."""
        plan = get_plan(self.clinic, self.id(pk))
        data = valid(shapes.AdaptSerializer, request)
        session = plan.sessions.filter(pk=data["session"]).first()
        if session is None:
            raise NotFound
        known = {"session": session, "reason": data["reason"], "actor": self.actor}
        if data["gap"] is None:
            row = services.drop_session(**known, now=timezone.now())
        else:
            row = services.rewindow_session(**known, gap=_gap(data["gap"]), now=timezone.now())
        return Response(shapes.PlannedSessionSerializer(row).data)

    @extend_schema(responses=shapes.PlannedSessionSerializer(many=True))
    @action(detail=True, pagination_class=None)
    def sessions(self, request: Request, pk: str) -> Response:
        """All sessions, also those left out."""
        plan = get_plan(self.clinic, self.id(pk))
        self.read("treatments.treatmentplan", plan.patient_id)
        rows = plan.sessions.order_by("number")
        return Response(shapes.PlannedSessionSerializer(rows, many=True).data)

    @extend_schema(responses=shapes.WindowSerializer(many=True))
    @action(detail=True, pagination_class=None)
    def windows(self, request: Request, pk: str) -> Response:
        """The window of every session that has not begun."""
        plan = get_plan(self.clinic, self.id(pk))
        self.read("treatments.treatmentplan", plan.patient_id)
        rows = services.plan_windows(plan, self.clinic.today(timezone.now()))
        return Response(shapes.WindowSerializer(rows, many=True).data)

    @extend_schema(parameters=_WHEN, responses=shapes.ReadinessSerializer)
    @action(detail=True)
    @access(Policy.CLINICAL)
    def readiness(self, request: Request, pk: str) -> Response:
        """The gate's answer for the next session, as of today."""
        plan = get_plan(self.clinic, self.id(pk))
        self.read("treatments.treatmentplan", plan.patient_id)
        now = timezone.now()
        answer = services.assess_readiness(
            plan=plan, at=moment(request), now=now, on=self.clinic.today(now)
        )
        return Response(shapes.ReadinessSerializer(answer).data)

    @extend_schema(
        methods=["get"], request=None, responses=shapes.CocktailSerializer(many=True),
        operation_id="plans_cocktails_list",
    )  # fmt: skip
    @extend_schema(
        methods=["post"], request=shapes.VersionSerializer,
        responses={201: shapes.CocktailSerializer}, operation_id="plans_cocktails_create",
    )  # fmt: skip
    @action(detail=True, methods=["get", "post"], pagination_class=None)
    @access(Policy.CLINICAL)
    def cocktails(self, request: Request, pk: str) -> Response:
        """All versions, newest first; POST stores the next one."""
        plan = get_plan(self.clinic, self.id(pk))
        if request.method == "POST":
            data = valid(shapes.VersionSerializer, request)
            version = services.Version(
                _lines(data["lines"]), data["change_note"], since=data["since"]
            )
            row = services.new_cocktail_version(
                plan=plan, version=version, actor=self.actor, now=timezone.now()
            )
            shown = shapes.CocktailSerializer(row).data
            return Response(shown, status=status.HTTP_201_CREATED)
        self.read("treatments.cocktail", plan.patient_id)
        return Response(shapes.CocktailSerializer(cocktails_of(plan), many=True).data)

    @extend_schema(
        methods=["get"], request=None, responses=shapes.ConsentTextSerializer,
        operation_id="plans_consent_text",
    )  # fmt: skip
    @extend_schema(
        methods=["post"], request=shapes.SignatureSerializer,
        responses={201: shapes.ConsentSerializer}, operation_id="plans_consent_sign",
    )  # fmt: skip
    @action(detail=True, methods=["get", "post"], pagination_class=None)
    @access(Policy.CLINICAL)
    def consent(self, request: Request, pk: str) -> Response:
        """The text for the newest cocktail; POST signs exactly that text."""
        plan = get_plan(self.clinic, self.id(pk))
        cocktail = plan.cocktails.order_by("-version").first()
        if cocktail is None:
            raise NotFound
        if request.method == "POST":
            consent = services.sign_consent(
                cocktail=cocktail,
                signature=Signature(**valid(shapes.SignatureSerializer, request)),
                actor=self.actor,
                now=timezone.now(),
            )
            shown = shapes.ConsentSerializer(consent).data
            return Response(shown, status=status.HTTP_201_CREATED)
        self.read("treatments.consent", plan.patient_id)
        text = services.consent_text(cocktail)
        body = {"cocktail": cocktail.pk, "text": text, "text_sha256": text_digest(text)}
        return Response(shapes.ConsentTextSerializer(body).data)


@access(Policy.CLINICAL)
class ConsentViewSet(TreatmentsViewSet):
    """Signed consents."""

    queryset = Consent.objects.none()
    serializer_class = shapes.ConsentSerializer

    def retrieve(self, request: Request, pk: str) -> Response:
        """One signed text."""
        consent = get_consent(self.clinic, self.id(pk))
        self.read("treatments.consent", consent.patient_id)
        return Response(shapes.ConsentSerializer(consent).data)

    @extend_schema(request=None, responses=shapes.ConsentSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """The patient takes it back."""
        consent = get_consent(self.clinic, self.id(pk))
        consent = services.withdraw_consent(consent=consent, actor=self.actor, now=timezone.now())
        return Response(shapes.ConsentSerializer(consent).data)


def moment(request: Request) -> Moment:
    """The moment of asking; anything unknown is booking."""
    text = request.query_params.get("at", "")
    return Moment(text) if text in set(Moment) else Moment.BOOKING


def _lines(rows: list[dict[str, Any]]) -> tuple[services.Line, ...]:
    return tuple(services.Line(row["ingredient"], row["dose"]) for row in rows)


def _gap(data: dict[str, Any]) -> Gap:
    return Gap(data["gap_min"], data["gap_ideal"], data["gap_max"], GapUnit(data["gap_unit"]))


def _terms(data: dict[str, Any]) -> services.Terms:
    return services.Terms(
        offered=data.get("offered", ""),
        bought=data.get("sessions_bought"),
        costs=tuple(CostLine(**line) for line in data.get("cost_lines", ())),
        currency=data.get("currency", ""),
    )

"""Lots."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.api import valid
from treatments import serializers as shapes
from treatments import services
from treatments.api.base import TreatmentsViewSet
from treatments.models import Lot
from treatments.selectors.stock import get_lot, stock_list
from treatments.services.stock import Delivery


@access(Policy.CLINICAL_OR_MANAGER)
class LotViewSet(TreatmentsViewSet):
    """What is on the shelf."""

    queryset = Lot.objects.none()
    serializer_class = shapes.LotSerializer

    def list(self, request: Request) -> Response:
        """All lots."""
        page = self.paginate_queryset(stock_list(self.clinic)) or []
        return self.get_paginated_response(shapes.LotSerializer(page, many=True).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        """One lot."""
        return Response(shapes.LotSerializer(get_lot(self.clinic, self.id(pk))).data)

    @extend_schema(request=shapes.LotSerializer, responses={201: shapes.LotSerializer})
    def create(self, request: Request) -> Response:
        """Receive a delivery; more of a known lot adds to it."""
        data = valid(shapes.LotSerializer, request)
        product = data.pop("product")
        if product.clinic_id != self.clinic.pk:
            return Response({"product": ["unknown"]}, status=status.HTTP_400_BAD_REQUEST)
        lot = services.receive_lot(
            product=product, delivery=Delivery(**data), actor=self.actor, now=timezone.now()
        )
        return Response(shapes.LotSerializer(lot).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=shapes.CountSerializer, responses=shapes.LotSerializer)
    @action(detail=True, methods=["post"])
    def adjust(self, request: Request, pk: str) -> Response:
        """Set what was counted, with a reason."""
        lot = services.adjust_lot(
            lot=get_lot(self.clinic, self.id(pk)),
            actor=self.actor,
            now=timezone.now(),
            **valid(shapes.CountSerializer, request),
        )
        return Response(shapes.LotSerializer(lot).data)

    @extend_schema(request=None, responses=shapes.LotSerializer)
    @action(detail=True, methods=["post"])
    def open(self, request: Request, pk: str) -> Response:
        """Open another vial: its time runs from now on."""
        lot = get_lot(self.clinic, self.id(pk))
        lot = services.open_vial(lot=lot, actor=self.actor, now=timezone.now())
        return Response(shapes.LotSerializer(lot).data)

    @extend_schema(request=shapes.ReasonTextSerializer, responses=shapes.LotSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Block the lot at once."""
        lot = services.withdraw_lot(
            lot=get_lot(self.clinic, self.id(pk)),
            reason=valid(shapes.ReasonTextSerializer, request)["reason"],
            actor=self.actor,
            now=timezone.now(),
        )
        return Response(shapes.LotSerializer(lot).data)

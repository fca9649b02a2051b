"""The shelf: what is there, what came, what was counted, what is withdrawn."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.spreadsheets import csv_file
from mesoclinic.common.errors import DomainError
from treatments import services
from treatments.forms import CountForm, LotForm, ReasonForm
from treatments.models import Lot
from treatments.selectors.drafts import plain
from treatments.selectors.stock import (
    ATTENTION,
    LotLine,
    get_lot,
    lot_line,
    stock_lines,
    to_order,
    used_so_far,
)
from treatments.services.stock import Delivery
from treatments.views.common import StaffView, add_refusal


def _head() -> tuple[str, ...]:
    return (
        _("Product"), _("Ingredient"), _("Lot"), _("Expires on"), _("Left"), _("Unit"), _("State"),
        _("Supplier"),
    )  # fmt: skip


def _cells(line: LotLine) -> tuple[object, ...]:
    lot, product = line.lot, line.lot.product
    return (
        product.name, product.ingredient.name, lot.number, lot.expires_on.isoformat(),
        plain(lot.quantity), product.ingredient.unit, line.state, lot.supplier,
    )  # fmt: skip


@access(Policy.CLINICAL_OR_MANAGER)
class Stock(StaffView):
    """Lots, first-expired first."""

    def get(self, request: Any) -> HttpResponse:
        """The list."""
        wanted, query = request.GET.get("show", ""), request.GET.get("q", "")
        lines = stock_lines(request.clinic, self.now, wanted, query)
        if request.GET.get("as") == "csv":
            return csv_file("stock", _head(), [_cells(one) for one in lines])
        everything = (
            lines if wanted == "all" and not query else stock_lines(request.clinic, self.now, "all")
        )
        context = {
            "lines": lines,
            "wanted": wanted,
            "query": query,
            "to_order": to_order(request.clinic, self.today),
            "attention": sum(1 for one in everything if one.state in ATTENTION),
        }
        return render(request, "treatments/stock.html", context)


@access(Policy.CLINICAL_OR_MANAGER)
class LotReceive(StaffView):
    """A delivery."""

    def get(self, request: Any) -> HttpResponse:
        """The empty form."""
        return render(request, "treatments/lot_form.html", {"form": LotForm(request.clinic)})

    def post(self, request: Any) -> HttpResponse:
        """Put it on the shelf."""
        form = LotForm(request.clinic, request.POST)
        if form.is_valid():
            data = dict(form.cleaned_data)
            product = data.pop("product")
            try:
                lot = services.receive_lot(
                    product=product, delivery=Delivery(**data), actor=request.actor, now=self.now
                )
            except DomainError as error:
                add_refusal(form, error)
            else:
                messages.success(request, _("Lot %(lot)s is on the shelf.") % {"lot": lot.number})
                return redirect("treatments:stock")
        return render(request, "treatments/lot_form.html", {"form": form}, status=422)


@access(Policy.CLINICAL_OR_MANAGER)
class LotDetail(StaffView):
    """One lot with its movements."""

    def get(self, request: Any, pk: UUID) -> HttpResponse:
        """The page."""
        return self.page(get_lot(request.clinic, pk))

    def page(
        self,
        lot: Lot,
        count: CountForm | None = None,
        withdraw: ReasonForm | None = None,
        status: int = 200,
    ) -> HttpResponse:
        """The page with its two forms."""
        context = {
            "lot": lot,
            "line": lot_line(lot, self.now, self.today),
            "used": used_so_far(lot),
            "count_form": count or CountForm(initial={"quantity": plain(lot.quantity)}),
            "withdraw_form": withdraw or ReasonForm(auto_id="withdraw_%s"),
        }
        return render(self.request, "treatments/lot_detail.html", context, status=status)


@access(Policy.CLINICAL_OR_MANAGER)
class LotAdjust(LotDetail):
    """What was counted."""

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Set the quantity, with a reason."""
        lot = get_lot(request.clinic, pk)
        form = CountForm(request.POST)
        if form.is_valid():
            services.adjust_lot(lot=lot, actor=request.actor, now=self.now, **form.cleaned_data)
            messages.success(request, _("The quantity is corrected."))
            return redirect("treatments:lot", pk)
        return self.page(lot, count=form, status=422)


@access(Policy.CLINICAL_OR_MANAGER)
class LotOpen(LotDetail):
    """Another vial is opened."""

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """From now on its time runs."""
        lot = services.open_vial(lot=get_lot(request.clinic, pk), actor=request.actor, now=self.now)
        messages.success(request, _("A vial of lot %(lot)s is open.") % {"lot": lot.number})
        return redirect("treatments:lot", pk)


@access(Policy.CLINICAL_OR_MANAGER)
class LotWithdraw(LotDetail):
    """Block a lot at once."""

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Withdraw, with a reason."""
        lot = get_lot(request.clinic, pk)
        form = ReasonForm(request.POST, auto_id="withdraw_%s")
        if form.is_valid():
            services.withdraw_lot(
                lot=lot, reason=form.cleaned_data["reason"], actor=request.actor, now=self.now
            )
            messages.success(request, _("The lot is withdrawn: nobody can use it any more."))
            return redirect("treatments:lot", pk)
        return self.page(lot, withdraw=form, status=422)

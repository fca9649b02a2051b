"""Products on the shelf, their lots, and every movement of them."""

from __future__ import annotations

import datetime as dt

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.triggers import append_only
from mesoclinic.clinic.base import ClinicOwned
from treatments.models.catalogue import Ingredient


class Product(ClinicOwned):
    """What one vial or ampoule contains."""

    ingredient = models.ForeignKey(
        Ingredient, on_delete=models.PROTECT, related_name="products", verbose_name=_("ingredient")
    )
    name = models.CharField(_("name"), max_length=150)
    maker = models.CharField(_("maker"), max_length=150, blank=True)
    content = models.DecimalField(
        _("content"), max_digits=9, decimal_places=3,
        help_text=_("Of one vial, in the ingredient's unit of dose."),
    )  # fmt: skip
    gtin = models.CharField(
        _("GTIN"), max_length=14, blank=True, validators=[RegexValidator(r"^[0-9]{14}$")],
        help_text=_("14 digits of the code on the box, so that a scan finds the product."),
    )  # fmt: skip
    use_within_hours = models.PositiveSmallIntegerField(
        _("use within (hours)"), null=True, blank=True, validators=[MinValueValidator(1)],
        help_text=_("After a vial is opened. Empty: until the lot expires."),
    )  # fmt: skip
    reorder_level = models.DecimalField(
        _("order when below"), max_digits=10, decimal_places=3, null=True, blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("In the ingredient's unit of dose. Empty: when less than one vial is left."),
    )  # fmt: skip
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [
            models.UniqueConstraint(
                name="product_gtin_once", fields=["clinic", "gtin"], condition=~Q(gtin="")
            ),
            models.CheckConstraint(
                name="product_gtin_digits", condition=Q(gtin="") | Q(gtin__regex=r"^[0-9]{14}$")
            ),
            models.UniqueConstraint(name="product_once", fields=["clinic", "name"]),
            models.CheckConstraint(name="product_has_content", condition=Q(content__gt=0)),
        ]

    def __str__(self) -> str:
        return self.name


class Lot(ClinicOwned):
    """One delivery with one lot number. `quantity` is what is left, in the unit of dose."""

    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, related_name="lots", verbose_name=_("product")
    )
    number = models.CharField(_("lot number"), max_length=60)
    expires_on = models.DateField(_("expires on"))
    quantity = models.DecimalField(_("left"), max_digits=10, decimal_places=3)
    supplier = models.CharField(_("supplier"), max_length=150, blank=True)
    opened_at = models.DateTimeField(
        _("vial opened at"), null=True, blank=True, help_text=_("The vial in use now.")
    )
    use_until = models.DateTimeField(
        _("open vial good until"), null=True, blank=True,
        help_text=_("Afterwards nothing is taken from the lot until another vial is opened."),
    )  # fmt: skip
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    withdrawn_reason = models.CharField(_("why withdrawn"), max_length=300, blank=True)

    class Meta:
        ordering = ["expires_on"]
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        constraints = [
            models.UniqueConstraint(name="lot_once", fields=["product", "number"]),
            models.CheckConstraint(name="lot_not_overdrawn", condition=Q(quantity__gte=0)),
            models.CheckConstraint(
                name="lot_used_after_opening",
                condition=Q(use_until__isnull=True) | Q(use_until__gt=F("opened_at")),
            ),
            models.CheckConstraint(
                name="lot_withdrawn_with_reason",
                condition=Q(withdrawn_at__isnull=True, withdrawn_reason="")
                | (Q(withdrawn_at__isnull=False) & ~Q(withdrawn_reason="")),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def usable_on(self, day: dt.date) -> bool:
        """In date (the last day counts), not withdrawn, and not empty."""
        return self.withdrawn_at is None and self.expires_on >= day and self.quantity > 0

    def withdrawn_since(self, at: dt.datetime) -> bool:
        """Withdrawn at that moment or later: a session under way may have given it before."""
        return self.withdrawn_at is not None and self.withdrawn_at >= at


class StockMovement(ClinicOwned):
    """Why a lot's quantity changed, and by how much; the lot's quantity is their sum."""

    class Kind(models.TextChoices):
        RECEIVED = "received", _("Received")
        USED = "used", _("Used")
        ADJUSTED = "adjusted", _("Adjusted")

    lot = models.ForeignKey(
        Lot, on_delete=models.PROTECT, related_name="movements", verbose_name=_("lot")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    amount = models.DecimalField(_("amount"), max_digits=10, decimal_places=3)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    session_id = models.UUIDField(_("session"), null=True, blank=True)
    at = models.DateTimeField(_("at"))
    by_label = models.CharField(_("by"), max_length=200)

    class Meta:
        ordering = ["-at"]
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock movements")
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.amount} {self.get_kind_display()}"

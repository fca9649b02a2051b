"""The clinic's own rules of booking: one row a clinic, changed in the administration."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.clinic.base import ClinicOwned


class BookingRules(ClinicOwned):
    """Waiting list, missed visits, late arrivals, days between courses. A clinic without a row has the defaults (G)."""

    class NoShowThen(models.TextChoices):
        WARN = "warn", _("Show a warning when somebody books")
        CALL = "call", _("Warn, and offer no times by e-mail or online")

    offer_minutes = models.PositiveSmallIntegerField(
        _("an offer is kept for (min)"), default=120,
        validators=[MinValueValidator(5), MaxValueValidator(2880)],
        help_text=_("So long a freed time waits for one patient; then the next is asked."),
    )  # fmt: skip
    offers_freed_times = models.BooleanField(
        _("offer freed times"), default=True,
        help_text=_("A cancelled time is offered to the waiting list by itself."),
    )  # fmt: skip
    no_show_limit = models.PositiveSmallIntegerField(
        _("missed visits, at most"), default=2, validators=[MinValueValidator(1)]
    )
    no_show_months = models.PositiveSmallIntegerField(
        _("counted over (months)"), default=12, validators=[MinValueValidator(1)]
    )
    no_show_then = models.CharField(
        _("then"), max_length=10, choices=NoShowThen, default=NoShowThen.CALL
    )
    late_minutes = models.PositiveSmallIntegerField(
        _("late (min)"), default=15,
        help_text=_("Whoever comes later than this is offered another time first."),
    )  # fmt: skip
    person_gap_days = models.PositiveSmallIntegerField(
        _("days between sessions of one person, at least"), default=0,
        validators=[MaxValueValidator(90)],
        help_text=_(
            "Between sessions of different courses; 0 allows the same day. Where both treat the same "
            "area, the least gap of the later session's protocol is kept as well."
        ),
    )  # fmt: skip

    class Meta:
        ordering = ["clinic"]
        verbose_name = _("booking rules")
        verbose_name_plural = _("booking rules")
        constraints = [
            models.UniqueConstraint(name="booking_rules_once", fields=["clinic"]),
            models.CheckConstraint(
                name="booking_rules_offer",
                condition=Q(offer_minutes__gte=5, offer_minutes__lte=2880),
            ),
            models.CheckConstraint(
                name="booking_rules_no_show",
                condition=Q(no_show_limit__gte=1, no_show_months__gte=1),
            ),
            models.CheckConstraint(
                name="booking_rules_person_gap", condition=Q(person_gap_days__lte=90)
            ),
        ]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

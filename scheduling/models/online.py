"""What reaches out of the house: online booking, and calendars that other programs subscribe to."""

from __future__ import annotations

import re
from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.triggers import audit_triggers
from mesoclinic.clinic.base import ClinicOwned
from mesoclinic.clinic.models import Membership
from scheduling.models.resources import Room, TimeOff, VisitType

# A place on the web, nothing else: it goes into a header as it stands.
_ORIGIN = re.compile(r"https://[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{2,5})?|http://localhost(:\d{2,5})?")


def validate_origin(text: str) -> None:
    """Refuse what is no origin of a website."""
    if not _ORIGIN.fullmatch(text):
        raise ValidationError(
            _("Write the address of the website like https://www.example.org, nothing after it.")
        )


class OnlineRules(ClinicOwned):
    """What patients may do by themselves. One row a clinic; a clinic without one has the defaults."""

    is_open = models.BooleanField(
        _("online booking is open"), default=False,
        help_text=_("Patients book the visit types that are marked for it, with those who work."),
    )  # fmt: skip
    origins = ArrayField(
        models.CharField(max_length=200, validators=[validate_origin]),
        verbose_name=_("websites that may show it"), default=list, blank=True,
        help_text=_("Only these may put the booking page into a frame."),
    )  # fmt: skip
    hold_minutes = models.PositiveSmallIntegerField(
        _("a chosen time is held for (min)"), default=15,
        validators=[MinValueValidator(5), MaxValueValidator(60)],
    )  # fmt: skip
    change_limit_hours = models.PositiveSmallIntegerField(
        _("move and cancel until (hours before)"), default=24,
        validators=[MaxValueValidator(336)],
        help_text=_("Later than that patients call the clinic."),
    )  # fmt: skip
    welcome = models.TextField(
        _("words above the times"), blank=True, max_length=600,
        help_text=_("What patients should know before they choose a time."),
    )  # fmt: skip

    class Meta:
        ordering = ["clinic"]
        verbose_name = _("online booking")
        verbose_name_plural = _("online booking")
        constraints = [
            models.UniqueConstraint(name="online_rules_once", fields=["clinic"]),
            models.CheckConstraint(
                name="online_rules_hold", condition=Q(hold_minutes__gte=5, hold_minutes__lte=60)
            ),
        ]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)


class OnlineBooking(ClinicOwned):
    """Somebody who books online: the time held for them, who they say they are, and what came of it.

    `away` and `room_away` keep the time free (as time off of practitioner and room) while it is
    held. Who they are is blanked as soon as it is over: by then it stands in the patient's record,
    or it is nobody's business.
    """

    class Status(models.TextChoices):
        HELD = "held", _("Choosing")
        ASKED = "asked", _("Waiting for the code")
        BOOKED = "booked", _("Booked")
        LAPSED = "lapsed", _("Not finished")

    digest = models.CharField(_("digest"), max_length=64, unique=True, editable=False)
    visit_type = models.ForeignKey(
        VisitType, on_delete=models.PROTECT, related_name="+", verbose_name=_("visit type")
    )
    practitioner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+",
        verbose_name=_("practitioner"),
    )  # fmt: skip
    room = models.ForeignKey(
        Room, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("room"),
    )  # fmt: skip
    during = DateTimeRangeField(_("during"))
    away = models.OneToOneField(
        TimeOff, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("held time"),
    )  # fmt: skip
    room_away = models.OneToOneField(
        TimeOff, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("held room"),
    )  # fmt: skip
    held_until = models.DateTimeField(_("held until"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.HELD)
    name = models.CharField(_("name"), max_length=200, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    code_digest = models.CharField(_("code"), max_length=64, blank=True, editable=False)
    code_expires_at = models.DateTimeField(_("code expires at"), null=True, blank=True)
    code_attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    codes_sent = models.PositiveSmallIntegerField(_("codes sent"), default=0)
    visit_id = models.UUIDField(_("visit"), null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("booking by a patient")
        verbose_name_plural = _("bookings by patients")
        indexes = [
            models.Index(
                name="online_booking_open", fields=["clinic", "held_until"],
                condition=Q(status__in=["held", "asked"]),
            )
        ]  # fmt: skip
        constraints = [
            models.CheckConstraint(
                name="online_booking_over_is_blank",
                condition=Q(status__in=["held", "asked"])
                | Q(name="", email="", phone="", note="", birth_date__isnull=True),
            ),
            models.CheckConstraint(
                name="online_booking_booked_has_visit",
                condition=~Q(status="booked") | Q(visit_id__isnull=False),
            ),
        ]
        triggers = audit_triggers(patient="")

    def __str__(self) -> str:
        return f"{self.during.lower:%Y-%m-%d %H:%M} ({self.get_status_display()})"

    def is_open(self, now: datetime) -> bool:
        """Whether the time is still kept for them."""
        return self.status in {self.Status.HELD, self.Status.ASKED} and now < self.held_until


class CalendarFeed(ClinicOwned):
    """The secret address at which one person's calendar program reads their visits.

    Only the digest of the secret is stored; whoever has the address sees when and where, never whom.
    """

    membership = models.ForeignKey(
        Membership, on_delete=models.CASCADE, related_name="calendar_feeds",
        verbose_name=_("person"),
    )  # fmt: skip
    digest = models.CharField(_("digest"), max_length=64, unique=True, editable=False)
    label = models.CharField(_("used in"), max_length=60)
    last_read_at = models.DateTimeField(_("last read"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")

    def __str__(self) -> str:
        return self.label

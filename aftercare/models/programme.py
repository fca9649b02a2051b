"""What is sent, when, and in which words; all of it the clinic's own data."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from mesoclinic.clinic.base import ClinicOwned
from patients.models import ContactPreference


class MessageTemplate(ClinicOwned):
    """The words of one message in one language. No health data in the subject."""

    key = models.SlugField(_("key"), max_length=50)
    language = models.CharField(_("language"), max_length=10, default="en")
    subject = models.CharField(_("subject"), max_length=150)
    body = models.TextField(
        _("text"), help_text=_("Plain text with {{ variables }}; the HTML twin is made from it.")
    )
    approved_at = models.DateTimeField(
        _("approved at"), null=True, blank=True,
        help_text=_("Clinic default: review before use, until a practitioner approves it."),
    )  # fmt: skip

    class Meta:
        ordering = ["key", "language"]
        verbose_name = _("message template")
        verbose_name_plural = _("message templates")
        constraints = [
            models.UniqueConstraint(
                name="message_template_once", fields=["clinic", "key", "language"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} ({self.language})"


class ProgrammeStep(ClinicOwned):
    """One message of the programme: what it hangs on, and how long before or after."""

    class Anchor(models.TextChoices):
        BOOKED = "booked", _("When booked")
        MOVED = "moved", _("When moved")
        CANCELLED = "cancelled", _("When cancelled")
        VISIT = "visit", _("The visit")
        SIGNED = "signed", _("The session is signed")
        INVITED = "invited", _("Invited to the questionnaire")
        HELD = "held", _("Visits put on hold")
        CODE = "code", _("A code was asked for")

    class Unit(models.TextChoices):
        MINUTES = "minutes", _("minutes")
        HOURS = "hours", _("hours")
        DAYS = "days", _("days")
        MONTHS = "months", _("months")

    key = models.SlugField(_("key"), max_length=50)
    name = models.CharField(_("name"), max_length=100)
    anchor = models.CharField(_("anchor"), max_length=10, choices=Anchor)
    offset = models.IntegerField(
        _("offset"), default=0, help_text=_("Negative: before; 0: at once.")
    )
    offset_unit = models.CharField(
        _("unit"), max_length=10, choices=Unit, default=Unit.HOURS,
        help_text=_("Days and months are calendar days of the clinic."),
    )  # fmt: skip
    at_local_time = models.TimeField(
        _("at this time of day"), null=True, blank=True, help_text=_("On the day the offset gives.")
    )
    expires = models.IntegerField(
        _("not sent after"), null=True, blank=True,
        help_text=_("Counted like the offset. Empty: at the visit, or 7 days after its time."),
    )  # fmt: skip
    expires_unit = models.CharField(_("unit"), max_length=10, choices=Unit, default=Unit.HOURS)
    template_key = models.SlugField(_("template"), max_length=50)
    purpose = models.CharField(_("purpose"), max_length=20, choices=ContactPreference.Purpose)
    is_urgent = models.BooleanField(
        _("urgent"), default=False, help_text=_("Leaves outside the sending hours too.")
    )
    is_essential = models.BooleanField(
        _("needed for care"), default=False,
        help_text=_("Sent even to patients who opted out of its kind of message."),
    )  # fmt: skip
    sessions_only = models.BooleanField(_("only for treatment sessions"), default=False)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["anchor", "offset"]
        verbose_name = _("programme step")
        verbose_name_plural = _("programme steps")
        constraints = [
            models.UniqueConstraint(name="programme_step_once", fields=["clinic", "key"]),
        ]

    def __str__(self) -> str:
        return self.name

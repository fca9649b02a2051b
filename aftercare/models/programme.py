"""What is sent, when, and in which words; all of it the clinic's own data."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
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
        VISIT = "visit", _("The visit")
        SIGNED = "signed", _("The session is signed")
        INVITED = "invited", _("Invited by staff")

    key = models.SlugField(_("key"), max_length=50)
    name = models.CharField(_("name"), max_length=100)
    anchor = models.CharField(_("anchor"), max_length=10, choices=Anchor)
    offset_minutes = models.IntegerField(
        _("offset (minutes)"), default=0, help_text=_("Negative: before.")
    )
    expires_after_minutes = models.PositiveIntegerField(
        _("not later than (minutes)"), default=24 * 60,
        help_text=_("After its time by this much, it is not sent any more."),
    )  # fmt: skip
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
        ordering = ["anchor", "offset_minutes"]
        verbose_name = _("programme step")
        verbose_name_plural = _("programme steps")
        constraints = [
            models.UniqueConstraint(name="programme_step_once", fields=["clinic", "key"]),
            models.CheckConstraint(
                name="programme_step_expires", condition=Q(expires_after_minutes__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return self.name

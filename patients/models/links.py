"""Links by which a patient acts without an account. Only digests of secrets are stored."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.triggers import audit_triggers
from patients.models.base import PatientOwned


class PatientLink(PatientOwned):
    """A mailed link: one patient, one purpose, until it expires.

    A GET changes nothing (mail scanners open links); a POST may act.
    """

    class Purpose(models.TextChoices):
        SCREENING = "screening", _("Fill in the questionnaire")
        CONFIRM = "confirm", _("Confirm a visit")
        CHECKIN = "checkin", _("Say how it is")
        ASK = "ask", _("Ask the clinic")
        ANSWER = "answer", _("Read an answer")
        CONSENT = "consent", _("Read and sign a consent")
        UNSUBSCRIBE = "unsubscribe", _("Stop messages")
        OFFER = "offer", _("Take an offered time")
        VISITS = "visits", _("See, move and cancel own visits")
        CALENDAR = "calendar", _("Read the calendar of own visits")

    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose)
    digest = models.CharField(_("digest"), max_length=64, unique=True, editable=False)
    subject_id = models.UUIDField(
        _("about"),
        null=True,
        blank=True,
        help_text=_("The visit, screening or message it acts on."),
    )
    expires_at = models.DateTimeField(_("expires at"))
    opened_at = models.DateTimeField(_("opened at"), null=True, blank=True)
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("patient link")
        verbose_name_plural = _("patient links")
        indexes = [models.Index(name="patient_link_subject", fields=["purpose", "subject_id"])]
        constraints = [
            models.CheckConstraint(
                name="patient_link_expires_later", condition=Q(expires_at__gt=F("created_at"))
            )
        ]
        triggers = audit_triggers()

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} ({self.patient_id})"

    def is_live(self, now: dt.datetime) -> bool:
        """Whether it may still be used; a used link stays live only where its purpose repeats."""
        return self.revoked_at is None and now < self.expires_at


class LinkCode(PatientOwned):
    """A six-digit code mailed to the patient before a link shows health data."""

    link = models.ForeignKey(
        PatientLink, on_delete=models.CASCADE, related_name="codes", verbose_name=_("link")
    )
    digest = models.CharField(_("digest"), max_length=64, editable=False)
    expires_at = models.DateTimeField(_("expires at"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("link code")
        verbose_name_plural = _("link codes")
        triggers = audit_triggers()

    def __str__(self) -> str:
        return f"{self.link_id}"

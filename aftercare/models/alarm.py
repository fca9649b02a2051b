"""Who is told when a patient is in trouble, and how the clinic wants it."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aftercare.models.task import StaffTask
from mesoclinic.audit.triggers import audit_triggers
from mesoclinic.clinic.base import ClinicOwned


class CareSettings(ClinicOwned):
    """How a clinic watches over its patients after a session; one row for each clinic."""

    escalate_minutes = models.PositiveSmallIntegerField(
        _("minutes until the next person is alerted"), default=10,
        validators=[MinValueValidator(1), MaxValueValidator(120)],
        help_text=_("When nobody has taken an urgent check-in by then."),
    )  # fmt: skip
    alert_by_email = models.BooleanField(
        _("alert by e-mail too"),
        default=True,
        help_text=_("The mail says that somebody is needed, not who or why."),
    )
    alert_by_sms = models.BooleanField(
        _("alert by text message too"),
        default=False,
        help_text=_("To those who have a number below; needs a text message gateway."),
    )
    late_watch = models.BooleanField(
        _("watch for late infections"),
        default=True,
        help_text=_("Short check-ins 2, 4, 8 and 12 weeks after deep techniques."),
    )
    silent_after = models.PositiveSmallIntegerField(
        _("invitations until somebody calls"), default=2,
        validators=[MinValueValidator(1), MaxValueValidator(9)],
        help_text=_("A task is opened when as many check-ins of a session stay unanswered."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("aftercare settings")
        verbose_name_plural = _("aftercare settings")
        constraints = [
            models.UniqueConstraint(name="care_settings_once", fields=["clinic"]),
            models.CheckConstraint(
                name="care_settings_in_range",
                condition=Q(escalate_minutes__range=(1, 120), silent_after__range=(1, 9)),
            ),
        ]

    def __str__(self) -> str:
        return str(self.clinic)


class AlarmNumber(ClinicOwned):
    """Where a member of staff gets alerts by text message."""

    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+",
        verbose_name=_("staff member"),
    )  # fmt: skip
    phone = models.CharField(
        _("mobile number"), max_length=40, help_text=_("With the country: +33 6 12 34 56 78")
    )

    class Meta:
        ordering = ["created_at"]
        verbose_name = _("number for alerts")
        verbose_name_plural = _("numbers for alerts")
        constraints = [
            models.UniqueConstraint(name="alarm_number_once", fields=["clinic", "staff"]),
            models.CheckConstraint(
                name="alarm_number_international", condition=Q(phone__startswith="+")
            ),
        ]

    def __str__(self) -> str:
        return self.phone


class StaffAlert(ClinicOwned):
    """One alert to one person about one urgent task; written first, sent within seconds."""

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        DROPPED = "dropped", _("Not needed")

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        SMS = "sms", _("Text message")

    task = models.ForeignKey(
        StaffTask, on_delete=models.PROTECT, related_name="alerts", verbose_name=_("task")
    )
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("to")
    )
    channel = models.CharField(_("channel"), max_length=5, choices=Channel)
    round = models.PositiveSmallIntegerField(_("round"))
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.PLANNED)
    why = models.CharField(_("why"), max_length=300, blank=True)
    next_try_at = models.DateTimeField(_("next try"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        indexes = [
            models.Index(
                name="alert_due",
                fields=["next_try_at"],
                condition=Q(state__in=["planned", "sending"]),
            )
        ]
        constraints = [
            models.UniqueConstraint(
                name="alert_once", fields=["task", "staff", "channel", "round"]
            ),
            models.CheckConstraint(
                name="alert_sent_at_when_sent",
                condition=Q(state="sent", sent_at__isnull=False)
                | (~Q(state="sent") & Q(sent_at__isnull=True)),
            ),
        ]
        triggers = audit_triggers(patient="task__patient_id")

    def __str__(self) -> str:
        return f"{self.staff} {self.get_channel_display()}"

"""The outbox: every message that is to be sent, was sent, or was not, and why."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.triggers import append_only, audit_triggers
from mesoclinic.common.ids import new_id
from patients.models import ContactPreference, PatientOwned


class Message(PatientOwned):
    """One message to one patient, written in the transaction that made it necessary.

    (`subject_type`, `subject_id`, `step_key`, `schedule_version`) exists once: however often
    a change is replayed, the patient hears of it once.
    """

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        SKIPPED = "skipped", _("Skipped")
        SUPPRESSED = "suppressed", _("Suppressed")
        HELD = "held", _("Held")
        EXPIRED = "expired", _("Expired")
        FAILED = "failed", _("Failed")

    subject_type = models.CharField(_("about"), max_length=30)
    subject_id = models.UUIDField(_("about id"))
    title = models.CharField(_("message"), max_length=100, help_text=_("For staff."))
    step_key = models.SlugField(_("step"), max_length=50)
    schedule_version = models.PositiveIntegerField(_("schedule version"), default=1)
    template_key = models.SlugField(_("template"), max_length=50)
    purpose = models.CharField(_("purpose"), max_length=20, choices=ContactPreference.Purpose)
    channel = models.CharField(_("channel"), max_length=10, default="email")
    is_urgent = models.BooleanField(_("urgent"), default=False)
    is_essential = models.BooleanField(_("needed for care"), default=False)
    due_at = models.DateTimeField(_("due at"))
    next_try_at = models.DateTimeField(
        _("next try"), help_text=_("When it is due, or when a failed try is repeated.")
    )
    due_local = models.CharField(
        _("due, local"), max_length=60, help_text=_("Clinic-local time and zone, as planned.")
    )
    expires_at = models.DateTimeField(_("expires at"))
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.PLANNED)
    why = models.CharField(_("why"), max_length=300)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    interruptions = models.PositiveSmallIntegerField(_("unclear attempts"), default=0)
    lease_until = models.DateTimeField(_("claimed until"), null=True, blank=True)
    message_id = models.CharField(_("Message-ID"), max_length=120, unique=True)
    recipient = models.EmailField(_("recipient"), blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    context = models.JSONField(_("context"), default=dict, blank=True)

    class Meta:
        ordering = ["-due_at"]
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes = [
            models.Index(
                name="message_due",
                fields=["-is_urgent", "next_try_at", "id"],
                condition=Q(state="planned"),
            ),
            models.Index(
                name="message_leases", fields=["lease_until"], condition=Q(state="sending")
            ),
            models.Index(name="message_ledger", fields=["clinic", "-due_at", "id"]),
            models.Index(name="message_subject", fields=["subject_type", "subject_id"]),
        ]
        constraints = [
            models.UniqueConstraint(
                name="message_once",
                fields=["subject_type", "subject_id", "step_key", "schedule_version"],
            ),
            models.CheckConstraint(
                name="message_lease_while_sending",
                condition=Q(state="sending", lease_until__isnull=False)
                | (~Q(state="sending") & Q(lease_until__isnull=True)),
            ),
            models.CheckConstraint(
                name="message_sent_at_when_sent",
                condition=Q(state="sent", sent_at__isnull=False)
                | (~Q(state="sent") & Q(sent_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="message_expires_after_due", condition=Q(expires_at__gte=F("due_at"))
            ),
            models.CheckConstraint(name="message_says_why", condition=~Q(why="")),
        ]
        triggers = audit_triggers()

    def __str__(self) -> str:
        return f"{self.title} {self.due_local}"


class MessageEvent(PatientOwned):
    """One change of a message's state, with the reason in words."""

    message = models.ForeignKey(
        Message, on_delete=models.PROTECT, related_name="events", verbose_name=_("message")
    )
    from_state = models.CharField(_("from"), max_length=12, blank=True)
    to_state = models.CharField(_("to"), max_length=12)
    at = models.DateTimeField(_("at"))
    why = models.CharField(_("why"), max_length=300)

    class Meta:
        ordering = ["at"]
        verbose_name = _("message event")
        verbose_name_plural = _("message events")
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}"


class DispatcherState(models.Model):
    """When the dispatcher last looked; one row. The heartbeat that /readyz reads."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=30, unique=True)
    ticked_at = models.DateTimeField(_("last tick"))

    class Meta:
        verbose_name = _("dispatcher state")
        verbose_name_plural = _("dispatcher states")

    def __str__(self) -> str:
        return self.name

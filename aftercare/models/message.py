"""The outbox: every message that is to be sent, was sent, or was not, and why."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from aftercare.models.programme import Channel
from mesoclinic.audit.triggers import append_only, audit_triggers
from mesoclinic.clinic.base import ClinicOwned
from mesoclinic.common.ids import new_id
from patients.models import ContactPreference, PatientOwned

# What has left: a provider may tell later what became of it.
_LEFT = ["sent", "delivered", "bounced", "complained"]
_EXCEPTIONS = [
    "held", "failed", "bounced", "complained", "skipped", "suppressed", "expired"
]  # fmt: skip


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
        DELIVERED = "delivered", _("Delivered")
        BOUNCED = "bounced", _("Came back")
        COMPLAINED = "complained", _("Reported as unwanted")

    subject_type = models.CharField(_("about"), max_length=30)
    subject_id = models.UUIDField(_("about id"))
    title = models.CharField(_("message"), max_length=100, help_text=_("For staff."))
    step_key = models.SlugField(_("step"), max_length=50)
    schedule_version = models.PositiveIntegerField(_("schedule version"), default=1)
    template_key = models.SlugField(_("template"), max_length=50)
    purpose = models.CharField(_("purpose"), max_length=20, choices=ContactPreference.Purpose)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel, default=Channel.EMAIL)
    programme_version = models.PositiveIntegerField(
        _("version of the programme"), default=1, help_text=_("That planned it.")
    )
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
    provider_id = models.CharField(
        _("id at the provider"), max_length=200, blank=True, editable=False
    )
    recipient = models.CharField(_("recipient"), max_length=254, blank=True)
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    context = models.JSONField(_("context"), default=dict, blank=True)

    class Meta:
        ordering = ["-due_at"]
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes = [
            models.Index(
                name="message_due",
                fields=["clinic", "-is_urgent", "next_try_at", "id"],
                condition=Q(state="planned"),
            ),
            # Whatever did not simply go out is rare, and what people look for.
            models.Index(
                name="message_exceptions",
                fields=["clinic", "state", "-due_at", "id"],
                condition=Q(state__in=_EXCEPTIONS),
            ),
            models.Index(
                name="message_provider", fields=["provider_id"], condition=~Q(provider_id="")
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
                condition=Q(state__in=_LEFT, sent_at__isnull=False)
                | (~Q(state__in=_LEFT) & Q(sent_at__isnull=True)),
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
    fingerprint = models.CharField(
        _("database"), max_length=120, blank=True,
        help_text=_("Which copy of the data this is: another one was restored from a backup."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("dispatcher state")
        verbose_name_plural = _("dispatcher states")

    def __str__(self) -> str:
        return self.name


class OutboxHold(ClinicOwned):
    """Nothing of a clinic leaves while one of these is open: a person lets it go."""

    why = models.CharField(_("why"), max_length=300)
    since = models.DateTimeField(_("since"))
    released_at = models.DateTimeField(_("released at"), null=True, blank=True)
    released_by = models.CharField(_("released by"), max_length=200, blank=True)

    class Meta:
        ordering = ["-since"]
        verbose_name = _("hold on messages")
        verbose_name_plural = _("holds on messages")
        constraints = [
            models.UniqueConstraint(
                name="outbox_hold_once", fields=["clinic"], condition=Q(released_at=None)
            ),
            models.CheckConstraint(
                name="outbox_hold_released_by_somebody",
                condition=Q(released_at__isnull=True, released_by="")
                | (Q(released_at__isnull=False) & ~Q(released_by="")),
            ),
        ]
        triggers = audit_triggers(patient="")

    def __str__(self) -> str:
        return self.why


class AddressProblem(PatientOwned):
    """An address to which nothing is sent any more: mail came back, or was reported as unwanted."""

    class Kind(models.TextChoices):
        BOUNCED = "bounced", _("Messages come back")
        COMPLAINED = "complained", _("Reported as unwanted")

    channel = models.CharField(_("channel"), max_length=10, choices=Channel, default=Channel.EMAIL)
    address = models.CharField(_("address"), max_length=254)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    detail = models.CharField(_("what the provider said"), max_length=300, blank=True)
    found_at = models.DateTimeField(_("found at"))
    cleared_at = models.DateTimeField(_("cleared at"), null=True, blank=True)
    cleared_by = models.CharField(_("cleared by"), max_length=200, blank=True)

    class Meta:
        ordering = ["-found_at"]
        verbose_name = _("address that does not work")
        verbose_name_plural = _("addresses that do not work")
        constraints = [
            models.UniqueConstraint(
                name="address_problem_once",
                fields=["patient", "channel", "address"],
                condition=Q(cleared_at=None),
            ),
            models.CheckConstraint(
                name="address_problem_cleared_by_somebody",
                condition=Q(cleared_at__isnull=True, cleared_by="")
                | (Q(cleared_at__isnull=False) & ~Q(cleared_by="")),
            ),
        ]
        triggers = audit_triggers()

    def __str__(self) -> str:
        return f"{self.address}: {self.get_kind_display()}"

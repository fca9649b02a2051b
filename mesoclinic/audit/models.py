"""The append-only record of who read and changed what, and the seals that chain it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.triggers import append_only, no_truncate


class Action(models.TextChoices):
    """What was done."""

    READ = "read", _("Read")
    INSERT = "insert", _("Added")
    UPDATE = "update", _("Changed")
    DELETE = "delete", _("Deleted")
    EXPORT = "export", _("Exported")
    SIGN_IN = "sign_in", _("Signed in")
    SIGN_OUT = "sign_out", _("Signed out")
    SIGN_IN_FAILED = "sign_in_failed", _("Sign-in failed")
    DENIED = "denied", _("Refused")


class AuditEntry(models.Model):
    """One read or write of patient data, or one event of the door. Never holds health data.

    There are no foreign keys on purpose: the record outlives what it speaks of, and writing it
    locks nothing else.
    """

    clinic_id = models.UUIDField(_("clinic"), null=True)
    at = models.DateTimeField(_("at"), db_default=Now())
    actor_kind = models.CharField(_("actor kind"), max_length=12)
    actor_id = models.CharField(_("actor id"), max_length=64, blank=True)
    actor_label = models.CharField(_("actor"), max_length=200, blank=True)
    action = models.CharField(_("action"), max_length=16, choices=Action.choices)
    model = models.CharField(_("record type"), max_length=80, blank=True)
    object_id = models.CharField(_("record id"), max_length=64, blank=True)
    patients = ArrayField(
        models.UUIDField(),
        verbose_name=_("patients"),
        default=list,
        blank=True,
        help_text=_("The patients whose data was shown or changed."),
    )
    fields = ArrayField(
        models.CharField(max_length=63),
        verbose_name=_("columns"),
        default=list,
        blank=True,
        help_text=_("Names of the changed columns; values are never kept here."),
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-id"]
        indexes = [
            GinIndex(fields=["patients"], name="audit_entry_patients"),
            BrinIndex(fields=["at"], name="audit_entry_at"),
            models.Index(fields=["clinic_id", "id"], name="audit_entry_clinic"),
            models.Index(fields=["actor_id", "id"], name="audit_entry_actor"),
            models.Index(fields=["model", "object_id"], name="audit_entry_object"),
        ]
        triggers = [*append_only(), *no_truncate()]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor_label} {self.action} {self.model}"


class AuditSeal(models.Model):
    """One link of a clinic's hash chain: a batch of entries, their digests and the one before.

    `entry_digests` is the concatenation of one SHA-256 (32 bytes) per id in `entry_ids`, so a
    check can name the very row that was touched. `up_to` is the id up to which the whole table
    was looked at in that run.
    """

    clinic_id = models.UUIDField(_("clinic"), null=True)
    number = models.PositiveBigIntegerField(_("number"))
    entry_ids = ArrayField(models.BigIntegerField(), verbose_name=_("entries"))
    entry_digests = models.BinaryField(_("entry digests"))
    up_to = models.BigIntegerField(_("up to entry"))
    previous = models.BinaryField(_("digest before"), max_length=32)
    digest = models.BinaryField(_("digest"), max_length=32)
    sealed_at = models.DateTimeField(_("sealed at"), db_default=Now())

    class Meta:
        verbose_name = _("audit seal")
        verbose_name_plural = _("audit seals")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic_id", "number"], name="audit_seal_number", nulls_distinct=False
            ),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="audit_seal_from_one"),
        ]
        indexes = [models.Index(fields=["-up_to"], name="audit_seal_up_to")]
        triggers = [*append_only(), *no_truncate()]

    def __str__(self) -> str:
        return f"{self.clinic_id or 'house'} #{self.number}"

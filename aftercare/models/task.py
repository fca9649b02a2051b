"""What a person at the clinic has to do."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.triggers import audit_triggers
from patients.models import PatientOwned

_ICONS = {
    "message_failed": "envelope-x",
    "message_unclear": "envelope-exclamation",
    "no_address": "telephone",
    "bounced": "envelope-x",
    "screening_review": "clipboard-check",
    "contraindicated": "sign-stop",
    "checkin_review": "heart-pulse",
    "checkin_urgent": "heart-pulse",
}


class StaffTask(PatientOwned):
    """Something that waits for a person. `subject` once while open: no task twice."""

    class Kind(models.TextChoices):
        MESSAGE_FAILED = "message_failed", _("Message could not be sent")
        MESSAGE_UNCLEAR = "message_unclear", _("Unclear whether a message was sent")
        SCREENING_REVIEW = "screening_review", _("Screening to review")
        CONTRAINDICATED = "contraindicated", _("Patient contraindicated")
        CHECKIN_REVIEW = "checkin_review", _("Check-in to review")
        CHECKIN_URGENT = "checkin_urgent", _("Urgent check-in")
        NO_ADDRESS = "no_address", _("No e-mail address")
        BOUNCED = "bounced", _("Messages come back")

    class Role(models.TextChoices):
        FRONT_DESK = "front_desk", _("Front desk")
        CLINICAL = "clinical", _("Practitioners")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    role = models.CharField(_("for"), max_length=12, choices=Role)
    title = models.CharField(_("title"), max_length=200)
    detail = models.CharField(_("detail"), max_length=300, blank=True)
    subject_id = models.UUIDField(_("about"))
    url_name = models.CharField(_("page"), max_length=60, blank=True)
    is_urgent = models.BooleanField(_("urgent"), default=False)
    due_at = models.DateTimeField(_("due at"))
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True,
        related_name="+", verbose_name=_("claimed by"),
    )  # fmt: skip
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    done_by = models.CharField(_("done by"), max_length=200, blank=True)
    outcome = models.CharField(_("outcome"), max_length=300, blank=True)

    class Meta:
        ordering = ["-is_urgent", "due_at"]
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        indexes = [
            models.Index(
                name="task_open", fields=["clinic", "role", "due_at"], condition=Q(done_at=None)
            )
        ]
        constraints = [
            models.UniqueConstraint(
                name="task_open_once", fields=["kind", "subject_id"], condition=Q(done_at=None)
            ),
            models.CheckConstraint(
                name="task_done_by_somebody",
                condition=Q(done_at__isnull=True, done_by="")
                | (Q(done_at__isnull=False) & ~Q(done_by="")),
            ),
        ]
        triggers = audit_triggers()

    def __str__(self) -> str:
        return self.title

    @property
    def icon(self) -> str:
        """A Bootstrap icon for its kind."""
        return _ICONS.get(self.kind, "dot")

    @property
    def url(self) -> str:
        """The page where it is dealt with, or "" where there is none."""
        return reverse(self.url_name, args=[self.subject_id]) if self.url_name else ""

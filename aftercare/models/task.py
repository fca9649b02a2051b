"""What a person at the clinic has to do."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.triggers import append_only, audit_triggers
from mesoclinic.clinic.base import ClinicOwned

_ICONS = {
    "message_failed": "envelope-x",
    "message_unclear": "envelope-exclamation",
    "no_address": "telephone",
    "bounced": "envelope-x",
    "screening_review": "clipboard-check",
    "contraindicated": "sign-stop",
    "checkin_review": "heart-pulse",
    "checkin_urgent": "heart-pulse",
    "checkin_silent": "telephone-outbound",
    "question": "chat-dots",
    "screening_expired": "clipboard-x",
    "off_protocol": "calendar-x",
    "stock": "box-seam",
    "recall": "megaphone",
}


class StaffTask(ClinicOwned):
    """Something that waits for a person, about a patient or (stock) about nobody.

    `subject` once while open: no task twice. It may be assigned to somebody, and is claimed by
    whoever takes it. An urgent one that nobody claims goes on to the next person at `escalate_at`.
    """

    class Kind(models.TextChoices):
        MESSAGE_FAILED = "message_failed", _("Message could not be sent")
        MESSAGE_UNCLEAR = "message_unclear", _("Unclear whether a message was sent")
        SCREENING_REVIEW = "screening_review", _("Screening to review")
        CONTRAINDICATED = "contraindicated", _("Patient contraindicated")
        CHECKIN_REVIEW = "checkin_review", _("Check-in to review")
        CHECKIN_URGENT = "checkin_urgent", _("Urgent check-in")
        NO_ADDRESS = "no_address", _("No e-mail address")
        BOUNCED = "bounced", _("Messages come back")
        CHECKIN_SILENT = "checkin_silent", _("No answer to check-ins")
        QUESTION = "question", _("Question")
        SCREENING_EXPIRED = "screening_expired", _("Screening missing before a visit")
        OFF_PROTOCOL = "off_protocol", _("Course drifting")
        STOCK = "stock", _("Stock")
        RECALL = "recall", _("Recall")

    class Role(models.TextChoices):
        FRONT_DESK = "front_desk", _("Front desk")
        CLINICAL = "clinical", _("Practitioners")
        MANAGEMENT = "management", _("Stock keepers")

    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.PROTECT, null=True, blank=True,
        verbose_name=_("patient"),
    )  # fmt: skip
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    role = models.CharField(_("for"), max_length=12, choices=Role)
    # A text of the catalogue, untranslated: each reader reads it in their own language.
    title = models.CharField(_("title"), max_length=200)
    detail = models.CharField(_("detail"), max_length=300, blank=True)
    subject_id = models.UUIDField(_("about"))
    url_name = models.CharField(_("page"), max_length=60, blank=True)
    is_urgent = models.BooleanField(_("urgent"), default=False)
    due_at = models.DateTimeField(_("due at"))
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True,
        related_name="+", verbose_name=_("assigned to"),
    )  # fmt: skip
    escalate_at = models.DateTimeField(_("goes on to the next person at"), null=True, blank=True)
    alert_round = models.PositiveSmallIntegerField(_("people alerted"), default=0)
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
            ),
            models.Index(name="task_done", fields=["clinic", "-done_at"]),
            models.Index(
                name="task_escalates",
                fields=["escalate_at"],
                condition=Q(done_at=None, escalate_at__isnull=False),
            ),
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
        return self.heading

    @property
    def heading(self) -> str:
        """What is to be done, in the reader's language."""
        return gettext(self.title)

    @property
    def about(self) -> str:
        """Whom or what it is about: the patient, else the thing that `detail` names."""
        return self.patient.name if self.patient else self.detail or self.heading

    @property
    def icon(self) -> str:
        """A Bootstrap icon for its kind."""
        return _ICONS.get(self.kind, "dot")

    @property
    def url(self) -> str:
        """The page where it is dealt with, or "" where there is none."""
        return reverse(self.url_name, args=[self.subject_id]) if self.url_name else ""


class TaskEvent(ClinicOwned):
    """One step in the life of a task: who did what, and why."""

    class What(models.TextChoices):
        OPENED = "opened", _("Opened")
        ASSIGNED = "assigned", _("Assigned")
        CLAIMED = "claimed", _("Claimed")
        RELEASED = "released", _("Given back")
        ALERTED = "alerted", _("Alerted")
        DUE = "due", _("Due date changed")
        DONE = "done", _("Done")

    task = models.ForeignKey(
        StaffTask, on_delete=models.PROTECT, related_name="events", verbose_name=_("task")
    )
    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.PROTECT, null=True, blank=True,
        related_name="+", verbose_name=_("patient"),
    )  # fmt: skip
    what = models.CharField(_("what"), max_length=10, choices=What)
    at = models.DateTimeField(_("at"))
    by_label = models.CharField(_("by"), max_length=200)
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        ordering = ["at", "created_at"]
        verbose_name = _("step of a task")
        verbose_name_plural = _("steps of tasks")
        triggers = [*audit_triggers(), *append_only()]

    def __str__(self) -> str:
        return self.get_what_display()

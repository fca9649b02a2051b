"""Ask the doctor: what patients write, and what the clinic answers."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aftercare.models.checkin import CheckIn
from mesoclinic.audit.triggers import append_only, audit_triggers
from mesoclinic.clinic.base import ClinicOwned
from patients.models import PatientFile, PatientLink, PatientOwned


class Thread(PatientOwned):
    """One conversation with one patient. `waits_since` is the first question without an answer."""

    checkin = models.ForeignKey(
        CheckIn, on_delete=models.PROTECT, null=True, blank=True, related_name="threads",
        verbose_name=_("about the check-in"),
    )  # fmt: skip
    asked_at = models.DateTimeField(_("asked at"))
    answered_at = models.DateTimeField(_("first answered at"), null=True, blank=True)
    last_at = models.DateTimeField(_("last word at"))
    waits_since = models.DateTimeField(_("waits since"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    closed_why = models.CharField(_("why closed"), max_length=300, blank=True)

    class Meta:
        ordering = ["-last_at"]
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        indexes = [
            models.Index(name="thread_list", fields=["clinic", "-last_at"]),
            models.Index(name="thread_answered", fields=["clinic", "answered_at"]),
            models.Index(name="thread_of_patient", fields=["patient", "-last_at"]),
        ]
        constraints = [
            models.CheckConstraint(
                name="thread_closed_does_not_wait",
                condition=Q(closed_at=None) | Q(waits_since=None),
            ),
            models.CheckConstraint(
                name="thread_in_order", condition=Q(last_at__gte=models.F("asked_at"))
            ),
        ]
        triggers = audit_triggers()

    def __str__(self) -> str:
        return f"{self.patient_id} {self.asked_at:%Y-%m-%d}"

    @property
    def state(self) -> str:
        """waiting, answered or closed: a chip of kind "thread"."""
        if self.closed_at is not None:
            return "closed"
        return "waiting" if self.waits_since is not None else "answered"


class ThreadPost(PatientOwned):
    """One thing said, by the patient (through a link) or by somebody at the clinic."""

    thread = models.ForeignKey(
        Thread, on_delete=models.PROTECT, related_name="posts", verbose_name=_("conversation")
    )
    text = models.TextField(_("text"))
    at = models.DateTimeField(_("at"))
    link = models.ForeignKey(
        PatientLink, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("link"),
    )  # fmt: skip
    staff = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True,
        related_name="+", verbose_name=_("written by"),
    )  # fmt: skip
    by_label = models.CharField(_("by"), max_length=200, blank=True)

    class Meta:
        ordering = ["at", "created_at"]
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        constraints = [
            models.CheckConstraint(name="thread_post_says_something", condition=~Q(text="")),
            models.CheckConstraint(
                name="thread_post_by_one", condition=Q(link=None) | Q(staff=None)
            ),
        ]
        triggers = [*audit_triggers(), *append_only()]

    def __str__(self) -> str:
        return self.text[:60]

    @property
    def is_answer(self) -> bool:
        """Whether the clinic said it."""
        return self.staff_id is not None


class ThreadPhoto(PatientOwned):
    """A photograph that came with a post."""

    post = models.ForeignKey(
        ThreadPost, on_delete=models.PROTECT, related_name="photos", verbose_name=_("post")
    )
    file = models.ForeignKey(
        PatientFile, on_delete=models.PROTECT, related_name="+", verbose_name=_("photograph")
    )

    class Meta:
        ordering = ["created_at"]
        verbose_name = _("photograph of a conversation")
        verbose_name_plural = _("photographs of conversations")
        constraints = [models.UniqueConstraint(name="thread_photo_once", fields=["post", "file"])]
        triggers = [*audit_triggers(), *append_only()]

    def __str__(self) -> str:
        return f"{self.post_id}"


class CannedAnswer(ClinicOwned):
    """A ready text for questions that come often; the practitioner completes it."""

    title = models.CharField(_("title"), max_length=80)
    language = models.CharField(_("language"), max_length=10, default="en")
    text = models.TextField(_("text"))
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["title"]
        verbose_name = _("ready answer")
        verbose_name_plural = _("ready answers")
        constraints = [
            models.UniqueConstraint(
                name="canned_answer_once", fields=["clinic", "language", "title"]
            ),
            models.CheckConstraint(name="canned_answer_says_something", condition=~Q(text="")),
        ]

    def __str__(self) -> str:
        return self.title

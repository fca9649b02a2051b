"""What the patient said about their skin after a session."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.triggers import append_only, audit_triggers
from mesoclinic.clinic.base import ClinicOwned
from patients.models import PatientFile, PatientLink, PatientOwned
from treatments.models import SessionRecord


class TriageRuleSet(ClinicOwned):
    """One version of the triage rules; the published one judges, and never changes.

    `spec` is the JSON form of `aftercare.domain.triage.TriageRules`.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        RETIRED = "retired", _("Retired")

    version = models.PositiveIntegerField(_("version"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    spec = models.JSONField(_("effects and rules"))
    note = models.CharField(_("what changed"), max_length=300, blank=True)
    approved_at = models.DateTimeField(
        _("approved at"), null=True, blank=True,
        help_text=_("Clinic default: review before use, until a practitioner approves it."),
    )  # fmt: skip
    approved_by = models.CharField(_("approved by"), max_length=200, blank=True)

    class Meta:
        ordering = ["-version"]
        verbose_name = _("triage rules")
        verbose_name_plural = _("triage rules")
        constraints = [
            models.UniqueConstraint(name="triage_rules_version_once", fields=["clinic", "version"]),
            models.UniqueConstraint(
                name="triage_rules_one_published",
                fields=["clinic"],
                condition=Q(status="published"),
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="published_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.status <> 'draft' AND (OLD.spec, OLD.version, OLD.clinic_id) "
                    "IS DISTINCT FROM (NEW.spec, NEW.version, NEW.clinic_id)"
                ),
            ),
            pgtrigger.Protect(
                name="published_not_deleted",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Condition("OLD.status <> 'draft'"),
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.version}"


class CheckIn(PatientOwned):
    """An answered check-in with the judgement of the triage rules; never edited."""

    class Level(models.TextChoices):
        SELF_CARE = "self_care", _("Self-care")
        REVIEW = "review", _("Review")
        URGENT = "urgent", _("Urgent")
        EMERGENCY = "emergency", _("Emergency")

    session = models.ForeignKey(
        SessionRecord, on_delete=models.PROTECT, related_name="checkins", verbose_name=_("session")
    )
    link = models.ForeignKey(
        PatientLink, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("link"),
    )  # fmt: skip
    feeling = models.PositiveSmallIntegerField(
        _("how it is"), help_text=_("1 (very good) to 5 (very bad)")
    )
    effects = models.JSONField(_("effects"), default=list)
    text = models.TextField(_("in their own words"), blank=True)
    level = models.CharField(_("level"), max_length=10, choices=Level)
    facts = models.JSONField(
        _("about the session"), default=dict, blank=True,
        help_text=_("What the rules looked at: hours since, ingredients, lots, technique."),
    )  # fmt: skip
    rules = models.ForeignKey(
        TriageRuleSet, on_delete=models.PROTECT, related_name="+", verbose_name=_("rules")
    )
    answered_at = models.DateTimeField(_("answered at"))

    class Meta:
        ordering = ["-answered_at"]
        verbose_name = _("check-in")
        verbose_name_plural = _("check-ins")
        constraints = [
            models.CheckConstraint(
                name="checkin_feeling_1_to_5", condition=Q(feeling__range=(1, 5))
            ),
            # A link's form is answered once; later words come by a message of their own.
            models.UniqueConstraint(name="checkin_once_per_link", fields=["link"]),
        ]
        triggers = [*audit_triggers(), *append_only()]

    def __str__(self) -> str:
        return self.get_level_display()


class CheckInPhoto(PatientOwned):
    """A photograph that came with a check-in."""

    checkin = models.ForeignKey(
        CheckIn, on_delete=models.PROTECT, related_name="photos", verbose_name=_("check-in")
    )
    file = models.ForeignKey(
        PatientFile, on_delete=models.PROTECT, related_name="+", verbose_name=_("photograph")
    )

    class Meta:
        ordering = ["created_at"]
        verbose_name = _("photograph of a check-in")
        verbose_name_plural = _("photographs of check-ins")
        constraints = [
            models.UniqueConstraint(name="checkin_photo_once", fields=["checkin", "file"])
        ]
        triggers = [*audit_triggers(), *append_only()]

    def __str__(self) -> str:
        return f"{self.checkin_id}"

"""What the patient said about their skin after a session."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.triggers import append_only, audit_triggers
from patients.models import PatientOwned
from treatments.models import SessionRecord


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
    feeling = models.PositiveSmallIntegerField(
        _("how it is"), help_text=_("1 (very good) to 5 (very bad)")
    )
    effects = models.JSONField(_("effects"), default=list)
    text = models.TextField(_("in their own words"), blank=True)
    level = models.CharField(_("level"), max_length=10, choices=Level)
    rules_version = models.CharField(_("version of the rules"), max_length=20)
    answered_at = models.DateTimeField(_("answered at"))

    class Meta:
        ordering = ["-answered_at"]
        verbose_name = _("check-in")
        verbose_name_plural = _("check-ins")
        constraints = [
            models.CheckConstraint(name="checkin_feeling_1_to_5", condition=Q(feeling__range=(1, 5)))
        ]
        triggers = [*audit_triggers(), *append_only()]

    def __str__(self) -> str:
        return self.get_level_display()

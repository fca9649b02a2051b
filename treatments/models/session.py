"""The record of a session: a draft until signed, afterwards changed only by addenda."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.triggers import append_only, audit_triggers
from patients.models import PatientOwned
from treatments.models.catalogue import Ingredient, TargetArea, Technique
from treatments.models.plan import Cocktail, PlannedSession
from treatments.models.stock import Lot

# Doses belong to their session: signing it freezes them too.
_SESSION_IS_SIGNED = """
    PERFORM 1 FROM treatments_sessionrecord AS s
      WHERE s.id IN (NEW.session_id, OLD.session_id) AND s.signed_at IS NOT NULL;
    IF FOUND THEN
        RAISE EXCEPTION 'the session is signed: add an addendum instead'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
"""


# Grade 3 of CTCAE is "severe": from here on an open event stops treatment.
SEVERE = 3


class SessionRecord(PatientOwned):
    """What happened at one session. Immutable once signed."""

    planned_session = models.OneToOneField(
        PlannedSession, on_delete=models.PROTECT, related_name="record",
        verbose_name=_("planned session"),
    )  # fmt: skip
    cocktail = models.ForeignKey(
        Cocktail, on_delete=models.PROTECT, related_name="+", verbose_name=_("cocktail")
    )
    practitioner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+",
        verbose_name=_("practitioner"),
    )  # fmt: skip
    performed_on = models.DateField(_("performed on"), help_text=_("The clinic's local day."))
    started_at = models.DateTimeField(_("started at"))
    checklist = models.JSONField(_("order of work"), default=dict, blank=True)
    draft = models.JSONField(
        _("doses as typed"), default=list, blank=True,
        help_text=_("Rows of the unsigned form; signing turns them into doses."),
    )  # fmt: skip
    reaction = models.TextField(_("reactions at the session"), blank=True)
    pain_score = models.PositiveSmallIntegerField(_("pain, 0 to 10"), null=True, blank=True)
    notes = models.TextField(_("notes"), blank=True)
    signed_at = models.DateTimeField(_("signed at"), null=True, blank=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True,
        related_name="+", verbose_name=_("signed by"),
    )  # fmt: skip

    class Meta:
        ordering = ["-performed_on"]
        verbose_name = _("session record")
        verbose_name_plural = _("session records")
        constraints = [
            models.CheckConstraint(
                name="session_signed_by_somebody",
                condition=Q(signed_at__isnull=True, signed_by__isnull=True)
                | Q(signed_at__isnull=False, signed_by__isnull=False),
            ),
            models.CheckConstraint(
                name="session_signed_after_start",
                condition=Q(signed_at__isnull=True) | Q(signed_at__gte=F("started_at")),
            ),
            models.CheckConstraint(
                name="session_pain_0_to_10",
                condition=Q(pain_score__isnull=True) | Q(pain_score__lte=10),
            ),
            models.UniqueConstraint(name="session_record_id_and_patient", fields=["id", "patient"]),
        ]
        indexes = [
            models.Index(name="session_record_by_patient", fields=["patient", "-performed_on"])
        ]
        triggers = [
            *audit_triggers(ignore=("draft",)),
            pgtrigger.Protect(
                name="signed_stays",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Condition("OLD.signed_at IS NOT NULL"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.planned_session} {self.performed_on}"

    @property
    def is_signed(self) -> bool:
        """Whether it is immutable."""
        return self.signed_at is not None


class SessionDose(PatientOwned):
    """One ingredient given from one lot, by one technique, in one area."""

    session = models.ForeignKey(
        SessionRecord, on_delete=models.PROTECT, related_name="doses", verbose_name=_("session")
    )
    ingredient = models.ForeignKey(
        Ingredient, on_delete=models.PROTECT, related_name="+", verbose_name=_("ingredient")
    )
    lot = models.ForeignKey(
        Lot, on_delete=models.PROTECT, related_name="doses", verbose_name=_("lot")
    )
    dose = models.DecimalField(_("dose"), max_digits=9, decimal_places=3)
    unit = models.CharField(_("unit"), max_length=5, choices=Ingredient.Unit)
    technique = models.ForeignKey(
        Technique, on_delete=models.PROTECT, related_name="+", verbose_name=_("technique")
    )
    area = models.ForeignKey(
        TargetArea, on_delete=models.PROTECT, related_name="+", verbose_name=_("target area")
    )

    class Meta:
        ordering = ["session", "ingredient__name"]
        verbose_name = _("dose")
        verbose_name_plural = _("doses")
        constraints = [
            models.UniqueConstraint(
                name="session_dose_once",
                fields=["session", "ingredient", "lot", "area", "technique"],
            ),
            models.CheckConstraint(name="session_dose_positive", condition=Q(dose__gt=0)),
        ]
        triggers = [
            *audit_triggers(),
            pgtrigger.Trigger(
                name="frozen_with_session",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func=_SESSION_IS_SIGNED,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ingredient} {self.dose} {self.unit}"


class SessionAddendum(PatientOwned):
    """What is added to a signed session record afterwards."""

    session = models.ForeignKey(
        SessionRecord, on_delete=models.PROTECT, related_name="addenda", verbose_name=_("session")
    )
    text = models.TextField(_("text"))
    written_at = models.DateTimeField(_("written at"))
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+",
        verbose_name=_("written by"),
    )  # fmt: skip

    class Meta:
        ordering = ["written_at"]
        verbose_name = _("addendum")
        verbose_name_plural = _("addenda")
        constraints = [
            models.CheckConstraint(name="session_addendum_has_text", condition=~Q(text=""))
        ]
        triggers = [*audit_triggers(), *append_only()]

    def __str__(self) -> str:
        return self.text[:60]


class AdverseEvent(PatientOwned):
    """An unwanted effect; severity 1 (mild) to 5 (death), after the CTCAE grades."""

    session = models.ForeignKey(
        SessionRecord, on_delete=models.PROTECT, null=True, blank=True,
        related_name="adverse_events", verbose_name=_("session"),
    )  # fmt: skip
    effect = models.CharField(_("effect"), max_length=60)
    severity = models.PositiveSmallIntegerField(_("severity"))
    onset_on = models.DateField(_("since"))
    description = models.TextField(_("description"), blank=True)
    is_draft = models.BooleanField(_("draft"), default=False)
    resolved_at = models.DateTimeField(_("resolved at"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=300, blank=True)

    class Meta:
        ordering = ["-onset_on"]
        verbose_name = _("adverse event")
        verbose_name_plural = _("adverse events")
        constraints = [
            models.CheckConstraint(
                name="adverse_event_severity_1_to_5", condition=Q(severity__range=(1, 5))
            ),
            models.CheckConstraint(
                name="adverse_event_resolved_with_outcome",
                condition=Q(resolved_at__isnull=True) | ~Q(outcome=""),
            ),
        ]
        indexes = [
            # The gate asks for these on every visit: few rows, however long the history grows.
            models.Index(
                name="adverse_event_open",
                fields=["patient"],
                condition=Q(resolved_at__isnull=True),
            )
        ]
        triggers = audit_triggers()

    def __str__(self) -> str:
        return self.effect

    @property
    def stops_treatment(self) -> bool:
        """Open and severe: the gate stops. A draft (said by the patient) counts until judged."""
        return self.resolved_at is None and self.severity >= SEVERE


class ReadinessOverride(PatientOwned):
    """A practitioner goes ahead in spite of named reasons, and says why."""

    planned_session = models.ForeignKey(
        PlannedSession, on_delete=models.PROTECT, related_name="overrides",
        verbose_name=_("planned session"),
    )  # fmt: skip
    codes = models.JSONField(_("reasons overridden"))
    reason = models.TextField(_("why"))
    overridden_at = models.DateTimeField(_("at"))
    overridden_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by")
    )

    class Meta:
        ordering = ["-overridden_at"]
        verbose_name = _("override")
        verbose_name_plural = _("overrides")
        constraints = [
            models.CheckConstraint(name="readiness_override_has_reason", condition=~Q(reason=""))
        ]
        triggers = [*audit_triggers(), *append_only()]

    def __str__(self) -> str:
        return self.reason[:60]

"""A treatment plan: a snapshot of the protocol, versioned cocktails, and its sessions."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.triggers import append_only, audit_triggers
from patients.models import PatientOwned
from treatments.models.catalogue import (
    Indication,
    Ingredient,
    Protocol,
    ProtocolPhase,
    TargetArea,
    Technique,
)


class TreatmentPlan(PatientOwned):
    """A course agreed with one patient. `protocol_snapshot` freezes the phases as they were."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("Active")
        COMPLETED = "completed", _("Completed")
        STOPPED = "stopped", _("Stopped")

    practitioner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+",
        verbose_name=_("practitioner"),
    )  # fmt: skip
    indication = models.ForeignKey(
        Indication, on_delete=models.PROTECT, related_name="+", verbose_name=_("indication")
    )
    protocol = models.ForeignKey(
        Protocol, on_delete=models.PROTECT, related_name="+", verbose_name=_("protocol")
    )
    protocol_snapshot = models.JSONField(_("protocol as agreed"))
    goals = models.TextField(_("goals, in the patient's words"), blank=True)
    techniques = models.ManyToManyField(Technique, verbose_name=_("techniques"), related_name="+")
    areas = models.ManyToManyField(TargetArea, verbose_name=_("target areas"), related_name="+")
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    status_reason = models.CharField(_("reason"), max_length=300, blank=True)
    start_on = models.DateField(_("not before"), help_text=_("The first session's earliest day."))
    offered = models.TextField(
        _("offered and declined"), blank=True,
        help_text=_("Other treatments that were talked about, and what the patient said."),
    )  # fmt: skip
    sessions_bought = models.PositiveSmallIntegerField(
        _("sessions bought"), null=True, blank=True,
        help_text=_("How many the patient has paid for; empty where each is paid on the day."),
    )  # fmt: skip
    currency = models.CharField(
        _("currency"),
        max_length=3,
        blank=True,
        help_text=_("Three capital letters, for example EUR."),
    )
    cost_lines = models.JSONField(
        _("costs"), default=list, blank=True,
        help_text=_("Rows of label, quantity and price of one, as told before the signature."),
    )  # fmt: skip

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("treatment plan")
        verbose_name_plural = _("treatment plans")
        indexes = [models.Index(name="plan_by_status", fields=["clinic", "status", "-created_at"])]
        constraints = [
            models.CheckConstraint(
                name="plan_stopped_with_reason",
                condition=~Q(status="stopped") | ~Q(status_reason=""),
            ),
            models.CheckConstraint(
                name="plan_status_known",
                condition=Q(status__in=["draft", "active", "completed", "stopped"]),
            ),
            models.CheckConstraint(
                name="plan_currency_code",
                condition=Q(currency="") | Q(currency__regex="^[A-Z]{3}$"),
            ),
            # The targets of composite foreign keys: what belongs to a plan has its patient.
            models.UniqueConstraint(name="plan_id_and_patient", fields=["id", "patient"]),
        ]
        triggers = audit_triggers()

    def __str__(self) -> str:
        return str(self.indication)


# A plan that can still be stopped.
RUNNING = (TreatmentPlan.Status.DRAFT.value, TreatmentPlan.Status.ACTIVE.value)


class Cocktail(PatientOwned):
    """One version of what is injected. Never edited: a change is the next version."""

    plan = models.ForeignKey(
        TreatmentPlan, on_delete=models.PROTECT, related_name="cocktails", verbose_name=_("plan")
    )
    version = models.PositiveIntegerField(_("version"))
    change_note = models.CharField(_("what changed"), max_length=300, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+",
        verbose_name=_("created by"),
    )  # fmt: skip

    class Meta:
        ordering = ["plan", "-version"]
        get_latest_by = "version"
        verbose_name = _("cocktail")
        verbose_name_plural = _("cocktails")
        constraints = [
            models.UniqueConstraint(name="cocktail_version_once", fields=["plan", "version"]),
            models.UniqueConstraint(name="cocktail_id_and_patient", fields=["id", "patient"]),
        ]
        triggers = [*audit_triggers(), *append_only()]

    def __str__(self) -> str:
        return f"v{self.version}"


class CocktailItem(PatientOwned):
    """One ingredient of a cocktail version, with its dose per session."""

    cocktail = models.ForeignKey(
        Cocktail, on_delete=models.PROTECT, related_name="items", verbose_name=_("cocktail")
    )
    ingredient = models.ForeignKey(
        Ingredient, on_delete=models.PROTECT, related_name="+", verbose_name=_("ingredient")
    )
    dose = models.DecimalField(_("dose"), max_digits=9, decimal_places=3)
    unit = models.CharField(_("unit"), max_length=5, choices=Ingredient.Unit)

    class Meta:
        ordering = ["cocktail", "ingredient__name"]
        verbose_name = _("cocktail ingredient")
        verbose_name_plural = _("cocktail ingredients")
        constraints = [
            models.UniqueConstraint(
                name="cocktail_ingredient_once", fields=["cocktail", "ingredient"]
            ),
            models.CheckConstraint(name="cocktail_dose_positive", condition=Q(dose__gt=0)),
        ]
        triggers = [*audit_triggers(), *append_only()]

    def __str__(self) -> str:
        return f"{self.ingredient} {self.dose} {self.unit}"


class Consent(PatientOwned):
    """The patient's signature under the exact text about one plan and one cocktail version."""

    class Method(models.TextChoices):
        TABLET = "tablet", _("On the tablet")
        PAPER = "paper", _("On paper")
        LINK = "link", _("By link")

    cocktail = models.ForeignKey(
        Cocktail, on_delete=models.PROTECT, related_name="consents", verbose_name=_("cocktail")
    )
    text = models.TextField(_("text"))
    text_sha256 = models.CharField(_("hash of the text"), max_length=64)
    signer_name = models.CharField(_("signed by"), max_length=200)
    method = models.CharField(_("method"), max_length=10, choices=Method)
    signed_at = models.DateTimeField(_("signed at"))
    drawing = models.TextField(
        _("drawn signature"), blank=True,
        help_text=_("The strokes as an SVG path in a field of 600 by 200; empty where it was typed."),
    )  # fmt: skip
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    class Meta:
        ordering = ["-signed_at"]
        get_latest_by = "signed_at"
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [
            models.CheckConstraint(name="consent_signed_by_name", condition=~Q(signer_name="")),
            models.CheckConstraint(
                name="consent_drawing_is_a_path",
                condition=Q(drawing="") | Q(drawing__regex=r"^M[ML0-9 ]+$"),
            ),
            models.CheckConstraint(
                name="consent_withdrawn_after_signed",
                condition=Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gte=F("signed_at")),
            ),
        ]
        triggers = [
            *audit_triggers(),
            pgtrigger.Protect(name="consent_not_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="consent_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.withdrawn_at IS NOT NULL OR (OLD.text, OLD.text_sha256, OLD.signer_name, "
                    "OLD.method, OLD.signed_at, OLD.cocktail_id, OLD.patient_id, OLD.drawing) "
                    "IS DISTINCT FROM "
                    "(NEW.text, NEW.text_sha256, NEW.signer_name, NEW.method, NEW.signed_at, "
                    "NEW.cocktail_id, NEW.patient_id, NEW.drawing)"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.signer_name} {self.signed_at:%Y-%m-%d}"

    @property
    def is_in_force(self) -> bool:
        """Signed and not withdrawn."""
        return self.withdrawn_at is None


class PlannedSession(PatientOwned):
    """One session of a plan, with the gap to the one before it (none for the first)."""

    plan = models.ForeignKey(
        TreatmentPlan, on_delete=models.PROTECT, related_name="sessions", verbose_name=_("plan")
    )
    number = models.PositiveSmallIntegerField(_("number"))
    phase_name = models.CharField(_("phase"), max_length=100)
    phase_index = models.PositiveSmallIntegerField(_("phase number"), default=0)
    gap_min = models.PositiveSmallIntegerField(_("gap at least"), null=True, blank=True)
    gap_ideal = models.PositiveSmallIntegerField(_("ideal gap"), null=True, blank=True)
    gap_max = models.PositiveSmallIntegerField(_("gap at most"), null=True, blank=True)
    gap_unit = models.CharField(
        _("unit"), max_length=10, choices=ProtocolPhase.Unit, default=ProtocolPhase.Unit.DAYS
    )
    dropped_at = models.DateTimeField(_("dropped at"), null=True, blank=True)
    changed_at = models.DateTimeField(_("changed at"), null=True, blank=True)
    change_reason = models.CharField(
        _("why it was added, changed or left out"), max_length=300, blank=True
    )

    class Meta:
        ordering = ["plan", "number"]
        verbose_name = _("planned session")
        verbose_name_plural = _("planned sessions")
        constraints = [
            models.UniqueConstraint(name="planned_session_once", fields=["plan", "number"]),
            models.UniqueConstraint(
                name="planned_session_id_and_patient", fields=["id", "patient"]
            ),
            models.CheckConstraint(
                name="planned_session_gap_whole",
                condition=Q(gap_min__isnull=True, gap_ideal__isnull=True, gap_max__isnull=True)
                | (
                    Q(gap_min__gte=1)
                    & Q(gap_min__lte=F("gap_ideal"))
                    & Q(gap_ideal__lte=F("gap_max"))
                ),
            ),
        ]
        triggers = audit_triggers()

    def __str__(self) -> str:
        return str(_("Session %(number)s") % {"number": self.number})


_LINKS_OF_PLAN = audit_triggers(
    patient="treatmentplan__patient_id", clinic="treatmentplan__clinic_id"
)


class PlanTechnique(TreatmentPlan.techniques.through):  # type: ignore[misc, name-defined]
    """The hidden table of a plan's techniques, named here so that its writes are audited."""

    class Meta:
        proxy = True
        verbose_name = _("technique of a plan")
        verbose_name_plural = _("techniques of plans")
        triggers = _LINKS_OF_PLAN

    def __str__(self) -> str:
        return str(self.pk)


class PlanArea(TreatmentPlan.areas.through):  # type: ignore[misc, name-defined]
    """The hidden table of a plan's areas, named here so that its writes are audited."""

    class Meta:
        proxy = True
        verbose_name = _("area of a plan")
        verbose_name_plural = _("areas of plans")
        triggers = _LINKS_OF_PLAN

    def __str__(self) -> str:
        return str(self.pk)

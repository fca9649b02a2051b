"""The record of a session: a draft until signed, afterwards changed only by addenda."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.triggers import append_only, audit_triggers
from patients.models import PatientOwned
from treatments.models.catalogue import Ingredient, Layer, TargetArea, Technique
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


def _frozen_with_session() -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name="frozen_with_session",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func=_SESSION_IS_SIGNED,
    )


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
    device = models.CharField(_("device"), max_length=120, blank=True)
    device_settings = models.CharField(_("settings of the device"), max_length=300, blank=True)
    duration_min = models.PositiveSmallIntegerField(_("minutes"), null=True, blank=True)
    draft_map = models.JSONField(
        _("map as drawn"), default=dict, blank=True,
        help_text=_("Syringes and points of the unsigned form; signing turns them into rows."),
    )  # fmt: skip
    draft_version = models.PositiveIntegerField(_("version of the draft"), default=0)
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
            models.CheckConstraint(
                name="session_lasts_a_day_at_most",
                condition=Q(duration_min__isnull=True) | Q(duration_min__range=(1, 1440)),
            ),
            models.UniqueConstraint(name="session_record_id_and_patient", fields=["id", "patient"]),
        ]
        indexes = [
            models.Index(name="session_record_by_patient", fields=["patient", "-performed_on"]),
            models.Index(
                name="session_record_signed", fields=["clinic", "performed_on"],
                condition=Q(signed_at__isnull=False),
            ),
        ]  # fmt: skip
        triggers = [
            *audit_triggers(ignore=("draft", "draft_map", "draft_version")),
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


class Syringe(PatientOwned):
    """What was drawn up together, possibly from several lots: one mixture with its time.

    Volumes in ml; `volume_ml` is what was drawn up, None where nobody measured it, and
    `discarded_ml` what was not injected.
    """

    session = models.ForeignKey(
        SessionRecord, on_delete=models.PROTECT, related_name="syringes", verbose_name=_("session")
    )
    number = models.PositiveSmallIntegerField(_("number"))
    drawn_up_at = models.DateTimeField(_("drawn up at"))
    volume_ml = models.DecimalField(
        _("volume (ml)"), max_digits=7, decimal_places=3, null=True, blank=True
    )
    discarded_ml = models.DecimalField(
        _("not injected (ml)"), max_digits=7, decimal_places=3, default=0
    )

    class Meta:
        ordering = ["session", "number"]
        verbose_name = _("syringe")
        verbose_name_plural = _("syringes")
        constraints = [
            models.UniqueConstraint(name="syringe_once", fields=["session", "number"]),
            models.UniqueConstraint(name="syringe_id_and_patient", fields=["id", "patient"]),
            models.CheckConstraint(
                name="syringe_volumes_in_order",
                condition=Q(discarded_ml__gte=0)
                & (
                    Q(volume_ml__isnull=True) | Q(volume_ml__gt=0, volume_ml__gte=F("discarded_ml"))
                ),
            ),
        ]
        triggers = [*audit_triggers(), _frozen_with_session()]

    def __str__(self) -> str:
        return str(_("Syringe %(number)s") % {"number": self.number})


class PointGroup(PatientOwned):
    """Points of one syringe set alike: one view, area, technique, layer, depth and volume each.

    `points` holds pairs (x, y) in percent of the view's box.
    """

    session = models.ForeignKey(
        SessionRecord, on_delete=models.PROTECT, related_name="point_groups",
        verbose_name=_("session"),
    )  # fmt: skip
    syringe = models.ForeignKey(
        Syringe, on_delete=models.PROTECT, related_name="point_groups", verbose_name=_("syringe")
    )
    view = models.CharField(_("view"), max_length=12)
    area = models.ForeignKey(
        TargetArea, on_delete=models.PROTECT, related_name="+", verbose_name=_("target area")
    )
    technique = models.ForeignKey(
        Technique, on_delete=models.PROTECT, related_name="+", verbose_name=_("technique")
    )
    layer = models.CharField(_("layer"), max_length=20, choices=Layer)
    depth_mm = models.DecimalField(_("depth (mm)"), max_digits=4, decimal_places=1)
    point_ml = models.DecimalField(_("per point (ml)"), max_digits=6, decimal_places=4)
    points = ArrayField(
        ArrayField(models.DecimalField(max_digits=5, decimal_places=2), size=2),
        verbose_name=_("points"),
    )

    class Meta:
        ordering = ["session", "view", "created_at", "id"]
        verbose_name = _("points of an area")
        verbose_name_plural = _("points of areas")
        constraints = [
            models.CheckConstraint(
                name="point_group_amounts",
                condition=Q(point_ml__gt=0) & Q(depth_mm__gte=0),
            ),
        ]
        triggers = [*audit_triggers(), _frozen_with_session()]

    def __str__(self) -> str:
        return f"{self.area}: {self.count}"

    @property
    def count(self) -> int:
        """How many points."""
        return len(self.points)


class SessionDose(PatientOwned):
    """One ingredient given from one lot, by one technique, in one area.

    `syringe` names the mixture it was part of; older records have none.
    """

    session = models.ForeignKey(
        SessionRecord, on_delete=models.PROTECT, related_name="doses", verbose_name=_("session")
    )
    ingredient = models.ForeignKey(
        Ingredient, on_delete=models.PROTECT, related_name="+", verbose_name=_("ingredient")
    )
    lot = models.ForeignKey(
        Lot, on_delete=models.PROTECT, related_name="doses", verbose_name=_("lot")
    )
    syringe = models.ForeignKey(
        Syringe, on_delete=models.PROTECT, null=True, blank=True, related_name="doses",
        verbose_name=_("syringe"),
    )  # fmt: skip
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
                fields=["session", "ingredient", "lot", "area", "technique", "syringe"],
                nulls_distinct=False,
            ),
            models.CheckConstraint(name="session_dose_positive", condition=Q(dose__gt=0)),
        ]
        triggers = [*audit_triggers(), _frozen_with_session()]

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

"""The safety record: allergies, medicines, conditions, and the words that classify them."""

from __future__ import annotations

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.triggers import audit_triggers
from mesoclinic.clinic.base import ClinicOwned
from patients.models.base import PatientOwned


class RecordFact(PatientOwned):
    """One statement about a patient's health: text always, code where known, tags for the rules."""

    class Source(models.TextChoices):
        STAFF = "staff", _("Entered by staff")
        PATIENT = "patient", _("Said by the patient")
        IMPORT = "import", _("Imported")

    text = models.CharField(_("what"), max_length=300)
    code_system = models.CharField(_("code system"), max_length=100, blank=True)
    code = models.CharField(_("code"), max_length=50, blank=True)
    codes = ArrayField(
        models.CharField(max_length=80), verbose_name=_("all codes"), default=list, blank=True,
        help_text=_("In short form, for example snomed:91936005."),
    )  # fmt: skip
    tags = ArrayField(
        models.CharField(max_length=60), verbose_name=_("tags"), default=list, blank=True,
        help_text=_("What the screening rules recognise in it."),
    )  # fmt: skip
    note = models.CharField(_("note"), max_length=300, blank=True)
    source = models.CharField(_("source"), max_length=10, choices=Source, default=Source.STAFF)
    source_ref = models.CharField(_("id at the source"), max_length=200, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    closed_here = models.BooleanField(
        _("ended by staff"), default=False, help_text=_("An import does not open it again.")
    )

    class Meta:
        abstract = True
        ordering = ["text"]

    def __str__(self) -> str:
        return self.text


def fact_constraints(name: str) -> list[models.BaseConstraint]:
    """Constraints that all three kinds of fact share, under names of their own."""
    return [
        models.CheckConstraint(name=f"{name}_has_text", condition=~Q(text="")),
        models.UniqueConstraint(
            name=f"{name}_imported_once",
            fields=["patient", "source_ref"],
            condition=~Q(source_ref=""),
        ),
    ]


class Allergy(RecordFact):
    """A substance or allergen group the patient reacts to."""

    class Severity(models.TextChoices):
        MILD = "mild", _("Mild")
        MODERATE = "moderate", _("Moderate")
        SEVERE = "severe", _("Severe")
        UNKNOWN = "unknown", _("Unknown")

    class Certainty(models.TextChoices):
        SUSPECTED = "suspected", _("Suspected")
        CONFIRMED = "confirmed", _("Confirmed")

    reaction = models.CharField(_("reaction"), max_length=200, blank=True)
    severity = models.CharField(
        _("severity"), max_length=10, choices=Severity, default=Severity.UNKNOWN
    )
    certainty = models.CharField(
        _("certainty"), max_length=10, choices=Certainty, default=Certainty.CONFIRMED
    )
    noted_on = models.DateField(_("noted on"), null=True, blank=True)

    class Meta(RecordFact.Meta):
        abstract = False
        verbose_name = _("allergy")
        verbose_name_plural = _("allergies")
        constraints = fact_constraints("allergy")
        triggers = audit_triggers()


class Medicine(RecordFact):
    """A medicine the patient takes or took."""

    since = models.DateField(_("since"), null=True, blank=True)
    until = models.DateField(_("until"), null=True, blank=True)
    is_active = models.BooleanField(_("taken now"), default=True)

    class Meta(RecordFact.Meta):
        abstract = False
        verbose_name = _("medicine")
        verbose_name_plural = _("medicines")
        constraints = [
            *fact_constraints("medicine"),
            models.CheckConstraint(
                name="medicine_ends_after_start",
                condition=Q(since__isnull=True) | Q(until__isnull=True) | Q(until__gte=F("since")),
            ),
        ]
        triggers = audit_triggers()

    def taken_on(self, day: dt.date) -> bool:
        """Whether the patient takes it on `day`."""
        return self.is_active and (self.until is None or self.until >= day)


class Condition(RecordFact):
    """An illness or state, active or past."""

    onset_on = models.DateField(_("since"), null=True, blank=True)
    ended_on = models.DateField(_("until"), null=True, blank=True)

    class Meta(RecordFact.Meta):
        abstract = False
        verbose_name = _("condition")
        verbose_name_plural = _("conditions")
        constraints = [
            *fact_constraints("condition"),
            models.CheckConstraint(
                name="condition_ends_after_onset",
                condition=Q(onset_on__isnull=True)
                | Q(ended_on__isnull=True)
                | Q(ended_on__gte=F("onset_on")),
            ),
        ]
        triggers = audit_triggers()


class ClinicalTerm(ClinicOwned):
    """Words and codes by which a tag is recognised in an allergy, a medicine or a condition.

    Editable by the clinic: brand names differ from country to country.
    """

    class Kind(models.TextChoices):
        ALLERGY = "allergy", _("Allergy")
        MEDICINE = "medicine", _("Medicine")
        CONDITION = "condition", _("Condition")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    tag = models.CharField(
        _("tag"), max_length=60, help_text=_("For example anticoagulant or allergen:fish.")
    )
    label = models.CharField(_("label"), max_length=100)
    words = ArrayField(
        models.CharField(max_length=100), verbose_name=_("words"), default=list, blank=True,
        help_text=_("Names and brand names, in any language, separated by commas."),
    )  # fmt: skip
    codes = ArrayField(
        models.CharField(max_length=60), verbose_name=_("codes"), default=list, blank=True,
        help_text=_("For example snomed:91936005 or rxnorm:11289; * stands for any ending."),
    )  # fmt: skip
    excludes = ArrayField(
        models.CharField(max_length=100), verbose_name=_("not when it says"), default=list,
        blank=True, help_text=_("Phrases that mean something else, such as lactose intolerance."),
    )  # fmt: skip
    is_past = models.BooleanField(
        _("over by nature"), default=False,
        help_text=_("The words name something that has ended, such as a miscarriage."),
    )  # fmt: skip
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)

    class Meta:
        ordering = ["kind", "tag"]
        verbose_name = _("clinical term")
        verbose_name_plural = _("clinical terms")
        constraints = [
            models.UniqueConstraint(
                name="clinical_term_once", fields=["clinic", "kind", "tag", "is_past"]
            )
        ]

    def __str__(self) -> str:
        return self.label

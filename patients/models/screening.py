"""Questionnaires and what patients answered; answers and judgements are never edited."""

from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.triggers import append_only, audit_triggers
from mesoclinic.clinic.base import ClinicOwned
from patients.models.base import PatientOwned


class Questionnaire(ClinicOwned):
    """One version of a questionnaire with its rules; a published version never changes.

    `spec` is the JSON form of `patients.domain.screening.QuestionnaireSpec`.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        RETIRED = "retired", _("Retired")

    key = models.SlugField(_("key"), max_length=50, default="screening")
    version = models.PositiveIntegerField(_("version"))
    title = models.CharField(_("title"), max_length=200)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    spec = models.JSONField(_("questions and rules"))
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    approved_at = models.DateTimeField(
        _("approved at"), null=True, blank=True,
        help_text=_("Clinic default: review before use, until a practitioner approves it."),
    )  # fmt: skip

    class Meta:
        ordering = ["key", "-version"]
        verbose_name = _("questionnaire")
        verbose_name_plural = _("questionnaires")
        constraints = [
            models.UniqueConstraint(
                name="questionnaire_version_once", fields=["clinic", "key", "version"]
            ),
            models.UniqueConstraint(
                name="questionnaire_one_published",
                fields=["clinic", "key"],
                condition=Q(status="published"),
            ),
            models.CheckConstraint(
                name="questionnaire_published_has_date",
                condition=Q(status="draft", published_at__isnull=True)
                | Q(status__in=["published", "retired"], published_at__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="published_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "OLD.status <> 'draft' AND (OLD.spec, OLD.key, OLD.version, OLD.clinic_id, "
                    "OLD.title, OLD.published_at) IS DISTINCT FROM (NEW.spec, NEW.key, NEW.version, "
                    "NEW.clinic_id, NEW.title, NEW.published_at)"
                ),
            ),
            pgtrigger.Protect(
                name="status_never_goes_back",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    "((OLD.status <> 'draft' AND NEW.status = 'draft') "
                    "OR (OLD.status = 'retired' AND NEW.status <> 'retired'))"
                ),
            ),
            pgtrigger.Protect(
                name="published_not_deleted",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Condition("OLD.status <> 'draft'"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} v{self.version}"


class Screening(PatientOwned):
    """One filling of a questionnaire. Saved as it goes; immutable once submitted."""

    class Channel(models.TextChoices):
        DESK = "desk", _("At the desk")
        LINK = "link", _("By link")

    questionnaire = models.ForeignKey(
        Questionnaire, on_delete=models.PROTECT, related_name="screenings",
        verbose_name=_("questionnaire"),
    )  # fmt: skip
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    prefilled_from = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="+", null=True, blank=True,
        verbose_name=_("filled in from"),
        help_text=_("The earlier screening whose answers this one started with."),
    )  # fmt: skip
    answers = models.JSONField(_("answers"), default=dict)
    started_by = models.CharField(_("started by"), max_length=200)
    submitted_at = models.DateTimeField(_("submitted at"), null=True, blank=True)
    submitted_by = models.CharField(_("submitted by"), max_length=200, blank=True)
    signed_name = models.CharField(_("signed by"), max_length=200, blank=True)
    signed_text = models.TextField(
        _("text signed"), blank=True, help_text=_("Word for word, as it stood over the signature.")
    )
    signature = models.TextField(
        _("drawn signature"), blank=True,
        help_text=_("The strokes as an SVG path in a field of 600 by 200; empty where it was typed."),
    )  # fmt: skip

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("screening")
        verbose_name_plural = _("screenings")
        indexes = [models.Index(name="screening_by_patient", fields=["patient", "-submitted_at"])]
        constraints = [
            models.CheckConstraint(
                name="screening_submitted_by_somebody",
                condition=Q(submitted_at__isnull=True, submitted_by="")
                | (Q(submitted_at__isnull=False) & ~Q(submitted_by="")),
            ),
            models.CheckConstraint(
                name="screening_signature_is_a_path",
                condition=Q(signature="") | Q(signature__regex=r"^M[ML0-9 ]+$"),
            ),
            models.CheckConstraint(
                name="screening_signed_when_submitted",
                condition=Q(submitted_at__isnull=False)
                | Q(signed_name="", signed_text="", signature=""),
            ),
            models.UniqueConstraint(
                name="screening_one_draft",
                fields=["patient", "questionnaire", "channel"],
                condition=Q(submitted_at__isnull=True),
            ),
        ]
        triggers = [
            *audit_triggers(),
            pgtrigger.Protect(
                name="submitted_stays",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Condition("OLD.submitted_at IS NOT NULL"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient_id}: {self.questionnaire_id}"


class ScreeningResult(PatientOwned):
    """The judgement of one version of the rules over one screening and the record as it was.

    A changed record brings a new row; the latest row of the latest screening is in force.
    """

    class Outcome(models.TextChoices):
        CLEARED = "cleared", _("Cleared")
        REVIEW = "review", _("Review")
        DEFERRED = "deferred", _("Deferred")
        CONTRAINDICATED = "contraindicated", _("Contraindicated")
        INCOMPLETE = "incomplete", _("Incomplete")

    screening = models.ForeignKey(
        Screening, on_delete=models.PROTECT, related_name="results", verbose_name=_("screening")
    )
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome)
    findings = models.JSONField(_("findings"))
    inputs = models.JSONField(_("inputs"), help_text=_("The record as the rules saw it."))
    evaluated_at = models.DateTimeField(_("evaluated at"))
    valid_until = models.DateField(_("valid until"))

    class Meta:
        ordering = ["-evaluated_at"]
        get_latest_by = "evaluated_at"
        verbose_name = _("screening result")
        verbose_name_plural = _("screening results")
        indexes = [
            models.Index(name="screening_result_latest", fields=["patient", "-evaluated_at"])
        ]
        triggers = [*audit_triggers(), *append_only()]

    def __str__(self) -> str:
        return self.get_outcome_display()


class ScreeningDecision(PatientOwned):
    """A practitioner's signed judgement of a result; a new row, never an edit."""

    class Decision(models.TextChoices):
        TREAT = "treat", _("Treat")
        CONDITIONS = "conditions", _("Treat with conditions")
        DEFER = "defer", _("Defer")
        REFUSE = "refuse", _("Do not treat")

    result = models.ForeignKey(
        ScreeningResult, on_delete=models.PROTECT, related_name="decisions",
        verbose_name=_("result"),
    )  # fmt: skip
    decision = models.CharField(_("decision"), max_length=20, choices=Decision)
    reason = models.TextField(_("reason"))
    conditions = models.TextField(_("conditions"), blank=True)
    defer_until = models.DateField(_("defer until"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided at"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+",
        verbose_name=_("decided by"),
    )  # fmt: skip

    class Meta:
        ordering = ["-decided_at"]
        get_latest_by = "decided_at"
        verbose_name = _("screening decision")
        verbose_name_plural = _("screening decisions")
        constraints = [
            models.CheckConstraint(name="screening_decision_has_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="screening_decision_defers_until",
                condition=~Q(decision="defer") | Q(defer_until__isnull=False),
            ),
            models.CheckConstraint(
                name="screening_decision_names_conditions",
                condition=~Q(decision="conditions") | ~Q(conditions=""),
            ),
        ]
        triggers = [*audit_triggers(), *append_only()]

    def __str__(self) -> str:
        return self.get_decision_display()


class ScreeningConfirmation(PatientOwned):
    """The question "has anything changed since?" answered with no, at a visit (clinical source S2, S4)."""

    screening = models.ForeignKey(
        Screening, on_delete=models.PROTECT, related_name="confirmations",
        verbose_name=_("screening"),
    )  # fmt: skip
    confirmed_at = models.DateTimeField(_("confirmed at"))
    confirmed_by = models.CharField(_("confirmed by"), max_length=200)

    class Meta:
        ordering = ["-confirmed_at"]
        get_latest_by = "confirmed_at"
        verbose_name = _("screening confirmation")
        verbose_name_plural = _("screening confirmations")
        triggers = [*audit_triggers(), *append_only()]

    def __str__(self) -> str:
        return f"{self.screening_id} {self.confirmed_at:%Y-%m-%d}"

"""What comes after a session: adverse events, recalls of lots, results, and pictures of both."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.triggers import append_only, audit_triggers
from mesoclinic.clinic.base import ClinicOwned
from patients.models import PatientFile, PatientOwned
from treatments.models.session import SessionRecord
from treatments.models.stock import Lot

# Grade 3 of CTCAE is "severe": from here on an open event stops treatment.
SEVERE = 3


class AdverseEvent(PatientOwned):
    """An unwanted effect; severity 1 (mild) to 5 (death), after the CTCAE grades.

    The row shows how it stands; `AdverseEventEntry` keeps every step of the way.
    """

    class Source(models.TextChoices):
        SESSION = "session", _("At the session")
        CHECKIN = "checkin", _("From a check-in")
        PHONE = "phone", _("By phone")
        VISIT = "visit", _("At another visit")
        OTHER = "other", _("Other")

    class Course(models.TextChoices):
        NEW = "new", _("Just begun")
        BETTER = "better", _("Getting better")
        SAME = "same", _("Unchanged")
        WORSE = "worse", _("Getting worse")
        GONE = "gone", _("Gone")

    class Cause(models.TextChoices):
        UNKNOWN = "unknown", _("Not judged yet")
        CERTAIN = "certain", _("Certainly the treatment")
        PROBABLE = "probable", _("Probably the treatment")
        POSSIBLE = "possible", _("Possibly the treatment")
        UNLIKELY = "unlikely", _("Unlikely the treatment")
        UNRELATED = "unrelated", _("Not the treatment")

    class Ending(models.TextChoices):
        RECOVERED = "recovered", _("Recovered")
        LASTING = "lasting", _("Something remains")
        DIED = "died", _("Died")
        UNKNOWN = "unknown", _("Not known")

    session = models.ForeignKey(
        SessionRecord, on_delete=models.PROTECT, null=True, blank=True,
        related_name="adverse_events", verbose_name=_("session"),
    )  # fmt: skip
    effect = models.CharField(_("effect"), max_length=60)
    severity = models.PositiveSmallIntegerField(_("severity"))
    onset_on = models.DateField(_("since"))
    source = models.CharField(
        _("how we heard of it"), max_length=10, choices=Source, default=Source.OTHER
    )
    course = models.CharField(_("course"), max_length=10, choices=Course, default=Course.NEW)
    cause = models.CharField(_("cause"), max_length=10, choices=Cause, default=Cause.UNKNOWN)
    description = models.TextField(_("description"), blank=True)
    actions = models.TextField(_("what was done"), blank=True)
    is_draft = models.BooleanField(_("draft"), default=False)
    resolved_at = models.DateTimeField(_("resolved at"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=300, blank=True)
    ending = models.CharField(_("ending"), max_length=10, choices=Ending, blank=True)

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
            models.UniqueConstraint(name="adverse_event_id_and_patient", fields=["id", "patient"]),
        ]
        indexes = [
            # The gate asks for these on every visit: few rows, however long the history grows.
            models.Index(
                name="adverse_event_open",
                fields=["patient"],
                condition=Q(resolved_at__isnull=True),
            ),
            models.Index(name="adverse_event_by_onset", fields=["clinic", "-onset_on"]),
        ]
        triggers = audit_triggers()

    def __str__(self) -> str:
        return self.effect

    @property
    def stops_treatment(self) -> bool:
        """Open and severe: the gate stops. A draft (said by the patient) counts until judged."""
        return self.resolved_at is None and self.severity >= SEVERE


class AdverseEventEntry(PatientOwned):
    """One step in the life of an adverse event: what was seen, judged and done, by whom."""

    class Kind(models.TextChoices):
        REPORTED = "reported", _("Reported")
        FOLLOWED = "followed", _("Looked at again")
        RESOLVED = "resolved", _("Closed")
        REOPENED = "reopened", _("Opened again")

    event = models.ForeignKey(
        AdverseEvent, on_delete=models.PROTECT, related_name="entries",
        verbose_name=_("adverse event"),
    )  # fmt: skip
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    severity = models.PositiveSmallIntegerField(_("severity"))
    course = models.CharField(_("course"), max_length=10, choices=AdverseEvent.Course)
    text = models.TextField(_("text"), blank=True)
    at = models.DateTimeField(_("at"))
    by_label = models.CharField(_("by"), max_length=200)

    class Meta:
        ordering = ["at", "id"]
        verbose_name = _("step of an adverse event")
        verbose_name_plural = _("steps of adverse events")
        triggers = [*audit_triggers(), *append_only()]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d}"


class ClinicalPicture(PatientOwned):
    """A photograph of the patient's files that belongs to a session or to an adverse event."""

    file = models.ForeignKey(
        PatientFile, on_delete=models.PROTECT, related_name="+", verbose_name=_("photograph")
    )
    session = models.ForeignKey(
        SessionRecord, on_delete=models.PROTECT, null=True, blank=True, related_name="pictures",
        verbose_name=_("session"),
    )  # fmt: skip
    event = models.ForeignKey(
        AdverseEvent, on_delete=models.PROTECT, null=True, blank=True, related_name="pictures",
        verbose_name=_("adverse event"),
    )  # fmt: skip

    class Meta:
        ordering = ["created_at"]
        verbose_name = _("clinical picture")
        verbose_name_plural = _("clinical pictures")
        constraints = [
            models.CheckConstraint(
                name="clinical_picture_of_one_thing",
                condition=Q(session__isnull=True, event__isnull=False)
                | Q(session__isnull=False, event__isnull=True),
            ),
            models.UniqueConstraint(
                name="clinical_picture_once",
                fields=["file", "session", "event"],
                nulls_distinct=False,
            ),
        ]
        triggers = [*audit_triggers(), *append_only()]

    def __str__(self) -> str:
        return str(self.file_id)


class OutcomeReview(PatientOwned):
    """How the result is judged after a session: GAIS and satisfaction, by whom and when."""

    class Rater(models.TextChoices):
        PRACTITIONER = "practitioner", _("Practitioner")
        PATIENT = "patient", _("Patient")

    class Gais(models.IntegerChoices):
        # Global Aesthetic Improvement Scale.
        VERY_MUCH = 1, _("Very much improved")
        MUCH = 2, _("Much improved")
        IMPROVED = 3, _("Improved")
        UNCHANGED = 4, _("Unchanged")
        WORSE = 5, _("Worse")

    session = models.ForeignKey(
        SessionRecord, on_delete=models.PROTECT, related_name="reviews", verbose_name=_("session")
    )
    rater = models.CharField(_("judged by"), max_length=12, choices=Rater)
    gais = models.PositiveSmallIntegerField(_("improvement"), choices=Gais)
    satisfaction = models.PositiveSmallIntegerField(
        _("satisfaction, 0 to 10"), null=True, blank=True
    )
    note = models.CharField(_("note"), max_length=300, blank=True)
    reviewed_on = models.DateField(_("on"))
    by_label = models.CharField(_("entered by"), max_length=200)

    class Meta:
        ordering = ["-reviewed_on", "-created_at"]
        verbose_name = _("result")
        verbose_name_plural = _("results")
        constraints = [
            models.CheckConstraint(name="outcome_gais_1_to_5", condition=Q(gais__range=(1, 5))),
            models.CheckConstraint(
                name="outcome_satisfaction_0_to_10",
                condition=Q(satisfaction__isnull=True) | Q(satisfaction__lte=10),
            ),
        ]
        indexes = [models.Index(name="outcome_by_day", fields=["clinic", "reviewed_on"])]
        triggers = [*audit_triggers(), *append_only()]

    def __str__(self) -> str:
        return self.get_gais_display()


class LotRecall(ClinicOwned):
    """A lot whose patients are told: begun once, with the words of the reason for staff."""

    lot = models.OneToOneField(
        Lot, on_delete=models.PROTECT, related_name="recall", verbose_name=_("lot")
    )
    reason = models.CharField(_("reason"), max_length=300)
    begun_at = models.DateTimeField(_("begun at"))
    begun_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True,
        related_name="+", verbose_name=_("begun by"),
    )  # fmt: skip

    class Meta:
        ordering = ["-begun_at"]
        verbose_name = _("recall")
        verbose_name_plural = _("recalls")
        triggers = append_only()

    def __str__(self) -> str:
        return str(self.lot)


# Of the patients of a recall: who knows of it, or can still be told.
STANDS_IN_RECALL = Q(reached_at__isnull=False) | Q(
    patient__deceased_on__isnull=True, patient__erased_at__isnull=True
)


class RecallContact(PatientOwned):
    """One patient to be told of a recall, and whether somebody has spoken with them."""

    class How(models.TextChoices):
        PHONE = "phone", _("By phone")
        VISIT = "visit", _("In person")
        MAIL = "mail", _("Answered the message")
        LETTER = "letter", _("By letter")

    recall = models.ForeignKey(
        LotRecall, on_delete=models.PROTECT, related_name="contacts", verbose_name=_("recall")
    )
    reached_at = models.DateTimeField(_("reached at"), null=True, blank=True)
    reached_how = models.CharField(_("how"), max_length=10, choices=How, blank=True)
    reached_by = models.CharField(_("noted by"), max_length=200, blank=True)
    note = models.CharField(_("what was said"), max_length=300, blank=True)

    class Meta:
        ordering = ["created_at", "id"]
        verbose_name = _("patient of a recall")
        verbose_name_plural = _("patients of recalls")
        constraints = [
            models.UniqueConstraint(name="recall_contact_once", fields=["recall", "patient"]),
            models.CheckConstraint(
                name="recall_reached_somehow",
                condition=Q(reached_at__isnull=True, reached_how="")
                | (Q(reached_at__isnull=False) & ~Q(reached_how="")),
            ),
        ]
        triggers = audit_triggers()

    def __str__(self) -> str:
        return str(self.pk)


class TextSnippet(ClinicOwned):
    """A sentence that is written often, put into the notes by one touch."""

    title = models.CharField(_("button"), max_length=40)
    text = models.CharField(_("text"), max_length=300)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["order", "title"]
        verbose_name = _("text snippet")
        verbose_name_plural = _("text snippets")
        constraints = [
            models.UniqueConstraint(name="text_snippet_once", fields=["clinic", "title"]),
            models.CheckConstraint(name="text_snippet_has_text", condition=~Q(text="")),
        ]

    def __str__(self) -> str:
        return self.title

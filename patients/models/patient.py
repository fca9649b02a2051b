"""The person, how to reach them, and what they agreed to receive."""

from __future__ import annotations

import datetime as dt

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.triggers import audit_triggers
from mesoclinic.clinic.base import ClinicOwned
from patients.models.base import PatientOwned


def record_number(number: int) -> str:
    """How the clinic's running number is written: 42 becomes P-00042."""
    return f"P-{number:05d}"


def _searchable() -> Func:
    """Everything somebody may type to find a patient, folded to lower case without accents."""
    space = Value(" ")
    return Func(
        Concat(
            F("name"), space, F("preferred_name"), space, F("email"), space, F("phone"),
            space, F("record_number"),
            output_field=models.TextField(),
        ),
        function="mesoclinic_fold",
        output_field=models.TextField(),
    )  # fmt: skip


class Patient(ClinicOwned):
    """A person whom the clinic treats.

    `name` is written as the person writes it, in whatever order; `family_name` only sorts lists.
    """

    class Sex(models.TextChoices):
        FEMALE = "female", _("Female")
        MALE = "male", _("Male")
        OTHER = "other", _("Other")
        UNKNOWN = "unknown", _("Not said")

    class Found(models.TextChoices):
        RECOMMENDED = "recommended", _("Recommended by a friend or patient")
        REFERRED = "referred", _("Sent by a doctor")
        SEARCH = "search", _("Web search")
        SOCIAL = "social", _("Social media")
        PASSING = "passing", _("Passing by")
        ADVERT = "advert", _("Advertisement or event")
        OTHER = "other", _("Another way")

    class Amount(models.TextChoices):
        LOW = "low", _("Little")
        MEDIUM = "medium", _("Some")
        HIGH = "high", _("Much")

    class Smoking(models.TextChoices):
        NEVER = "never", _("Never")
        FORMER = "former", _("Stopped")
        SOME = "some", _("Now and then")
        DAILY = "daily", _("Daily")

    class Alcohol(models.TextChoices):
        NONE = "none", _("None")
        SOME = "some", _("Now and then")
        DAILY = "daily", _("Most days")

    record_number = models.CharField(
        _("record number"), max_length=20, help_text=_("Given by the clinic, for example P-00042.")
    )
    name = models.CharField(
        _("name"), max_length=200, help_text=_("The whole name, as the patient writes it.")
    )
    preferred_name = models.CharField(
        _("how to address them"), max_length=100, blank=True,
        help_text=_("Used in messages; the whole name if empty."),
    )  # fmt: skip
    family_name = models.CharField(
        _("sort under"),
        max_length=100,
        blank=True,
        help_text=_("The part of the name lists sort by."),
    )
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    sex = models.CharField(_("sex"), max_length=10, choices=Sex, default=Sex.UNKNOWN)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(
        _("phone"), max_length=20, blank=True, help_text=_("With country code.")
    )
    address = models.TextField(_("address"), blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    language = models.CharField(_("language"), max_length=10, default="en")
    emergency_contact = models.CharField(_("emergency contact"), max_length=200, blank=True)
    guardian_name = models.CharField(_("guardian"), max_length=200, blank=True)
    guardian_contact = models.CharField(
        _("how to reach the guardian"), max_length=200, blank=True,
        help_text=_("Who they are to the patient, and phone or e-mail."),
    )  # fmt: skip
    guardian_consent_on = models.DateField(_("guardian agreed on"), null=True, blank=True)
    found_through = models.CharField(
        _("how they found the clinic"), max_length=12, choices=Found, blank=True
    )
    found_note = models.CharField(
        _("through whom"), max_length=100, blank=True, help_text=_("For example the doctor's name.")
    )
    sun_exposure = models.CharField(_("sun exposure"), max_length=6, choices=Amount, blank=True)
    smoking = models.CharField(_("smoking"), max_length=6, choices=Smoking, blank=True)
    alcohol = models.CharField(_("alcohol"), max_length=6, choices=Alcohol, blank=True)
    stress = models.CharField(_("stress"), max_length=6, choices=Amount, blank=True)
    phototype = models.PositiveSmallIntegerField(
        _("skin phototype"), null=True, blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(6)],
        help_text=_("Fitzpatrick scale, 1 (always burns) to 6 (never burns)."),
    )  # fmt: skip
    weight_kg = models.DecimalField(
        _("weight (kg)"), max_digits=5, decimal_places=1, null=True, blank=True
    )
    alert = models.CharField(
        _("alert"), max_length=200, blank=True, help_text=_("Shown wherever the patient appears.")
    )
    notes = models.TextField(_("notes"), blank=True)
    preferred_weekdays = ArrayField(
        models.PositiveSmallIntegerField(), verbose_name=_("preferred weekdays"),
        default=list, blank=True, help_text=_("Monday is 0."),
    )  # fmt: skip
    preferred_from = models.TimeField(_("preferred from"), null=True, blank=True)
    preferred_until = models.TimeField(_("preferred until"), null=True, blank=True)
    deceased_on = models.DateField(_("died on"), null=True, blank=True)
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True, editable=False)
    kept_until = models.DateField(
        _("kept by law until"), null=True, blank=True, editable=False,
        help_text=_("The law wants the record of treatment to be kept; then that is erased too."),
    )  # fmt: skip
    restricted_at = models.DateTimeField(
        _("restricted since"), null=True, blank=True, editable=False,
        help_text=_("The patient asked that the data be kept, but not used."),
    )  # fmt: skip
    restricted_reason = models.CharField(
        _("why restricted"), max_length=300, blank=True, editable=False
    )
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="+", null=True, blank=True, editable=False,
        verbose_name=_("merged into"),
        help_text=_("The entry that stands for this one. Its own address leads there."),
    )  # fmt: skip
    screen_again_since = models.DateTimeField(
        _("to be screened again since"), null=True, blank=True, editable=False,
        help_text=_("Screenings signed before do not count as valid any more."),
    )  # fmt: skip
    search = models.GeneratedField(
        expression=_searchable(), output_field=models.TextField(), db_persist=True
    )

    class Meta:
        ordering = ["family_name", "name"]
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        indexes = [
            GinIndex(name="patient_search_trgm", fields=["search"], opclasses=["gin_trgm_ops"]),
            models.Index(name="patient_by_name", fields=["clinic", "family_name", "name", "id"]),
            models.Index(name="patient_by_birth_date", fields=["clinic", "birth_date"]),
            models.Index(name="patient_by_phone", fields=["clinic", "phone"]),
            models.Index(name="patient_by_email", fields=["clinic", "email"]),
        ]
        constraints = [
            models.UniqueConstraint(
                name="patient_record_number_once", fields=["clinic", "record_number"]
            ),
            # The target of the composite foreign keys of every patient-owned table.
            models.UniqueConstraint(name="patient_id_and_clinic", fields=["id", "clinic"]),
            models.CheckConstraint(name="patient_has_name", condition=~Q(name="")),
            # Whatever hides an erased entry hides one that another stands for.
            models.CheckConstraint(
                name="patient_merged_is_hidden",
                condition=Q(merged_into__isnull=True) | Q(erased_at__isnull=False),
            ),
            models.CheckConstraint(
                name="patient_kept_only_if_erased",
                condition=Q(kept_until__isnull=True) | Q(erased_at__isnull=False),
            ),
            models.CheckConstraint(
                name="patient_restricted_with_reason",
                condition=Q(restricted_at__isnull=True, restricted_reason="")
                | (Q(restricted_at__isnull=False) & ~Q(restricted_reason="")),
            ),
            models.CheckConstraint(
                name="patient_phototype_1_to_6",
                condition=Q(phototype__isnull=True) | Q(phototype__range=(1, 6)),
            ),
            models.CheckConstraint(
                name="patient_dies_after_birth",
                condition=Q(deceased_on__isnull=True)
                | Q(birth_date__isnull=True)
                | Q(deceased_on__gte=F("birth_date")),
            ),
            models.CheckConstraint(
                name="patient_preferred_hours_in_order",
                condition=Q(preferred_from__isnull=True)
                | Q(preferred_until__isnull=True)
                | Q(preferred_from__lt=F("preferred_until")),
            ),
        ]
        triggers = audit_triggers(patient="id")

    def __str__(self) -> str:
        return self.name

    @property
    def shown_name(self) -> str:
        """The name for pages that must stay complete: an erased person is counted, not named."""
        return gettext("Erased record") if self.erased_at is not None else self.name

    @property
    def greeting_name(self) -> str:
        """How a message addresses the patient."""
        return self.preferred_name or self.name

    @property
    def can_be_contacted(self) -> bool:
        """Nobody plans for, or writes to, the dead and those who asked to be forgotten or left."""
        return self.deceased_on is None and self.erased_at is None and self.restricted_at is None

    def age_on(self, day: dt.date) -> int | None:
        """Whole years on `day`, or None where the birth date is unknown."""
        if self.birth_date is None:
            return None
        born = self.birth_date
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


class ExternalIdentifier(PatientOwned):
    """The patient's number in another system; makes imports idempotent."""

    system = models.CharField(_("system"), max_length=200)
    value = models.CharField(_("value"), max_length=200)

    class Meta:
        verbose_name = _("external identifier")
        verbose_name_plural = _("external identifiers")
        constraints = [
            models.UniqueConstraint(
                name="external_identifier_once", fields=["clinic", "system", "value"]
            )
        ]
        triggers = audit_triggers()

    def __str__(self) -> str:
        return f"{self.system}: {self.value}"


class ContactPreference(PatientOwned):
    """Whether one kind of message may reach the patient by one channel; absent means yes."""

    class Purpose(models.TextChoices):
        VISITS = "visits", _("Visits: confirmations and reminders")
        CARE = "care", _("Care: aftercare advice and check-ins")
        NEWS = "news", _("Invitations and news")

    channel = models.CharField(_("channel"), max_length=10, default="email")
    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose)
    allowed = models.BooleanField(_("allowed"), default=True)
    changed_at = models.DateTimeField(_("changed at"))

    class Meta:
        verbose_name = _("contact preference")
        verbose_name_plural = _("contact preferences")
        constraints = [
            models.UniqueConstraint(
                name="contact_preference_once", fields=["patient", "channel", "purpose"]
            )
        ]
        triggers = audit_triggers()

    def __str__(self) -> str:
        return f"{self.channel}/{self.purpose}: {'yes' if self.allowed else 'no'}"

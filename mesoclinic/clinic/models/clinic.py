"""The clinic: where it stands, what time it is there, and how it speaks to patients."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.triggers import audit_triggers
from mesoclinic.clinic.fields import validate_country, validate_language, validate_time_zone
from mesoclinic.clinic.models.membership import Role
from mesoclinic.common.ids import new_id

MAX_SCREENING_DAYS = 730


class Hemisphere(models.TextChoices):
    """Which summer it is: sun advice and season rules turn on it."""

    NORTH = "north", _("Northern")
    SOUTH = "south", _("Southern")


def default_sending_from() -> dt.time:
    """Eight in the morning, local."""
    return dt.time(8)


def default_sending_until() -> dt.time:
    """Eight in the evening, local."""
    return dt.time(20)


class Clinic(models.Model):
    """One site. Everything that belongs to it carries its id; nothing is shared between two."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(
        _("short name"),
        max_length=60,
        unique=True,
        help_text=_("In small letters, for file names and the API; don't change it later."),
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=60,
        validators=[validate_time_zone],
        help_text=_("IANA name such as Europe/Paris. All appointments are shown in it."),
    )
    hemisphere = models.CharField(
        _("hemisphere"),
        max_length=5,
        choices=Hemisphere.choices,
        default=Hemisphere.NORTH,
        help_text=_("Decides which months count as summer in sun advice."),
    )
    country = models.CharField(
        _("country"),
        max_length=2,
        validators=[validate_country],
        help_text=_("Two capital letters; used to read phone numbers and for public holidays."),
    )
    language = models.CharField(
        _("language"),
        max_length=10,
        default="en",
        validators=[validate_language],
        help_text=_("For patients who have not chosen one."),
    )
    address = models.TextField(_("address"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    emergency_number = models.CharField(
        _("emergency number"),
        max_length=40,
        default="112",
        help_text=_("Shown to patients beside warning signs."),
    )
    base_url = models.URLField(
        _("base address"),
        help_text=_("Start of every link in a message to a patient, without a slash at the end."),
    )
    sender_name = models.CharField(_("sender name"), max_length=120, blank=True)
    sender_email = models.EmailField(_("sender e-mail"))
    sending_from = models.TimeField(
        _("send messages from"),
        default=default_sending_from,
        help_text=_("Local time; messages that are not urgent wait for it."),
    )
    sending_until = models.TimeField(_("send messages until"), default=default_sending_until)
    screening_valid_days = models.PositiveSmallIntegerField(
        _("screening is valid for (days)"),
        default=180,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_SCREENING_DAYS)],
    )
    keep_records_years = models.PositiveSmallIntegerField(
        _("records of treatment are kept for (years)"),
        default=20,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text=_(
            "After the last treatment, as the law of the country says. What a patient asks to have "
            "erased before then is erased, but for the record of treatment."
        ),
    )
    mfa_required_roles = ArrayField(
        models.CharField(max_length=20, choices=Role.choices),
        verbose_name=_("second factor required for"),
        default=list,
        blank=True,
        help_text=_("These roles must set up an authenticator app or passkey before they go on."),
    )
    record_counter = models.PositiveIntegerField(_("last record number"), default=0, editable=False)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("clinic")
        verbose_name_plural = _("clinics")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(hemisphere__in=Hemisphere.values), name="clinic_hemisphere_known"
            ),
            models.CheckConstraint(
                condition=models.Q(country__regex=r"^[A-Z]{2}$"), name="clinic_country_code"
            ),
            models.CheckConstraint(
                condition=models.Q(sending_from__lt=models.F("sending_until")),
                name="clinic_sending_hours",
                violation_error_message=_("Sending must start before it ends."),
            ),
            models.CheckConstraint(
                condition=models.Q(
                    screening_valid_days__gte=1, screening_valid_days__lte=MAX_SCREENING_DAYS
                ),
                name="clinic_screening_days",
            ),
            models.CheckConstraint(
                condition=models.Q(keep_records_years__gte=1, keep_records_years__lte=50),
                name="clinic_keep_years",
            ),
            models.CheckConstraint(
                condition=models.Q(mfa_required_roles__contained_by=Role.values),
                name="clinic_mfa_roles_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(base_url__endswith="/"),
                name="clinic_base_url_no_slash",
                violation_error_message=_("Leave out the slash at the end."),
            ),
        ]
        triggers = audit_triggers(patient="", clinic="id", ignore=("record_counter",))

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The clinic's clock."""
        return ZoneInfo(self.time_zone)

    def today(self, now: dt.datetime) -> dt.date:
        """The calendar day at the clinic at the aware instant `now`."""
        return now.astimezone(self.zone).date()

    def local(self, moment: dt.datetime) -> dt.datetime:
        """`moment` on the clinic's clock (aware)."""
        return moment.astimezone(self.zone)

    @property
    def sender(self) -> str:
        """The From header of messages to patients, `Name <address>`."""
        name = (self.sender_name or self.name).replace('"', "").replace("\\", "")
        return f'"{name}" <{self.sender_email}>'

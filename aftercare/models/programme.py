"""What is sent, when, to whom and in which words; all of it the clinic's own data."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from aftercare.domain.conditions import conditions_of
from mesoclinic.audit.triggers import append_only, audit_triggers
from mesoclinic.clinic.base import ClinicOwned
from patients.models import ContactPreference


def readable_conditions(value: Any) -> None:
    """Refuse conditions that the rules could not read."""
    try:
        conditions_of(value)
    except (ValueError, AttributeError) as error:
        raise ValidationError(
            _("These conditions can't be read: %(why)s.") % {"why": error}
        ) from error


class Channel(models.TextChoices):
    """How a message travels."""

    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")
    WHATSAPP = "whatsapp", _("WhatsApp")

    @property
    def wish(self) -> str:
        """What a `ContactPreference` calls it: who wants nothing by phone wants no text messages."""
        return "email" if self is Channel.EMAIL else "phone"


class MessageTemplate(ClinicOwned):
    """The words of one message in one language. No health data in the subject."""

    key = models.SlugField(_("key"), max_length=50)
    language = models.CharField(_("language"), max_length=10, default="en")
    subject = models.CharField(_("subject"), max_length=150)
    preheader = models.CharField(
        _("first line in the inbox"), max_length=150, blank=True,
        help_text=_("Shown beside the subject. Empty: who writes, and the number to call."),
    )  # fmt: skip
    short_text = models.CharField(
        _("short text"), max_length=320, blank=True,
        help_text=_("For SMS and WhatsApp. Nothing about health: anybody may see it on the phone."),
    )  # fmt: skip
    body = models.TextField(
        _("text"), help_text=_("Plain text with {{ variables }}; the HTML twin is made from it.")
    )
    approved_at = models.DateTimeField(
        _("approved at"), null=True, blank=True,
        help_text=_("Clinic default: review before use, until a practitioner approves it."),
    )  # fmt: skip

    class Meta:
        ordering = ["key", "language"]
        verbose_name = _("message template")
        verbose_name_plural = _("message templates")
        constraints = [
            models.UniqueConstraint(
                name="message_template_once", fields=["clinic", "key", "language"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} ({self.language})"


class ProgrammeStep(ClinicOwned):
    """One message of the programme: what it hangs on, and how long before or after."""

    class Anchor(models.TextChoices):
        BOOKED = "booked", _("When booked")
        MOVED = "moved", _("When moved")
        CANCELLED = "cancelled", _("When cancelled")
        VISIT = "visit", _("The visit")
        SIGNED = "signed", _("The session is signed")
        INVITED = "invited", _("Invited to the questionnaire")
        HELD = "held", _("Visits put on hold")
        CONSENT = "consent", _("Asked to sign a consent")
        CODE = "code", _("A code was asked for")
        FINISHED = "finished", _("The course is finished")
        EXPIRING = "expiring", _("The screening runs out")
        RECALLED = "recalled", _("A lot is recalled")
        OFFERED = "offered", _("A time is offered")
        DEEP = "deep", _("A session with a deep technique is signed")
        ANSWERED = "answered", _("A question was answered")

    class Unit(models.TextChoices):
        MINUTES = "minutes", _("minutes")
        HOURS = "hours", _("hours")
        DAYS = "days", _("days")
        MONTHS = "months", _("months")

    class Which(models.TextChoices):
        ANY = "any", _("Every session")
        FIRST = "first", _("The first session")
        LATER = "later", _("Later sessions")

    key = models.SlugField(_("key"), max_length=50)
    name = models.CharField(_("name"), max_length=100)
    anchor = models.CharField(_("anchor"), max_length=10, choices=Anchor)
    offset = models.IntegerField(
        _("offset"), default=0, help_text=_("Negative: before; 0: at once.")
    )
    offset_unit = models.CharField(
        _("unit"), max_length=10, choices=Unit, default=Unit.HOURS,
        help_text=_("Days and months are calendar days of the clinic."),
    )  # fmt: skip
    at_local_time = models.TimeField(
        _("at this time of day"), null=True, blank=True, help_text=_("On the day the offset gives.")
    )
    expires = models.IntegerField(
        _("not sent after"), null=True, blank=True,
        help_text=_("Counted like the offset. Empty: at the visit, or 7 days after its time."),
    )  # fmt: skip
    expires_unit = models.CharField(_("unit"), max_length=10, choices=Unit, default=Unit.HOURS)
    template_key = models.SlugField(_("template"), max_length=50)
    purpose = models.CharField(_("purpose"), max_length=20, choices=ContactPreference.Purpose)
    is_urgent = models.BooleanField(
        _("urgent"), default=False, help_text=_("Leaves outside the sending hours too.")
    )
    is_essential = models.BooleanField(
        _("needed for care"), default=False,
        help_text=_("Sent even to patients who opted out of its kind of message."),
    )  # fmt: skip
    sessions_only = models.BooleanField(_("only for treatment sessions"), default=False)
    which_sessions = models.CharField(
        _("which sessions of a course"), max_length=10, choices=Which, default=Which.ANY
    )
    conditions = models.JSONField(
        _("only for"), default=dict, blank=True, validators=[readable_conditions],
        help_text=_("Keys by kind: techniques, areas, ingredients, indications, flags, seasons, "
                    "languages. Every kind that is named must fit."),
    )  # fmt: skip
    channel = models.CharField(_("channel"), max_length=10, choices=Channel, default=Channel.EMAIL)
    version = models.PositiveIntegerField(
        _("since version"), default=1, help_text=_("Version of the programme that changed it last.")
    )
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["anchor", "offset"]
        verbose_name = _("programme step")
        verbose_name_plural = _("programme steps")
        constraints = [
            models.UniqueConstraint(name="programme_step_once", fields=["clinic", "key"]),
        ]

    def __str__(self) -> str:
        return self.name


class ProgrammeVersion(ClinicOwned):
    """The whole programme as it stood after a change: what was promised can be read years later."""

    number = models.PositiveIntegerField(_("version"))
    changed_by = models.CharField(_("changed by"), max_length=200)
    note = models.CharField(_("what changed"), max_length=300)
    steps = models.JSONField(_("steps"))

    class Meta:
        ordering = ["-number"]
        verbose_name = _("version of the programme")
        verbose_name_plural = _("versions of the programme")
        constraints = [
            models.UniqueConstraint(name="programme_version_once", fields=["clinic", "number"])
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"v{self.number}"


class MessageSettings(ClinicOwned):
    """How a clinic's messages look, and how many a patient gets at most."""

    accent = models.CharField(
        _("colour"), max_length=7, default="#0e6f6d",
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Six digits after #, as #0e6f6d."))],
        help_text=_("Of buttons and names. White words must be readable on it."),
    )  # fmt: skip
    logo = models.BinaryField(_("logo"), null=True, blank=True, editable=False)
    logo_width = models.PositiveSmallIntegerField(_("width of the logo"), default=0, editable=False)
    logo_height = models.PositiveSmallIntegerField(
        _("height of the logo"), default=0, editable=False
    )
    daily_cap = models.PositiveSmallIntegerField(
        _("messages a day at most"), default=2,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
        help_text=_("To one patient, beside reminders and what is needed for care; "
                    "the rest waits for the next morning."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("message settings")
        verbose_name_plural = _("message settings")
        constraints = [
            models.UniqueConstraint(name="message_settings_once", fields=["clinic"]),
            models.CheckConstraint(
                name="message_settings_colour", condition=models.Q(accent__regex=r"^#[0-9a-f]{6}$")
            ),
            models.CheckConstraint(
                name="message_settings_cap",
                condition=models.Q(daily_cap__gte=1, daily_cap__lte=20),
            ),
        ]
        triggers = audit_triggers(patient="")

    def __str__(self) -> str:
        return str(self.clinic)

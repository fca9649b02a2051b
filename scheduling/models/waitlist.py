"""The waiting list: who waits for a time, times that came free, and to whom they were offered."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.triggers import audit_triggers
from mesoclinic.clinic.base import ClinicOwned
from patients.models import PatientOwned
from scheduling.models.appointment import Appointment
from scheduling.models.resources import VisitType
from treatments.models import PlannedSession


class WaitlistEntry(PatientOwned):
    """Somebody waits for a visit of a type, at times that suit them.

    With `appointment` they have that visit and would like an earlier time; with `planned_session`
    alone the session has no visit yet; with neither it is a visit outside a course.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        BOOKED = "booked", _("Booked")
        LEFT = "left", _("Taken off")

    visit_type = models.ForeignKey(
        VisitType, on_delete=models.PROTECT, related_name="+", verbose_name=_("visit type")
    )
    practitioner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True,
        related_name="+", verbose_name=_("practitioner"),
    )  # fmt: skip
    planned_session = models.ForeignKey(
        PlannedSession, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("planned session"),
    )  # fmt: skip
    appointment = models.ForeignKey(
        Appointment, on_delete=models.PROTECT, null=True, blank=True, related_name="waiting",
        verbose_name=_("has this visit"),
    )  # fmt: skip
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(validators=[MaxValueValidator(6)]),
        verbose_name=_("weekdays"), default=list, blank=True, help_text=_("Monday is 0."),
    )  # fmt: skip
    starts_from = models.TimeField(_("not before"), null=True, blank=True)
    starts_until = models.TimeField(_("not after"), null=True, blank=True)
    first_day = models.DateField(_("from"), null=True, blank=True)
    last_day = models.DateField(_("until"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.WAITING)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        ordering = ["created_at"]
        verbose_name = _("waiting list entry")
        verbose_name_plural = _("waiting list")
        indexes = [
            models.Index(
                name="waitlist_waiting", fields=["clinic", "created_at"],
                condition=Q(status="waiting"),
            )
        ]  # fmt: skip
        constraints = [
            models.UniqueConstraint(name="waitlist_id_and_patient", fields=["id", "patient"]),
            models.UniqueConstraint(
                name="waitlist_once_a_session", fields=["planned_session"],
                condition=Q(status="waiting"),
            ),
            models.UniqueConstraint(
                name="waitlist_once_a_visit", fields=["appointment"], condition=Q(status="waiting")
            ),
            models.CheckConstraint(
                name="waitlist_times_in_order",
                condition=Q(starts_from__isnull=True) | Q(starts_until__isnull=True)
                | Q(starts_from__lt=F("starts_until")),
            ),
            models.CheckConstraint(
                name="waitlist_days_in_order",
                condition=Q(first_day__isnull=True) | Q(last_day__isnull=True)
                | Q(first_day__lte=F("last_day")),
            ),
            models.CheckConstraint(
                name="waitlist_ended",
                condition=Q(status="waiting", ended_at__isnull=True)
                | (~Q(status="waiting") & Q(ended_at__isnull=False)),
            ),
        ]  # fmt: skip
        triggers = audit_triggers()

    def __str__(self) -> str:
        return f"{self.visit_type_id} ({self.status})"

    @property
    def weekday_names(self) -> list[str]:
        """The days that suit, in words."""
        return [str(WEEKDAYS_ABBR[day]) for day in sorted(self.weekdays)]


class FreedTime(ClinicOwned):
    """Time of a practitioner that is offered along the waiting list, one patient after the other."""

    class Status(models.TextChoices):
        OPEN = "open", _("Being offered")
        TAKEN = "taken", _("Taken")
        CLOSED = "closed", _("Nobody took it")

    practitioner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+",
        verbose_name=_("practitioner"),
    )  # fmt: skip
    during = DateTimeRangeField(_("during"))
    offered_from = models.DateTimeField(
        _("offered from"), help_text=_("A cancellation may be taken back for five minutes.")
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)

    class Meta:
        ordering = ["during"]
        verbose_name = _("freed time")
        verbose_name_plural = _("freed times")
        indexes = [
            models.Index(
                name="freed_time_open",
                fields=["clinic", "offered_from"],
                condition=Q(status="open"),
            )
        ]
        constraints = [
            models.UniqueConstraint(
                name="freed_time_once", fields=["practitioner", "during"],
                condition=Q(status="open"),
            ),
            models.UniqueConstraint(name="freed_time_id_and_clinic", fields=["id", "clinic"]),
            models.CheckConstraint(
                name="freed_time_bounded",
                condition=Q(during__isempty=False)
                & Q(during__startswith__isnull=False)
                & Q(during__endswith__isnull=False),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.during.lower:%Y-%m-%d %H:%M}"


class WaitlistOffer(PatientOwned):
    """A freed time offered to one patient by a link; `hold` keeps it for them until it expires."""

    class Status(models.TextChoices):
        OPEN = "open", _("Offered")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        LAPSED = "lapsed", _("No answer")

    entry = models.ForeignKey(
        WaitlistEntry, on_delete=models.PROTECT, related_name="offers", verbose_name=_("entry")
    )
    freed = models.ForeignKey(
        FreedTime, on_delete=models.PROTECT, related_name="offers", verbose_name=_("freed time")
    )
    hold = models.ForeignKey(
        Appointment, on_delete=models.PROTECT, related_name="offers", verbose_name=_("held visit")
    )
    expires_at = models.DateTimeField(_("kept until"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.OPEN)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        constraints = [
            models.UniqueConstraint(
                name="offer_one_a_time", fields=["freed"], condition=Q(status="open")
            ),
            models.UniqueConstraint(
                name="offer_one_an_entry", fields=["entry"], condition=Q(status="open")
            ),
            models.UniqueConstraint(name="offer_asked_once", fields=["freed", "entry"]),
        ]
        triggers = audit_triggers()

    def __str__(self) -> str:
        return f"{self.entry_id} ({self.status})"

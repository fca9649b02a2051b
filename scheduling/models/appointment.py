"""Visits. One row per visit, never one row per series."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.triggers import append_only, audit_triggers
from patients.models import PatientOwned
from scheduling.domain.status import BLOCKING, Status
from scheduling.models.resources import Device, Room, VisitType
from treatments.models import PlannedSession, TreatmentPlan

_BLOCKS = Q(status__in=sorted(BLOCKING))


def _nobody_twice(name: str, field: str, range_field: str) -> ExclusionConstraint:
    """No two blocking visits of the same `field` overlap in `range_field`."""
    return ExclusionConstraint(
        name=name,
        expressions=[(field, RangeOperators.EQUAL), (range_field, RangeOperators.OVERLAPS)],
        condition=_BLOCKS,
    )


class Appointment(PatientOwned):
    """A visit. `during` is what the patient sees; `occupies` adds the buffers.

    `schedule_version` counts changes of time: messages and calendar entries follow it.
    """

    class StatusChoices(models.TextChoices):
        PENDING = "pending", _("Held")
        BOOKED = "booked", _("Booked")
        CONFIRMED = "confirmed", _("Confirmed")
        ARRIVED = "arrived", _("Arrived")
        IN_SESSION = "in_session", _("In session")
        DONE = "done", _("Done")
        NO_SHOW = "no_show", _("No-show")
        CANCELLED = "cancelled", _("Cancelled")
        ON_HOLD = "on_hold", _("On hold")

    practitioner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="appointments",
        verbose_name=_("practitioner"),
    )  # fmt: skip
    room = models.ForeignKey(
        Room, on_delete=models.PROTECT, null=True, blank=True, related_name="appointments",
        verbose_name=_("room"),
    )  # fmt: skip
    device = models.ForeignKey(
        Device, on_delete=models.PROTECT, null=True, blank=True, related_name="appointments",
        verbose_name=_("device"),
    )  # fmt: skip
    visit_type = models.ForeignKey(
        VisitType, on_delete=models.PROTECT, related_name="+", verbose_name=_("visit type")
    )
    plan = models.ForeignKey(
        TreatmentPlan, on_delete=models.PROTECT, null=True, blank=True,
        related_name="appointments", verbose_name=_("plan"),
    )  # fmt: skip
    planned_session = models.ForeignKey(
        PlannedSession, on_delete=models.PROTECT, null=True, blank=True,
        related_name="appointments", verbose_name=_("planned session"),
    )  # fmt: skip
    during = DateTimeRangeField(_("during"))
    occupies = DateTimeRangeField(_("occupies"))
    status = models.CharField(
        _("status"), max_length=12, choices=StatusChoices, default=StatusChoices.BOOKED
    )
    held_until = models.DateTimeField(_("held until"), null=True, blank=True)
    schedule_version = models.PositiveIntegerField(_("schedule version"), default=1)
    off_protocol = models.BooleanField(_("off protocol"), default=False)
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        ordering = ["during"]
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        indexes = [
            GistIndex(name="appointment_clinic_during", fields=["clinic", "during"]),
            models.Index(name="appointment_patient", fields=["patient", "-during"]),
        ]
        constraints = [
            _nobody_twice("appointment_practitioner_once", "practitioner", "occupies"),
            _nobody_twice("appointment_room_once", "room", "occupies"),
            _nobody_twice("appointment_device_once", "device", "occupies"),
            # The patient needs no buffer: only what they see may not overlap.
            _nobody_twice("appointment_patient_once", "patient", "during"),
            models.CheckConstraint(
                name="appointment_occupies_its_time",
                condition=Q(occupies__contains=models.F("during")) & Q(during__isempty=False),
            ),
            models.CheckConstraint(
                name="appointment_bounded",
                condition=Q(during__startswith__isnull=False)
                & Q(during__endswith__isnull=False)
                & Q(occupies__startswith__isnull=False)
                & Q(occupies__endswith__isnull=False),
            ),
            models.CheckConstraint(
                name="appointment_session_has_plan",
                condition=Q(planned_session__isnull=True) | Q(plan__isnull=False),
            ),
            models.CheckConstraint(
                name="appointment_pending_is_held_until",
                condition=~Q(status="pending") | Q(held_until__isnull=False),
            ),
            models.CheckConstraint(
                name="appointment_status_known", condition=Q(status__in=[s.value for s in Status])
            ),
            # The target of the composite foreign keys of what belongs to a visit.
            models.UniqueConstraint(name="appointment_id_and_patient", fields=["id", "patient"]),
            models.UniqueConstraint(
                name="appointment_one_per_session", fields=["planned_session"], condition=_BLOCKS
            ),
        ]
        triggers = audit_triggers()

    def __str__(self) -> str:
        return f"{self.during.lower:%Y-%m-%d %H:%M}"

    @property
    def title(self) -> str:
        """The visit in words without health data: "Session 3 of 10", "Consultation".

        The total is known where the row was loaded with `session_total`.
        """
        if self.planned_session is None:
            return self.visit_type.name
        numbers = {
            "number": self.planned_session.number,
            "total": getattr(self, "session_total", 0),
        }
        if not numbers["total"]:
            return gettext("Session %(number)s") % numbers
        return gettext("Session %(number)s of %(total)s") % numbers


class AppointmentStatusChange(PatientOwned):
    """Who moved a visit from one status to another, when and why."""

    appointment = models.ForeignKey(
        Appointment, on_delete=models.PROTECT, related_name="status_changes",
        verbose_name=_("appointment"),
    )  # fmt: skip
    from_status = models.CharField(
        _("from"), max_length=12, blank=True, choices=Appointment.StatusChoices
    )
    to_status = models.CharField(_("to"), max_length=12, choices=Appointment.StatusChoices)
    at = models.DateTimeField(_("at"))
    by_label = models.CharField(_("by"), max_length=200)
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        ordering = ["at"]
        verbose_name = _("status change")
        verbose_name_plural = _("status changes")
        triggers = [*audit_triggers(), *append_only()]

    def __str__(self) -> str:
        return f"{self.from_status} → {self.to_status}"


class AppointmentMove(PatientOwned):
    """When a visit was moved, from where to where, by whom and why."""

    appointment = models.ForeignKey(
        Appointment, on_delete=models.PROTECT, related_name="moves", verbose_name=_("appointment")
    )
    from_during = DateTimeRangeField(_("from"))
    to_during = DateTimeRangeField(_("to"))
    from_practitioner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+",
        verbose_name=_("from practitioner"),
    )  # fmt: skip
    to_practitioner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+",
        verbose_name=_("to practitioner"),
    )  # fmt: skip
    schedule_version = models.PositiveIntegerField(_("schedule version"))
    at = models.DateTimeField(_("at"))
    by_label = models.CharField(_("by"), max_length=200)
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        ordering = ["at"]
        verbose_name = _("move")
        verbose_name_plural = _("moves")
        constraints = [
            models.UniqueConstraint(
                name="appointment_move_once", fields=["appointment", "schedule_version"]
            )
        ]
        triggers = [*audit_triggers(), *append_only()]

    @property
    def is_news(self) -> bool:
        """Whether the patient has to know: another room alone is the clinic's business."""
        stays = self.from_during.lower == self.to_during.lower
        return not stays or self.from_practitioner_id != self.to_practitioner_id

    def __str__(self) -> str:
        return f"{self.from_during.lower:%Y-%m-%d %H:%M} → {self.to_during.lower:%Y-%m-%d %H:%M}"

"""What a staff member is in a clinic."""

from __future__ import annotations

import datetime as dt
from typing import Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.triggers import audit_triggers
from mesoclinic.clinic.fields import validate_colour
from mesoclinic.clinic.names import initials_of
from mesoclinic.clinic.querysets import ClinicQuerySet
from mesoclinic.common.ids import new_id

LICENCE_WARNING = dt.timedelta(days=60)


class Role(models.TextChoices):
    """What somebody may do in a clinic; superuser is not among them."""

    RECEPTIONIST = "receptionist", _("Receptionist")
    PRACTITIONER = "practitioner", _("Practitioner")
    MANAGER = "manager", _("Manager")


class MembershipQuerySet(ClinicQuerySet["Membership"]):
    """Memberships, with the person joined where a name will be shown."""

    def active(self) -> Self:
        """Membership, person and clinic all switched on."""
        return self.filter(is_active=True, staff__is_active=True, clinic__is_active=True)

    def practitioners(self) -> Self:
        """Those who treat."""
        return self.filter(role=Role.PRACTITIONER)

    def with_staff(self) -> Self:
        """The person joined, in order of name."""
        return self.select_related("staff").order_by("staff__full_name")


class Membership(models.Model):
    """A staff member's place in one clinic: role, title, licence, colour in the calendar."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    clinic = models.ForeignKey(
        "clinic.Clinic", models.PROTECT, related_name="memberships", verbose_name=_("clinic")
    )
    staff = models.ForeignKey(
        "clinic.StaffMember",
        models.PROTECT,
        related_name="memberships",
        verbose_name=_("staff member"),
    )
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    title = models.CharField(
        _("title"), max_length=40, blank=True, help_text=_("Before the name, e.g. Dr.")
    )
    licence_number = models.CharField(
        _("licence number"),
        max_length=60,
        blank=True,
        help_text=_("Of a practitioner; leave empty where the country has none."),
    )
    licence_expires_on = models.DateField(
        _("licence expires on"),
        null=True,
        blank=True,
        help_text=_("The settings page warns 60 days before; empty means it does not expire."),
    )
    colour = models.CharField(
        _("colour"),
        max_length=7,
        default="#0e6f6d",
        validators=[validate_colour],
        help_text=_("In the calendar."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["staff__full_name"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "staff"],
                name="clinic_membership_once",
                violation_error_message=_("This person already belongs to the clinic."),
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="clinic_membership_role_known"
            ),
            models.CheckConstraint(
                condition=models.Q(role=Role.PRACTITIONER)
                | models.Q(licence_number="", licence_expires_on__isnull=True),
                name="clinic_membership_licence_role",
                violation_error_message=_("Only a practitioner has a licence."),
            ),
            models.CheckConstraint(
                condition=models.Q(licence_expires_on__isnull=True) | ~models.Q(licence_number=""),
                name="clinic_membership_licence_pair",
                violation_error_message=_("Write the number of the licence that expires."),
            ),
            models.CheckConstraint(
                condition=models.Q(colour__regex=r"^#[0-9a-f]{6}$"),
                name="clinic_membership_colour_hex",
            ),
        ]
        triggers = audit_triggers(patient="")

    def __str__(self) -> str:
        return f"{self.display_name}, {self.get_role_display()}"

    @property
    def display_name(self) -> str:
        """Title and name, e.g. "Dr Ayla Kara"."""
        return f"{self.title} {self.staff.full_name}".strip()

    @property
    def initials(self) -> str:
        """Up to two letters for the avatar."""
        return initials_of(self.staff.full_name)

    @property
    def is_practitioner(self) -> bool:
        """Treats patients."""
        return self.role == Role.PRACTITIONER

    @property
    def is_manager(self) -> bool:
        """Runs the clinic."""
        return self.role == Role.MANAGER

    def licence_state(self, today: dt.date) -> str:
        """ "none", "ok", "soon" (60 days or less) or "expired" on the clinic's day `today`."""
        if self.licence_expires_on is None:
            return "ok" if self.licence_number else "none"
        if self.licence_expires_on < today:
            return "expired"
        return "soon" if self.licence_expires_on - today <= LICENCE_WARNING else "ok"

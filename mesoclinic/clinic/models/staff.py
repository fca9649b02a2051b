"""The person who signs in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.triggers import audit_triggers
from mesoclinic.clinic.fields import LowerEmailField, validate_language
from mesoclinic.common.ids import new_id

if TYPE_CHECKING:
    from mesoclinic.clinic.models.membership import Membership


class StaffManager(BaseUserManager["StaffMember"]):
    """Makes accounts; there is no public sign-up anywhere."""

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> StaffMember:
        """A staff member; without a password the account waits for its invitation mail."""
        if not email:
            raise ValueError("An account needs an e-mail address.")
        staff = self.model(email=email.lower(), **extra)
        staff.set_password(password)
        staff.save(using=self._db)
        return staff

    def create_superuser(
        self, email: str, password: str | None = None, **extra: Any
    ) -> StaffMember:
        """An administrator of the installation: all of the admin, no clinical page."""
        extra.setdefault("full_name", email.partition("@")[0])
        return self.create_user(email, password, is_staff=True, is_superuser=True, **extra)

    def get_by_natural_key(self, username: str | None) -> StaffMember:
        """By e-mail in any case."""
        return self.get(email=(username or "").lower())


class StaffMember(AbstractBaseUser, PermissionsMixin):
    """A person with an e-mail as login. What they may do is in their memberships."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    email = LowerEmailField(
        _("e-mail"),
        unique=True,
        error_messages={"unique": _("Somebody already signs in with this e-mail.")},
    )
    full_name = models.CharField(_("full name"), max_length=120)
    language = models.CharField(
        _("language"),
        max_length=10,
        default="en",
        validators=[validate_language],
        help_text=_("The language of pages for this person."),
    )
    is_active = models.BooleanField(
        _("active"),
        default=True,
        help_text=_("Switch off instead of deleting: what the person did stays on record."),
    )
    is_staff = models.BooleanField(
        _("may open the administration"),
        default=False,
        help_text=_("Managers see the catalogues and settings of their own clinics there."),
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    objects = StaffManager()

    # Filled by the sign-in backend, which reads person, memberships and clinics in one query.
    loaded_memberships: list[Membership] | None = None

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["full_name"]

    class Meta:
        verbose_name = _("staff member")
        verbose_name_plural = _("staff members")
        ordering = ["full_name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="clinic_staff_email_lower"
            ),
            models.CheckConstraint(condition=~models.Q(full_name=""), name="clinic_staff_has_name"),
        ]
        triggers = audit_triggers(patient="", clinic="", ignore=("last_login",))

    def __str__(self) -> str:
        return self.full_name

    def get_full_name(self) -> str:
        """The full name (Django's admin greets with it)."""
        return self.full_name

    def get_short_name(self) -> str:
        """The first word of the name."""
        return self.full_name.partition(" ")[0]

"""Keys for programs."""

from __future__ import annotations

import datetime as dt
from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.triggers import audit_triggers
from mesoclinic.clinic.base import ClinicOwned
from mesoclinic.clinic.models.membership import Membership
from mesoclinic.clinic.querysets import ClinicQuerySet


class ApiTokenQuerySet(ClinicQuerySet["ApiToken"]):
    """API tokens."""

    def usable(self, now: dt.datetime) -> Self:
        """Neither revoked nor expired at `now`."""
        return self.filter(revoked_at__isnull=True).filter(
            models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=now)
        )


class ApiToken(ClinicOwned):
    """A program's key: acts with the role of one membership. Only its digest is stored."""

    membership = models.ForeignKey(
        Membership, models.PROTECT, related_name="tokens", verbose_name=_("acts as")
    )
    name = models.CharField(_("name"), max_length=80, help_text=_("Which program uses it."))
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(_("starts with"), max_length=8, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("made by"),
        editable=False,
    )
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(name=""), name="clinic_token_named"),
            models.CheckConstraint(
                condition=models.Q(expires_at__isnull=True)
                | models.Q(expires_at__gt=models.F("created_at")),
                name="clinic_token_expires_later",
            ),
        ]
        triggers = audit_triggers(patient="", ignore=("last_used_at",))

    def __str__(self) -> str:
        return self.name

    def is_usable(self, now: dt.datetime) -> bool:
        """Neither revoked nor expired at `now`."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)

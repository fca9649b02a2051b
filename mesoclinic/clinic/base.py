"""The abstract model of every row that belongs to a clinic."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mesoclinic.clinic.querysets import ClinicQuerySet
from mesoclinic.common.ids import new_id


class ClinicOwned(models.Model):
    """UUID key, the clinic it belongs to, and when the row was made.

    A subclass with a Meta of its own lists its audit triggers there.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    clinic = models.ForeignKey(
        "clinic.Clinic", on_delete=models.PROTECT, related_name="+", verbose_name=_("clinic")
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    objects = ClinicQuerySet.as_manager()

    class Meta:
        abstract = True

"""Two entries for one person made into one, with everything needed to part them again."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.triggers import audit_triggers
from mesoclinic.clinic.base import ClinicOwned


class PatientMerge(ClinicOwned):
    """One merge. `moved` names every row that changed hands, `changes` every value that changed.

    moved: {"app.model": [id, …]}; changes: [{"model", "id", "old": {column: value}, "new": {…}}];
    created: {"app.model": [id, …]} rows that the merge itself wrote.
    """

    kept = models.ForeignKey(
        "patients.Patient", on_delete=models.PROTECT, related_name="+", verbose_name=_("kept")
    )
    dropped = models.ForeignKey(
        "patients.Patient", on_delete=models.PROTECT, related_name="+", verbose_name=_("dropped")
    )
    merged_at = models.DateTimeField(_("merged at"))
    merged_by = models.CharField(_("merged by"), max_length=200)
    undo_until = models.DateTimeField(_("can be undone until"))
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)
    undone_by = models.CharField(_("undone by"), max_length=200, blank=True)
    moved = models.JSONField(_("moved rows"), default=dict)
    changes = models.JSONField(_("changed values"), default=list)
    created = models.JSONField(_("written rows"), default=dict)

    class Meta:
        ordering = ["-merged_at"]
        get_latest_by = "merged_at"
        verbose_name = _("merge of patients")
        verbose_name_plural = _("merges of patients")
        constraints = [
            models.CheckConstraint(name="patient_merge_of_two", condition=~Q(kept=F("dropped"))),
            models.UniqueConstraint(
                name="patient_merged_once", fields=["dropped"], condition=Q(undone_at__isnull=True)
            ),
            models.CheckConstraint(
                name="patient_merge_undone_by_somebody",
                condition=Q(undone_at__isnull=True, undone_by="")
                | (Q(undone_at__isnull=False) & ~Q(undone_by="")),
            ),
        ]
        triggers = audit_triggers(patient="kept_id")

    def __str__(self) -> str:
        return f"{self.dropped_id} → {self.kept_id}"

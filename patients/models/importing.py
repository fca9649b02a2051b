"""Imports: one run a file, one row a line or bundle, with all that is needed to take it back."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.triggers import audit_triggers
from mesoclinic.clinic.base import ClinicOwned


class ImportRun(ClinicOwned):
    """One import of one file (or of several bundles at once).

    columns: the headings in their order; mapping: {column number: target}; options: {"dates",
    "duplicates"} (`patients.domain.tables`).
    """

    class Kind(models.TextChoices):
        TABLE = "table", _("Table")
        BUNDLE = "bundle", _("FHIR bundles")

    class State(models.TextChoices):
        MAPPING = "mapping", _("Columns to be matched")
        CHECKING = "checking", _("Being checked")
        CHECKED = "checked", _("Checked, nothing imported yet")
        RUNNING = "running", _("Being imported")
        DONE = "done", _("Imported")
        UNDONE = "undone", _("Undone")
        DISCARDED = "discarded", _("Discarded")

    kind = models.CharField(_("kind"), max_length=6, choices=Kind)
    state = models.CharField(_("state"), max_length=9, choices=State)
    file_name = models.CharField(_("file"), max_length=200)
    columns = models.JSONField(_("columns"), default=list, blank=True)
    mapping = models.JSONField(_("mapping"), default=dict, blank=True)
    options = models.JSONField(_("options"), default=dict, blank=True)
    started_by = models.CharField(_("started by"), max_length=200)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    undo_until = models.DateTimeField(_("can be undone until"), null=True, blank=True)
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)
    undone_by = models.CharField(_("undone by"), max_length=200, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        constraints = [
            models.CheckConstraint(
                name="import_undone_by_somebody",
                condition=Q(undone_at__isnull=True, undone_by="")
                | (Q(undone_at__isnull=False, state="undone") & ~Q(undone_by="")),
            ),
            models.CheckConstraint(
                name="import_done_has_end",
                condition=~Q(state__in=["done", "undone"]) | Q(finished_at__isnull=False),
            ),
        ]
        triggers = audit_triggers(patient="")

    def __str__(self) -> str:
        return self.file_name


class ImportRow(ClinicOwned):
    """One line of a table, or one bundle's patient.

    values: the cells as they came, emptied once the row needs no correction any more; problems:
    sentences; trace: what the row wrote and changed (`patients.services.undoing`).
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        GOOD = "good", _("Good")
        TWICE = "twice", _("Already here?")
        BAD = "bad", _("To be corrected")
        DONE = "done", _("Imported")
        KNOWN = "known", _("Nothing new")
        UNDONE = "undone", _("Undone")
        KEPT = "kept", _("Kept when undone")

    run = models.ForeignKey(
        ImportRun, on_delete=models.CASCADE, related_name="rows", verbose_name=_("import")
    )
    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("patient"),
    )  # fmt: skip
    number = models.PositiveIntegerField(_("line"))
    label = models.CharField(_("what it says"), max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=7, choices=State, default=State.WAITING)
    values = models.JSONField(_("cells"), default=list, blank=True)
    problems = models.JSONField(_("problems"), default=list, blank=True)
    trace = models.JSONField(_("what it wrote"), default=dict, blank=True)

    class Meta:
        ordering = ["run", "number"]
        verbose_name = _("imported line")
        verbose_name_plural = _("imported lines")
        indexes = [models.Index(name="import_row_by_state", fields=["run", "state", "number"])]
        constraints = [
            models.UniqueConstraint(name="import_row_once", fields=["run", "number"]),
            models.CheckConstraint(
                name="import_row_done_has_patient",
                condition=~Q(state__in=["done", "kept"]) | Q(patient__isnull=False),
            ),
        ]
        triggers = audit_triggers()

    def __str__(self) -> str:
        return f"{self.number}: {self.label}"

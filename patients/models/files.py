"""Photographs and documents: the row here, the bytes in a folder outside the web root."""

from __future__ import annotations

from typing import Self

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.triggers import audit_triggers
from mesoclinic.clinic.querysets import ClinicQuerySet
from patients.models.base import PatientOwned

# Keys as the catalogue of treatments calls its areas; an area of a clinic's own has no word here
# and shows its key.
AREAS = {
    "face": _("Face"),
    "forehead": _("Forehead"),
    "glabella": _("Between the eyebrows"),
    "temples": _("Temples"),
    "crows_feet": _("Crow's feet"),
    "under_eye": _("Under the eyes"),
    "nose": _("Nose"),
    "cheeks": _("Cheeks"),
    "nasolabial": _("Nose-to-mouth folds"),
    "perioral": _("Around the mouth"),
    "chin": _("Chin"),
    "jawline": _("Jawline"),
    "submental": _("Under the chin"),
    "neck": _("Neck"),
    "decollete": _("Décolleté"),
    "scalp": _("Scalp"),
    "hands": _("Backs of the hands"),
    "arms": _("Arms"),
    "shoulders": _("Shoulders"),
    "abdomen": _("Abdomen"),
    "flanks": _("Flanks"),
    "back": _("Back"),
    "buttocks": _("Buttocks"),
    "thighs": _("Thighs"),
    "knees": _("Knees"),
    "calves": _("Calves"),
    "ankles": _("Ankles"),
}

# What is stored never changes: neither the bytes nor who put them there and when.
_CONTENT = (
    "clinic_id", "kind", "stored_name", "media_type", "size", "sha256", "source_sha256", "width",
    "height", "uploaded_by_id", "created_at",
)  # fmt: skip


def _changed(*columns: str) -> str:
    old, new = (", ".join(f"{row}.{name}" for name in columns) for row in ("OLD", "NEW"))
    return f"ROW({old}) IS DISTINCT FROM ROW({new})"


class PatientFileQuerySet(ClinicQuerySet["PatientFile"]):
    """Files of one clinic at a time."""

    def shown(self) -> Self:
        """Neither withdrawn nor erased."""
        return self.filter(withdrawn_at__isnull=True, erased_at__isnull=True)


class PatientFile(PatientOwned):
    """A photograph or a document of one patient.

    The bytes lie under `stored_name` in MEDIA_ROOT, pictures written anew without what the camera
    added. Labels may be corrected; content never changes. A file is withdrawn with a reason, not
    deleted; erasing a person removes the bytes and the words, and leaves the empty row.
    """

    class Kind(models.TextChoices):
        PHOTOGRAPH = "photograph", _("Photograph")
        DOCUMENT = "document", _("Document")

    class View(models.TextChoices):
        FRONT = "front", _("Front")
        LEFT_OBLIQUE = "left_oblique", _("Half left")
        LEFT = "left", _("Left")
        RIGHT_OBLIQUE = "right_oblique", _("Half right")
        RIGHT = "right", _("Right")
        BACK = "back", _("Back")
        TOP = "top", _("From above")
        CLOSE = "close", _("Close-up")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    title = models.CharField(_("title"), max_length=200, blank=True)
    area = models.SlugField(_("area"), max_length=40, blank=True, db_index=False)
    view = models.CharField(_("view"), max_length=14, choices=View, blank=True)
    taken_at = models.DateTimeField(_("taken at"))
    stored_name = models.CharField(_("stored as"), max_length=80, unique=True, editable=False)
    media_type = models.CharField(_("media type"), max_length=40, editable=False)
    size = models.PositiveIntegerField(_("size in bytes"), editable=False)
    sha256 = models.CharField(_("SHA-256 of what is stored"), max_length=64, editable=False)
    source_sha256 = models.CharField(_("SHA-256 of what came"), max_length=64, editable=False)
    width = models.PositiveIntegerField(_("width"), null=True, editable=False)
    height = models.PositiveIntegerField(_("height"), null=True, editable=False)
    uploaded_by = models.ForeignKey(
        "clinic.StaffMember", null=True, blank=True, editable=False, on_delete=models.PROTECT,
        related_name="+", verbose_name=_("added by"),
    )  # fmt: skip
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True, editable=False)
    withdrawn_by = models.ForeignKey(
        "clinic.StaffMember", null=True, blank=True, editable=False, on_delete=models.PROTECT,
        related_name="+", verbose_name=_("withdrawn by"),
    )  # fmt: skip
    withdrawn_reason = models.CharField(_("why withdrawn"), max_length=300, blank=True)
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True, editable=False)

    objects = PatientFileQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        ordering = ["-taken_at", "-created_at", "-id"]
        verbose_name = _("photograph or document")
        verbose_name_plural = _("photographs and documents")
        indexes = [
            models.Index(name="file_by_patient", fields=["patient", "-taken_at"]),
            models.Index(name="file_by_source", fields=["patient", "source_sha256"]),
        ]
        constraints = [
            models.CheckConstraint(
                name="file_withdrawn_with_reason",
                condition=Q(withdrawn_at__isnull=True, withdrawn_reason="", withdrawn_by=None)
                | (Q(withdrawn_at__isnull=False) & ~Q(withdrawn_reason="")),
            ),
            models.CheckConstraint(
                name="file_picture_has_size",
                condition=Q(media_type__startswith="image/", width__gt=0, height__gt=0)
                | (~Q(media_type__startswith="image/") & Q(width=None, height=None)),
            ),
            models.CheckConstraint(
                name="file_photograph_is_picture",
                condition=~Q(kind="photograph") | Q(media_type__startswith="image/"),
            ),
            models.CheckConstraint(
                name="file_erased_is_wordless", condition=Q(erased_at=None) | Q(title="")
            ),
        ]
        triggers = [
            *audit_triggers(),
            pgtrigger.Protect(
                name="content_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(_changed(*_CONTENT)),
            ),
            pgtrigger.Protect(
                name="withdrawn_stays",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(
                    f"OLD.withdrawn_at IS NOT NULL AND {_changed('withdrawn_at', 'withdrawn_by_id')}"
                ),
            ),
            pgtrigger.Protect(name="not_deleted", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_picture(self) -> bool:
        """Can be shown in a page; everything else is handed over as a download."""
        return self.media_type.startswith("image/")

    @property
    def area_label(self) -> str:
        """The area in words."""
        return str(AREAS.get(self.area, self.area.replace("_", " ").capitalize()))

    @property
    def name(self) -> str:
        """What it is called in lists: its title, else the area and view."""
        words = [self.area_label, self.get_view_display() if self.view else ""]
        return self.title or " · ".join(filter(None, words)) or self.get_kind_display()

    @property
    def thumbnail_name(self) -> str:
        """Where the small version of a picture lies."""
        return f"{self.stored_name.rpartition('.')[0]}.small.jpg"

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PatientsConfig(AppConfig):
    name = "patients"
    verbose_name = _("Patients")

    def ready(self) -> None:
        """Name the chips of this room, listen, and put its own entries on the chart's time line."""
        from mesoclinic.clinic.templatetags.mesoclinic import register_chips
        from patients import panels, receivers  # noqa: F401  (its receivers connect on import)
        from patients.selectors.files import chart_panel, file_entries
        from patients.selectors.timeline import record_entries

        register_chips("screening", STANDINGS)
        register_chips("outcome", OUTCOMES)
        register_chips("invitation", INVITATIONS)
        register_chips("questionnaire", QUESTIONNAIRES)
        register_chips("import", IMPORTS)
        register_chips("import_line", IMPORT_LINES)
        panels.register_timeline(
            record_entries, {"screening": _("Screening"), "patient": _("Record")}
        )
        panels.register_timeline(file_entries, {"file": _("Photographs and documents")})
        panels.register("files", chart_panel, "patients/_chart_files.html", order=60, side=True)
        panels.register_link_page("screening", "patients:link-screening")
        _register_holdings()


def _register_holdings() -> None:
    """How each table of this room is handed out, and what erasing does to it."""
    from patients import models
    from patients.holdings import Fate, register
    from patients.services.erasing import erase_bytes, forget_merges, hide_identifiers
    from patients.services.wording import judgement_lines, screening_lines

    fact = ("codes", "tags", "source_ref", "closed_here")
    register(models.Allergy, Fate.TREATMENT, order=110, quiet=fact)
    register(models.Medicine, Fate.TREATMENT, order=120, quiet=fact)
    register(models.Condition, Fate.TREATMENT, order=130, quiet=fact)
    register(
        models.Screening, Fate.TREATMENT, order=210, lines=screening_lines,
        called=lambda row: row.submitted_at or row.created_at,
    )  # fmt: skip
    register(models.ScreeningResult, Fate.TREATMENT, order=220, lines=judgement_lines)
    register(models.ScreeningDecision, Fate.TREATMENT, order=230)
    register(models.ScreeningConfirmation, Fate.TREATMENT, order=240)
    register(
        models.PatientFile, Fate.TREATMENT, order=510, secret=("stored_name",),
        quiet=("sha256", "source_sha256", "width", "height"), erase=erase_bytes,
    )  # fmt: skip
    register(models.ContactPreference, Fate.GOES, order=610)
    register(
        models.PatientLink, Fate.GOES, order=630, secret=("digest",), quiet=("subject_id",),
        called=lambda row: row.get_purpose_display(),
    )  # fmt: skip
    register(models.LinkCode, Fate.GOES, order=640, secret=("digest",))
    register(models.ExternalIdentifier, Fate.GOES, order=710, erase=hide_identifiers)
    register(models.ImportRow, Fate.GOES, order=720, quiet=("values", "trace"))
    register(
        models.PatientMerge, Fate.GOES, order=730, quiet=("moved", "changes", "created"),
        erase=forget_merges,
    )  # fmt: skip


QUESTIONNAIRES = {
    "draft": ("neutral", _("Draft"), "pencil"),
    "published": ("ok", _("In force"), "check-circle"),
    "retired": ("neutral", _("Retired"), "archive"),
}
STANDINGS = {
    "none": ("neutral", _("Not screened"), "clipboard"),
    "expired": ("warn", _("Screening expired"), "clock-history"),
    "incomplete": ("neutral", _("Incomplete"), "clipboard"),
    "cleared": ("ok", _("Cleared"), "check-circle"),
    "accepted": ("ok", _("Treat"), "check2-circle"),
    "review": ("warn", _("Review"), "exclamation-triangle"),
    "deferred": ("waiting", _("Deferred"), "hourglass-split"),
    "stopped": ("stop", _("Do not treat"), "sign-stop"),
}
OUTCOMES = {
    "cleared": ("ok", _("Cleared"), "check-circle"),
    "review": ("warn", _("Review"), "exclamation-triangle"),
    "deferred": ("waiting", _("Deferred"), "hourglass-split"),
    "contraindicated": ("stop", _("Contraindicated"), "sign-stop"),
    "incomplete": ("neutral", _("Incomplete"), "clipboard"),
}
INVITATIONS = {
    "sent": ("info", _("Link sent"), "envelope"),
    "opened": ("info", _("Link opened"), "envelope-open"),
    "started": ("waiting", _("Filling in"), "pencil"),
    "done": ("ok", _("Done by link"), "check-circle"),
    "ended": ("neutral", _("Link ended"), "x-circle"),
}
IMPORTS = {
    "mapping": ("neutral", _("Columns to be matched"), "pencil"),
    "checking": ("info", _("Being checked"), "hourglass-split"),
    "checked": ("waiting", _("Not imported yet"), "eye"),
    "running": ("info", _("Being imported"), "hourglass-split"),
    "done": ("ok", _("Imported"), "check-circle"),
    "undone": ("neutral", _("Undone"), "arrow-counterclockwise"),
    "discarded": ("neutral", _("Discarded"), "x-circle"),
}
IMPORT_LINES = {
    "waiting": ("neutral", _("Waiting"), "clock"),
    "good": ("ok", _("Good"), "check2"),
    "twice": ("warn", _("Already here?"), "people"),
    "bad": ("stop", _("To be corrected"), "x-circle"),
    "done": ("ok", _("Imported"), "check-circle"),
    "known": ("neutral", _("Nothing new"), "dash-circle"),
    "undone": ("neutral", _("Undone"), "arrow-counterclockwise"),
    "kept": ("warn", _("Kept"), "exclamation-triangle"),
}

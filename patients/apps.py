from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PatientsConfig(AppConfig):
    name = "patients"
    verbose_name = _("Patients")

    def ready(self) -> None:
        """Name the chips of this room, and put its own entries on the chart's time line."""
        from mesoclinic.clinic.templatetags.mesoclinic import register_chips
        from patients import panels
        from patients.selectors.files import chart_panel, file_entries
        from patients.selectors.timeline import record_entries

        register_chips("screening", STANDINGS)
        register_chips("outcome", OUTCOMES)
        register_chips("invitation", INVITATIONS)
        register_chips("questionnaire", QUESTIONNAIRES)
        panels.register_timeline(
            record_entries, {"screening": _("Screening"), "patient": _("Record")}
        )
        panels.register_timeline(file_entries, {"file": _("Photographs and documents")})
        panels.register("files", chart_panel, "patients/_chart_files.html", order=60, side=True)
        panels.register_link_page("screening", "patients:link-screening")


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

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TreatmentsConfig(AppConfig):
    """The room of plans, cocktails, session records and stock."""

    name = "treatments"
    verbose_name = _("Treatments")

    def ready(self) -> None:
        """Name the chips of this room, and join the patient's chart."""
        from mesoclinic.clinic.templatetags.mesoclinic import register_chips
        from patients import panels
        from treatments.selectors import chart
        from treatments.selectors.vocabulary import vocabulary

        for kind, chips in CHIPS.items():
            register_chips(kind, chips)
        panels.register("plans", chart.plans_panel, "treatments/_chart_plans.html", 20)
        panels.register(
            "reactions", chart.events_panel, "treatments/_chart_events.html", 50, side=True
        )
        panels.register_actions(chart.plan_actions)
        panels.register_vocabulary(vocabulary)
        panels.register_timeline(
            chart.treatment_entries,
            {"plan": _("Plans"), "session": _("Sessions"), "adverse_event": _("Reactions")},
        )


CHIPS: dict[str, dict[str, tuple[str, object, str]]] = {
    "plan": {
        "draft": ("neutral", _("Draft"), "pencil"),
        "active": ("info", _("Active"), "play-circle"),
        "completed": ("ok", _("Completed"), "check-circle"),
        "stopped": ("neutral", _("Stopped"), "stop-circle"),
    },
    "session_record": {
        "draft": ("warn", _("Not signed"), "pencil"),
        "signed": ("ok", _("Signed"), "patch-check"),
    },
    "readiness": {
        "go": ("ok", _("Go"), "shield-check"),
        "review": ("warn", _("Review"), "exclamation-triangle"),
        "stop": ("stop", _("Stop"), "sign-stop"),
    },
    "lot": {
        "ok": ("ok", _("In stock"), "check-circle"),
        "soon": ("warn", _("Expires soon"), "clock-history"),
        "low": ("warn", _("Running low"), "battery"),
        "expired": ("stop", _("Expired"), "sign-stop"),
        "withdrawn": ("stop", _("Withdrawn"), "slash-circle"),
        "exhausted": ("neutral", _("Used up"), "circle"),
    },
    "severity": {
        "1": ("info", _("Mild"), "1-circle"),
        "2": ("warn", _("Moderate"), "2-circle"),
        "3": ("stop", _("Severe"), "3-circle"),
        "4": ("stop", _("Life-threatening"), "4-circle"),
        "5": ("stop", _("Death"), "5-circle"),
    },
}

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SchedulingConfig(AppConfig):
    """The room of visits: hours, rooms, appointments and courses."""

    name = "scheduling"
    verbose_name = _("Scheduling")

    def ready(self) -> None:
        """Listen to the rooms below, and join the chart and the plan's page."""
        from mesoclinic.clinic.templatetags.mesoclinic import register_chips
        from patients import panels
        from scheduling import receivers  # noqa: F401  (its receivers connect on import)
        from scheduling.selectors import chart
        from treatments.panels import register_session_info

        register_chips("appointment", chart.CHIPS)
        panels.register("visits", chart.visits_panel, "scheduling/_chart_visits.html", 10)
        panels.register_timeline(chart.visit_entries, {"visit": _("Visits")})
        panels.register_actions(chart.chart_actions)
        panels.register_link_page("confirm", "scheduling:link-confirm")
        panels.register_link_page("offer", "scheduling:link-offer")
        register_session_info(chart.session_visits)

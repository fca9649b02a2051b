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
        from scheduling.selectors.rooms import rooms_of_sessions
        from treatments.panels import register_rooms, register_session_info

        register_chips("appointment", chart.CHIPS)
        panels.register("visits", chart.visits_panel, "scheduling/_chart_visits.html", 10)
        panels.register_timeline(chart.visit_entries, {"visit": _("Visits")})
        panels.register_actions(chart.chart_actions)
        panels.register_link_page("confirm", "scheduling:link-confirm")
        panels.register_link_page("offer", "scheduling:link-offer")
        panels.register_link_page("visits", "scheduling:own-visits")
        register_session_info(chart.session_visits)
        register_rooms(rooms_of_sessions)
        _register_holdings()


def _register_holdings() -> None:
    """Visits are no record of treatment: they go when a person asks to be forgotten."""
    from patients import holdings
    from scheduling import models
    from scheduling.selectors.rights import visit_to_come

    goes = holdings.Fate.GOES
    holdings.register(models.Appointment, goes, order=410, called=lambda row: row.during.lower)
    holdings.register(models.AppointmentStatusChange, goes, order=420)
    holdings.register(models.AppointmentMove, goes, order=430)
    holdings.register(models.WaitlistEntry, goes, order=440, called=lambda row: row.created_at)
    holdings.register(models.WaitlistOffer, goes, order=450)
    # No table about a person; but an offer says which time it was.
    holdings.register(models.FreedTime, goes, order=460, called=lambda row: row.during.lower)
    holdings.register_obstacle(visit_to_come)

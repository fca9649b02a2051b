from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from mesoclinic.common import health


class AftercareConfig(AppConfig):
    """The room for messages, check-ins and what waits for staff."""

    name = "aftercare"
    verbose_name = _("Aftercare")

    def ready(self) -> None:
        """Listen to what the rooms below announce, and answer for the backlog."""
        from aftercare import receivers  # noqa: F401  (its receivers connect on import)
        from aftercare.services.heartbeat import backlog_health

        health.register("messages", backlog_health)

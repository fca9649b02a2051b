from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from mesoclinic.common import health


class AftercareConfig(AppConfig):
    """The room for messages, check-ins and what waits for staff."""

    name = "aftercare"
    verbose_name = _("Aftercare")

    def ready(self) -> None:
        """Listen to the rooms below, join the chart, and answer for the backlog."""
        from aftercare import receivers  # noqa: F401  (its receivers connect on import)
        from aftercare.selectors import chart
        from aftercare.selectors.recalls import recall_messages
        from aftercare.services.heartbeat import backlog_health
        from aftercare.services.preview import preview_booking
        from mesoclinic.clinic.templatetags.mesoclinic import register_chips
        from patients import panels
        from scheduling.panels import register_message_preview
        from treatments.panels import register_recall_messages

        health.register("messages", backlog_health)
        register_chips("message", MESSAGES)
        register_chips("thread", THREADS)
        register_chips("rules", RULES)
        register_chips("triage", TRIAGE)
        register_chips("visit", VISITS)
        panels.register(
            "messages", chart.messages_panel, "aftercare/_chart_messages.html", 60, side=True
        )
        panels.register_timeline(chart.message_entries, {"message": _("Messages")})
        panels.register_timeline(chart.checkin_entries, {"checkin": _("Check-ins")})
        panels.register_link_page("checkin", "aftercare:link-checkin")
        panels.register_link_page("ask", "aftercare:link-ask")
        panels.register_link_page("answer", "aftercare:link-answer")
        panels.register_link_page("unsubscribe", "aftercare:unsubscribe")
        register_message_preview(preview_booking)
        register_recall_messages(recall_messages)
        _register_holdings()


def _register_holdings() -> None:
    """What patients say of their skin belongs to the record of treatment; letters do not."""
    from aftercare import models
    from patients import holdings

    Fate = holdings.Fate
    delivery = (
        "lease_until",
        "interruptions",
        "next_try_at",
        "message_id",
        "context",
        "subject_id",
    )
    holdings.register(models.CheckIn, Fate.TREATMENT, order=370)
    holdings.register(models.CheckInPhoto, Fate.TREATMENT, order=371)
    holdings.register(models.Thread, Fate.TREATMENT, order=372, called=lambda row: row.asked_at)
    holdings.register(models.ThreadPost, Fate.TREATMENT, order=373)
    holdings.register(models.ThreadPhoto, Fate.TREATMENT, order=374)
    holdings.register(models.Message, Fate.GOES, order=650, quiet=delivery)
    holdings.register(models.MessageEvent, Fate.GOES, order=660)
    holdings.register(models.AddressProblem, Fate.GOES, order=665)
    holdings.register(models.StaffTask, Fate.GOES, order=670, quiet=("subject_id", "url_name"))
    holdings.register(models.TaskEvent, Fate.GOES, order=671)
    holdings.register(models.StaffAlert, Fate.GOES, order=672)


MESSAGES = {
    "planned": ("info", _("Planned"), "clock"),
    "sending": ("info", _("Sending"), "send"),
    "sent": ("ok", _("Sent"), "check2"),
    "skipped": ("neutral", _("Not needed"), "slash-circle"),
    "suppressed": ("neutral", _("Not wanted"), "bell-slash"),
    "held": ("warn", _("Needs a decision"), "pause-circle"),
    "expired": ("neutral", _("Too late"), "hourglass-bottom"),
    "failed": ("stop", _("Failed"), "x-circle"),
    "delivered": ("ok", _("Delivered"), "check2-all"),
    "bounced": ("stop", _("Came back"), "arrow-return-left"),
    "complained": ("warn", _("Unwanted"), "hand-thumbs-down"),
    "expected": ("info", _("Will be planned"), "calendar-plus"),
}
VISITS = {
    "done": ("neutral", _("Done"), "check2"),
    "no_show": ("neutral", _("Did not come"), "person-x"),
    "in_session": ("info", _("In session"), "play-fill"),
    "arrived": ("waiting", _("Arrived"), "door-open"),
    "on_hold": ("stop", _("On hold"), "pause-circle"),
    "stopped": ("stop", _("Can't go ahead"), "sign-stop"),
    "screening": ("stop", _("Screening"), "sign-stop"),
    "review": ("warn", _("Review"), "exclamation-triangle"),
    "unconfirmed": ("neutral", _("Not confirmed"), "clock"),
    "ready": ("ok", _("Ready"), "check-circle"),
}
RULES = {
    "draft": ("info", _("Draft"), "pencil"),
    "published": ("ok", _("In force"), "check2-circle"),
    "retired": ("neutral", _("Retired"), "clock-history"),
}
THREADS = {
    "waiting": ("waiting", _("Waits for an answer"), "hourglass-split"),
    "answered": ("ok", _("Answered"), "check2"),
    "closed": ("neutral", _("Closed"), "slash-circle"),
}
TRIAGE = {
    "self_care": ("ok", _("Self-care"), "check-circle"),
    "review": ("info", _("Review"), "eye"),
    "urgent": ("stop", _("Urgent"), "exclamation-octagon"),
    "emergency": ("stop", _("Emergency"), "telephone-fill"),
}

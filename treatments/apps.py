from __future__ import annotations

from django.apps import AppConfig
from django.db.models import Model
from django.utils.translation import gettext_lazy as _


class TreatmentsConfig(AppConfig):
    """The room of plans, cocktails, session records and stock."""

    name = "treatments"
    verbose_name = _("Treatments")

    def ready(self) -> None:
        """Name the chips of this room, listen, and join the patient's chart."""
        from mesoclinic.clinic.templatetags.mesoclinic import register_chips
        from patients import panels
        from treatments import receivers  # noqa: F401  (its receivers connect on import)
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
        panels.register_link_page("consent", "treatments:link-consent")
        panels.register_timeline(
            chart.treatment_entries,
            {"plan": _("Plans"), "session": _("Sessions"), "adverse_event": _("Reactions")},
        )
        _register_holdings()


def _register_holdings() -> None:
    """What a person gets of these tables, and that the law wants the record of treatment kept."""
    from patients import holdings
    from treatments import models
    from treatments.selectors import rights

    plan = models.TreatmentPlan
    order: dict[type[Model], int] = {
        plan: 310, plan.areas.through: 311, plan.techniques.through: 312, models.Cocktail: 320,
        models.CocktailItem: 321, models.Consent: 330, models.PlannedSession: 340,
        models.ReadinessOverride: 345, models.SessionRecord: 350, models.SessionDose: 351,
        models.SessionAddendum: 352, models.Syringe: 353, models.PointGroup: 354,
        models.AdverseEvent: 360, models.AdverseEventEntry: 361, models.ClinicalPicture: 362,
        models.OutcomeReview: 365, models.RecallContact: 366,
    }  # fmt: skip
    titles: dict[type[Model], object] = {
        plan.areas.through: _("areas of plans"),
        plan.techniques.through: _("techniques"),
    }
    quiet: dict[type[Model], tuple[str, ...]] = {
        plan: ("protocol_snapshot",),
        models.SessionRecord: ("draft",),
        models.PointGroup: ("points",),
    }
    for model, place in order.items():
        holdings.register(
            model, holdings.Fate.TREATMENT, order=place,
            title=titles.get(model, ""), quiet=quiet.get(model, ()),
        )  # fmt: skip
    holdings.register_last_treatment(rights.last_treatment)
    holdings.register_obstacle(rights.unsigned_session)
    holdings.register_under_way(rights.running_plans)
    holdings.register_under_way(rights.open_reactions)
    holdings.register_resources(rights.procedures)


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
        "open_too_long": ("warn", _("Open too long"), "hourglass-bottom"),
        "exhausted": ("neutral", _("Used up"), "circle"),
    },
    "watch": {
        "none": ("neutral", _("Nothing"), "dash"),
        "look": ("warn", _("Look at it"), "eye"),
        "warn": ("stop", _("Stands out"), "exclamation-triangle"),
    },
    "severity": {
        "1": ("info", _("Mild"), "1-circle"),
        "2": ("warn", _("Moderate"), "2-circle"),
        "3": ("stop", _("Severe"), "3-circle"),
        "4": ("stop", _("Life-threatening"), "4-circle"),
        "5": ("stop", _("Death"), "5-circle"),
    },
}

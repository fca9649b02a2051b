"""What a manager says about online booking, and how it gets onto the clinic's website."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.pages import again
from scheduling.forms.online import OnlineRulesForm
from scheduling.selectors.online import online_types
from scheduling.selectors.own import online_rules
from scheduling.services import set_online_rules
from scheduling.views.base import StaffView

_FIELDS = ("is_open", "hold_minutes", "change_limit_hours", "welcome")


@access(Policy.MANAGER)
class OnlineSettings(StaffView):
    """Open or closed, for which websites, and until when patients change visits."""

    template = "scheduling/online_settings.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form, the page's address, and the lines for the website."""
        rules = online_rules(self.request.clinic)
        known = {name: getattr(rules, name) for name in _FIELDS}
        form = OnlineRulesForm(initial={**known, "origins": "\n".join(rules.origins)})
        return render(request, self.template, self._context(form))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep it."""
        form = OnlineRulesForm(request.POST)
        if not form.is_valid():
            return again(request, self.template, self._context(form))
        bound = self.request
        set_online_rules(
            clinic=bound.clinic, actor=bound.actor, values=form.cleaned_data, now=self.now
        )
        messages.success(request, _("Saved."))
        return redirect("scheduling:online-settings")

    def _context(self, form: OnlineRulesForm) -> dict[str, object]:
        clinic = self.request.clinic
        address = f"{clinic.base_url}{reverse('scheduling:online', args=[clinic.slug])}"
        return {"form": form, "address": address, "types": online_types(clinic)}

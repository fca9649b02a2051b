"""Sharing protocols and cocktail recipes between clinics as a file."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from mesoclinic.clinic.access import Policy, access
from treatments import services
from treatments.exceptions import SharedFileRefused
from treatments.forms.sharing import SharedFileForm
from treatments.selectors import catalogue
from treatments.selectors.sharing import export_catalogue
from treatments.services.sharing import Outcome
from treatments.views.common import StaffView


@access(Policy.CLINICAL_OR_MANAGER)
class CatalogueShare(StaffView):
    """What there is, to be downloaded; a file of another clinic, looked at before it is taken in."""

    def get(self, request: Any) -> HttpResponse:
        """The page."""
        return self.page(SharedFileForm())

    def post(self, request: Any) -> HttpResponse:
        """Look at a file, or take in what was looked at."""
        form = SharedFileForm(request.POST, request.FILES)
        if not form.is_valid():
            return self.page(form, status=422)
        content, look = form.cleaned_data["bytes"], "take" not in request.POST
        try:
            outcomes = services.import_catalogue(
                clinic=request.clinic, content=content, actor=request.actor, now=self.now,
                dry_run=look,
            )  # fmt: skip
        except SharedFileRefused as error:
            return self.page(form, problems=error.problems, status=422)
        if look:
            return self.page(form, outcomes, content.decode("utf-8-sig"))
        messages.success(request, _("Taken in. Review and approve the new entries before use."))
        return redirect("treatments:catalogue-share")

    def page(
        self,
        form: SharedFileForm,
        outcomes: list[Outcome] | None = None,
        content: str = "",
        problems: tuple[str, ...] = (),
        status: int = 200,
    ) -> HttpResponse:
        """Both halves."""
        clinic = self.request.clinic
        context = {
            "form": form,
            "outcomes": outcomes,
            "changes": any(one.state != "same" for one in outcomes or ()),
            "content": content,
            "problems": problems,
            "protocols": list(catalogue.protocols(clinic)),
            "recipes": list(catalogue.recipes(clinic)),
        }
        return render(self.request, "treatments/catalogue_share.html", context, status=status)


@access(Policy.CLINICAL_OR_MANAGER)
class CatalogueDownload(StaffView):
    """The file."""

    def get(self, request: Any) -> HttpResponse:
        """As JSON, to be read by people too."""
        document = export_catalogue(request.clinic, self.now)
        response = HttpResponse(
            json.dumps(document, indent=1, ensure_ascii=False), content_type="application/json"
        )
        name = f"catalogue-{request.clinic.slug}.json"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

"""Pages behind mailed links: no account, no health data without a code, nothing changed by GET.

`PatientLinkView` is the base for every such page, also in upper apps. It is exempt from the CSRF
check on purpose: the 256-bit token in the address is the only authority here (no cookie signs
anybody in), and under `Referrer-Policy: no-referrer` browsers send `Origin: null`, which the check
would refuse.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.languages import readable
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.errors import DomainError
from patients import panels
from patients.exceptions import LinkUnusable
from patients.models import Patient, PatientLink
from patients.services import clinic_to_call, link_actor, resolve_link

GONE = 404
CONFLICT = 409


# The secret in the address is the credential, and no session is read: there is nothing that a page
# elsewhere could borrow. Mail programs post the one-click unsubscribe without having seen a form.
@method_decorator(csrf_exempt, name="dispatch")
class PatientLinkView(View):
    """A page of one purpose (None: any). Subclasses declare `@access(Policy.PATIENT_LINK)`.

    `link`, `patient`, `clinic`, `actor`, `now` and `token` are set before `get` or `post` runs, in
    the patient's language and on the clinic's clock, whatever the phone's. A link that can't be
    used shows one neutral page, whatever the reason. A `used` link is turned away too unless
    `repeats` is set. Refusals of the domain that a page does not catch show as a neutral page with
    their sentence.
    """

    purpose: ClassVar[str | None] = None
    repeats: ClassVar[bool] = False

    token: str
    link: PatientLink
    patient: Patient
    clinic: Clinic
    actor: Actor
    now: dt.datetime

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Resolve the link, then run the page with the headers that keep the token private."""
        self.token = kwargs.pop("token")
        self.now = timezone.now()
        try:
            self._resolve()
        except LinkUnusable as error:
            return private(self.gone(error))
        language = readable(self.patient.language, self.clinic.language)
        with translation.override(language), timezone.override(self.clinic.zone):
            return private(self._run(request, *args, **kwargs))

    def page(
        self, template: str, context: dict[str, object] | None = None, status: int = 200
    ) -> HttpResponse:
        """Render a page on `patient_base.html` with the clinic on top."""
        known = {"clinic": self.clinic, "token": self.token}
        return render(self.request, template, {**known, **(context or {})}, status=status)

    def gone(self, error: LinkUnusable) -> HttpResponse:
        """The one page of every link that can't be used, with the phone of the clinic that sent it."""
        known = {"error": error, "clinic": clinic_to_call(self.token)}
        return render(self.request, "patients/link_gone.html", known, status=GONE)

    def _resolve(self) -> None:
        self.link = resolve_link(self.token, self.purpose, self.now)
        if self.link.used_at is not None and not self.repeats and self.purpose is not None:
            raise LinkUnusable
        self.patient, self.clinic = self.link.patient, self.link.clinic
        self.patient.clinic = self.clinic
        self.actor = link_actor(self.link)

    def _run(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().dispatch(request, *args, **kwargs)
        except LinkUnusable as error:
            return self.gone(error)
        except DomainError as error:
            return self.page("patients/link_refused.html", {"error": error}, status=CONFLICT)


def private(response: HttpResponseBase) -> HttpResponseBase:
    """Neither stored nor referred from nor indexed."""
    response["Cache-Control"] = "no-store, private"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


@access(Policy.PATIENT_LINK)
class LinkLanding(PatientLinkView):
    """The address in every mail: leads on to the page of its purpose."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """A redirect to the page that serves the purpose; changes nothing."""
        name = panels.link_page(self.link.purpose)
        if name is None:
            raise LinkUnusable
        return redirect(name, token=self.token)

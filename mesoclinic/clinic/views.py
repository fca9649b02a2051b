"""Pages of the clinic: its settings for managers, and the switch between two clinics."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views import View
from django.views.generic import TemplateView

from mesoclinic.clinic import mailing, selectors, services
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.auth import memberships_of
from mesoclinic.clinic.exceptions import NotInThisClinic
from mesoclinic.clinic.forms import PersonForm, TokenForm
from mesoclinic.clinic.http import ClinicRequest, StaffRequest
from mesoclinic.clinic.middleware import ACTIVE_CLINIC
from mesoclinic.clinic.models import Clinic, Role
from mesoclinic.common.errors import DomainError


class StaffView(View):
    """A page of somebody with a role: `self.request.clinic` and friends are there."""

    request: StaffRequest


def overview(clinic: Clinic) -> dict[str, Any]:
    """What the settings page shows; `today` is the clinic's own day."""
    now = timezone.now()
    today = clinic.today(now)
    return {
        "people": [(row, row.licence_state(today)) for row in selectors.staff_of(clinic)],
        "warnings": [
            (row, row.licence_state(today)) for row in selectors.licence_warnings(clinic, today)
        ],
        "tokens": [(token, token.is_usable(now)) for token in selectors.tokens_of(clinic)],
        "mfa_roles": [Role(role).label for role in clinic.mfa_required_roles],
    }


@access(Policy.MANAGER)
class Settings(StaffView):
    """The clinic's facts, people and tokens."""

    def get(self, request: StaffRequest) -> HttpResponse:
        """The overview."""
        return render(request, "clinic/settings.html", overview(request.clinic))


@access(Policy.SIGNED_IN)
class Switch(View):
    """Go on in another clinic."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Which clinics there are."""
        places = memberships_of(cast(StaffRequest, request).user)
        return render(request, "clinic/switch.html", {"places": places})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Choose one; a clinic without a membership answers 404."""
        bound = cast(ClinicRequest, request)
        chosen = request.POST.get("clinic", "")
        place = next(
            (
                m
                for m in memberships_of(cast(StaffRequest, bound).user)
                if str(m.clinic_id) == chosen
            ),
            None,
        )
        if place is None:
            raise NotInThisClinic
        request.session[ACTIVE_CLINIC] = chosen
        messages.success(
            request, _("You are now working in %(clinic)s.") % {"clinic": place.clinic.name}
        )
        return redirect(_safe_next(request))


def _safe_next(request: HttpRequest) -> str:
    # Never back to a page of the old clinic's records: those would answer 404.
    url = request.POST.get("next", "")
    return url if url_has_allowed_host_and_scheme(url, {request.get_host()}) else "/"


@access(Policy.SIGNED_IN)
class KeepAlive(View):
    """Somebody is still typing: the middleware notes it."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Nothing to say."""
        return HttpResponse(status=204)


@access(Policy.MANAGER)
class PersonCreate(StaffView):
    """Add somebody to the clinic and invite them."""

    def get(self, request: StaffRequest) -> HttpResponse:
        """The empty form."""
        return render(request, "clinic/person_form.html", {"form": PersonForm()})

    def post(self, request: StaffRequest) -> HttpResponse:
        """Make the membership, and mail an invitation to a new account."""
        form = PersonForm(request.POST)
        if form.is_valid():
            try:
                place = services.add_staff(
                    actor=request.actor, clinic=request.clinic, person=form.person()
                )
            except DomainError as error:
                form.add_error(error.field, error.message)
            else:
                _invite(request, place.pk)
                return redirect("clinic:settings")
        return render(request, "clinic/person_form.html", {"form": form}, status=400)


@access(Policy.MANAGER)
class PersonInvite(StaffView):
    """Send the invitation again."""

    def post(self, request: StaffRequest, pk: UUID) -> HttpResponse:
        """Mail a fresh link; those before stop working once a password is set."""
        _invite(request, pk)
        return redirect("clinic:settings")


def _invite(request: StaffRequest, pk: UUID) -> None:
    place = selectors.get_membership(request.clinic, pk)
    if place.staff.has_usable_password():
        messages.success(
            request, _("%(name)s can sign in here now.") % {"name": place.display_name}
        )
        return
    mailing.invite(request, actor=request.actor, staff=place.staff, clinic=request.clinic)
    messages.success(
        request, _("An invitation is on its way to %(email)s.") % {"email": place.staff.email}
    )


@access(Policy.MANAGER)
class TokenCreate(StaffView):
    """Make an API token."""

    def get(self, request: StaffRequest) -> HttpResponse:
        """The empty form."""
        form = TokenForm(clinic=request.clinic)
        return render(request, "clinic/token_form.html", {"form": form})

    def post(self, request: StaffRequest) -> HttpResponse:
        """Make it and show its secret, this once."""
        form = TokenForm(request.POST, clinic=request.clinic)
        if form.is_valid():
            try:
                token, secret = services.issue_token(
                    actor=request.actor,
                    clinic=request.clinic,
                    wanted=form.wanted(),
                    now=timezone.now(),
                )
            except DomainError as error:
                form.add_error(error.field, error.message)
            else:
                context = {"token": token, "secret": secret}
                return render(request, "clinic/token_secret.html", context)
        return render(request, "clinic/token_form.html", {"form": form}, status=400)


@access(Policy.MANAGER)
class TokenRevoke(StaffView):
    """End a token."""

    def post(self, request: StaffRequest, pk: UUID) -> HttpResponse:
        """At once and for ever."""
        token = selectors.get_token(request.clinic, pk)
        services.revoke_token(actor=request.actor, token=token, now=timezone.now())
        messages.success(request, _("%(name)s no longer works.") % {"name": token.name})
        return redirect("clinic:settings")


@access(Policy.STAFF)
class ApiDocs(TemplateView):
    """The API's page."""

    template_name = "clinic/api_docs.html"

"""The request as views see it, and what becomes of a refusal on a page."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import urlencode

from django.contrib import messages
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.defaults import page_not_found, permission_denied

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.models import Clinic, Membership, StaffMember
from mesoclinic.common.errors import DomainError, Forbidden, Invalid, NotFound

HTTP_UNAUTHORIZED = 401


class ClinicRequest(HttpRequest):
    """Any request after the middleware: who, where, as what. Parts may be missing."""

    membership: Membership | None
    clinic: Clinic | None
    actor: Actor


class StaffRequest(HttpRequest):
    """A request of somebody with a role in a clinic (policies STAFF and narrower)."""

    user: StaffMember
    membership: Membership
    clinic: Clinic
    actor: Actor


def is_htmx(request: HttpRequest) -> bool:
    """True for a request htmx made (not a boosted page load)."""
    return request.headers.get("HX-Request") == "true" and "HX-Boosted" not in request.headers


def wants_json(request: HttpRequest) -> bool:
    """True for scripts that read JSON: `Accept: application/json` or an XMLHttpRequest."""
    accepts = request.headers.get("Accept", "")
    is_script = request.headers.get("X-Requested-With") == "XMLHttpRequest"
    return is_script or accepts.startswith("application/json")


def sign_in_response(request: HttpRequest) -> HttpResponse:
    """Send somebody to the door: a redirect for pages, 401 for scripts (with HX-Redirect for htmx).

    htmx and scripts come back to the page they were on, not to the fragment they asked for.
    """
    if not (is_htmx(request) or wants_json(request)):
        return HttpResponseRedirect(_sign_in_url(request.get_full_path()))
    back = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or "/"
    url = _sign_in_url(back if _is_ours(request, back) else "/")
    response: HttpResponse = JsonResponse(
        {"code": "signed_out", "message": _("Sign in to go on."), "field": None, "url": url},
        status=HTTP_UNAUTHORIZED,
    )
    response["HX-Redirect"] = url
    return response


def _sign_in_url(back: str) -> str:
    return f"{resolve_url('account_login')}?{urlencode({'next': back})}"


def _is_ours(request: HttpRequest, url: str) -> bool:
    return url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )


def problem(error: DomainError) -> dict[str, str | None]:
    """The JSON body of a refusal, the same on pages and in the API."""
    return {"code": error.code, "message": error.message, "field": error.field}


class DomainErrorMiddleware:
    """Turns a DomainError no view caught into an answer a person can act on, never a 500.

    NotFound → 404, Forbidden → 403. Anything else: JSON for scripts; for htmx the same plus the
    event `mc:error` whose detail is the body; for a form post a message on the page it came from;
    otherwise the 409 page.

    Forms refuse the NUL character at its field. Where a view reads a search or a reason without a
    form, the database refuses it, and that is a refusal like any other.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The answer, or None for what is not a DomainError."""
        if isinstance(exception, ValueError | DataError) and "NUL" in str(exception):
            exception = Invalid(_("There is a character in it that can't be stored. Type it anew."))
        if not isinstance(exception, DomainError):
            return None
        if is_htmx(request) or wants_json(request):
            return _script_answer(exception)
        if isinstance(exception, NotFound):
            return page_not_found(request, exception)
        if isinstance(exception, Forbidden):
            return permission_denied(request, exception)
        back = request.headers.get("Referer", "")
        if request.method == "POST" and back and _is_ours(request, back):
            messages.error(request, exception.message)
            return HttpResponseRedirect(back)
        return render(request, "409.html", {"error": exception}, status=exception.status)


def _script_answer(error: DomainError) -> HttpResponse:
    body = problem(error)
    response = JsonResponse(body, status=error.status)
    response["HX-Reswap"] = "none"
    response["HX-Trigger"] = json.dumps({"mc:error": body})
    return response

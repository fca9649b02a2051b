"""From a session to a person in a clinic, and the default-deny door in front of every view.

Order (settings.MIDDLEWARE): Session, Locale, Auth, Messages, allauth, then SessionLimits, Clinic,
Access, SecondFactor, DomainError (in `mesoclinic.clinic.http`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, cast
from uuid import uuid4

import structlog
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from rest_framework.views import APIView

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.models import Action, AuditEntry
from mesoclinic.audit.services import record
from mesoclinic.clinic import sessions
from mesoclinic.clinic.access import Policy, declared_policy, role_allows
from mesoclinic.clinic.auth import memberships_of
from mesoclinic.clinic.http import ClinicRequest, sign_in_response, wants_json
from mesoclinic.clinic.models import Membership, StaffMember
from mesoclinic.clinic.permissions import PolicyPermission
from mesoclinic.clinic.third_party import NAMESPACES, SECOND_FACTOR_SETUP, URL_NAMES

logger = structlog.get_logger(__name__)

ACTIVE_CLINIC = "clinic_id"
SECOND_FACTOR_SEEN = "second_factor"
# Requests that a page sends by itself (polling) carry this header and don't count as activity.
BACKGROUND_HEADER = "X-Background"

_GetResponse = Callable[[HttpRequest], HttpResponse]


def session_limits() -> sessions.Limits:
    """The limits from settings, in seconds there."""
    return sessions.Limits(
        idle=dt.timedelta(seconds=settings.SESSION_IDLE_SECONDS),
        absolute=dt.timedelta(seconds=settings.SESSION_ABSOLUTE_SECONDS),
        grain=dt.timedelta(seconds=settings.SESSION_ACTIVITY_GRAIN_SECONDS),
    )


class SessionLimitsMiddleware:
    """Signs out after 15 idle minutes and after 12 hours in all; the request goes on anonymous."""

    def __init__(self, get_response: _GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if SESSION_KEY in request.session:
            self._enforce(request, timezone.now().timestamp())
        return self.get_response(request)

    def _enforce(self, request: HttpRequest, now: float) -> None:
        session = request.session
        started = float(session.get(sessions.STARTED, now))
        seen = float(session.get(sessions.SEEN, now))
        limits = session_limits()
        reason = sessions.end_reason(started, seen, now, limits)
        if reason is not None:
            request.sign_out_reason = reason  # type: ignore[attr-defined]
            logout(request)
            messages.info(request, _("You were signed out for safety. Sign in to go on."))
            return
        if sessions.STARTED not in session:
            session[sessions.STARTED] = started
        if BACKGROUND_HEADER in request.headers:
            return
        if sessions.SEEN not in session or sessions.is_stale(seen, now, limits):
            session[sessions.SEEN] = now


class ClinicMiddleware:
    """Sets `request.membership`, `.clinic`, `.actor`, the person's language and the clinic's clock.

    Somebody signed in costs one query (the backend joins person, memberships, clinics); somebody
    who is not costs none.
    """

    def __init__(self, get_response: _GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        bound = cast(ClinicRequest, request)
        request_id = _request_id()
        bound.membership = bound.clinic = None
        bound.actor = Actor.anonymous(request_id)
        if SESSION_KEY not in request.session or not request.user.is_authenticated:
            return self.get_response(request)
        staff = request.user
        membership = choose_membership(
            memberships_of(staff), request.session.get(ACTIVE_CLINIC, "")
        )
        bind(bound, staff, membership, request_id)
        speak(request, staff.language)
        with timezone.override(membership.clinic.zone if membership else None):
            response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            # A shared or back-button cache must not keep a page of patients.
            patch_cache_control(response, private=True, no_store=True)
        return response


def choose_membership(memberships: list[Membership], clinic_id: str) -> Membership | None:
    """The membership in the chosen clinic, else the first, else None."""
    for membership in memberships:
        if str(membership.clinic_id) == clinic_id:
            return membership
    return memberships[0] if memberships else None


def bind(
    request: ClinicRequest, staff: StaffMember, membership: Membership | None, request_id: str
) -> None:
    """Write person and place onto the request."""
    request.membership = membership
    request.clinic = membership.clinic if membership else None
    request.actor = Actor(
        kind="staff",
        id=str(staff.pk),
        label=membership.display_name if membership else staff.full_name,
        clinic_id=membership.clinic_id if membership else None,
        role=membership.role if membership else None,
        staff_id=staff.pk,
        request_id=request_id,
    )


def speak(request: HttpRequest, language: str) -> None:
    """Switch this request to `language`, or its nearest kin, where the installation has it."""
    try:
        spoken = translation.get_supported_language_variant(language)
    except LookupError:
        return
    translation.activate(spoken)
    request.LANGUAGE_CODE = spoken


def _request_id() -> str:
    return str(structlog.contextvars.get_contextvars().get("request_id") or uuid4())


class AccessMiddleware:
    """Default deny: a view that declares no policy is refused, whoever asks.

    DRF views authenticate later (tokens), so theirs is enforced by `PolicyPermission`; here it is
    only made sure that they declare a policy and carry that permission.
    """

    def __init__(self, get_response: _GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponse | None:
        """None lets the request through; anything else is the answer."""
        policy = policy_for(request, view)
        request.access_policy = policy  # type: ignore[attr-defined]
        if is_api_view(view):
            if PolicyPermission not in view.cls.permission_classes:  # type: ignore[attr-defined]
                raise PermissionDenied("This API view does not enforce its policy.")
            return None
        return self._enforce(cast(ClinicRequest, request), policy)

    def _enforce(self, request: ClinicRequest, policy: Policy) -> HttpResponse | None:
        if policy.is_open:
            return None
        if not request.user.is_authenticated:
            return sign_in_response(request)
        if not passes(request, policy):
            refuse(request)
        return None


def is_api_view(view: Callable[..., Any]) -> bool:
    """True for DRF views and viewsets."""
    cls = getattr(view, "cls", None)
    return isinstance(cls, type) and issubclass(cls, APIView)


def policy_for(request: HttpRequest, view: Callable[..., Any]) -> Policy:
    """The policy of a resolved URL. Http404 where it is closed, PermissionDenied where undeclared."""
    policy = declared_policy(view)
    if policy is not None:
        return policy
    match = request.resolver_match
    if match is not None:
        for namespace in match.namespaces:
            if namespace in NAMESPACES:
                return NAMESPACES[namespace]
        if match.view_name in URL_NAMES:
            listed = URL_NAMES[match.view_name]
            if listed is None:
                raise Http404
            return listed
    logger.error("access_undeclared", view=getattr(match, "view_name", None) or repr(view))
    raise PermissionDenied("This page declares no access policy.")


def passes(request: ClinicRequest, policy: Policy) -> bool:
    """True where the signed-in person passes `policy` in the clinic at hand."""
    if policy is Policy.ADMIN:
        return bool(request.user.is_staff)
    return role_allows(policy, request.membership.role if request.membership else None)


def refuse(request: ClinicRequest) -> None:
    """Write the refusal to the record and raise PermissionDenied."""
    match = request.resolver_match
    record(
        request.actor,
        Action.DENIED,
        AuditEntry(model="url", object_id=str(match.view_name if match else "")[:64]),
    )
    raise PermissionDenied("This page is not open to the role.")


class SecondFactorMiddleware:
    """Roles that must have a second factor get nothing but its set-up until they have one."""

    def __init__(self, get_response: _GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """A redirect to the set-up page, or None."""
        bound = cast(ClinicRequest, request)
        match = request.resolver_match
        if match is None or match.view_name in SECOND_FACTOR_SETUP or not _must_set_up(bound):
            return None
        policy: Policy = request.access_policy  # type: ignore[attr-defined]
        if policy.is_open:
            return None
        if wants_json(request) or is_api_view(view):
            message = _("Set up your second factor first.")
            return JsonResponse(
                {"code": "second_factor_required", "message": message, "field": None}, status=403
            )
        messages.info(request, _("Your clinic asks for a second factor. Set one up to go on."))
        return redirect("mfa_index")


def _must_set_up(request: ClinicRequest) -> bool:
    membership = request.membership
    if membership is None or membership.role not in membership.clinic.mfa_required_roles:
        return False
    if request.session.get(SECOND_FACTOR_SEEN):
        return False
    if get_mfa_adapter().is_mfa_enabled(request.user):
        request.session[SECOND_FACTOR_SEEN] = True
        return False
    return True

"""Response headers that keep health data out of caches and devices out of pages."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class PrivacyHeadersMiddleware:
    """Adds Permissions-Policy, and forbids caching of every page that looked at the session."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response
        self._permissions: str = settings.PERMISSIONS_POLICY

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        response.setdefault("Permissions-Policy", self._permissions)
        session = getattr(request, "session", None)
        if session is not None and session.accessed:
            response.setdefault("Cache-Control", "private, no-store")
        return response

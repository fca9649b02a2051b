"""Where carriers report what became of messages. Each report is signed; others are refused."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import resolve
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from aftercare.services import feedback
from aftercare.services.feedback import News, Report
from aftercare.services.gateway import is_signed
from mesoclinic.clinic.access import Policy, access

_NEWS = {
    "delivered": News.DELIVERED,
    "failed": News.BOUNCED,
    "undelivered": News.BOUNCED,
    "stopped": News.COMPLAINED,
    "delayed": News.SOFT,
}
_LONGEST = 65_536


# A carrier posts without a session; the signature of the report is the credential.
@access(Policy.PUBLIC)
@method_decorator(csrf_exempt, name="dispatch")
class MailHook(View):
    """Reports of the mail provider; django-anymail reads and checks them."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Hand the request to the provider's own view, whatever its method."""
        if not settings.EMAIL_PROVIDER:
            return HttpResponse(status=404)
        view = resolve(f"/{settings.EMAIL_PROVIDER}/tracking/", urlconf="anymail.urls")
        return view.func(request, **view.kwargs)


# A carrier posts without a session; the signature of the report is the credential.
@access(Policy.PUBLIC)
@method_decorator(csrf_exempt, name="dispatch")
class GatewayHook(View):
    """Delivery reports of the gateway: `{"id": "<our id>", "status": "delivered", "detail": ""}`."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """204 when it was understood, also twice; 400 without a fresh signature of ours."""
        now, given = timezone.now(), request.headers.get("X-Signature", "")
        stamp = request.headers.get("X-Timestamp", "")
        if not is_signed(settings.GATEWAY_SECRET, stamp, request.body, given, now.timestamp()):
            return HttpResponse("Not signed with our secret, or not lately.", status=400)
        report = _report(request.body)
        if report is None:
            return HttpResponse("What is needed: id and status.", status=400)
        feedback.take_in(report=report, now=now)
        return HttpResponse(status=204)


def _report(body: bytes) -> Report | None:
    try:
        found = json.loads(body[:_LONGEST])
        news = _NEWS[found["status"]]
        return Report(news=news, own_id=UUID(found["id"]), detail=str(found.get("detail", "")))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None

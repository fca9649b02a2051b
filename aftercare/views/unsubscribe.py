"""Stop messages of one kind, by the link in the mail or by the mail program's own button."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from aftercare.services.preferences import opt_out
from mesoclinic.clinic.access import Policy, access
from patients.models import PatientLink
from patients.services import resolve_link


# RFC 8058: mail programs post here without having seen a page. The token is the authority, and
# all a forger could do is stop messages that are not needed for care.
@method_decorator([csrf_exempt, never_cache], name="dispatch")
@access(Policy.PATIENT_LINK)
class Unsubscribe(View):
    """GET asks (scanners open links), POST acts."""

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """The question."""
        link = resolve_link(token, PatientLink.Purpose.UNSUBSCRIBE, timezone.now())
        return render(request, "aftercare/unsubscribe.html", {"clinic": link.clinic, "link": link})

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        """The deed; doing it twice is fine."""
        now = timezone.now()
        link = resolve_link(token, PatientLink.Purpose.UNSUBSCRIBE, now)
        kind = opt_out(link=link, now=now)
        context = {"clinic": link.clinic, "stopped": kind}
        return render(request, "aftercare/unsubscribe.html", context)

"""Stop messages of one kind, by the link in the mail or by the mail program's own button."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpRequest, HttpResponse

from aftercare.services.preferences import kind_of, opt_out
from mesoclinic.clinic.access import Policy, access
from patients.models import PatientLink
from patients.views.links import PatientLinkView


@access(Policy.PATIENT_LINK)
class Unsubscribe(PatientLinkView):
    """GET asks (scanners open links), POST acts; mail programs post without asking (RFC 8058)."""

    purpose: ClassVar[str | None] = PatientLink.Purpose.UNSUBSCRIBE.value
    repeats: ClassVar[bool] = True

    def get(self, request: HttpRequest) -> HttpResponse:
        """The question."""
        return self.page("aftercare/unsubscribe.html", {"kind": kind_of(self.link)})

    def post(self, request: HttpRequest) -> HttpResponse:
        """The deed; doing it twice is fine."""
        kind = opt_out(link=self.link, now=self.now)
        return self.page("aftercare/unsubscribe.html", {"stopped": kind})

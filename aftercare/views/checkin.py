"""The check-in: by link for the patient, and as an answer to read for practitioners."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View

from aftercare import selectors
from aftercare.domain.triage import Urgency
from aftercare.exceptions import AlreadyAnswered
from aftercare.forms import CheckInForm
from aftercare.services.checkins import CheckInAnswer, answer_checkin, questions_for
from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.http import StaffRequest
from patients.models import PatientLink
from patients.views.links import CONFLICT, PatientLinkView

UNPROCESSABLE = 422


@access(Policy.PATIENT_LINK)
class AnswerCheckIn(PatientLinkView):
    """How is your skin today? Answered once, under a minute, on a phone."""

    purpose: ClassVar[str | None] = PatientLink.Purpose.CHECKIN.value
    # A double click must end on the advice, not on "this link was used".
    repeats: ClassVar[bool] = True

    def get(self, request: HttpRequest) -> HttpResponse:
        """The empty form; nothing that is on file is shown, not even what was answered."""
        if self.link.used_at is not None:
            return self.page("aftercare/checkin_answered.html")
        return self.page("aftercare/checkin_form.html", {"form": self._form()})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Judge the answer and say at once what to do."""
        form = self._form(request.POST)
        if not form.is_valid():
            return self.page("aftercare/checkin_form.html", {"form": form}, UNPROCESSABLE)
        answer = CheckInAnswer(
            feeling=int(form.cleaned_data["feeling"]),
            effects=form.reported(),
            text=form.cleaned_data["text"],
        )
        try:
            triage = answer_checkin(link=self.link, answer=answer, now=self.now)
        except AlreadyAnswered:
            return self.page("aftercare/checkin_answered.html", status=CONFLICT)
        language = self.patient.language[:2]
        return self.page(
            "aftercare/checkin_done.html",
            {
                "level": triage.urgency.value,
                "is_emergency": triage.urgency is Urgency.EMERGENCY,
                "is_urgent": triage.urgency is Urgency.URGENT,
                "advice": triage.advice.get(language) or triage.advice["en"],
                "details": [
                    text
                    for one in triage.effects
                    # In an emergency nothing that is harmless stands beside what to do.
                    if (one.urgency is triage.urgency or not triage.alerts_staff)
                    and (text := one.advice.get(language) or one.advice.get("en"))
                ],
            },
        )

    def _form(self, data: object = None) -> CheckInForm:
        rules, hours = questions_for(self.link, now=self.now)
        return CheckInForm(rules, self.patient.language[:2], data, hours_since=hours)


@access(Policy.CLINICAL)
class CheckInDetail(View):
    """One answered check-in."""

    def get(self, request: StaffRequest, pk: UUID) -> HttpResponse:
        """What was said, and how the rules judged it."""
        checkin, effects = selectors.checkin(request.clinic, pk, request.membership.staff.language)
        record_read(
            request.actor, model="aftercare.checkin", patients=[checkin.patient_id],
            object_id=str(pk),
        )  # fmt: skip
        context = {"checkin": checkin, "effects": effects}
        return render(request, "aftercare/checkin.html", context)

"""The check-in: by link for the patient, and as an answer to read for practitioners."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages as flash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aftercare import selectors
from aftercare.domain.triage import Triage, TriageRules, Urgency
from aftercare.exceptions import AlreadyAnswered
from aftercare.forms import AnswerForm, CheckInForm
from aftercare.forms.checkin import said, spoken_to
from aftercare.selectors.threads import canned, photos_of
from aftercare.services import threads
from aftercare.services.checkins import (
    CheckInAnswer,
    answer_checkin,
    attach_photos,
    questions_for,
)
from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.pages import StaffPage
from mesoclinic.common.errors import Invalid
from patients.forms.files import PICTURES
from patients.models import PatientLink
from patients.services import Kept, Upload
from patients.views.links import CONFLICT, PatientLinkView

UNPROCESSABLE = 422
_ACUTE = Urgency.URGENT.rank


def uploads_of(request: HttpRequest) -> list[Upload]:
    """The photographs of a request, not read yet."""
    files = request.FILES.getlist("photos")
    return [Upload(one.name or "", one.size or 0, one.read) for one in files if one]


def refusals(kept: list[Kept]) -> list[str]:
    """What could not be kept, in sentences."""
    return [f"{one.name}: {one.error.message}" for one in kept if one.error is not None]


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
        return self._ask(self._form())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Judge the answer and say at once what to do."""
        form = self._form(request.POST)
        if not form.is_valid():
            return self._ask(form, UNPROCESSABLE)
        answer = CheckInAnswer(
            feeling=int(form.cleaned_data["feeling"]),
            effects=form.reported(),
            text=form.cleaned_data["text"],
        )
        try:
            triage = answer_checkin(link=self.link, answer=answer, now=self.now)
        except AlreadyAnswered:
            return self.page("aftercare/checkin_answered.html", status=CONFLICT)
        kept = attach_photos(link=self.link, uploads=uploads_of(request), now=self.now)
        return self.page(
            "aftercare/checkin_done.html", self._advice(triage, kept, form.questions.rules)
        )

    def _ask(self, form: CheckInForm, status: int = 200) -> HttpResponse:
        return self.page(
            "aftercare/checkin_form.html", {"form": form, "pictures": PICTURES}, status
        )

    def _advice(self, triage: Triage, kept: list[Kept], rules: TriageRules) -> dict[str, object]:
        languages = spoken_to(self.patient)
        advice = _nothing_noticed(triage) or said(triage.advice, languages)
        return {
            "level": triage.urgency.value,
            "is_emergency": triage.urgency is Urgency.EMERGENCY,
            "is_urgent": triage.urgency is Urgency.URGENT,
            "advice": advice,
            "details": [
                text
                for one in triage.effects
                # Beside "call now" stands nothing milder, also of what others only make graver.
                if not triage.alerts_staff
                or (one.urgency is triage.urgency and _alarms(one.effect, rules))
                if (text := said(one.advice, languages)) and text not in advice
            ],
            "photos": sum(1 for one in kept if one.file is not None),
            "refused": refusals(kept),
        }

    def _form(self, data: object = None) -> CheckInForm:
        questions = questions_for(self.link, now=self.now)
        return CheckInForm(questions, spoken_to(self.patient), data)


def _alarms(key: str, rules: TriageRules) -> bool:
    return key in rules.by_key and rules.by_key[key].base.rank >= _ACUTE


def _nothing_noticed(triage: Triage) -> str:
    """What to say to somebody who has described nothing; "" where something is to be said to."""
    if triage.effects or triage.urgency is not Urgency.SELF_CARE:
        return ""
    return _("Good to hear that you notice nothing. Keep following the advice we gave you.")


@access(Policy.CLINICAL)
class CheckInDetail(StaffPage):
    """One answered check-in, and a place to write to the patient."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """What was said, and how the rules judged it."""
        return self._show(pk, AnswerForm())

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Write to the patient about it."""
        checkin, _effects = selectors.checkin(self.request.clinic, pk, "en")
        form = AnswerForm(request.POST)
        if not form.is_valid():
            return self._show(pk, form, UNPROCESSABLE)
        try:
            thread = threads.write_first(
                actor=self.request.actor, patient=checkin.patient,
                text=form.cleaned_data["text"], checkin=checkin, now=self.now,
            )  # fmt: skip
        except Invalid as error:
            form.refuse(error)
            return self._show(pk, form, UNPROCESSABLE)
        flash.success(request, _("Sent. The patient is told that there is an answer."))
        return redirect("aftercare:thread", pk=thread.pk)

    def _show(self, pk: UUID, form: AnswerForm, status: int = 200) -> HttpResponse:
        request = self.request
        checkin, effects = selectors.checkin(request.clinic, pk, request.membership.staff.language)
        record_read(
            request.actor, model="aftercare.checkin", patients=[checkin.patient_id],
            object_id=str(pk),
        )  # fmt: skip
        context: dict[str, Any] = {
            "checkin": checkin, "effects": effects, "form": form,
            "photos": [one.file for one in photos_of(checkin)],
            "tasks": selectors.tasks_about(request.clinic, checkin.pk),
            "canned": canned(request.clinic, checkin.patient.language),
            "day": _day_of(checkin.facts),
        }  # fmt: skip
        return render(request, "aftercare/checkin.html", context, status=status)


def _day_of(facts: dict[str, Any]) -> str:
    if "hours_since" not in facts:
        return ""
    day = int(facts["hours_since"]) // 24
    return ngettext("%(n)s day after", "%(n)s days after", day) % {"n": day}

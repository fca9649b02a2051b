"""Screening at the desk: start, fill in, sign, confirm; and the invitation by mail."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.pages import again
from patients.exceptions import AlreadySubmitted, QuestionnaireReplaced
from patients.forms import SignForm
from patients.models import Screening
from patients.selectors import (
    get_invitation,
    get_screening,
    latest_invitation,
    open_drafts,
    published_questionnaire,
    record_facts,
    record_hints,
    screening_status,
)
from patients.services import can_fill as may_fill
from patients.services import (
    check_can_fill,
    confirm_unchanged,
    discard_draft,
    invite_to_screening,
    questionnaire_spec,
    start_screening,
    withdraw_invitation,
)
from patients.views.base import StaffView
from patients.views.filling import Filling, changed_topics, changes_since

NO_CONTENT = 204


@access(Policy.FRONT_DESK)
class ScreeningStart(StaffView):
    """How shall it be filled in: at the desk, from the last answers, or by link?"""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The ways that are open."""
        patient = self.patient(pk)
        drafts = [one for one in open_drafts(patient) if may_fill(self.request.actor, one)]
        context = {
            "patient": patient,
            "status": screening_status(patient, self.today),
            "draft": next((one for one in drafts if one.channel == "desk"), None),
            "invitation": latest_invitation(patient, self.now),
            "questionnaire": published_questionnaire(self.request.clinic),
            "clinical": self.clinical,
        }
        record_read(self.request.actor, model="patients.screening", patients=[patient.pk])
        return render(request, "patients/screening_start.html", context)

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Begin, or go on with the draft there is."""
        patient = self.patient(pk)
        screening = start_screening(
            actor=self.request.actor,
            patient=patient,
            channel=Screening.Channel.DESK,
            now=self.now,
            prefill="prefill" in request.POST,
            afresh="afresh" in request.POST,
        )
        changes = "prefill" in request.POST and screening.prefilled_from_id is not None
        page = "screening-changes" if changes else "screening-fill"
        return redirect(f"patients:{page}", pk=screening.pk)


@access(Policy.CLINICAL)
class ScreeningChanges(StaffView):
    """What has changed since the last screening? Only what has is gone through again."""

    template = "patients/screening_changes.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The topics; none is chosen beforehand but those with something open."""
        filling = self._filling(pk)
        record_read(
            request.actor, model="patients.screening",  # type: ignore[attr-defined]
            patients=[filling.screening.patient_id], object_id=str(pk),
        )  # fmt: skip
        return render(request, self.template, self._context(filling))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """To the chosen topics; with none, the answers are confirmed as they were."""
        filling = self._filling(pk)
        chosen = changed_topics(filling, request.POST.getlist("changed"))
        if not chosen:
            patient = filling.screening.patient
            confirm_unchanged(actor=self.request.actor, patient=patient, now=self.now)
            discard_draft(actor=self.request.actor, screening=filling.screening)
            messages.success(request, _("Recorded: nothing has changed."))
            return redirect("patients:chart", pk=patient.pk)
        filling.only = chosen
        url = reverse("patients:screening-fill", args=[pk])
        return redirect(url + filling.query(chosen[0]))

    def _filling(self, pk: UUID) -> Filling:
        screening = get_screening(self.request.clinic, pk)
        if screening.submitted_at is not None:
            raise AlreadySubmitted
        check_can_fill(self.request.actor, screening)
        language = screening.patient.language
        return Filling(screening, self.request.actor, self.now, language)

    def _context(self, filling: Filling) -> dict[str, object]:
        screening = filling.screening
        return {
            "patient": screening.patient, "clinic": self.request.clinic,
            "topics": filling.topics(), "since": changes_since(screening),
        }  # fmt: skip


@access(Policy.FRONT_DESK)
class ScreeningFill(StaffView):
    """One section per page; saved as it goes; back is always there."""

    template = "patients/screening_fill.html"

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The section `?step=`; without one, where it was left."""
        filling = self._filling(pk)
        if "step" not in request.GET:
            return self._to(filling, filling.resume())
        record_read(
            self.request.actor, model="patients.screening",
            patients=[filling.screening.patient_id], object_id=str(pk),
        )  # fmt: skip
        with filling.in_words():
            return render(request, self.template, self._context(filling, self._step(filling)))

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Keep the answers and go on, back, or stay where something is missing."""
        filling = self._filling(pk)
        with filling.in_words():
            return self._take(request, filling)

    def _take(self, request: HttpRequest, filling: Filling) -> HttpResponse:
        step = self._step(filling)
        if step > filling.total:
            return self._sign(filling, step)
        reading, errors = filling.keep(step, request.POST, request.FILES)
        going = request.POST.get("go", "next")
        if going == "keep":
            return HttpResponse(status=NO_CONTENT)
        if (errors and going == "next") or (filling.refused and going == "stay"):
            context = {**self._context(filling, step), **filling.context(step, reading, errors)}
            return again(request, self.template, context)
        if going == "stay":
            return self._to(filling, step)
        return self._to(filling, filling.before(step) if going == "back" else filling.after(step))

    def _sign(self, filling: Filling, step: int) -> HttpResponse:
        form = SignForm(self.request.POST)
        if form.is_valid():
            try:
                back_to = filling.submit(form)
            except QuestionnaireReplaced as error:
                messages.warning(self.request, error.message)
                return redirect("patients:screening-start", pk=filling.screening.patient_id)
            if not back_to:
                return redirect("patients:screening-done", pk=filling.screening.pk)
        return again(self.request, self.template, {**self._context(filling, step), "form": form})

    def _to(self, filling: Filling, step: int) -> HttpResponse:
        url = reverse("patients:screening-fill", args=[filling.screening.pk])
        return redirect(url + filling.query(step))

    def _step(self, filling: Filling) -> int:
        return filling.step_from(self.request.GET.get("step", ""))

    def _filling(self, pk: UUID) -> Filling:
        screening = get_screening(self.request.clinic, pk)
        if screening.submitted_at is not None:
            raise AlreadySubmitted
        check_can_fill(self.request.actor, screening)
        filling = Filling(
            screening=screening,
            actor=self.request.actor,
            now=self.now,
            language=screening.patient.language,
            hints=self._hints(screening),
        )
        filling.narrow(self.request)
        return filling

    def _hints(self, screening: Screening) -> dict[str, tuple[str, ...]]:
        if not self.clinical or self.request.method != "GET":
            return {}
        spec = questionnaire_spec(screening.questionnaire)
        return record_hints(spec, record_facts(screening.patient, self.today), self.today)

    def _context(self, filling: Filling, step: int) -> dict[str, object]:
        return {
            "patient": filling.screening.patient,
            "clinic": self.request.clinic,
            "form": SignForm(initial={"signed_name": filling.screening.patient.name}),
            "action": reverse("patients:screening-fill", args=[filling.screening.pk])
            + filling.query(step),
            **filling.context(step),
        }


@access(Policy.FRONT_DESK)
class ScreeningDone(StaffView):
    """The end of a questionnaire at the desk, for the eyes of the patient who holds the tablet.

    It shows nothing of the record; the findings are one step further, for staff.
    """

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Thanks, and the way on for staff."""
        screening = get_screening(self.request.clinic, pk)
        target = (
            reverse("patients:screening-detail", args=[pk])
            if self.clinical
            else reverse("patients:chart", args=[screening.patient_id])
        )
        context = {"clinic": self.request.clinic, "staff_url": target}
        with Filling(
            screening, self.request.actor, self.now, screening.patient.language
        ).in_words():
            return render(request, "patients/screening_done.html", context)


@access(Policy.FRONT_DESK)
class ScreeningDiscard(StaffView):
    """Throw a draft away."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Delete the draft and go back to the chart."""
        screening = get_screening(self.request.clinic, pk)
        check_can_fill(self.request.actor, screening)
        discard_draft(actor=self.request.actor, screening=screening)
        messages.success(request, _("The draft is gone."))
        return redirect("patients:chart", pk=screening.patient_id)


@access(Policy.FRONT_DESK)
class ScreeningConfirm(StaffView):
    """Has anything changed since? No."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Record the answer."""
        patient = self.patient(pk)
        confirm_unchanged(actor=self.request.actor, patient=patient, now=self.now)
        messages.success(request, _("Recorded: nothing has changed."))
        return redirect("patients:chart", pk=pk)


@access(Policy.FRONT_DESK)
class ScreeningInvite(StaffView):
    """Mail the questionnaire to the patient."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Make a link and announce it; earlier links end."""
        patient = self.patient(pk)
        invite_to_screening(actor=self.request.actor, patient=patient, now=self.now)
        messages.success(
            request, _("The link goes to %(email)s within a minute.") % {"email": patient.email}
        )
        return redirect("patients:chart", pk=pk)


@access(Policy.FRONT_DESK)
class InvitationWithdraw(StaffView):
    """End a mailed questionnaire: it went to the wrong address, or is not wanted any more."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """End it, and show the ways to screen."""
        link = get_invitation(self.request.clinic, pk, self.now).link
        withdraw_invitation(actor=self.request.actor, link=link, now=self.now)
        messages.success(request, _("The link has ended: it opens nothing any more."))
        return redirect("patients:screening-start", pk=link.patient_id)

"""The questionnaire by mailed link, on a phone.

What may be shown: only what was typed in this browser. Pressing "Start" puts a signed cookie for
this link's address into the browser, good for two hours; without it (another device, a scanner,
somebody else with the mail) a questionnaire that was begun is shown only after a code mailed to
the patient, or it is begun again, empty. Nothing of the record is ever shown.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.common.errors import DomainError
from patients.exceptions import LinkUnusable, QuestionnaireReplaced
from patients.forms import CodeForm, SignForm
from patients.models import PatientLink, Screening
from patients.services import (
    bind_screening,
    check_code,
    mark_opened,
    request_code,
    start_screening,
)
from patients.views.filling import Filling, changed_topics, changes_since
from patients.views.links import PatientLinkView

COOKIE = "filling"
COOKIE_LIFE = dt.timedelta(hours=2)
NO_CONTENT = 204
UNPROCESSABLE = 422
_SALT = "patients.link_screening"


class ScreeningLinkView(PatientLinkView):
    """A page of the questionnaire by link; knows whether this browser began it."""

    purpose = PatientLink.Purpose.SCREENING.value
    repeats = True

    def _run(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """A used link thanks the browser that used it (a second click, a reload), nobody else."""
        if self.link.used_at is not None:
            if self.is_ours():
                return self.page("patients/link_done.html")
            return self.gone(LinkUnusable())
        return super()._run(request, *args, **kwargs)

    def url(self, name: str, step: int | None = None) -> str:
        """An address of this link."""
        path = reverse(f"patients:{name}", args=[self.token])
        return f"{path}?step={step}" if step is not None else path

    def draft(self) -> Screening | None:
        """The questionnaire begun by this link and not submitted."""
        if self.link.subject_id is None:
            return None
        return (
            Screening.objects.filter(
                pk=self.link.subject_id, patient=self.patient, submitted_at__isnull=True
            )
            .select_related("questionnaire")
            .first()
        )

    def resume(self) -> int:
        """The section where the draft was left; the first where there is none."""
        screening = self.draft()
        return Filling(screening, self.actor, self.now).resume() if screening is not None else 1

    def was_screened(self) -> bool:
        """Whether the patient has answered before: then only changes need telling."""
        return Screening.objects.filter(patient=self.patient, submitted_at__isnull=False).exists()

    def is_ours(self) -> bool:
        """Whether this browser holds the cookie of this link."""
        value = self.request.COOKIES.get(COOKIE, "")
        try:
            kept = signing.loads(value, salt=_SALT, max_age=COOKIE_LIFE)
        except signing.BadSignature:
            return False
        return bool(kept == [str(self.link.pk), str(self.link.subject_id)])

    def let_in(self, response: HttpResponse) -> HttpResponse:
        """Give the browser the cookie of this link."""
        kept = [str(self.link.pk), str(self.link.subject_id)]
        response.set_cookie(
            COOKIE,
            signing.dumps(kept, salt=_SALT),
            max_age=COOKIE_LIFE,
            path=self.url("link"),
            secure=self.request.is_secure(),
            httponly=True,
            samesite="Strict",
        )
        return response


@access(Policy.PATIENT_LINK)
class LinkScreening(ScreeningLinkView):
    """The neutral first page; "Start" opens the questionnaire."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """What this is about, in general words. Changes nothing."""
        context: dict[str, object] = {
            "begun": self.draft() is not None, "ours": self.is_ours(), "again": self.was_screened(),
        }  # fmt: skip
        return self.page("patients/link_screening.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Begin (empty), or go on where this browser stopped."""
        ours = self.is_ours() and self.draft() is not None
        mark_opened(actor=self.actor, link=self.link, now=self.now)
        if not ours:
            screening = start_screening(
                actor=self.actor, patient=self.patient, channel=Screening.Channel.LINK,
                now=self.now, afresh=True,
            )  # fmt: skip
            bind_screening(actor=self.actor, link=self.link, screening=screening)
        return self.let_in(redirect(self.url("link-screening-fill", self.resume())))


@access(Policy.PATIENT_LINK)
class LinkScreeningCode(ScreeningLinkView):
    """Prove that the mailbox is the patient's, and go on where it was left."""

    template = "patients/link_code.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The field for the code."""
        return self.page(self.template, {"form": CodeForm(), "sent": "sent" in request.GET})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Mail a code, or check the one that was typed."""
        if "send" in request.POST:
            request_code(actor=self.actor, link=self.link, now=self.now)
            return redirect(f"{self.url('link-screening-code')}?sent=1")
        form = CodeForm(request.POST)
        if form.is_valid() and self._opens(form):
            if self.draft() is not None:
                return self.let_in(redirect(self.url("link-screening-fill", self.resume())))
            return self._begin_with_earlier()
        return self.page(self.template, {"form": form, "sent": True}, status=UNPROCESSABLE)

    def _begin_with_earlier(self) -> HttpResponse:
        """The code has proved whose mailbox it is: begin with the answers given before."""
        mark_opened(actor=self.actor, link=self.link, now=self.now)
        screening = start_screening(
            actor=self.actor, patient=self.patient, channel=Screening.Channel.LINK,
            now=self.now, prefill=True,
        )  # fmt: skip
        bind_screening(actor=self.actor, link=self.link, screening=screening)
        return self.let_in(redirect(self.url("link-screening-changes")))

    def _opens(self, form: CodeForm) -> bool:
        try:
            check_code(
                actor=self.actor, link=self.link, code=form.cleaned_data["code"], now=self.now
            )
        except DomainError as error:
            form.refuse(error)
            return False
        return True


class FillingLinkView(ScreeningLinkView):
    """A page inside the questionnaire, for the browser that began it."""

    def filling(self) -> Filling | None:
        """The draft of this link; None where this browser did not begin it."""
        screening = self.draft()
        if screening is None or not self.is_ours():
            return None
        screening.patient = self.patient
        filling = Filling(
            screening=screening, actor=self.actor, now=self.now, language=self.patient.language,
            link=self.link,
        )  # fmt: skip
        filling.narrow(self.request)
        return filling


@access(Policy.PATIENT_LINK)
class LinkScreeningChanges(FillingLinkView):
    """What has changed since the last time? Only what has is gone through again."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The topics, in words; no answer is shown here."""
        filling = self.filling()
        if filling is None or filling.screening.prefilled_from_id is None:
            return redirect(self.url("link-screening"))
        context: dict[str, object] = {
            "topics": filling.topics(),
            "since": changes_since(filling.screening),
        }
        return self.page("patients/link_changes.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        """To the chosen topics; with none, straight to the signature."""
        filling = self.filling()
        if filling is None:
            return redirect(self.url("link-screening"))
        filling.only = changed_topics(filling, request.POST.getlist("changed"))
        first = filling.only[0] if filling.only else filling.total + 1
        return redirect(self.url("link-screening-fill") + filling.query(first))


@access(Policy.PATIENT_LINK)
class LinkScreeningFill(FillingLinkView):
    """One section per page, for the browser that began."""

    template = "patients/link_fill.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The section `?step=`; without the cookie back to the first page."""
        filling = self.filling()
        if filling is None:
            return redirect(self.url("link-screening"))
        record_read(self.actor, model="patients.screening", patients=[self.patient.pk])
        return self.page(self.template, self._context(filling, self._step(filling)))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep the answers and go on, back, or stay where something is missing."""
        filling = self.filling()
        if filling is None:
            return redirect(self.url("link-screening"))
        step = self._step(filling)
        if step > filling.total:
            return self._sign(filling, step)
        reading, errors = filling.keep(step, request.POST, request.FILES)
        going = request.POST.get("go", "next")
        if going == "keep":
            return HttpResponse(status=NO_CONTENT)
        if (errors and going == "next") or (filling.refused and going == "stay"):
            context = {**self._context(filling, step), **filling.context(step, reading, errors)}
            return self.page(self.template, context, status=UNPROCESSABLE)
        if going != "stay":
            step = filling.before(step) if going == "back" else filling.after(step)
        return redirect(self.url("link-screening-fill") + filling.query(step))

    def _sign(self, filling: Filling, step: int) -> HttpResponse:
        form = SignForm(self.request.POST)
        if form.is_valid():
            try:
                back_to = filling.submit(form)
            except QuestionnaireReplaced:
                return self._carry_over()
            if not back_to:
                return self.page("patients/link_done.html")
        context = {**self._context(filling, step), "form": form}
        return self.page(self.template, context, status=UNPROCESSABLE)

    def _carry_over(self) -> HttpResponse:
        """The questions have a new version: go through it with the answers kept."""
        screening = start_screening(
            actor=self.actor, patient=self.patient, channel=Screening.Channel.LINK, now=self.now
        )
        bind_screening(actor=self.actor, link=self.link, screening=screening)
        return self.let_in(redirect(self.url("link-screening-fill", 1)))

    def _step(self, filling: Filling) -> int:
        return filling.step_from(self.request.GET.get("step", ""))

    def _context(self, filling: Filling, step: int) -> dict[str, Any]:
        return {
            "form": SignForm(),
            "action": self.url("link-screening-fill") + filling.query(step),
            **filling.context(step),
        }

"""Ask the doctor: the patient's two pages by link, and the practitioners' conversations."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar
from uuid import UUID

from django.contrib import messages as flash
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from aftercare.forms import AnswerForm, AskForm, CloseThreadForm, ThreadListForm
from aftercare.models import Thread
from aftercare.selectors import threads as reads
from aftercare.services import threads
from aftercare.views.checkin import refusals, uploads_of
from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.models import Clinic
from mesoclinic.clinic.pages import StaffPage
from mesoclinic.clinic.spreadsheets import csv_file
from mesoclinic.common.errors import DomainError
from patients.forms import CodeForm
from patients.forms.files import PICTURES
from patients.models import PatientLink
from patients.services import check_code, request_code
from patients.views.links import PatientLinkView

UNPROCESSABLE = 422
COOKIE = "answer"
COOKIE_LIFE = dt.timedelta(minutes=30)
_SALT = "aftercare.answer"
_SHOWN = 100
MODEL = "aftercare.thread"


def _wait(clinic: Clinic, now: dt.datetime) -> str:
    return reads.in_words(reads.usual_wait(clinic, now=now))


@access(Policy.PATIENT_LINK)
class Ask(PatientLinkView):
    """A question to the practitioners, with photographs; works as long as the link does."""

    purpose: ClassVar[str | None] = PatientLink.Purpose.ASK.value
    repeats: ClassVar[bool] = True

    def get(self, request: HttpRequest) -> HttpResponse:
        """The empty form; nothing that was asked before is shown."""
        return self._form(AskForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Keep the question, then its photographs."""
        form = AskForm(request.POST)
        if not form.is_valid():
            return self._form(form, UNPROCESSABLE)
        try:
            post = threads.ask(link=self.link, text=form.cleaned_data["text"], now=self.now)
        except DomainError as error:
            form.refuse(error)
            return self._form(form, UNPROCESSABLE)
        kept = threads.attach_photos(
            link=self.link, post=post, uploads=uploads_of(request), now=self.now
        )
        context: dict[str, object] = {
            "wait": _wait(self.clinic, self.now), "refused": refusals(kept)
        }  # fmt: skip
        return self.page("aftercare/ask_done.html", context)

    def _form(self, form: AskForm, status: int = 200) -> HttpResponse:
        wait = _wait(self.clinic, self.now)
        context: dict[str, object] = {"form": form, "wait": wait, "pictures": PICTURES}
        return self.page("aftercare/ask.html", context, status)


class AnswerLinkView(PatientLinkView):
    """A page of a conversation by link; knows whether this browser gave the code."""

    purpose: ClassVar[str | None] = PatientLink.Purpose.ANSWER.value
    repeats: ClassVar[bool] = True

    def url(self, name: str) -> str:
        """An address of this link."""
        return reverse(f"aftercare:{name}", args=[self.token])

    def is_ours(self) -> bool:
        """Whether this browser holds the cookie of this link."""
        try:
            kept = signing.loads(
                self.request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=COOKIE_LIFE
            )
        except signing.BadSignature:
            return False
        return bool(kept == str(self.link.pk))

    def let_in(self, response: HttpResponse) -> HttpResponse:
        """Give the browser the cookie of this link, good for half an hour."""
        response.set_cookie(
            COOKIE, signing.dumps(str(self.link.pk), salt=_SALT), max_age=COOKIE_LIFE,
            path=self.url("link-answer"), secure=self.request.is_secure(), httponly=True,
            samesite="Strict",
        )  # fmt: skip
        return response


@access(Policy.PATIENT_LINK)
class AnswerCode(AnswerLinkView):
    """You have an answer: prove that the mailbox is yours, then read it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The neutral page, or the field for the code. Changes nothing."""
        return self._show(CodeForm(), sent="sent" in request.GET)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Mail a code, or check the one that was typed."""
        if "send" in request.POST:
            request_code(actor=self.actor, link=self.link, now=self.now)
            return redirect(f"{self.url('link-answer')}?sent=1")
        form = CodeForm(request.POST)
        if form.is_valid() and self._opens(form):
            return self.let_in(redirect(self.url("link-answer-read")))
        return self._show(form, sent=True, status=UNPROCESSABLE)

    def _show(self, form: CodeForm, *, sent: bool, status: int = 200) -> HttpResponse:
        return self.page("aftercare/answer_code.html", {"form": form, "sent": sent}, status)

    def _opens(self, form: CodeForm) -> bool:
        try:
            check_code(
                actor=self.actor, link=self.link, code=form.cleaned_data["code"], now=self.now
            )
        except DomainError as error:
            form.refuse(error)
            return False
        return True


@access(Policy.PATIENT_LINK)
class AnswerRead(AnswerLinkView):
    """The conversation, for the browser that gave the code; the patient may ask on."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """What was said."""
        if not self.is_ours():
            return redirect(self.url("link-answer"))
        return self._show(AskForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Ask on."""
        if not self.is_ours():
            return redirect(self.url("link-answer"))
        form = AskForm(request.POST)
        if not form.is_valid():
            return self._show(form, UNPROCESSABLE)
        try:
            post = threads.ask(link=self.link, text=form.cleaned_data["text"], now=self.now)
        except DomainError as error:
            form.refuse(error)
            return self._show(form, UNPROCESSABLE)
        threads.attach_photos(link=self.link, post=post, uploads=uploads_of(request), now=self.now)
        return redirect(self.url("link-answer-read"))

    def _show(self, form: AskForm, status: int = 200) -> HttpResponse:
        if self.link.subject_id is None:
            return redirect(self.url("link-answer"))
        thread = reads.thread(self.clinic, self.link.subject_id)
        record_read(self.actor, model=MODEL, patients=[self.patient.pk], object_id=str(thread.pk))
        context: dict[str, object] = {"thread": thread, "form": form, "pictures": PICTURES}
        return self.page("aftercare/answer.html", context, status)


@access(Policy.CLINICAL)
class Threads(StaffPage):
    """All conversations of the clinic."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Filtered; `?export=csv` for a spreadsheet (names and times, no words)."""
        form = ThreadListForm(request.GET)
        rows = list(reads.threads(self.request.clinic, *form.wanted())[:_SHOWN])
        record_read(self.request.actor, model=MODEL, patients=[row.patient_id for row in rows])
        if request.GET.get("export") == "csv":
            return csv_file("conversations", _HEAD, (_csv_row(self, row) for row in rows))
        context = {
            "form": form, "rows": rows, "now": self.now, "is_filtered": any(form.wanted()),
            "wait": _wait(self.request.clinic, self.now),
        }  # fmt: skip
        return render(request, "aftercare/threads.html", context)


_HEAD = ["patient", "state", "asked_at", "first_answered_at", "last_at"]


def _csv_row(page: StaffPage, row: Thread) -> list[str]:
    local = page.request.clinic.local
    times = [row.asked_at, row.answered_at, row.last_at]
    return [row.patient.name, row.state, *(local(at).isoformat() if at else "" for at in times)]


@access(Policy.CLINICAL)
class ThreadDetail(StaffPage):
    """One conversation, and the answer."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Everything said and sent."""
        return self._show(pk, AnswerForm())

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Answer."""
        form = AnswerForm(request.POST)
        if not form.is_valid():
            return self._show(pk, form, UNPROCESSABLE)
        try:
            threads.answer(
                actor=self.request.actor, clinic=self.request.clinic, thread_id=pk,
                text=form.cleaned_data["text"], now=self.now,
            )  # fmt: skip
        except DomainError as error:
            form.refuse(error)
            return self._show(pk, form, error.status)
        flash.success(request, _("Sent. The patient is told that there is an answer."))
        return redirect("aftercare:thread", pk=pk)

    def _show(self, pk: UUID, form: AnswerForm, status: int = 200) -> HttpResponse:
        request = self.request
        thread = reads.thread(request.clinic, pk)
        record_read(request.actor, model=MODEL, patients=[thread.patient_id], object_id=str(pk))
        context = {
            "thread": thread, "form": form, "close_form": CloseThreadForm(),
            "canned": reads.canned(request.clinic, thread.patient.language),
            "wait": _wait(request.clinic, self.now), "now": self.now,
        }  # fmt: skip
        return render(request, "aftercare/thread.html", context, status=status)


@access(Policy.CLINICAL)
class CloseThread(StaffPage):
    """End a conversation without an answer."""

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Back to the conversation."""
        threads.close(
            actor=self.request.actor, clinic=self.request.clinic, thread_id=pk,
            why=request.POST.get("why", ""), now=self.now,
        )  # fmt: skip
        flash.success(request, _("Closed."))
        return redirect("aftercare:thread", pk=pk)

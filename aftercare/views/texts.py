"""The words and the look of messages: edit, look at them as they arrive, send one to oneself."""

from __future__ import annotations

import datetime as dt
from base64 import b64encode
from typing import ClassVar
from uuid import UUID

from django.contrib import messages as flash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin

from aftercare.domain.lint import VARIABLE
from aftercare.exceptions import ChangedMeanwhile, DeliveryError, TextRefused, UnknownVariable
from aftercare.forms import LookForm, TextsForm
from aftercare.forms.programme import look_again
from aftercare.models import MessageTemplate
from aftercare.selectors.programme import template_of
from aftercare.services import branding
from aftercare.services.contents import VARIABLES
from aftercare.services.mime import LOGO
from aftercare.services.rendering import Source
from aftercare.services.sample import foot_of, look_for, sample, sample_variables, send_sample
from aftercare.services.texts import Texts, approve_texts, fingerprint, save_texts
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.http import StaffRequest
from mesoclinic.clinic.pages import StaffPage, again
from mesoclinic.common.errors import DomainError

# A mail is styled inline; nothing in it may run, load or be sent.
_SANDBOX = (
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)


@access(Policy.CLINICAL_OR_MANAGER)
class TextList(StaffPage):
    """All templates; a manager also finds how they look."""

    def get(self, request: StaffRequest) -> HttpResponse:
        """Templates by key; each in its languages."""
        chosen = branding.settings_of(request.clinic)
        form = LookForm(initial={"accent": chosen.accent, "daily_cap": chosen.daily_cap})
        return render(request, "aftercare/texts.html", _list_context(request, form, self.now))


@access(Policy.MANAGER)
class SaveLook(StaffPage):
    """How all messages look."""

    def get(self, request: StaffRequest) -> HttpResponse:
        """Where a refused form was loaded again."""
        return redirect("aftercare:texts")

    def post(self, request: StaffRequest) -> HttpResponse:
        """Save colour, logo and cap."""
        form = LookForm(request.POST, request.FILES)
        if form.is_valid() and _look_saved(request, form):
            flash.success(
                request, _("Saved. Every message that leaves from now on looks like this.")
            )
            return redirect("aftercare:texts")
        return again(request, "aftercare/texts.html", _list_context(request, form, self.now))


@access(Policy.CLINICAL_OR_MANAGER)
class EditTexts(StaffPage):
    """The words of one template in one language."""

    template: ClassVar[str] = "aftercare/text_form.html"

    def get(self, request: StaffRequest, pk: UUID) -> HttpResponse:
        """The form, with the mail beside it."""
        row = template_of(request.clinic, pk)
        names = ("subject", "preheader", "body", "short_text")
        words = {name: getattr(row, name) for name in names}
        form = TextsForm(initial=words | {"seen": fingerprint(row)})
        return render(request, self.template, _edit_context(row, form))

    def post(self, request: StaffRequest, pk: UUID) -> HttpResponse:
        """Save what may be said; what may not is explained at its field."""
        row = template_of(request.clinic, pk)
        form = TextsForm(request.POST)
        if form.is_valid() and _texts_saved(request, row, form):
            flash.success(request, _("Saved."))
            return redirect("aftercare:text", pk=pk)
        return again(request, self.template, _edit_context(row, form))


@access(Policy.CLINICAL)
class ApproveTexts(StaffPage):
    """A practitioner has reviewed the words as they stand."""

    def get(self, request: StaffRequest, pk: UUID) -> HttpResponse:
        """Nothing is approved by loading an address."""
        return redirect("aftercare:text", pk=template_of(request.clinic, pk).pk)

    def post(self, request: StaffRequest, pk: UUID) -> HttpResponse:
        """Approve, and show the text again."""
        try:
            approve_texts(
                actor=request.actor, clinic=request.clinic, template_id=pk,
                seen=request.POST.get("seen", ""), now=self.now,
            )  # fmt: skip
        except ChangedMeanwhile as error:
            flash.error(request, error.message)
        else:
            flash.success(request, _("Approved."))
        return redirect("aftercare:text", pk=pk)


@access(Policy.CLINICAL_OR_MANAGER)
@method_decorator(xframe_options_sameorigin, name="dispatch")
class PreviewTexts(StaffPage):
    """The mail alone, for the frame beside the form: as saved, or as typed."""

    def get(self, request: StaffRequest, pk: UUID) -> HttpResponse:
        """As saved."""
        row = template_of(request.clinic, pk)
        saved = Source(row.subject, row.body, row.language, row.preheader)
        return self._mail(request, row, saved)

    def post(self, request: StaffRequest, pk: UUID) -> HttpResponse:
        """As typed; nothing is saved."""
        row = template_of(request.clinic, pk)
        return self._mail(request, row, _typed(request, row))

    def _mail(self, request: StaffRequest, row: MessageTemplate, source: Source) -> HttpResponse:
        foot = foot_of(request.clinic, row.key)
        try:
            html = sample(request.clinic, source, now=self.now, foot=foot).html
        except UnknownVariable as error:
            html = _("There is no %(variable)s.") % {"variable": error.message}
        logo = b64encode(look_for(request.clinic).logo).decode()
        page = html.replace(f"cid:{LOGO}", f"data:image/png;base64,{logo}")
        return HttpResponse(page, headers={"Content-Security-Policy": _SANDBOX})


@access(Policy.CLINICAL_OR_MANAGER)
class SendTexts(StaffPage):
    """The mail as typed, to the person who writes it."""

    def get(self, request: StaffRequest, pk: UUID) -> HttpResponse:
        """The address stands in the browser after sending: whoever loads it again gets the form."""
        return redirect("aftercare:text", pk=template_of(request.clinic, pk).pk)

    def post(self, request: StaffRequest, pk: UUID) -> HttpResponse:
        """Send it, and come back to the form with what was typed."""
        row, form = template_of(request.clinic, pk), TextsForm(request.POST)
        staff = request.user
        try:
            send_sample(
                request.clinic, _typed(request, row), recipient=staff.email,
                name=staff.full_name, now=self.now, foot=foot_of(request.clinic, row.key),
            )  # fmt: skip
        except (DomainError, DeliveryError) as error:
            flash.error(request, _("It could not be sent: %(why)s") % {"why": error})
        else:
            flash.success(request, _("Sent to %(address)s.") % {"address": staff.email})
        return render(request, EditTexts.template, _edit_context(row, form))


def _typed(request: StaffRequest, row: MessageTemplate) -> Source:
    typed = request.POST
    return Source(
        typed.get("subject", ""), typed.get("body", ""), row.language, typed.get("preheader", "")
    )


def _list_context(request: StaffRequest, form: LookForm, now: dt.datetime) -> dict[str, object]:
    by_key: dict[str, list[MessageTemplate]] = {}
    for row in MessageTemplate.objects.for_clinic(request.clinic).order_by("key", "language"):
        by_key.setdefault(row.key, []).append(row)
    logo = b64encode(look_for(request.clinic).logo).decode()
    said = sample_variables(request.clinic, request.user.language, now)
    titles = [
        (
            VARIABLE.sub(lambda found: said.get(found[1], found[0]), rows[0].subject), key, rows,
            [row.language.upper() for row in rows if not row.approved_at],
        )
        for key, rows in by_key.items()
    ]  # fmt: skip
    return {"form": form, "templates": titles, "logo": logo}


def _edit_context(row: MessageTemplate, form: TextsForm) -> dict[str, object]:
    return {"row": row, "form": form, "variables": sorted(VARIABLES)}


def _look_saved(request: StaffRequest, form: LookForm) -> bool:
    data = form.cleaned_data
    try:
        branding.save_settings(
            actor=request.actor, clinic=request.clinic, accent=data["accent"],
            daily_cap=data["daily_cap"], logo=data["logo"], without_logo=data["without_logo"],
        )  # fmt: skip
    except DomainError as error:
        form.add_error(error.field, error.message)
        return False
    return True


def _texts_saved(request: StaffRequest, row: MessageTemplate, form: TextsForm) -> bool:
    data = form.cleaned_data
    texts = Texts(data["subject"], data["preheader"], data["short_text"], data["body"])
    try:
        save_texts(
            actor=request.actor, clinic=request.clinic, template_id=row.pk, texts=texts,
            seen=data["seen"],
        )  # fmt: skip
    except ChangedMeanwhile as error:
        form.add_error(None, error.message)
        look_again(form, fingerprint(template_of(request.clinic, row.pk)))
        return False
    except TextRefused as refused:
        for field, said in refused.problems.items():
            form.add_error(field, said)
        return False
    return True

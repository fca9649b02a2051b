"""Reading and signing a consent by mailed link.

The text is health data: it is shown only after a code mailed to the patient, in the browser that
typed it (a signed cookie for this link's address, good for an hour). GET changes nothing.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.common.errors import DomainError
from patients.exceptions import LinkUnusable
from patients.forms import CodeForm
from patients.models import PatientLink
from patients.services import check_code, mark_opened, mark_used, request_code
from patients.views.links import PatientLinkView
from treatments import services
from treatments.domain.paper import read_paper
from treatments.forms import ConsentForm
from treatments.models import Cocktail, Consent, TreatmentPlan
from treatments.services.consents import Signature, text_digest
from treatments.views.common import add_refusal

COOKIE = "consent"
COOKIE_LIFE = dt.timedelta(hours=1)
UNPROCESSABLE = 422
_SALT = "treatments.link_consent"
_OVER = (TreatmentPlan.Status.STOPPED, TreatmentPlan.Status.COMPLETED)


class ConsentLinkView(PatientLinkView):
    """A page of a consent link; knows whether this browser has typed the code."""

    purpose = PatientLink.Purpose.CONSENT.value

    def cocktail(self) -> Cocktail:
        """What the link is about, while it is the newest version of a plan that is not over."""
        if self.link.subject_id is None:
            raise LinkUnusable
        rows = Cocktail.objects.filter(pk=self.link.subject_id, patient=self.patient)
        row = rows.select_related("plan").first()
        if row is None or row.plan.status in _OVER:
            raise LinkUnusable
        if row.plan.cocktails.filter(version__gt=row.version).exists():
            raise LinkUnusable
        return row

    def is_ours(self) -> bool:
        """Whether this browser holds the cookie of this link."""
        value = self.request.COOKIES.get(COOKIE, "")
        try:
            kept = signing.loads(value, salt=_SALT, max_age=COOKIE_LIFE)
        except signing.BadSignature:
            return False
        return bool(kept == str(self.link.pk))

    def let_in(self) -> HttpResponse:
        """Lead on to the text, with the cookie of this link."""
        response = redirect(reverse("treatments:link-consent-text", args=[self.token]))
        response.set_cookie(
            COOKIE,
            signing.dumps(str(self.link.pk), salt=_SALT),
            max_age=COOKIE_LIFE,
            path=reverse("patients:link", args=[self.token]),
            secure=self.request.is_secure(),
            httponly=True,
            samesite="Strict",
        )
        return response


@access(Policy.PATIENT_LINK)
class LinkConsent(ConsentLinkView):
    """The neutral first page: a code is mailed, then typed here."""

    template = "treatments/link_consent.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """In general words. Changes nothing."""
        self.cocktail()
        return self.page(self.template, {"form": CodeForm(), "sent": "sent" in request.GET})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Mail a code, or check the one that was typed."""
        self.cocktail()
        mark_opened(actor=self.actor, link=self.link, now=self.now)
        if "send" in request.POST:
            request_code(actor=self.actor, link=self.link, now=self.now)
            return redirect(f"{reverse('treatments:link-consent', args=[self.token])}?sent=1")
        form = CodeForm(request.POST)
        if form.is_valid() and self.opens(form):
            return self.let_in()
        return self.page(self.template, {"form": form, "sent": True}, status=UNPROCESSABLE)

    def opens(self, form: CodeForm) -> bool:
        """Whether the code is right; says at the field why not."""
        try:
            check_code(
                actor=self.actor, link=self.link, code=form.cleaned_data["code"], now=self.now
            )
        except DomainError as error:
            form.refuse(error)
            return False
        return True


@access(Policy.PATIENT_LINK)
class LinkConsentText(ConsentLinkView):
    """The text, and the signature below it; after it, thanks again for the browser that signed."""

    repeats = True
    done = "treatments/link_consent_done.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The text, for the browser that typed the code."""
        cocktail = self.cocktail()
        if not self.is_ours():
            return self.elsewhere()
        if self.link.used_at is not None:
            return self.page(self.done)
        record_read(self.actor, model="treatments.consent", patients=[self.patient.pk])
        return self.text(cocktail)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Sign exactly what was shown."""
        cocktail = self.cocktail()
        if not self.is_ours():
            return self.elsewhere()
        form = ConsentForm(request.POST)
        if self.link.used_at is not None or (form.is_valid() and self.sign(cocktail, form)):
            return self.page(self.done)
        return self.text(cocktail, form, UNPROCESSABLE)

    def elsewhere(self) -> HttpResponse:
        """Another browser types a code first, and finds a used link like any dead one."""
        if self.link.used_at is not None:
            raise LinkUnusable
        return redirect("treatments:link-consent", token=self.token)

    def sign(self, cocktail: Cocktail, form: ConsentForm) -> bool:
        """Store the signature and use the link up, or put the refusal on the form."""
        data = form.cleaned_data
        signature = Signature(
            data["text_sha256"], data["signer_name"], Consent.Method.LINK, data["signature"]
        )
        try:
            services.sign_consent(
                cocktail=cocktail, signature=signature, actor=self.actor, now=self.now
            )
        except DomainError as error:
            add_refusal(form, error)
            return False
        mark_used(actor=self.actor, link=self.link, now=self.now)
        return True

    def text(
        self, cocktail: Cocktail, form: ConsentForm | None = None, status: int = 200
    ) -> HttpResponse:
        """The page; the next signature is under what it shows now."""
        text = services.consent_text(cocktail)
        shown = form or ConsentForm(initial={"text_sha256": text_digest(text)})
        if form is not None:
            shown.data = {**self.request.POST.dict(), "text_sha256": text_digest(text)}
        context: dict[str, Any] = {"paper": read_paper(text), "form": shown}
        return self.page("treatments/link_consent_text.html", context, status)

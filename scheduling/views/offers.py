"""What a patient on the waiting list reaches by the mailed link: take the time, or leave it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from mesoclinic.clinic.access import Policy, access
from patients.exceptions import LinkUnusable
from patients.services import mark_opened, mark_used
from patients.views.links import PatientLinkView
from scheduling.exceptions import OfferOver, in_patients_words
from scheduling.models import WaitlistOffer
from scheduling.selectors.waitlist import get_offer
from scheduling.services import accept_offer, decline_offer


@access(Policy.PATIENT_LINK)
class LinkOffer(PatientLinkView):
    """A GET shows day and time and changes nothing; one POST takes the time or leaves it."""

    purpose = "offer"
    repeats = True

    def get(self, request: HttpRequest) -> HttpResponse:
        """Day, time, and two buttons."""
        return self._page(self._offer())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Take it or leave it; pressing twice is harmless."""
        offer = self._offer()
        mark_opened(actor=self.actor, link=self.link, now=self.now)
        answer = decline_offer if request.POST.get("answer") == "no" else accept_offer
        try:
            with in_patients_words():
                answer(clinic=self.clinic, actor=self.actor, now=self.now, offer_id=offer.pk)
        except OfferOver:
            return self._page(self._offer(), over=True)
        mark_used(actor=self.actor, link=self.link, now=self.now)
        return self._page(self._offer())

    def _offer(self) -> WaitlistOffer:
        offer = get_offer(self.clinic, self.link.subject_id)
        if offer is None or offer.patient_id != self.patient.pk:
            raise LinkUnusable
        return offer

    def _page(self, offer: WaitlistOffer, *, over: bool = False) -> HttpResponse:
        start, until = (self.clinic.local(at) for at in (offer.hold.during.lower, offer.expires_at))
        lapsed = offer.status == "open" and offer.expires_at <= self.now
        state = "lapsed" if over or lapsed else offer.status
        context: dict[str, object] = {"start": start, "until": until, "state": state}
        context["moves"] = offer.entry.appointment_id is not None
        return self.page("scheduling/link_offer.html", context)

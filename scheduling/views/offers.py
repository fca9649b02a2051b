"""What a patient on the waiting list reaches by the mailed link: take the time, or leave it."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse

from mesoclinic.clinic.access import Policy, access
from patients.exceptions import LinkUnusable
from patients.services import mark_opened, mark_used
from patients.views.links import PatientLinkView
from scheduling.domain.status import BLOCKING
from scheduling.exceptions import OfferOver, in_patients_words
from scheduling.models import WaitlistEntry, WaitlistOffer
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
        state = "lapsed" if over else _state(offer, self.now)
        context: dict[str, object] = {"start": start, "until": until, "state": state}
        context["moves"] = offer.entry.appointment_id is not None
        context["waits"] = offer.entry.status == WaitlistEntry.Status.WAITING
        return self.page("scheduling/link_offer.html", context)


def _state(offer: WaitlistOffer, now: datetime) -> str:
    """How the offer stands, "changed" once the visit that came of it is not there any more."""
    if offer.status == WaitlistOffer.Status.ACCEPTED:
        visit = offer.entry.appointment or offer.hold
        stands = visit.during.lower == offer.hold.during.lower and visit.status in BLOCKING
        return offer.status if stands else "changed"
    # Whom the desk has booked or taken off the list has declined nothing.
    waits = offer.entry.status == WaitlistEntry.Status.WAITING
    lapsed = offer.status == WaitlistOffer.Status.OPEN and offer.expires_at <= now
    return offer.status if waits and not lapsed else "lapsed"

"""Calendar feeds: a person's page of their secret addresses, and what programs read there."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views import View

from mesoclinic.clinic.access import Policy, access
from patients.views.links import private
from scheduling.exceptions import FeedNotFound
from scheduling.selectors.feeds import feeds_of
from scheduling.services import create_feed, read_feed, revoke_feed
from scheduling.views.base import StaffView, as_uuid

_NOT_FOUND = 404


@access(Policy.FRONT_DESK)
class CalendarFeeds(StaffView):
    """My calendar in my own program: make an address, revoke one."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The addresses that work; the secret of none is shown again."""
        return self._page()

    def post(self, request: HttpRequest) -> HttpResponse:
        """Make a new one (its address is shown once), or revoke one."""
        bound = self.request
        feed_id = as_uuid(request.POST.get("revoke"))
        if feed_id is not None:
            revoke_feed(
                clinic=bound.clinic, actor=bound.actor, feed_id=feed_id,
                staff_id=bound.user.pk, now=self.now,
            )  # fmt: skip
            messages.success(request, _("The address does not work any more."))
            return redirect("scheduling:feeds")
        _feed, token = create_feed(
            actor=bound.actor, membership=bound.membership,
            label=request.POST.get("label", ""), now=self.now,
        )  # fmt: skip
        path = reverse("scheduling:staff-feed", args=[token])
        return self._page(f"{bound.clinic.base_url}{path}")

    def _page(self, address: str = "") -> HttpResponse:
        clinic = self.request.clinic
        context = {"feeds": feeds_of(clinic, self.request.user.pk), "address": address}
        return render(self.request, "scheduling/feeds.html", context)


@access(Policy.PATIENT_LINK)
class StaffFeed(View):
    """The calendar itself: the secret in the address is the key, there is no session."""

    def get(self, request: HttpRequest, token: str) -> HttpResponseBase:
        """iCalendar; 404 without a word of explanation for anything else."""
        with translation.override("en"):
            try:
                content = read_feed(token=token, now=timezone.now())
            except FeedNotFound:
                return private(HttpResponse(status=_NOT_FOUND))
        answer = HttpResponse(content, content_type="text/calendar; charset=utf-8")
        return private(answer)

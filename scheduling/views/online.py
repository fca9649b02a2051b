"""The clinic's public booking page, which its own website may show in a frame.

No cookie and no session take part: a browser sends none to a frame on another site. Who has chosen
a time carries the 256-bit token in the address, as with every link of a patient.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.limits import caller, too_often
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.calendar import add_days
from mesoclinic.common.errors import DomainError
from patients.views.links import private
from scheduling.exceptions import HoldOver, NotOffered, OnlineClosed, TooManyTries
from scheduling.forms import read_start
from scheduling.forms.online import OnlineForm as PersonForm
from scheduling.models import OnlineBooking, OnlineRules, VisitType
from scheduling.selectors.booking import STRIP_DAYS, Choice, FreeTimes
from scheduling.selectors.online import online_types, open_rules, public_clinic
from scheduling.selectors.own import patient_times
from scheduling.services import (
    Person,
    ask_for_code,
    find_booking,
    finish_booking,
    give_up,
    hold_time,
    release_lapsed,
    send_code,
)
from scheduling.views.base import as_date, as_uuid

_CLOSED, _UNPROCESSABLE, _TOO_MANY = 404, 422, 429
# Per caller: pages in a minute, times held and codes in an hour, as (how many, seconds).
LIMITS = {"online-page": (120, 60), "online-hold": (12, 3600), "online-code": (12, 3600)}


# No session is read, and inside a frame of another site the browser keeps no cookie for a token.
@method_decorator(csrf_exempt, name="dispatch")
class OnlineView(View):
    """A page of online booking: clinic, rules and `now` are there; headers allow the clinic's site."""

    limit: ClassVar[str] = "online-hold"
    clinic: Clinic
    rules: OnlineRules

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Refuse who asks too often, and clinics that take no bookings."""
        self.now = timezone.now()
        try:
            self.clinic = public_clinic(kwargs.pop("clinic"))
            self.rules = open_rules(self.clinic)
        except OnlineClosed as error:
            return render(request, "scheduling/online_over.html", {"error": error}, status=_CLOSED)
        language = translation.get_language() or self.clinic.language
        with translation.override(language), timezone.override(self.clinic.zone):
            try:
                self._count(request)
                response = super().dispatch(request, *args, **kwargs)
            except TooManyTries as error:
                response = self.page("scheduling/online_over.html", {"error": error}, _TOO_MANY)
            except HoldOver as error:
                response = self.page("scheduling/online_over.html", {"error": error}, error.status)
        return self._framed(response)

    def page(self, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        """Render a page with the clinic on top."""
        known = {"clinic": self.clinic, "rules": self.rules, "slug": self.clinic.slug}
        return render(self.request, template, {**known, **context}, status=status)

    def _count(self, request: HttpRequest) -> None:
        name = "online-page" if request.method == "GET" else self.limit
        most, seconds = LIMITS[name]
        if too_often(name, f"{self.clinic.pk}|{caller(request)}", most, seconds):
            raise TooManyTries

    def _framed(self, response: HttpResponseBase) -> HttpResponseBase:
        """Only the clinic's own websites may put the page into a frame."""
        allowed = ["'self'", *self.rules.origins]
        response._csp_replace = {"frame-ancestors": allowed}  # type: ignore[attr-defined]
        response.xframe_options_exempt = True  # type: ignore[attr-defined]
        return private(response)


@access(Policy.PUBLIC)
class OnlineTimes(OnlineView):
    """What can be booked, with whom and when; a POST holds a time."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Types, people, a week of days and the times of one."""
        release_lapsed(clinic=self.clinic, now=self.now)
        return self._page({})

    def post(self, request: HttpRequest) -> HttpResponse:
        """Hold the time and go on to the form."""
        release_lapsed(clinic=self.clinic, now=self.now)
        self._let_go(request.POST.get("held", ""))
        try:
            _booking, token = self._hold(request)
        except DomainError as error:
            return self._page({"error": error}, _UNPROCESSABLE)
        return redirect("scheduling:online-form", clinic=self.clinic.slug, token=token)

    def _let_go(self, token: str) -> None:
        """Who went back by the browser's own button and chooses again keeps no second time."""
        with suppress(HoldOver):
            if token:
                give_up(booking=find_booking(self.clinic, token), now=self.now)

    def _hold(self, request: HttpRequest) -> tuple[OnlineBooking, str]:
        kind, choice = self._choice(request.POST)
        text, _sep, who = request.POST.get("slot", "").partition("|")
        try:
            start = read_start(text, self.clinic)
        except ValueError:
            raise NotOffered(field="slot") from None
        times = patient_times(
            self.clinic, Choice(kind, choice, self.clinic.local(start).date()), self.now
        )
        practitioner_id = as_uuid(who)
        offered = [one for one in times.offers if one.slot.start == start]
        if not offered or practitioner_id is None:
            raise NotOffered(field="slot")
        if practitioner_id not in {one.slot.practitioner_id for one in offered}:
            practitioner_id = offered[0].slot.practitioner_id
        return hold_time(
            clinic=self.clinic, kind=kind, practitioner_id=practitioner_id, start=start,
            now=self.now,
        )  # fmt: skip

    def _choice(self, data: Any) -> tuple[VisitType, Any]:
        types = online_types(self.clinic)
        if not types:
            raise OnlineClosed
        wanted = as_uuid(data.get("type"))
        kind = next((one for one in types if one.pk == wanted), types[0])
        return kind, as_uuid(data.get("practitioner"))

    def _page(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        data = self.request.POST or self.request.GET
        try:
            kind, who = self._choice(data)
        except OnlineClosed as error:
            return self.page("scheduling/online_over.html", {"error": error}, _CLOSED)
        day = as_date(self.request.GET.get("date")) or self.clinic.today(self.now)
        times: FreeTimes = patient_times(self.clinic, Choice(kind, who, day), self.now)
        first = times.strip[0].day
        said = {"type": kind.pk, **({"practitioner": who} if who else {})}
        base = "&".join(f"{name}={value}" for name, value in said.items())
        return self.page(
            "scheduling/online_times.html",
            {
                "types": online_types(self.clinic), "kind": kind, "who": who, "times": times,
                "strip_base": base, "strip_before": add_days(first, -STRIP_DAYS),
                "strip_after": add_days(first, STRIP_DAYS), "several": who is None, **context,
            },
            status,
        )  # fmt: skip


@access(Policy.PATIENT_LINK)
class OnlineForm(OnlineView):
    """The held time: who is it, then the code, then it is booked."""

    limit = "online-code"
    template = "scheduling/online_form.html"

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        """The form, the field for the code, or what was booked."""
        return self._show(find_booking(self.clinic, token), token)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        """What the pressed button says: give up, send the code (again), or finish."""
        booking = find_booking(self.clinic, token)
        if "back" in request.POST:
            give_up(booking=booking, now=self.now)
            return redirect("scheduling:online", clinic=self.clinic.slug)
        try:
            if "code" in request.POST and "again" not in request.POST:
                finish_booking(booking=booking, code=request.POST["code"], now=self.now)
                return redirect("scheduling:online-form", clinic=self.clinic.slug, token=token)
            return self._ask(booking, token)
        except (HoldOver, TooManyTries):
            raise
        except DomainError as error:
            context = {"error": error}
            return self._show(booking, token, context, _UNPROCESSABLE)

    def _ask(self, booking: OnlineBooking, token: str) -> HttpResponse:
        person: Person | None = None
        if "again" not in self.request.POST:
            form = PersonForm(self.request.POST, today=self.clinic.today(self.now))
            if not form.is_valid():
                return self._show(booking, token, {"form": form}, _UNPROCESSABLE)
            person = form.person(translation.get_language() or self.clinic.language)
        row, code = ask_for_code(booking=booking, person=person, now=self.now)
        if too_often("online-mail", row.email, 6, 3600) or not send_code(row, code):
            error = HoldOver(_("The message could not be sent. Check the address and try again."))
            return self._show(row, token, {"error": error}, _UNPROCESSABLE)
        return redirect("scheduling:online-form", clinic=self.clinic.slug, token=token)

    def _show(
        self, booking: OnlineBooking, token: str, context: dict[str, Any] | None = None,
        status: int = 200,
    ) -> HttpResponse:  # fmt: skip
        over = booking.status != OnlineBooking.Status.BOOKED and not booking.is_open(self.now)
        if over:
            raise HoldOver
        known = {
            "booking": booking, "token": token, "start": self.clinic.local(booking.during.lower),
            "until": self.clinic.local(booking.held_until),
            # For the script: clocks of phones are wrong.
            "seconds": int((booking.held_until - self.now).total_seconds()),
            "minutes": self.rules.hold_minutes,
            "form": PersonForm(today=self.clinic.today(self.now)),
        }  # fmt: skip
        return self.page(self.template, {**known, **(context or {})}, status)

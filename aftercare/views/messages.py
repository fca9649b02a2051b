"""The ledger: what was sent, what will be, what was not, and why."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages as flash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views import View

from aftercare import selectors
from aftercare.forms import LedgerForm
from aftercare.models import Message
from aftercare.selectors import Show
from aftercare.services import holding, release
from aftercare.services.heartbeat import waited_too_long
from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.http import StaffRequest
from mesoclinic.clinic.models import Clinic
from mesoclinic.clinic.templatetags.mesoclinic import status_words
from patients.panels import TimelineEntry
from patients.selectors import get_patient

_MARKS = {
    "sent": ("ok", "check2"),
    "delivered": ("ok", "check2-all"),
    "bounced": ("stop", "x-lg"),
    "complained": ("warn", "hand-thumbs-down"),
    "failed": ("stop", "x-lg"),
    "held": ("warn", "pause"),
}


def history_of(message: Message) -> list[TimelineEntry]:
    """The changes of a message's state, as the time line shows them."""
    entries = []
    for event in message.events.all():
        state, icon = _MARKS.get(event.to_state, ("neutral", "dot"))
        entries.append(
            TimelineEntry(
                at=event.at,
                kind="message",
                title=status_words(event.to_state, "message"),
                detail=event.why,
                url="",
                state=state,
                icon=icon,
            )
        )
    return entries


def _next_url(request: StaffRequest, page: selectors.LedgerPage) -> str:
    if page.next_key is None:
        return ""
    due_at, pk = page.next_key
    query = {**request.GET.dict(), "before": f"{due_at.isoformat()}_{pk}"}
    return f"{reverse('aftercare:ledger')}?{urlencode(query)}"


def _parts(
    clinic: Clinic, wanted: selectors.LedgerFilter, now: dt.datetime
) -> list[dict[str, object]]:
    """The three parts of the ledger as links that keep the patient."""
    patient = {"patient": str(wanted.patient_id)} if wanted.patient_id else {}
    labels = [
        (Show.PAST, _("Until now"), 0),
        (Show.COMING, _("To come"), selectors.coming_count(clinic, wanted.patient_id, now=now)),
        (Show.WAITING, _("To decide"), selectors.waiting_count(clinic)),
    ]
    return [
        {
            "url": f"?{urlencode({'show': part.value, **patient})}",
            "label": label,
            "count": count,
            "is_on": wanted.show is part,
            "warns": part is Show.WAITING,
        }
        for part, label, count in labels
    ]


_LOOK_BACK = dt.timedelta(days=30)


def _state_of_things(
    request: StaffRequest, wanted: selectors.LedgerFilter, now: dt.datetime
) -> dict[str, object]:
    """What stands above the ledger: counts by state, a hold, how long the oldest has waited."""
    is_recent = wanted.show is Show.PAST and not (wanted.since or wanted.patient_id)
    since = request.clinic.today(now) - _LOOK_BACK if is_recent else wanted.since
    counted = selectors.states_of(request.clinic, replace(wanted, since=since), now=now)
    chosen = {key: value for key, value in request.GET.items() if key not in {"state", "before"}}
    return {
        "counts": [
            {"state": state, "n": counted[state],
             "url": f"?{urlencode({**chosen, 'show': wanted.show.value, 'state': state})}"}
            for state in Message.State.values
            if counted.get(state)
        ],
        "is_recent": is_recent,
        "hold": holding.open_hold(request.clinic),
        "late": waited_too_long(now=now),
        "export_url": f"{reverse('aftercare:ledger-export')}?{request.GET.urlencode()}",
        "wanted_state": wanted.state,
    }  # fmt: skip


@access(Policy.FRONT_DESK)
class Ledger(View):
    """All messages of the clinic, filtered."""

    def get(self, request: StaffRequest) -> HttpResponse:
        """One page: what was due last, what comes next, or what waits for a decision."""
        form, now = LedgerForm(request.GET), timezone.now()
        wanted = form.wanted()
        page = selectors.ledger(request.clinic, wanted, now=now)
        record_read(
            request.actor, model="aftercare.message", patients=[m.patient_id for m in page.messages]
        )
        context = {
            **_state_of_things(request, wanted, now),
            "form": form, "rows": page.messages, "next_url": _next_url(request, page),
            "parts": _parts(request.clinic, wanted, now),
            "show": wanted.show.value, "patient": wanted.patient_id,
            "is_filtered": wanted.is_narrow,
        }  # fmt: skip
        return render(request, "aftercare/ledger.html", context)


@access(Policy.FRONT_DESK)
class MessageDetail(View):
    """One message: when, to whom, why, and what became of it."""

    def get(self, request: StaffRequest, pk: UUID) -> HttpResponse:
        """The message with its history; not its text, which is written when it leaves."""
        message = selectors.message(request.clinic, pk)
        record_read(
            request.actor, model="aftercare.message", patients=[message.patient_id],
            object_id=str(pk),
        )  # fmt: skip
        context = {"message": message, "history": history_of(message)}
        return render(request, "aftercare/message.html", context)


@access(Policy.FRONT_DESK)
class ReleaseMessage(View):
    """A person decides about a held or failed message: send it again, or leave it."""

    def post(self, request: StaffRequest, pk: UUID) -> HttpResponse:
        """`decision` is `send` or `drop`."""
        message = selectors.message(request.clinic, pk)
        decide, said = _DECISIONS.get(request.POST.get("decision", ""), (None, ""))
        if decide is None:
            flash.error(request, _("Choose what is to become of the message."))
        else:
            decide(
                actor=request.actor, clinic=request.clinic, message_id=message.pk,
                now=timezone.now(),
            )  # fmt: skip
            flash.success(request, str(said))
        return redirect("aftercare:message", pk=pk)


_DECISIONS = {
    "send": (release.send_again, gettext_lazy("It is sent again within a minute.")),
    "drop": (release.leave_unsent, gettext_lazy("It is not sent.")),
}


@access(Policy.FRONT_DESK)
class ResendFailed(View):
    """One click for everything of a patient that failed: the address was corrected."""

    def post(self, request: StaffRequest, pk: UUID) -> HttpResponse:
        """Back to the chart."""
        patient = get_patient(request.clinic, pk)
        sent = release.send_failed_again(
            actor=request.actor, clinic=request.clinic, patient_id=patient.pk, now=timezone.now()
        )
        if sent:
            count = len(sent)
            flash.success(
                request,
                ngettext(
                    "%(count)s message is sent again within a minute.",
                    "%(count)s messages are sent again within a minute.",
                    count,
                )
                % {"count": count},
            )
        else:
            flash.info(request, _("There is nothing left to send again."))
        return redirect("patients:chart", pk=patient.pk)

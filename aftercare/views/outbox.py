"""The outbox as a whole: hold everything back, let it go, hand the ledger out."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.contrib import messages as flash
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aftercare import selectors
from aftercare.forms import LedgerForm
from aftercare.models import Message
from aftercare.services import feedback, holding
from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.http import StaffRequest
from mesoclinic.clinic.models import Clinic
from mesoclinic.clinic.pages import StaffPage
from mesoclinic.clinic.spreadsheets import csv_stream
from mesoclinic.clinic.templatetags.mesoclinic import status_words
from patients.selectors import get_patient

_MOST = 10_000


@access(Policy.MANAGER)
class Hold(StaffPage):
    """Nothing leaves until a person says so."""

    def get(self, request: StaffRequest) -> HttpResponse:
        """What is held, why, and what may be done."""
        context = {
            "hold": holding.open_hold(request.clinic),
            "due": holding.held_back(request.clinic, now=self.now),
        }
        return render(request, "aftercare/hold.html", context)

    def post(self, request: StaffRequest) -> HttpResponse:
        """`decision`: `hold`, `send` (everything due) or `leave` (what was due before the hold)."""
        decision = request.POST.get("decision", "")
        if decision == "hold":
            why = _("Held by %(who)s.") % {"who": request.actor.label}
            holding.hold_all(actor=request.actor, clinic=request.clinic, why=why, now=self.now)
            flash.info(request, _("Nothing leaves until you let it go."))
            return redirect("aftercare:hold")
        if decision in {"send", "leave"}:
            flash.success(request, _released(request, self.now, leave=decision == "leave"))
        return redirect("aftercare:ledger")


def _released(request: StaffRequest, now: dt.datetime, *, leave: bool) -> str:
    hold = holding.open_hold(request.clinic)
    before = hold.since if hold is not None and leave else None
    count = holding.release_all(
        actor=request.actor, clinic=request.clinic, leave_out_before=before, now=now
    )
    left_out = ngettext(
        "%(n)s message is left out.", "%(n)s messages are left out.", count
    ) % {"n": count}  # fmt: skip
    said = _("Messages leave again.")
    return f"{said} {left_out}" if leave else said


@access(Policy.FRONT_DESK)
class AddressWorks(StaffPage):
    """A person has asked: the address is right after all."""

    def post(self, request: StaffRequest, pk: UUID) -> HttpResponse:
        """Back to the chart."""
        patient = get_patient(request.clinic, pk)
        feedback.address_works_again(
            actor=request.actor, clinic=request.clinic, patient=patient, now=self.now
        )
        flash.success(request, _("Messages go to this address again."))
        return redirect("patients:chart", pk=patient.pk)


@access(Policy.MANAGER)
class Export(StaffPage):
    """The filtered ledger as a table for other programs."""

    def get(self, request: StaffRequest) -> StreamingHttpResponse:
        """CSV, at most 10,000 rows, newest first as on the page; written while it is read."""
        form = LedgerForm(request.GET)
        rows = list(
            selectors.ledger_rows(request.clinic, form.wanted(), now=self.now)[:_MOST]
        )  # fmt: skip
        record_read(
            request.actor, model="aftercare.message", reason="export",
            patients=list({row.patient_id for row in rows}),
        )  # fmt: skip
        name = f"messages-{request.clinic.slug}-{self.today:%Y-%m-%d}"
        return csv_stream(name, _head(), (_cells(request.clinic, row) for row in rows))


def _head() -> list[str]:
    return [
        _("Due"), _("Number"), _("Patient"), _("Message"), _("Channel"), _("State"), _("Why"),
        _("Sent"), _("Tries"), _("Message-ID"),
    ]  # fmt: skip


def _cells(clinic: Clinic, row: Message) -> list[object]:
    return [
        f"{clinic.local(row.due_at):%Y-%m-%d %H:%M}", row.patient.record_number,
        row.patient.name, row.title, row.get_channel_display(),
        status_words(row.state, "message"), row.why,
        f"{clinic.local(row.sent_at):%Y-%m-%d %H:%M}" if row.sent_at else "",
        row.attempts, row.message_id,
    ]  # fmt: skip

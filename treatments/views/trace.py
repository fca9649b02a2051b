"""Where a lot went: the trace of a lot, the lots of a patient, recalls, and the cluster watch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.spreadsheets import csv_file
from mesoclinic.clinic.templatetags.mesoclinic import status_words
from mesoclinic.common.calendar import to_local
from mesoclinic.common.errors import DomainError
from patients.models import Patient
from patients.selectors import get_patient
from treatments import services
from treatments.forms import ReasonForm
from treatments.forms.reviews import PeriodForm, ReachedForm
from treatments.models import Lot, RecallContact
from treatments.panels import recall_messages
from treatments.selectors import trace
from treatments.selectors.stock import get_lot
from treatments.selectors.watch import Watch, late_words, watch
from treatments.views.common import PeriodView, StaffView, add_refusal, no_store

_PAGE = 50
_MOST = 10_000


@access(Policy.CLINICAL)
class Traces(StaffView):
    """Find a lot; recalls there are."""

    def get(self, request: Any) -> HttpResponse:
        """By the beginning of its number, or the product's name."""
        query = request.GET.get("q", "")
        context = {
            "query": query,
            "lots": trace.find_lots(request.clinic, query),
            "recalls": list(trace.recalls(request.clinic)[:_PAGE]),
        }
        return render(request, "treatments/traces.html", context)


@access(Policy.CLINICAL)
class LotTrace(StaffView):
    """One lot: sessions, mixtures, points, patients; from here it is recalled."""

    def get(self, request: Any, pk: UUID) -> HttpResponse:
        """One page of sessions, or all as a file."""
        if request.GET.get("as") == "csv":
            return self.table(get_lot(request.clinic, pk))
        return self.page(pk, ReasonForm())

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Recall the lot: block it and tell everybody."""
        form = ReasonForm(request.POST)
        if form.is_valid():
            try:
                recall = services.begin_recall(
                    lot=get_lot(request.clinic, pk),
                    reason=form.cleaned_data["reason"],
                    actor=request.actor,
                    now=self.now,
                )
            except DomainError as error:
                add_refusal(form, error)
            else:
                messages.success(request, _("The lot is blocked, and the patients are being told."))
                return redirect("treatments:recall", recall.pk)
        return self.page(pk, form, status=422)

    def table(self, lot: Lot) -> HttpResponse:
        """Every session of the lot, 10,000 at most, for a spreadsheet."""
        sessions = list(trace.sessions_with(lot)[:_MOST])
        self.has_read([one.patient for one in sessions], "treatments.sessiondose")
        head = (
            _("Patient"), _("Record number"), _("E-mail"), _("Phone"), _("Session"), _("Dose"),
            _("Unit"), _("Where"), _("Points"), _("Mixed with"), _("Practitioner"),
        )  # fmt: skip
        return csv_file("lot-trace", head, map(_cells, trace.trace_lines(lot, sessions)))

    def page(self, pk: UUID, form: ReasonForm, status: int = 200) -> HttpResponse:
        """The lot with its sessions."""
        lot = get_lot(self.request.clinic, pk)
        totals, gone = trace.totals_of(lot), trace.left_out(lot)
        page = Paginator(trace.sessions_with(lot), _PAGE).get_page(self.request.GET.get("page"))
        unsigned = trace.unsigned_with(lot)
        self.has_read([one.patient for one in (*page, *unsigned)], "treatments.sessiondose")
        context = {
            "lot": lot,
            "page_obj": page,
            "lines": trace.trace_lines(lot, page),
            "totals": totals,
            "to_tell": totals.patients - len(gone),
            "left_out": _left_out(gone),
            "unsigned": unsigned,
            "recall": trace.recall_of(lot),
            "form": form,
        }
        return no_store(render(self.request, "treatments/trace.html", context, status=status))


def _cells(line: trace.TraceLine) -> tuple[object, ...]:
    session, patient = line.session, line.session.patient
    return (
        patient.shown_name, patient.record_number, patient.email, patient.phone,
        session.performed_on.isoformat(), line.dose, line.unit, "; ".join(line.areas), line.points,
        "; ".join(line.mixed_with), session.practitioner.full_name,
    )  # fmt: skip


@access(Policy.CLINICAL)
class PatientLots(StaffView):
    """The way back: everything a patient got, by lot."""

    def get(self, request: Any, pk: UUID) -> HttpResponse:
        """All lots of one patient."""
        patient = get_patient(request.clinic, pk)
        self.has_read([patient], "treatments.sessiondose")
        context = {"patient": patient, "lots": trace.lots_of_patient(patient)}
        return no_store(render(request, "treatments/patient_lots.html", context))


@access(Policy.CLINICAL)
class RecallPage(StaffView):
    """A recall: who was told, who was reached."""

    def get(self, request: Any, pk: UUID) -> HttpResponse:
        """The patients, those not reached first; `?as=csv` for a spreadsheet."""
        recall = trace.get_recall(request.clinic, pk)
        contacts = trace.contacts_of(recall)
        gone = trace.left_out(recall.lot, contacts)
        unsigned = trace.unsigned_with(recall.lot)
        shown = [one.patient for one in contacts]
        shown += gone if request.GET.get("as") == "csv" else [one.patient for one in unsigned]
        self.has_read(shown, "treatments.recallcontact")
        states = recall_messages(request.clinic, [one.pk for one in contacts])
        if request.GET.get("as") == "csv":
            return _reached_table(contacts, gone, states, request.clinic.zone)
        reached = sum(1 for one in contacts if one.reached_at)
        context = {
            "recall": recall,
            "contacts": [(one, states.get(one.pk)) for one in contacts],
            "reached": reached,
            "left_out": _left_out(gone),
            "unsigned": unsigned,
            "form": ReachedForm(),
        }
        return no_store(render(request, "treatments/recall.html", context))


def _left_out(people: Collection[Patient]) -> str:
    """Who of a lot's patients can't be told of its recall, and why; empty where everybody can."""
    if not people:
        return ""
    erased = sum(1 for one in people if one.erased_at is not None)
    died = len(people) - erased
    why = [
        ngettext("%(n)s has died", "%(n)s have died", died) % {"n": died} if died else "",
        ngettext("%(n)s record is erased", "%(n)s records are erased", erased) % {"n": erased}
        if erased
        else "",
    ]
    text = ngettext("%(n)s can't be told: %(why)s.", "%(n)s can't be told: %(why)s.", len(people))
    return text % {"n": len(people), "why": ", ".join(filter(None, why))}


def _reached_table(
    contacts: Iterable[RecallContact],
    gone: Iterable[Patient],
    states: Mapping[UUID, str],
    zone: ZoneInfo,
) -> HttpResponse:
    """Everybody who got the lot; who can't be told comes last, with the reason for a message."""
    head = (
        _("Patient"), _("Record number"), _("E-mail"), _("Phone"), _("Message"), _("Reached on"),
        _("How"), _("By"), _("What was said"),
    )  # fmt: skip
    lines = (
        (
            one.patient.shown_name, one.patient.record_number, one.patient.email, one.patient.phone,
            status_words(states[one.pk], "message") if one.pk in states else _("No message"),
            to_local(one.reached_at, zone).strftime("%Y-%m-%d %H:%M") if one.reached_at else "",
            one.get_reached_how_display() if one.reached_at else "", one.reached_by, one.note,
        )
        for one in contacts
    )  # fmt: skip
    left = (
        (
            one.shown_name, one.record_number, "", "",
            _("Can't be told: record erased") if one.erased_at else _("Can't be told: has died"),
            "", "", "", "",
        )
        for one in gone
    )  # fmt: skip
    return csv_file("recall", head, [*lines, *left])


@access(Policy.CLINICAL)
class RecallReached(StaffView):
    """Somebody spoke with the patient."""

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Store how, and what was said."""
        contact = trace.get_contact(request.clinic, pk)
        form = ReachedForm(request.POST)
        if form.is_valid():
            services.note_reached(
                contact=contact, actor=request.actor, now=self.now, **form.cleaned_data
            )
            messages.success(request, _("Noted."))
        else:
            messages.error(request, _("Choose how the patient was reached."))
        return redirect("treatments:recall", contact.recall_id)


@access(Policy.CLINICAL)
class WatchPage(PeriodView):
    """The cluster watch."""

    def get(self, request: Any) -> HttpResponse:
        """Every group against all others, or with `?as=csv` a file."""
        since, until = self.period()
        found = watch(request.clinic, since, until)
        if request.GET.get("as") == "csv":
            return _watch_table(found)
        context = {
            "watch": found,
            "form": PeriodForm(initial={"since": since, "until": until}),
            "query": urlencode({"since": since, "until": until}),
            "late": late_words(found.late),
            "late_total": sum(found.late),
            "late_most": max(found.late, default=0) or 1,
            "warnings": [
                (group.title, name, one)
                for group in found.groups
                for name, one in group.rows
                if one.signal.value != "none"
            ],
        }
        return no_store(render(request, "treatments/watch.html", context))


def _watch_table(found: Watch) -> HttpResponse:
    """Every group, then late signs by week; rates are shares of sessions, p after Holm too."""
    head = (
        _("Kind"), _("Name"), _("Reactions"), _("Sessions"), _("Rate"), _("All others"), _("p"),
        _("p, corrected"), _("Signal"),
    )  # fmt: skip
    groups = (
        (
            group.title, name, one.tally.events, one.tally.sessions, f"{one.rate:.4f}",
            f"{one.base_rate:.4f}", f"{one.p:.6f}", f"{one.adjusted:.6f}", one.signal.value,
        )
        for group in found.groups
        for name, one in group.rows
    )  # fmt: skip
    late = (
        (_("Late signs of infection"), week, count, "", "", "", "", "", "")
        for week, count in late_words(found.late)
    )
    return csv_file("watch", head, [*groups, *late])

"""The record of a session: one screen, gate on top, saved as it goes, signed at the end."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mesoclinic.clinic.access import Policy, access
from mesoclinic.clinic.http import is_htmx
from mesoclinic.common.errors import DomainError
from patients.services import confirm_unchanged
from treatments import services
from treatments.domain.injections import MapDraft, map_as_json
from treatments.domain.readiness import Moment
from treatments.exceptions import DraftConflict, RecordIncomplete
from treatments.forms import (
    AddendumForm,
    OverrideForm,
    SessionForm,
    read_drawing,
    read_given_before,
    read_rows,
)
from treatments.models import PlannedSession, SessionRecord
from treatments.selectors.drafts import maps_before
from treatments.selectors.mapping import against_last_time, course_doses, map_settings
from treatments.selectors.plans import get_record, get_session
from treatments.selectors.sessions import holds_work, record_page, signed_page
from treatments.services.sessions import Draft
from treatments.views.common import StaffView, gate_lines, no_store, verdict_state
from treatments.views.figure import figures, with_points


class SessionView(StaffView):
    """A page about one planned session of the clinic."""

    def session_and_record(self, pk: UUID) -> tuple[PlannedSession, SessionRecord]:
        """Both rows; NotReady-like refusals come from the services, absence is 404."""
        session = get_session(self.request.clinic, pk)
        record = get_record(session)
        if record is None:
            record = services.start_session(
                planned_session=session, actor=self.request.actor, now=self.now
            )
        return session, record

    def gate(self, session: PlannedSession, record: SessionRecord | None) -> dict[str, Any]:
        """The gate's answer at the chair, for the strip on top."""
        answer = services.assess_readiness(
            planned_session=session,
            at=Moment.CHAIR,
            now=self.now,
            on=record.performed_on if record else self.today,
            practitioner_id=record.practitioner_id if record else None,
        )
        open_codes = {
            one.code: one.message
            for one in answer.reasons
            if one.overridable and not one.overridden and one.verdict.value != "go"
        }
        return {
            "gate": answer,
            "gate_lines": gate_lines(answer),
            "gate_state": verdict_state(answer),
            "override_form": OverrideForm(open_codes) if open_codes else None,
        }


@access(Policy.CLINICAL)
class SessionPage(SessionView):
    """Before it begins: the gate. While it is open: the form. Afterwards: the signed record."""

    def get(self, request: Any, pk: UUID) -> HttpResponse:
        """The page for the state the session is in."""
        session = get_session(request.clinic, pk)
        record = get_record(session)
        self.has_read([session.patient], "treatments.sessionrecord")
        return self.page(session, record)

    def page(
        self,
        session: PlannedSession,
        record: SessionRecord | None,
        *,
        form: SessionForm | None = None,
        refused: tuple[str, ...] = (),
        status: int = 200,
        notice: Mapping[str, Any] | None = None,
    ) -> HttpResponse:
        """One of the three faces of the page; `notice` is the answer to a scan or a conflict."""
        context: dict[str, Any] = {"session": session, "plan": session.plan, "record": record}
        if record is not None and record.is_signed:
            context |= signed_page(record) | {"addendum_form": AddendumForm()}
            context["figures"] = with_points(figures(context["area_shapes"], context["drawing"]))
            return no_store(render(self.request, "treatments/session_signed.html", context))
        context |= self.gate(session, record)
        if record is None:
            return no_store(render(self.request, "treatments/session_start.html", context))
        context |= record_page(record)
        context |= map_context(record, context)
        context |= {"form": form or SessionForm(instance=record), "refused": refused}
        context["given_before"] = read_given_before(self.request.POST)
        context |= notice or {}
        missing = services.missing_to_sign(record, self.now, context["gate"])
        context["missing"] = missing_words(missing, context["rows"])
        response = render(self.request, "treatments/session.html", context, status=status)
        return no_store(response)


@access(Policy.CLINICAL)
class SessionStart(SessionView):
    """Open the record."""

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Begin; twice is once."""
        session = get_session(request.clinic, pk)
        if request.POST.get("unchanged"):
            confirm_unchanged(actor=request.actor, patient=session.patient, now=self.now)
        services.start_session(planned_session=session, actor=request.actor, now=self.now)
        return redirect("treatments:session", pk)


@access(Policy.CLINICAL)
class SessionSave(SessionPage):
    """Keep the form as it stands; asked every few seconds while somebody writes."""

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Save, then show the page anew (htmx takes the parts that changed)."""
        session, record = self.session_and_record(pk)
        form = SessionForm(request.POST, instance=get_record(session))
        valid = form.is_valid()
        try:
            self.save(record, form)
        except DraftConflict as error:
            return self.conflict(session, form, error)
        if request.POST.get("then") == "sign" and valid:
            return self.sign(session)
        if valid and not is_htmx(request):
            return redirect("treatments:session", pk)
        status = 200 if valid else 422
        return self.page(session, get_record(session), form=None if valid else form, status=status)

    def conflict(
        self, session: PlannedSession, form: SessionForm, error: DomainError
    ) -> HttpResponse:
        """Another page has saved: show what was typed here, and let the person choose."""
        record = get_record(session)
        if record is None or record.is_signed:
            raise error
        data = self.request.POST
        typed = services.as_typed(record, _draft(data, form), self.now)
        typed.draft_version = _version(data) or 0
        notice = {"conflict": error.message}
        return self.page(session, typed, form=form, notice=notice, status=409)

    def save(self, record: SessionRecord, form: SessionForm) -> None:
        """Keep what was sent, complete or not."""
        draft = _draft(self.request.POST, form)
        services.save_draft(record=record, draft=draft, actor=self.request.actor, now=self.now)

    def sign(self, session: PlannedSession) -> HttpResponse:
        """Sign what was just saved."""
        record = get_record(session)
        if record is None:
            return redirect("treatments:session", session.pk)
        try:
            services.sign_session(
                record=record,
                actor=self.request.actor,
                now=self.now,
                given_before=read_given_before(self.request.POST),
            )
        except RecordIncomplete as error:
            return self.page(session, get_record(session), refused=error.missing, status=422)
        except DomainError as error:
            refused = (error.message,)
            return self.page(session, get_record(session), refused=refused, status=error.status)
        messages.success(self.request, _("Signed. The record can't be changed any more."))
        return redirect("treatments:session", session.pk)


@access(Policy.CLINICAL)
class SessionSign(SessionSave):
    """Save and sign in one press."""

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """As `SessionSave` with `then=sign`; a signed session simply shows itself."""
        session = get_session(request.clinic, pk)
        record = get_record(session)
        if record is not None and record.is_signed:
            return redirect("treatments:session", pk)
        request.POST = request.POST.copy()
        request.POST["then"] = "sign"
        return super().post(request, pk)


@access(Policy.CLINICAL)
class SessionScan(SessionSave):
    """A lot by its barcode."""

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Save the form, then put the lot into its row; a refusal says why and changes nothing."""
        session, record = self.session_and_record(pk)
        form = SessionForm(request.POST, instance=get_record(session))
        form.is_valid()
        try:
            self.save(record, form)
            record.refresh_from_db()
            code = request.POST.get("scan", "")
            lot = services.scan_lot(record=record, code=code, actor=request.actor, now=self.now)
        except DraftConflict as error:
            return self.conflict(session, form, error)
        except DomainError as error:
            scanned = {"scan_error": error.message, "scan_code": request.POST.get("scan", "")}
            return self.page(session, get_record(session), notice=scanned, status=error.status)
        words = {"lot": lot.number, "name": lot.product.ingredient.name}
        messages.success(request, _("%(name)s: lot %(lot)s") % words)
        # The next vial is scanned without touching the page.
        return redirect(f"{reverse('treatments:session', args=[pk])}#scan")


@access(Policy.CLINICAL)
class SessionReconfirm(SessionView):
    """Nothing has changed since: the screening is re-confirmed."""

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Store the confirmation in the patients room."""
        session = get_session(request.clinic, pk)
        confirm_unchanged(actor=request.actor, patient=session.patient, now=self.now)
        return redirect("treatments:session", pk)


@access(Policy.CLINICAL)
class SessionSame(SessionView):
    """Same as last time."""

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Fill the draft; what differs is marked on the page."""
        _session, record = self.session_and_record(pk)
        services.same_as_last_time(record=record, actor=request.actor, now=self.now)
        return redirect("treatments:session", pk)


@access(Policy.CLINICAL)
class SessionOverride(SessionView):
    """Set reasons of the gate aside."""

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Store who, what and why."""
        session = get_session(request.clinic, pk)
        record = get_record(session)
        services.override_readiness(
            planned_session=session,
            codes=request.POST.getlist("codes"),
            reason=request.POST.get("reason", ""),
            actor=request.actor,
            now=self.now,
            on=record.performed_on if record else self.today,
        )
        messages.success(request, _("Noted, with your name and reason."))
        return redirect("treatments:session", pk)


@access(Policy.CLINICAL)
class SessionAddendum(SessionView):
    """Add to a signed record."""

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Store the addendum."""
        _session, record = self.session_and_record(pk)
        services.add_addendum(
            record=record, text=request.POST.get("text", ""), actor=request.actor, now=self.now
        )
        return redirect("treatments:session", pk)


def _draft(data: Any, form: SessionForm) -> Draft:
    checklist = dict.fromkeys(data.getlist("step"), True)
    cleaned = form.cleaned_data
    return Draft(
        rows=read_rows(data),
        checklist=checklist,
        texts={name: cleaned[name] for name in _TEXTS if name in cleaned},
        pain_score=cleaned.get("pain_score"),
        with_pain_score="pain_score" in cleaned,
        drawing=read_drawing(data),
        duration_min=cleaned.get("duration_min"),
        with_duration="duration_min" in cleaned,
        expected_version=_version(data),
    )


_TEXTS = ("reaction", "notes", "device", "device_settings")


def _version(data: Any) -> int | None:
    """The draft the form was filled from; None for "keep mine" and for forms that don't say."""
    text = data.get("version", "")
    return int(text) if text.isdecimal() and len(text) < 10 and not data.get("keep_mine") else None


def map_context(record: SessionRecord, page: Mapping[str, Any]) -> dict[str, Any]:
    """Figures with points, earlier sessions' as a ghost, and what the map's script needs."""
    drawing, last = page["drawing"], page["last"]
    before = maps_before(record) if last else {}
    ghost = before.get(last.pk, MapDraft()) if last else MapDraft()
    earlier = MapDraft(groups=tuple(group for one in before.values() for group in one.groups))
    shown = figures(page["area_shapes"], drawing, {"last": ghost, "all": earlier})
    return {
        "figures": shown,
        "heat": course_doses(record.planned_session.plan),
        "differences": against_last_time(drawing, ghost, record),
        "ghost_points": ghost.points,
        "earlier_sessions": len(before),
        "overwrites": holds_work(page) or bool(record.device or record.device_settings),
        "map_json": json.dumps(map_as_json(drawing)),
        "map_settings": {
            **map_settings(page["areas"], page["techniques"]),
            "views": {
                one["view"].name: {
                    "size": one["view"].size, "mm": one["view"].mm, "least": one["view"].least,
                }
                for one in shown
            },
        },
    }  # fmt: skip


_PARTS = {
    "area": gettext_lazy("area"),
    "technique": gettext_lazy("technique"),
    "dose": gettext_lazy("dose"),
    "lot": gettext_lazy("lot"),
}


def missing_words(missing: Sequence[services.Missing], rows: Sequence[Any]) -> list[str]:
    """What is missing, in the order of work; one line for each row of the form."""
    words: list[str] = []
    for place, group in groupby(missing, key=lambda one: one.row):
        ones = list(group)
        row = rows[place] if place is not None else None
        if row is None or row.ingredient is None or not all(one.code in _PARTS for one in ones):
            words += [one.message for one in ones]
            continue
        parts = ", ".join(str(_PARTS[one.code]) for one in ones)
        words.append(f"{row.ingredient.name}: {parts}")
    return words

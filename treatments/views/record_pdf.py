"""The record of a session on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.clinic.access import Policy, access
from mesoclinic.common.errors import NotFound
from treatments.models import PointGroup, SessionDose, SessionRecord, Syringe
from treatments.selectors.drafts import plain
from treatments.selectors.plans import get_record, get_session
from treatments.selectors.sessions import signed_page
from treatments.views.common import StaffView, no_store

if TYPE_CHECKING:
    from mesoclinic.clinic.pdf import Document


@access(Policy.CLINICAL)
class SessionPdf(StaffView):
    """A signed record as PDF; the same record gives the same bytes until something is added."""

    def get(self, request: Any, pk: UUID) -> HttpResponse:
        """The file; 404 before the signature."""
        record = get_record(get_session(request.clinic, pk))
        if record is None or not record.is_signed:
            raise NotFound
        self.has_read([record.patient], "treatments.sessionrecord")
        response = HttpResponse(record_as_pdf(record), content_type="application/pdf")
        # No name in the file's name: it is kept in folders and sent by mail.
        response["Content-Disposition"] = f'inline; filename="session-{record.performed_on}.pdf"'
        return no_store(response)


def record_as_pdf(record: SessionRecord) -> bytes:
    """A signed record with doses, lots, points, reactions and addenda."""
    # Here and not above: it takes half a second, which only who prints should wait for.
    from mesoclinic.clinic.pdf import Document, letterhead

    page = signed_page(record)
    addenda = page["addenda"]
    created = addenda[-1].written_at if addenda else record.signed_at
    if created is None:
        raise NotFound
    document = Document(
        title=_("Session record"), letterhead=letterhead(record.clinic), created=created
    )
    _about(document, record)
    document.heading(_("Given"))
    document.table(
        [_("Ingredient"), _("Dose"), _("Lot, expiry"), _("Area"), _("Technique")],
        [_dose(one) for one in page["doses"]],
        widths=(3, 2, 3, 3, 3),
        right=(1,),
    )
    for syringe in page["syringes"]:
        document.note(_syringe(record, syringe))
    if page["groups"]:
        document.heading(_("Points"))
        document.table(
            [_("Area"), _("Technique"), _("Layer"), _("Depth"), _("Points"), _("Volume")],
            [_group(one) for one in page["groups"]],
            widths=(3, 3, 3, 1.5, 1.5, 2.5),
            right=(3, 4, 5),
        )
    document.heading(_("Reactions and notes"))
    document.facts(_notes(record, page["steps"]))
    for one in addenda:
        document.subheading(_("Addendum of %(when)s") % {"when": _when(record, one.written_at)})
        document.paragraph(one.text)
        document.note(one.written_by.full_name)
    signed = {"name": record.signed_by.full_name if record.signed_by else "", "when": ""}
    signed["when"] = _when(record, record.signed_at)
    document.rule()
    document.note(_("Signed by %(name)s, %(when)s.") % signed)
    return document.content()


def _about(document: Document, record: SessionRecord) -> None:
    patient, plan = record.patient, record.planned_session.plan
    born = patient.birth_date
    document.facts(
        [
            (_("Patient"), f"{patient.name}, {patient.record_number}"),
            (_("Born"), formats.date_format(born, "j M Y") if born else ""),
            (_("Plan"), f"{plan.indication}, {record.planned_session}"),
            (_("Day"), formats.date_format(record.performed_on, "j M Y")),
            (_("Practitioner"), record.practitioner.full_name),
            (_("Cocktail"), _("version %(n)s") % {"n": record.cocktail.version}),
            (_("Duration"), _minutes(record.duration_min)),
            (_("Device"), ", ".join(filter(None, [record.device, record.device_settings]))),
        ]
    )


def _minutes(number: int | None) -> str:
    if not number:
        return ""
    return ngettext("%(n)s minute", "%(n)s minutes", number) % {"n": number}


def _notes(record: SessionRecord, steps: list[Any]) -> list[tuple[str, str]]:
    pain = "" if record.pain_score is None else f"{record.pain_score} / 10"
    return [
        (_("Reactions"), record.reaction or _("none noted")),
        (_("Pain"), pain or _("not asked")),
        (_("Notes"), record.notes),
        (_("Done"), " · ".join(str(one) for one in steps)),
    ]


def _dose(one: SessionDose) -> list[str]:
    return [
        one.ingredient.name,
        f"{plain(one.dose)} {one.get_unit_display()}",
        f"{one.lot.number}, {formats.date_format(one.lot.expires_on, 'm/Y')}",
        one.area.name,
        one.technique.name,
    ]


def _syringe(record: SessionRecord, one: Syringe) -> str:
    words = [
        _("Syringe %(n)s drawn up %(when)s")
        % {"n": one.number, "when": _when(record, one.drawn_up_at)}
    ]
    if one.volume_ml is not None:
        words.append(f"{plain(one.volume_ml)} ml")
    if one.discarded_ml:
        words.append(_("%(ml)s ml not injected") % {"ml": plain(one.discarded_ml)})
    return ", ".join(words)


def _group(one: PointGroup) -> list[str]:
    volume = f"{one.count} x {plain(one.point_ml)} = {plain(one.point_ml * one.count)} ml"
    return [
        one.area.name, one.technique.name, one.get_layer_display(), f"{plain(one.depth_mm)} mm",
        str(one.count), volume,
    ]  # fmt: skip


def _when(record: SessionRecord, at: Any) -> str:
    return formats.date_format(record.clinic.local(at), "j M Y, H:i")

"""Handing a person all that is held about them: one ZIP, readable by people and by programs.

Complete by construction: the tables are found by walking the foreign keys to Patient, and every
column is in it unless a holding names it as secret (docs/patients-rights.md).
"""

from __future__ import annotations

import datetime as dt
import json
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.audit.actors import Actor
from mesoclinic.audit.models import Action, AuditEntry
from mesoclinic.audit.services import record
from mesoclinic.clinic.access import Policy, check_can
from mesoclinic.common.calendar import local_date
from patients.domain.dossier import Dossier, Entry, Line, Section
from patients.models import Patient, PatientFile
from patients.selectors.dossier import Held, entries_of, everything_about
from patients.services import vault
from patients.services.fhir_out import patient_bundle
from patients.services.wording import plain_row, worded, worded_row

_IN_MEMORY = 8 * 1024 * 1024
_NOT_READ_BY_PEOPLE = frozenset(
    {"id", "clinic", "search", "merged_into", "screen_again_since", "created_at"}
)
STYLE = "css/dossier.css"
LANGUAGE = "en"
"""That of the records' own names, which are those of the staff's pages: no mixture of two."""


def export_patient(*, actor: Actor, patient: Patient, now: dt.datetime) -> IO[bytes]:
    """A ZIP, at its start and ready to be read: HTML, PDF, JSON, FHIR bundle, files.

    Also what came from entries merged into this one. Written in `LANGUAGE`. On record
    as an export. Raises Forbidden for who may see no clinical content.
    """
    check_can(actor, Policy.CLINICAL)
    entries = entries_of(patient)
    held = everything_about(entries)
    people = list(Patient.objects.filter(pk__in=entries).order_by("created_at"))
    with translation.override(LANGUAGE):
        document = dossier(patient, held, people, now)
        page = render_to_string("patients/dossier.html", {"dossier": document})
        paper = on_paper(document, patient, now)
    out = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - handed on open
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("record.html", page)
        archive.writestr("record.pdf", paper)
        archive.writestr("dossier.css", Path(str(finders.find(STYLE))).read_text())
        archive.writestr("record.json", _as_json(as_data(patient, held, people, now)))
        archive.writestr("fhir-bundle.json", _as_json(patient_bundle(patient, entries, now)))
        for name, path in named_files(held):
            archive.write(path, name, zipfile.ZIP_STORED)
    out.seek(0)
    entry = AuditEntry(model="patients.patient", patients=[patient.pk], object_id=str(patient.pk), reason="whole record")  # fmt: skip
    record(actor, Action.EXPORT, entry)
    return out


def _as_json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1)


def as_data(
    patient: Patient, held: list[Held], people: list[Patient], now: dt.datetime
) -> dict[str, Any]:
    """Every row of every table; keys are tables and columns as the product names them."""
    return {
        "exported_at": now.isoformat(),
        "clinic": patient.clinic.name,
        "patients.patient": [plain_row(one) for one in people],
        **{
            one.holding.model._meta.label_lower: [
                plain_row(row, one.holding.secret) for row in one.rows
            ]
            for one in held
        },
    }


def dossier(patient: Patient, held: list[Held], people: list[Patient], now: dt.datetime) -> Dossier:
    """The readable document, in the active language."""
    zone = patient.clinic.zone
    day = date_format(local_date(now, zone))
    return Dossier(
        title=patient.name,
        subtitle=f"{patient.clinic.name} · {patient.record_number}",
        intro=(
            _("Everything that %(clinic)s keeps about you, as of %(day)s.")
            % {"clinic": patient.clinic.name, "day": day},
            _("The folder “files” holds your photographs and documents; the two JSON files hold "
              "the same content for programs, one of them in the FHIR format that other clinics "
              "can read."),
        ),
        sections=(
            Section(_("Who you are"), tuple(_person(one) for one in people)),
            *(_section(one, patient) for one in held),
        ),
    )  # fmt: skip


def on_paper(document: Dossier, patient: Patient, now: dt.datetime) -> bytes:
    """The readable document as a PDF."""
    # Here and not above: it takes half a second, which only who prints should wait for.
    from mesoclinic.clinic.pdf import Document, letterhead

    paper = Document(
        title=document.title, letterhead=letterhead(patient.clinic), created=now,
        foot=document.subtitle,
    )  # fmt: skip
    for text in document.intro:
        paper.paragraph(text)
    for section in document.sections:
        paper.heading(section.title)
        for entry in section.entries:
            if entry.when:
                paper.subheading(entry.when)
            paper.facts((line.label, line.text) for line in entry.lines)
    return paper.content()


def _person(patient: Patient) -> Entry:
    zone = patient.clinic.zone
    lines = (
        Line(capfirst(str(field.verbose_name)), text)
        for field in patient._meta.concrete_fields
        if field.name not in _NOT_READ_BY_PEOPLE and (text := worded(patient, field, zone))
    )
    return Entry(tuple(lines))


def _section(held: Held, patient: Patient) -> Section:
    zone = patient.clinic.zone
    entries = (
        Entry(lines, when=_day(row, patient))
        for row in held.rows
        if (lines := worded_row(row, held.holding, zone))
    )
    title = capfirst(held.holding.name)
    count = len(held.rows)
    return Section(
        ngettext("%(title)s (%(n)d)", "%(title)s (%(n)d)", count) % {"title": title, "n": count},
        tuple(entries),
    )


def _day(row: Any, patient: Patient) -> str:
    at = getattr(row, "created_at", None)
    return date_format(local_date(at, patient.clinic.zone)) if at is not None else ""


def named_files(held: list[Held]) -> Iterator[tuple[str, Path]]:
    """Name in the ZIP and place on the disk of every file that is the person's to have.

    What was withdrawn may show somebody else: its row is listed, its content is not handed out.
    """
    rows = [row for one in held if one.holding.model is PatientFile for row in one.rows]
    number = 0
    for row in rows:
        path = vault.path_of(row.stored_name)
        if row.withdrawn_at is None and row.erased_at is None and path.is_file():
            number += 1
            day = local_date(row.taken_at, row.clinic.zone).isoformat()
            yield f"files/{day}-{row.kind}-{number:03d}{path.suffix}", path

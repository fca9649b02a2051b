"""Reads of photographs and documents: the gallery, the pair to compare, the chart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mesoclinic.audit.actors import Actor
from mesoclinic.clinic.access import Policy, can
from mesoclinic.clinic.models import Clinic
from mesoclinic.common.calendar import local_date
from patients.exceptions import FileNotFound
from patients.models import Patient, PatientFile
from patients.panels import TimelineEntry

_ON_CHART = 3


@dataclass(frozen=True)
class ViewGroup:
    """Photographs of one area from one side, newest first."""

    label: str
    photographs: tuple[PatientFile, ...]

    @property
    def first(self) -> PatientFile:
        """The oldest: what the newest is compared with."""
        return self.photographs[-1]

    @property
    def last(self) -> PatientFile:
        """The newest."""
        return self.photographs[0]


@dataclass(frozen=True)
class AreaGroup:
    """Photographs of one area."""

    key: str
    label: str
    views: tuple[ViewGroup, ...]

    @property
    def count(self) -> int:
        """How many photographs there are."""
        return sum(len(view.photographs) for view in self.views)


@dataclass(frozen=True)
class Gallery:
    """All files of a patient: photographs by area and view, documents, and what was withdrawn."""

    areas: tuple[AreaGroup, ...]
    documents: tuple[PatientFile, ...]
    withdrawn: tuple[PatientFile, ...]

    @property
    def count(self) -> int:
        """How many photographs there are."""
        return sum(area.count for area in self.areas)

    @property
    def is_empty(self) -> bool:
        """Nothing to see, now or ever."""
        return not (self.areas or self.documents or self.withdrawn)


def gallery(patient: Patient) -> Gallery:
    """Everything kept of a patient. One query; areas with the newest photograph first."""
    rows = PatientFile.objects.filter(patient=patient, erased_at__isnull=True)
    files = list(rows.select_related("uploaded_by", "withdrawn_by"))
    shown = [file for file in files if file.withdrawn_at is None]
    photographs = [file for file in shown if file.kind == PatientFile.Kind.PHOTOGRAPH]
    return Gallery(
        areas=tuple(_areas(photographs)),
        documents=tuple(file for file in shown if file.kind == PatientFile.Kind.DOCUMENT),
        withdrawn=tuple(file for file in files if file.withdrawn_at is not None),
    )


def _areas(photographs: list[PatientFile]) -> Iterator[AreaGroup]:
    # A dict keeps the order of first sight: newest first.
    areas: dict[str, dict[str, list[PatientFile]]] = {}
    for file in photographs:
        areas.setdefault(file.area, {}).setdefault(file.view, []).append(file)
    order = list(PatientFile.View.values)
    for key, views in areas.items():
        some = next(iter(views.values()))[0]
        yield AreaGroup(
            key=key,
            label=some.area_label or _("No area given"),
            views=tuple(
                ViewGroup(rows[0].get_view_display() if view else "", tuple(rows))
                for view, rows in sorted(
                    views.items(), key=lambda item: order.index(item[0]) if item[0] else len(order)
                )
            ),
        )


def get_file(clinic: Clinic, file_id: UUID) -> PatientFile:
    """One file of the clinic with its patient. Raises FileNotFound, for withdrawn ones too."""
    rows = PatientFile.objects.for_clinic(clinic).shown().filter(patient__erased_at=None)
    file = rows.select_related("patient", "uploaded_by").filter(pk=file_id).first()
    if file is None:
        raise FileNotFound
    file.clinic = file.patient.clinic = clinic
    return file


def files_of(patient: Patient) -> list[PatientFile]:
    """What is shown of a patient, newest first. One query."""
    return list(PatientFile.objects.shown().filter(patient=patient).select_related("uploaded_by"))


def photographs_of(patient: Patient) -> list[PatientFile]:
    """The photographs of a patient, newest first. One query."""
    return [file for file in files_of(patient) if file.kind == PatientFile.Kind.PHOTOGRAPH]


def pair_to_compare(
    photographs: list[PatientFile], before: UUID | None, after: UUID | None
) -> tuple[PatientFile, PatientFile] | None:
    """The two asked for; else the newest and the oldest of the same area and view.

    Where only one was asked for, the earlier of the two stands before. None where there are fewer than two photographs.
    """
    by_id = {file.pk: file for file in photographs}
    newest = by_id.get(after) if after else None
    oldest = by_id.get(before) if before else None
    if newest is None:
        others = [file for file in photographs if file is not oldest]
        newest = next((file for file in others if oldest is None or _alike(file, oldest)), None)
        newest = newest or next(iter(others), None)
    if newest is None:
        return None
    if oldest is None:
        others = [file for file in photographs if file is not newest]
        alike = [file for file in others if _alike(file, newest)]
        oldest = next(iter((alike or others)[::-1]), None)
    if oldest is None:
        return None
    if not (before and after) and newest.taken_at < oldest.taken_at:
        oldest, newest = newest, oldest
    return oldest, newest


def _alike(one: PatientFile, other: PatientFile) -> bool:
    return (one.area, one.view) == (other.area, other.view)


def chart_panel(
    clinic: Clinic, actor: Actor, patient: Patient, now: dt.datetime
) -> dict[str, object] | None:
    """The newest photographs and how many files there are; practitioners only. Two queries."""
    if not can(actor, Policy.CLINICAL):
        return None
    rows = PatientFile.objects.shown().filter(patient=patient)
    photograph = PatientFile.Kind.PHOTOGRAPH
    counts = dict(rows.order_by().values_list("kind").annotate(n=Count("pk")))
    newest = list(rows.filter(kind=photograph)[:_ON_CHART]) if counts.get(photograph) else []
    return {
        "photographs": newest,
        "photograph_count": counts.get(photograph, 0),
        "document_count": counts.get(PatientFile.Kind.DOCUMENT, 0),
    }


def file_entries(
    clinic: Clinic, actor: Actor, patient: Patient, now: dt.datetime, *, limit: int = 100
) -> Iterator[TimelineEntry]:
    """One entry for the photographs of a day, one for each document; practitioners only.

    One query.
    """
    if not can(actor, Policy.CLINICAL):
        return
    files = PatientFile.objects.shown().filter(patient=patient)[: limit * 4]
    days = groupby(files, key=lambda file: local_date(file.taken_at, clinic.zone))
    gallery_url = reverse("patients:files", args=[patient.pk])
    for _day, of_day in days:
        rows = list(of_day)
        photographs = [file for file in rows if file.kind == PatientFile.Kind.PHOTOGRAPH]
        if photographs:
            count = len(photographs)
            areas = dict.fromkeys(file.area_label for file in photographs if file.area)
            yield TimelineEntry(
                at=photographs[0].taken_at, kind="file", icon="camera", url=gallery_url,
                title=ngettext("%(n)d photograph", "%(n)d photographs", count) % {"n": count},
                detail=", ".join(areas),
            )  # fmt: skip
        for file in rows:
            if file.kind == PatientFile.Kind.DOCUMENT:
                yield TimelineEntry(
                    at=file.taken_at, kind="file", title=file.name, icon="file-earmark-text",
                    detail=_("Document"), url=reverse("patients:file", args=[file.pk]),
                )  # fmt: skip

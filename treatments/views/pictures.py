"""Photographs at the chair: taken or chosen, and tied to the session or the reaction."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from mesoclinic.clinic.access import Policy, access
from mesoclinic.common.errors import DomainError, NotFound
from patients.forms.files import UploadForm
from patients.selectors.files import photographs_of
from patients.services import Kept, add_files
from treatments import services
from treatments.models import AdverseEvent, SessionRecord
from treatments.selectors.events import get_event
from treatments.selectors.plans import get_record, get_session
from treatments.views.common import StaffView, no_store

_RECENT = 24


class PicturesView(StaffView):
    """Take, choose and tie photographs."""

    about: SessionRecord | AdverseEvent
    back = ""

    def get(self, request: Any, pk: UUID) -> HttpResponse:
        """What is tied, what may be, and the camera."""
        self.find(pk)
        self.has_read([self.about.patient], "patients.patientfile")
        return self.page(UploadForm())

    def post(self, request: Any, pk: UUID) -> HttpResponse:
        """Keep new photographs, tie them and those that were ticked."""
        self.find(pk)
        chosen = [UUID(one) for one in request.POST.getlist("photograph") if _is_id(one)]
        form = UploadForm(request.POST, request.FILES)
        kept = self.keep(form) if request.FILES else []
        if request.FILES and form.errors:
            return self.page(form, status=422)
        files = [*chosen, *(one.file.pk for one in kept if one.file is not None)]
        count = services.attach_pictures(
            about=self.about, files=files, actor=request.actor, now=self.now
        )
        if count:
            messages.success(request, _("Added."))
        return redirect(self.back)

    def find(self, pk: UUID) -> None:
        """Set what the page is about and where it returns to. Raises NotFound."""
        raise NotFound

    def keep(self, form: UploadForm) -> list[Kept]:
        """Store what was sent; refusals stand at the field."""
        if not form.is_valid():
            return []
        try:
            kept = add_files(
                actor=self.request.actor,
                patient=self.about.patient,
                uploads=form.to_uploads(),
                labels=form.to_labels(),
                now=self.now,
            )
        except DomainError as error:
            form.refuse(error)
            return []
        for one in kept:
            if one.error is not None:
                form.add_error("files", f"{one.name}: {one.error.message}")
        return kept

    def page(self, form: UploadForm, status: int = 200) -> HttpResponse:
        """The page."""
        patient = self.about.patient
        patient.clinic = self.request.clinic
        tied = {one.file_id for one in self.about.pictures.all()}
        rows = photographs_of(patient)[:_RECENT]
        context = {
            "patient": patient, "form": form, "back": self.back,
            "photographs": [(one, one.pk in tied) for one in rows],
        }  # fmt: skip
        return no_store(render(self.request, "treatments/pictures.html", context, status=status))


@access(Policy.CLINICAL)
class SessionPictures(PicturesView):
    """Photographs of a session, before and after its signature."""

    def find(self, pk: UUID) -> None:
        """The session's record."""
        session = get_session(self.request.clinic, pk)
        record = get_record(session)
        if record is None:
            raise NotFound
        self.about, self.back = record, reverse("treatments:session", args=[pk])


@access(Policy.CLINICAL)
class EventPictures(PicturesView):
    """Photographs of a reaction."""

    def find(self, pk: UUID) -> None:
        """The reaction."""
        self.about = get_event(self.request.clinic, pk)
        self.back = reverse("treatments:event", args=[pk])


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True

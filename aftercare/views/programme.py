"""What is sent when: the programme, its steps, its versions, and what one patient gets of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages as flash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from aftercare.domain.outbox import LEFT_OUT
from aftercare.exceptions import ChangedMeanwhile
from aftercare.forms import StepForm
from aftercare.forms.programme import look_again
from aftercare.models import ProgrammeStep
from aftercare.selectors import programme as selectors
from aftercare.services import programme as services
from aftercare.services.care import settings_of
from aftercare.services.forecast import EXPECTED, forecast
from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access, can
from mesoclinic.clinic.http import StaffRequest
from mesoclinic.clinic.models import Clinic
from mesoclinic.clinic.pages import StaffPage, again
from mesoclinic.clinic.services import load_defaults
from mesoclinic.common.errors import DomainError
from patients.selectors import get_patient


@access(Policy.STAFF)
class Programme(StaffPage):
    """All steps; managers change them."""

    def get(self, request: StaffRequest) -> HttpResponse:
        """The steps by what they hang on."""
        context = {
            "groups": selectors.programme(request.clinic),
            "versions": selectors.versions(request.clinic),
            "late_watch": settings_of(request.clinic).late_watch,
            "may_edit": can(request.actor, Policy.MANAGER),
            "may_read_texts": can(request.actor, Policy.CLINICAL_OR_MANAGER),
        }
        return render(request, "aftercare/programme.html", context)


@access(Policy.MANAGER)
class LoadDefaults(StaffPage):
    """Everything as it is delivered, in all rooms: also questionnaire, catalogue, visit types."""

    def post(self, request: StaffRequest) -> HttpResponse:
        """Load what the clinic does not have; what it has stays as it is."""
        load_defaults(actor=request.actor, clinic=request.clinic, now=self.now)
        flash.success(request, _("The defaults are loaded. Look through them before use."))
        return redirect("aftercare:programme")


@access(Policy.MANAGER)
class EditStep(StaffPage):
    """One step, or a new one."""

    template = "aftercare/step_form.html"

    def get(self, request: StaffRequest, pk: UUID | None = None) -> HttpResponse:
        """The form."""
        step = selectors.step_of(request.clinic, pk) if pk else None
        return render(request, self.template, {"form": _form(request.clinic, step), "step": step})

    def post(self, request: StaffRequest, pk: UUID | None = None) -> HttpResponse:
        """Save, and go back to the programme."""
        step = selectors.step_of(request.clinic, pk) if pk else None
        form = _form(request.clinic, step, request.POST)
        if form.is_valid() and _saved(request, form, pk):
            flash.success(request, _("Saved. Messages that are planned already stay as they are."))
            return redirect("aftercare:programme")
        return again(request, self.template, {"form": form, "step": step})


@access(Policy.MANAGER)
class RestoreVersion(StaffPage):
    """Back to how the programme was."""

    def post(self, request: StaffRequest, number: int) -> HttpResponse:
        """A new version that says what the old one said."""
        services.restore_version(actor=request.actor, clinic=request.clinic, number=number)
        flash.success(request, _("The programme is as it was in version %(n)s.") % {"n": number})
        return redirect("aftercare:programme")


@access(Policy.FRONT_DESK)
class Forecast(StaffPage):
    """What one patient got, gets and would get, in one list."""

    def get(self, request: StaffRequest, pk: UUID) -> HttpResponse:
        """Parted by now; read, so it is on record."""
        patient = get_patient(request.clinic, pk)
        lines = forecast(request.clinic, patient, now=self.now)
        record_read(request.actor, model="aftercare.message", patients=[patient.pk])
        context = {
            "patient": patient,
            "past": [line for line in reversed(lines) if line.at <= self.now],
            "coming": [one for one in lines if one.at > self.now and one.state not in LEFT_OUT],
            "left_out": [one for one in lines if one.at > self.now and one.state in LEFT_OUT],
            "expected": EXPECTED,
        }
        return render(request, "aftercare/forecast.html", context)


def _form(clinic: Clinic, step: ProgrammeStep | None, data: Any = None) -> StepForm:
    return StepForm(
        data,
        templates=selectors.template_choices(clinic),
        conditions=selectors.condition_choices(clinic),
        step=step,
    )


def _saved(request: StaffRequest, form: StepForm, pk: UUID | None) -> bool:
    try:
        services.save_step(
            actor=request.actor, clinic=request.clinic, step_id=pk, values=form.values(),
            seen=form.cleaned_data["seen"],
        )  # fmt: skip
    except ChangedMeanwhile as error:
        form.add_error(None, error.message)
        look_again(form, selectors.step_of(request.clinic, pk).version if pk else "")
        return False
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return False
    return True

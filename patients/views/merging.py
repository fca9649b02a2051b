"""Entries that may be one person: the list of suspicions, the comparison, the merge and its undoing."""

from __future__ import annotations

from uuid import UUID

from django.conf.locale import LANG_INFO
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from mesoclinic.audit.services import record_read
from mesoclinic.clinic.access import Policy, access
from mesoclinic.common.errors import DomainError
from patients.exceptions import MergeRefused
from patients.forms import PatientForm
from patients.models import Patient
from patients.selectors import (
    Likeness,
    get_merge,
    possible_duplicates,
    recent_merges,
    stands_for,
    suspected_pairs,
)
from patients.services import merge_patients, normalise_phone, readable_phone, undo_merge
from patients.views.base import StaffView


@access(Policy.FRONT_DESK)
class DuplicateHint(StaffView):
    """While somebody is registered: who is like them already? A hint; it never stands in the way."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """The likeness of what is typed so far; nothing while too little is there."""
        form = PatientForm(request.POST, clinic=self.request.clinic, with_clinical=False)
        form.is_valid()
        found = possible_duplicates(self.request.clinic, self._likeness(form))
        record_read(
            self.request.actor, model="patients.patient", patients=[one.pk for one in found],
            reason="possible duplicates",
        )  # fmt: skip
        lines = [{"patient": one, "phone": readable_phone(one.phone)} for one in found]
        return render(request, "patients/_duplicate_hint.html", {"candidates": lines})

    def _likeness(self, form: PatientForm) -> Likeness:
        typed = form.cleaned_data
        try:
            country = typed.get("country") or self.request.clinic.country
            phone = normalise_phone(typed.get("phone") or "", country)
        except DomainError:
            phone = ""
        return Likeness(
            name=typed.get("name", ""),
            birth_date=typed.get("birth_date"),
            phone=phone,
            email=typed.get("email", ""),
        )


@access(Policy.FRONT_DESK)
class Duplicates(StaffView):
    """Pairs of entries that may be one person, and merges that can still be undone."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The likeliest pairs first."""
        pairs = suspected_pairs(self.request.clinic)
        merges = recent_merges(self.request.clinic, self.now)
        shown = [one.pk for pair in pairs for one in pair.both]
        shown += [one.kept_id for one in merges]
        record_read(
            self.request.actor, model="patients.patient", patients=shown, reason="duplicates"
        )
        return render(request, "patients/duplicates.html", {"pairs": pairs, "merges": merges})


@access(Policy.CLINICAL_OR_MANAGER)
class PatientMergePage(StaffView):
    """Two entries side by side; the one named first is kept."""

    def get(self, request: HttpRequest, pk: UUID, other: UUID) -> HttpResponse:
        """The comparison, and what will happen; the chart when it has happened already."""
        if stands_for(self.request.clinic, other) == pk:
            return redirect("patients:chart", pk=pk)
        if pk == other:
            raise MergeRefused(_("This is one record. Choose the other one to compare it with."))
        keep, drop = self.patient(pk), self.patient(other)
        record_read(
            self.request.actor, model="patients.patient", patients=[pk, other], reason="compare"
        )
        born = {one.birth_date for one in (keep, drop) if one.birth_date}
        later = max(born) if len(born) > 1 else None
        context = {
            "keep": keep, "drop": drop, "lines": _lines(keep, drop), "later_birth": later,
        }  # fmt: skip
        return render(request, "patients/merge.html", context)

    def post(self, request: HttpRequest, pk: UUID, other: UUID) -> HttpResponse:
        """Merge `other` into `pk`; the second press in another tab finds it done."""
        if stands_for(self.request.clinic, other) == pk:
            messages.info(request, _("The two records are one already."))
            return redirect("patients:chart", pk=pk)
        keep, drop = self.patient(pk), self.patient(other)
        merge_patients(actor=self.request.actor, keep=keep, drop=drop, now=self.now)
        messages.success(
            request,
            _("%(number)s is now part of this record.") % {"number": drop.record_number},
        )
        return redirect("patients:chart", pk=keep.pk)


@access(Policy.CLINICAL_OR_MANAGER)
class MergeUndo(StaffView):
    """Part two entries again."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Undo, and show the entry that is back."""
        merge = get_merge(self.request.clinic, pk)
        back = undo_merge(actor=self.request.actor, merge=merge, now=self.now)
        messages.success(request, _("The two records are apart again."))
        return redirect("patients:chart", pk=back.pk)


def _lines(keep: Patient, drop: Patient) -> list[tuple[object, object, object]]:
    """Label and both values, of everything that either of them says."""
    names = (
        "name", "birth_date", "phone", "email", "address", "language", "emergency_contact",
        "guardian_name", "alert",
    )  # fmt: skip
    labels = {field.name: field.verbose_name for field in Patient._meta.concrete_fields}
    return [
        (labels[name], _shown(keep, name), _shown(drop, name))
        for name in names
        if getattr(keep, name) or getattr(drop, name)
    ]


def _shown(patient: Patient, name: str) -> object:
    if name == "phone":
        return readable_phone(patient.phone)
    if name == "language":
        return LANG_INFO.get(patient.language, {}).get("name_local", patient.language)
    return getattr(patient, name)

"""Administration of templates, programme and triage rules; messages and tasks to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext

from aftercare.domain.codec import from_json
from aftercare.forms.rules import not_in_catalogue
from aftercare.models import (
    AddressProblem,
    AlarmNumber,
    CannedAnswer,
    CareSettings,
    CheckIn,
    CheckInPhoto,
    Message,
    MessageSettings,
    MessageTemplate,
    OutboxHold,
    ProgrammeStep,
    ProgrammeVersion,
    StaffAlert,
    StaffTask,
    TaskEvent,
    Thread,
    ThreadPhoto,
    ThreadPost,
    TriageRuleSet,
)
from aftercare.selectors.rules import ingredient_names
from aftercare.services.programme import keep_first, keep_version, latest_version
from aftercare.services.texts import Texts, problems_of, treatment_names
from mesoclinic.clinic.admin_base import CatalogueAdmin, ReadOnlyPatientDataAdmin

if TYPE_CHECKING:
    TemplateModelForm = forms.ModelForm[MessageTemplate]
    RulesModelForm = forms.ModelForm[TriageRuleSet]
else:
    TemplateModelForm = RulesModelForm = forms.ModelForm


class MessageTemplateForm(TemplateModelForm):
    """Refuses variables that do not exist, and health where strangers can read it."""

    class Meta:
        model = MessageTemplate
        fields = (
            "clinic", "key", "language", "subject", "preheader", "body", "short_text",
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Everything that may not be said fails here, not when the message leaves."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        clinic = data.get("clinic")
        names = treatment_names(clinic) if clinic is not None else []
        texts = Texts(*(data.get(name) or "" for name in _WORDS))
        for field, said in problems_of(texts, names).items():
            if field in self.fields:
                self.add_error(field, said)
        return data


_WORDS = ("subject", "preheader", "short_text", "body")


@admin.register(MessageTemplate)
class MessageTemplateAdmin(CatalogueAdmin):
    """The words of the messages."""

    form = MessageTemplateForm
    list_display = ("key", "language", "subject", "clinic", "approved_at")
    list_filter = ("language", "key")
    search_fields = ("key", "subject", "body")
    readonly_fields = ("approved_at",)  # on the text's page, by a practitioner

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """The approval is gone with a change of the words."""
        if set(_WORDS) & set(form.changed_data):
            obj.approved_at = None
        super().save_model(request, obj, form, change)


@admin.register(ProgrammeStep)
class ProgrammeStepAdmin(CatalogueAdmin):
    """What is sent when."""

    list_display = (
        "name",
        "anchor",
        "offset",
        "offset_unit",
        "template_key",
        "is_active",
        "clinic",
    )
    list_filter = ("anchor", "channel", "purpose", "is_active")
    search_fields = ("name", "key")
    readonly_fields = ("version",)
    deletable = False

    def save_model(self, request: Any, obj: ProgrammeStep, form: Any, change: Any) -> None:
        """A change here is a version of the programme as well."""
        keep_first(obj.clinic)
        obj.version = latest_version(obj.clinic) + 1
        super().save_model(request, obj, form, change)
        keep_version(
            actor=request.actor, clinic=obj.clinic, number=obj.version,
            note=gettext("Changed in the administration: %(step)s.") % {"step": obj.name},
        )  # fmt: skip


class TriageRulesForm(RulesModelForm):
    """Refuses rules that can't be read."""

    class Meta:
        model = TriageRuleSet
        fields = ("clinic", "version", "spec", "approved_at")

    def clean_spec(self) -> dict[str, Any]:
        """The document must be rules."""
        spec: dict[str, Any] = self.cleaned_data["spec"]
        try:
            rules = from_json(spec)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        clinic = self.cleaned_data.get("clinic") or self.instance.clinic
        known = ingredient_names(clinic)
        if unknown := sorted(rules.ingredients - known.keys()):
            raise forms.ValidationError(not_in_catalogue(unknown, known))
        return spec


@admin.register(TriageRuleSet)
class TriageRuleSetAdmin(CatalogueAdmin):
    """Versions of the triage rules; a published one is only retired."""

    form = TriageRulesForm
    deletable = False
    list_display = ("version", "status", "clinic", "approved_at")
    list_filter = ("status",)

    def get_readonly_fields(
        self, request: Any, obj: TriageRuleSet | None = None
    ) -> tuple[str, ...]:
        """A published version never changes, and a draft is published on its page only.

        There a practitioner sees what it would judge more mildly.
        """
        if obj is not None and obj.status != TriageRuleSet.Status.DRAFT:
            return ("clinic", "version", "spec", "status")
        return ("status",)


@admin.register(Message)
class MessageAdmin(ReadOnlyPatientDataAdmin):
    """The outbox."""

    list_display = ("title", "patient", "due_local", "channel", "state", "why")
    list_filter = ("state", "purpose", "channel")
    search_fields = ("patient__name", "title", "message_id")


@admin.register(AddressProblem)
class AddressProblemAdmin(ReadOnlyPatientDataAdmin):
    """Addresses to which nothing is sent any more."""

    list_display = ("patient", "channel", "address", "kind", "found_at", "cleared_at")
    list_filter = ("kind", "channel")
    search_fields = ("patient__name", "address")


class Kept(CatalogueAdmin):
    """To look at: the house itself keeps it."""

    deletable = False

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        """Never."""
        return False


@admin.register(ProgrammeVersion)
class ProgrammeVersionAdmin(Kept):
    """What the programme was."""

    list_display = ("number", "clinic", "note", "changed_by", "created_at")
    search_fields = ("note", "changed_by")
    list_filter = ("clinic",)


@admin.register(OutboxHold)
class OutboxHoldAdmin(Kept):
    """When nothing left, and why; released on the page of messages."""

    list_display = ("clinic", "why", "since", "released_at", "released_by")
    list_filter = ("clinic",)
    search_fields = ("why",)


@admin.register(MessageSettings)
class MessageSettingsAdmin(CatalogueAdmin):
    """Colour and daily number; the logo is set on the page of texts."""

    deletable = False
    list_display = ("clinic", "accent", "daily_cap")
    list_filter = ("daily_cap",)
    search_fields = ("clinic__name",)


@admin.register(StaffTask)
class StaffTaskAdmin(ReadOnlyPatientDataAdmin):
    """What waits for somebody."""

    list_display = ("title", "patient", "kind", "due_at", "done_at")
    list_filter = ("kind", "role")
    search_fields = ("title", "patient__name")


@admin.register(CheckIn)
class CheckInAdmin(ReadOnlyPatientDataAdmin):
    """What patients reported."""

    list_display = ("patient", "level", "answered_at")
    list_filter = ("level",)
    search_fields = ("patient__name",)


@admin.register(CheckInPhoto)
class CheckInPhotoAdmin(ReadOnlyPatientDataAdmin):
    """Which photographs came with which check-in."""

    list_display = ("checkin", "patient", "created_at")
    search_fields = ("patient__name",)
    list_filter = ("created_at",)


@admin.register(TaskEvent)
class TaskEventAdmin(ReadOnlyPatientDataAdmin):
    """The history of tasks."""

    list_display = ("task", "what", "at", "by_label", "note")
    list_filter = ("what",)
    search_fields = ("task__title", "by_label")


@admin.register(StaffAlert)
class StaffAlertAdmin(ReadOnlyPatientDataAdmin):
    """Who was alerted about what is urgent, and how that went."""

    patient_path = "task.patient_id"
    erased_lookup = "task__patient__erased_at"
    list_display = ("task", "staff", "channel", "state", "round", "sent_at", "why")
    list_filter = ("state", "channel")
    list_select_related = ("task", "staff")
    search_fields = ("staff__full_name", "staff__email")


@admin.register(Thread)
class ThreadAdmin(ReadOnlyPatientDataAdmin):
    """Conversations with patients."""

    list_display = ("patient", "asked_at", "answered_at", "closed_at")
    list_filter = ("asked_at",)
    search_fields = ("patient__name",)


@admin.register(ThreadPost)
class ThreadPostAdmin(ReadOnlyPatientDataAdmin):
    """What was said in conversations."""

    list_display = ("patient", "at", "by_label")
    list_filter = ("at",)
    search_fields = ("patient__name", "by_label")


@admin.register(ThreadPhoto)
class ThreadPhotoAdmin(ReadOnlyPatientDataAdmin):
    """Which photographs came with which post."""

    list_display = ("patient", "created_at")
    list_filter = ("created_at",)
    search_fields = ("patient__name",)


@admin.register(CannedAnswer)
class CannedAnswerAdmin(CatalogueAdmin):
    """Ready answers to questions that come often."""

    list_display = ("title", "language", "clinic", "is_active")
    list_filter = ("language", "is_active")
    search_fields = ("title", "text")


@admin.register(CareSettings)
class CareSettingsAdmin(CatalogueAdmin):
    """Who is alerted when, and what is watched for."""

    list_display = ("clinic", "escalate_minutes", "late_watch", "silent_after", "alert_by_sms")
    list_filter = ("late_watch", "alert_by_sms")
    search_fields = ("clinic__name",)
    readonly_fields = ("late_watch",)  # on its page: what is planned follows the switch


@admin.register(AlarmNumber)
class AlarmNumberAdmin(CatalogueAdmin):
    """Mobile numbers for alerts by text message."""

    list_display = ("staff", "phone", "clinic")
    list_filter = ("clinic",)
    search_fields = ("staff__full_name", "phone")

"""The clinic, its people and their programs in the administration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from mesoclinic.clinic import mailing
from mesoclinic.clinic.admin_base import AuditedAdmin, CatalogueAdmin, acting, clinics_of
from mesoclinic.clinic.http import ClinicRequest
from mesoclinic.clinic.models import ApiToken, Clinic, Membership, Role, StaffMember
from mesoclinic.clinic.services import open_clinic

# Roles are in memberships; Django's groups would be a second, silent way to give rights.
admin.site.unregister(Group)

if TYPE_CHECKING:
    ClinicModelForm = forms.ModelForm[Clinic]
else:
    ClinicModelForm = forms.ModelForm


class ClinicForm(ClinicModelForm):
    """Roles that need a second factor as boxes to tick."""

    mfa_required_roles = forms.MultipleChoiceField(
        label=_("Second factor required for"),
        choices=Role.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("These roles must set up an authenticator app or passkey before they go on."),
    )
    base_url = forms.URLField(
        label=_("Base address"),
        assume_scheme="https",
        help_text=_("Start of every link in a message to a patient, without a slash at the end."),
    )

    class Meta:
        model = Clinic
        exclude = ["record_counter"]


@admin.register(Clinic)
class ClinicAdmin(CatalogueAdmin):
    """A site. Never deleted: everything that ever happened there refers to it."""

    form = ClinicForm
    clinic_lookup = "pk"
    deletable = False
    list_display = ["name", "time_zone", "country", "phone", "is_active"]
    list_filter = ["is_active", "country"]
    search_fields = ["name", "slug", "address"]
    prepopulated_fields = {"slug": ["name"]}
    fieldsets = [
        (None, {"fields": ["name", "slug", "is_active"]}),
        (_("Place"), {"fields": ["address", "country", "time_zone", "hemisphere", "language"]}),
        (_("Contact"), {"fields": ["phone", "emergency_number", "base_url"]}),
        (
            _("Messages"),
            {"fields": ["sender_name", "sender_email", "sending_from", "sending_until"]},
        ),
        (
            _("Rules"),
            {"fields": ["screening_valid_days", "keep_records_years", "mfa_required_roles"]},
        ),
    ]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Opening a clinic is for the administrators of the installation."""
        return bool(request.user.is_superuser)

    def save_model(self, request: HttpRequest, obj: Clinic, form: Any, change: bool) -> None:  # noqa: FBT001
        """A new clinic starts with the defaults of every room."""
        if change:
            super().save_model(request, obj, form, change)
            return
        open_clinic(actor=cast(ClinicRequest, request).actor, clinic=obj, now=timezone.now())
        text = _(
            "The defaults are loaded: questionnaire, catalogue, visit types, public holidays, "
            "messages and rules. Next: add its people under Memberships, then rooms and hours."
        )
        self.message_user(request, text, messages.SUCCESS)

    def _owns(self, request: HttpRequest, obj: Any) -> bool:
        if request.user.is_superuser:
            return True
        clinics = clinics_of(request)
        return bool(clinics) if obj is None else obj in clinics

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The person's own clinics."""
        rows = admin.ModelAdmin.get_queryset(self, request)
        if request.user.is_superuser:
            return rows
        return rows.filter(pk__in=[clinic.pk for clinic in clinics_of(request)])

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        """Only while a clinic is being opened."""
        return {} if obj else {"slug": ["name"]}


@admin.register(StaffMember)
class StaffMemberAdmin(AuditedAdmin):
    """Accounts, for administrators of the installation; managers add people on the clinic page.

    A new account gets an invitation by mail; no password is ever typed here.
    """

    list_display = ["full_name", "email", "is_active", "is_staff", "is_superuser", "last_login"]
    list_filter = ["is_active", "is_staff", "is_superuser", "memberships__clinic"]
    search_fields = ["full_name", "email"]
    readonly_fields = ["last_login", "created_at"]
    actions = ["send_invitation"]
    fieldsets = [
        (None, {"fields": ["full_name", "email", "language"]}),
        (_("Rights"), {"fields": ["is_active", "is_staff", "is_superuser"]}),
        (_("Dates"), {"fields": ["last_login", "created_at"]}),
    ]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: switch the account off instead, what the person did stays on record."""
        return False

    def save_model(self, request: HttpRequest, obj: StaffMember, form: Any, change: bool) -> None:  # noqa: FBT001
        """A new account starts without a password and is invited."""
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        if not change:
            actor = cast(ClinicRequest, request).actor
            mailing.invite(request, actor=actor, staff=obj, clinic=None)

    @admin.action(description=_("Send an invitation to choose a password"))
    def send_invitation(self, request: HttpRequest, rows: QuerySet[StaffMember]) -> None:
        """To everybody chosen who is active."""
        actor = cast(ClinicRequest, request).actor
        invited = list(rows.filter(is_active=True))
        for staff in invited:
            mailing.invite(request, actor=actor, staff=staff, clinic=None)
        text = ngettext("%(n)s invitation sent.", "%(n)s invitations sent.", len(invited))
        self.message_user(request, text % {"n": len(invited)}, messages.SUCCESS)


@admin.register(Membership)
class MembershipAdmin(CatalogueAdmin):
    """Who is what in a clinic. Switched off, never deleted."""

    deletable = False
    list_display = [
        "display_name",
        "clinic",
        "role",
        "licence_number",
        "licence_expires_on",
        "is_active",
    ]
    list_filter = ["clinic", "role", "is_active", "licence_expires_on"]
    list_select_related = ["staff", "clinic"]
    search_fields = ["staff__full_name", "staff__email", "licence_number"]
    autocomplete_fields = ["staff"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A place can't be handed to somebody else or moved to another clinic."""
        return ["clinic", "staff"] if obj else []

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Managers add people on the clinic page, which also invites them."""
        return bool(request.user.is_superuser)


@admin.register(ApiToken)
class ApiTokenAdmin(CatalogueAdmin):
    """Tokens: seen and revoked here, made on the clinic page (where the secret can be shown)."""

    deletable = False
    list_display = [
        "name",
        "clinic",
        "membership",
        "hint",
        "last_used_at",
        "expires_at",
        "revoked_at",
    ]
    list_filter = ["clinic", "revoked_at", "expires_at"]
    list_select_related = ["clinic", "membership__staff"]
    search_fields = ["name", "membership__staff__full_name", "hint"]
    actions = ["revoke"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """On the clinic page."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing but the action below."""
        return False

    @admin.action(description=_("Revoke"), permissions=["view"])
    def revoke(self, request: HttpRequest, rows: QuerySet[ApiToken]) -> None:
        """End the chosen tokens at once."""
        with acting(request):
            count = rows.filter(revoked_at__isnull=True).update(revoked_at=timezone.now())
        text = ngettext("%(n)s token revoked.", "%(n)s tokens revoked.", count)
        self.message_user(request, text % {"n": count}, messages.SUCCESS)

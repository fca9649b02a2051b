"""The record in the administration: to search and read, never to change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pgtrigger
from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mesoclinic.audit.models import AuditEntry, AuditSeal
from mesoclinic.audit.triggers import AuditTrigger

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    AnyPaginator = Paginator[Any]
else:
    ModelAdmin = admin.ModelAdmin
    AnyPaginator = Paginator


MOST_COUNTED = 10_000


class CappedPaginator(AnyPaginator):
    """Counts no further than 10,000 rows: a record of years must not be counted on every look."""

    @cached_property
    def count(self) -> int:
        """The number of rows, or 10,000 for more."""
        rows: Any = self.object_list[:MOST_COUNTED]
        return int(rows.count())


class KindFilter(admin.SimpleListFilter):
    """By kind of record; the choices come from the models, not from the rows."""

    title = _("record type")
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every audited table by its name."""
        audited = {
            owner for owner, trigger in pgtrigger.registered() if isinstance(trigger, AuditTrigger)
        }
        return sorted((owner._meta.label_lower, str(owner._meta.verbose_name)) for owner in audited)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Only entries about the chosen kind."""
        return queryset.filter(model=self.value()) if self.value() else queryset


class ActorKindFilter(admin.SimpleListFilter):
    """By who acted."""

    title = _("actor kind")
    parameter_name = "actor_kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """All kinds an actor can be of."""
        return [
            ("staff", gettext("Person")),
            ("token", gettext("Program")),
            ("link", gettext("Patient's link")),
            ("system", gettext("System")),
            ("anonymous", gettext("Not signed in")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Only entries of the chosen kind."""
        return queryset.filter(actor_kind=self.value()) if self.value() else queryset


class ReadOnlyAdmin(ModelAdmin):
    """Nobody adds, changes or deletes."""

    actions = None
    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 100

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Superusers, and managers (of their own clinics)."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers; managers for entries of their own clinics."""
        if request.user.is_superuser:
            return True
        clinics = managed_clinics(request)
        return bool(clinics) if obj is None else obj.clinic_id in clinics

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """All for superusers; else the clinics the person manages."""
        rows = super().get_queryset(request)
        if request.user.is_superuser:
            return rows
        return rows.filter(clinic_id__in=managed_clinics(request))


def managed_clinics(request: HttpRequest) -> set[UUID]:
    """Ids of the clinics the signed-in person manages, as the sign-in backend loaded them."""
    places = getattr(request.user, "loaded_memberships", None) or []
    return {place.clinic_id for place in places if place.role == "manager"}


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Search by patient id, record id or person; filter by day, action and kind of record."""

    list_display = [
        "at",
        "actor_label",
        "actor_kind",
        "action",
        "model",
        "object_id",
        "fields",
        "reason",
    ]
    list_filter = ["at", "action", ActorKindFilter, KindFilter]
    search_fields = ["actor_label"]
    search_help_text = _("A patient's id, a record's id, a person's id, or a part of their name.")
    ordering = ["-id"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """An id goes to the indexed columns; anything else is part of a person's name."""
        try:
            wanted = UUID(search_term.strip())
        except ValueError:
            return super().get_search_results(request, queryset, search_term)
        text = str(wanted)
        found = (
            queryset.filter(patients__contains=[wanted])
            | queryset.filter(actor_id=text)
            | queryset.filter(object_id=text)
        )
        return found, False


@admin.register(AuditSeal)
class AuditSealAdmin(ReadOnlyAdmin):
    """The chain: one line a seal."""

    list_display = ["sealed_at", "clinic_id", "number", "size", "head"]
    list_filter = ["sealed_at"]
    fields = ["clinic_id", "number", "size", "up_to", "before", "head", "sealed_at"]
    readonly_fields = ["size", "before", "head"]

    @admin.display(description=_("entries"))
    def size(self, seal: AuditSeal) -> int:
        """How many entries it covers."""
        return len(seal.entry_ids)

    @admin.display(description=_("digest"))
    def head(self, seal: AuditSeal) -> str:
        """In hex."""
        return bytes(seal.digest).hex()

    @admin.display(description=_("digest before"))
    def before(self, seal: AuditSeal) -> str:
        """In hex."""
        return bytes(seal.previous).hex()

"""What every admin class of the house stands on.

`CatalogueAdmin` for what managers keep (catalogues, rooms, templates), `ReadOnlyPatientDataAdmin`
for what they may only look at. Both show somebody who is no superuser just the clinics in which
they are a manager; nobody deletes in bulk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from operator import attrgetter
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID
from weakref import WeakKeyDictionary

from django.contrib import admin
from django.db import models
from django.db.models.fields.related import ForeignKey
from django.forms import ModelChoiceField
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from mesoclinic.audit.services import audited, record_read
from mesoclinic.clinic.auth import memberships_of
from mesoclinic.clinic.http import ClinicRequest
from mesoclinic.clinic.models import Clinic, Role, StaffMember

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

# The clinic of the row that a request changes: what its fields may point at.
_ROW_CLINIC: WeakKeyDictionary[HttpRequest, UUID] = WeakKeyDictionary()


def clinics_of(request: HttpRequest, roles: Iterable[str] = (Role.MANAGER,)) -> list[Clinic]:
    """The clinics in which the signed-in person has one of `roles`."""
    wanted = set(roles)
    staff = cast(StaffMember, request.user)
    return [place.clinic for place in memberships_of(staff) if place.role in wanted]


@contextmanager
def acting(request: HttpRequest) -> Iterator[None]:
    """Everything written inside is recorded under the person of the request."""
    with audited(cast(ClinicRequest, request).actor):
        yield


class AuditedAdmin(ModelAdmin):
    """Changes carry the person's name in the audit record; there is no bulk delete."""

    show_full_result_count = False
    save_on_top = False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without "delete selected"."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Add and change pages."""
        if request.method != "POST":
            return super().changeform_view(request, *args, **kwargs)
        with acting(request):
            return super().changeform_view(request, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page that deletes one row."""
        if request.method != "POST":
            return super().delete_view(request, *args, **kwargs)
        with acting(request):
            return super().delete_view(request, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The list, with its actions and editable cells."""
        if request.method != "POST":
            return super().changelist_view(request, *args, **kwargs)
        with acting(request):
            return super().changelist_view(request, *args, **kwargs)


class CatalogueAdmin(AuditedAdmin):
    """A table that managers keep for their own clinics; superusers keep all.

    `clinic_lookup` is the path to the clinic ("clinic", "protocol__clinic"; "" for a table all
    clinics share, which only superusers change and managers may read). Choices of related rows
    are narrowed to the same clinics. `deletable = False` takes the delete button away.
    """

    clinic_lookup = "clinic"
    deletable = True
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Rows of the person's clinics."""
        rows = super().get_queryset(request)
        if request.user.is_superuser or not self.clinic_lookup:
            return rows
        return rows.filter(**{f"{self.clinic_lookup}__in": clinics_of(request)})

    def _shows_clinic(self, request: HttpRequest) -> bool:
        """Whether rows of several clinics stand in one list."""
        several = request.user.is_superuser or len(clinics_of(request)) > 1
        return self.clinic_lookup == "clinic" and several

    def get_list_display(self, request: HttpRequest) -> Any:
        """With the clinic where somebody keeps several."""
        first, *others = super().get_list_display(request)
        if not self._shows_clinic(request) or "clinic" in (first, *others):
            return (first, *others)
        return (first, "clinic", *others)

    def get_list_filter(self, request: HttpRequest) -> Any:
        """By clinic where somebody keeps several; only those are named."""
        filters = tuple(super().get_list_filter(request))
        if not self._shows_clinic(request) or "clinic" in filters:
            return filters
        return (("clinic", admin.RelatedOnlyFieldListFilter), *filters)

    def get_list_select_related(self, request: HttpRequest) -> Any:
        """No query for a row's clinic."""
        related = super().get_list_select_related(request)
        if not self._shows_clinic(request) or related is True:
            return related
        return (*(related or ()), "clinic")

    def get_form(self, request: HttpRequest, obj: Any = None, *args: Any, **kwargs: Any) -> Any:
        """A stored row may only point at rows of its own clinic."""
        if obj is not None and self.clinic_lookup == "clinic":
            _ROW_CLINIC[request] = obj.clinic_id
        return super().get_form(request, obj, *args, **kwargs)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Superusers and managers."""
        return bool(request.user.is_superuser or clinics_of(request))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers and managers of the row's clinic."""
        return self._owns(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for changing."""
        return self._keeps(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Shared tables only by superusers."""
        return self._keeps(request) and self._owns(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """One at a time, where nothing refers to the row."""
        return self.deletable and self.has_change_permission(request, obj)

    def _keeps(self, request: HttpRequest) -> bool:
        if request.user.is_superuser:
            return True
        return bool(self.clinic_lookup and clinics_of(request))

    def _owns(self, request: HttpRequest, obj: Any) -> bool:
        if request.user.is_superuser:
            return True
        clinics = clinics_of(request)
        if obj is None or not self.clinic_lookup:
            return bool(clinics)
        return attrgetter(self.clinic_lookup.replace("__", "."))(obj) in clinics

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The clinic at hand is filled in."""
        initial: dict[str, Any] = dict(super().get_changeform_initial_data(request))
        clinic = cast(ClinicRequest, request).clinic
        if clinic is not None:
            initial.setdefault("clinic", clinic.pk)
        return initial

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        """Only rows of the person's clinics can be chosen."""
        narrow_choices(db_field, request, kwargs)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only rows of the person's clinics can be chosen."""
        narrow_choices(db_field, request, kwargs)
        return super().formfield_for_manytomany(db_field, request, **kwargs)


def narrow_choices(db_field: Any, request: HttpRequest, kwargs: dict[str, Any]) -> None:
    """Set `queryset` in `kwargs` to the rows of clinics the person manages (superusers see all).

    Of a stored row, only to those of its own clinic. Also for inlines: call it in their
    `formfield_for_foreignkey`.
    """
    model = db_field.related_model
    row_clinic = _ROW_CLINIC.get(request)
    owned = any(field.name == "clinic" for field in model._meta.get_fields())
    if row_clinic is not None and owned and "queryset" not in kwargs:
        kwargs["queryset"] = model._default_manager.filter(clinic=row_clinic)
    if request.user.is_superuser or "queryset" in kwargs:
        return
    clinics = clinics_of(request)
    if model is Clinic:
        kwargs["queryset"] = Clinic.objects.filter(pk__in=[clinic.pk for clinic in clinics])
    elif owned:
        kwargs["queryset"] = model._default_manager.filter(clinic__in=clinics)


class ReadOnlyPatientDataAdmin(AuditedAdmin):
    """Patient data to look at, never to change. Every list and every page shown is audited.

    Seen by managers and practitioners (`roles`) of the row's clinic who may open the
    administration. A superuser without such a role sees nothing: it is not a clinical role.
    `patient_path` leads from the row to the patient's id ("patient_id", "plan.patient_id", "id"),
    and is empty for rows of no patient. Rows of an erased person are not there (`erased_lookup`, empty
    for rows of no patient): what the law keeps of them is found among the closed records only.
    """

    clinic_lookup = "clinic"
    patient_path = "patient_id"
    erased_lookup = "patient__erased_at"
    roles: frozenset[str] = frozenset({Role.MANAGER.value, Role.PRACTITIONER.value})
    list_per_page = 50
    actions = None

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Rows of the person's clinics, but for those of erased persons."""
        clinics = clinics_of(request, self.roles)
        rows = super().get_queryset(request).filter(**{f"{self.clinic_lookup}__in": clinics})
        return rows.filter(**{self.erased_lookup: None}) if self.erased_lookup else rows

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whoever has a fitting role somewhere."""
        return bool(clinics_of(request, self.roles))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever has a fitting role in the row's clinic."""
        clinics = clinics_of(request, self.roles)
        if obj is None:
            return bool(clinics)
        return attrgetter(self.clinic_lookup.replace("__", "."))(obj) in clinics

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The list; one audit row names every patient on it."""
        response = super().changelist_view(request, *args, **kwargs)
        changelist = (getattr(response, "context_data", None) or {}).get("cl")
        if changelist is not None:
            self._record(request, changelist.result_list)
        return response

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """One row; one audit row."""
        response = super().change_view(request, object_id, *args, **kwargs)
        shown = (getattr(response, "context_data", None) or {}).get("original")
        if isinstance(response, TemplateResponse) and shown is not None:
            self._record(request, [shown], object_id=str(shown.pk))
        return response

    def history_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Nothing is changed here, so Django's own history is empty: back to the record."""
        return self.change_view(request, *args, **kwargs)

    def _record(self, request: HttpRequest, rows: Iterable[Any], object_id: str = "") -> None:
        patients: list[UUID] = []
        if self.patient_path:
            patients = [pk for pk in map(attrgetter(self.patient_path), rows) if pk]
        label = f"{self.opts.app_label}.{self.opts.model_name}"
        actor = cast(ClinicRequest, request).actor
        record_read(actor, model=label, patients=patients, object_id=object_id, reason="admin")

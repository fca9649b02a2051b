"""What managers keep: rooms, devices, visit types, hours, time off. Visits are to look at only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from mesoclinic.clinic.admin_base import CatalogueAdmin, ReadOnlyPatientDataAdmin
from scheduling.models import (
    Appointment,
    AppointmentMove,
    AppointmentStatusChange,
    BookingRules,
    CalendarFeed,
    Device,
    FreedTime,
    OnlineBooking,
    OnlineRules,
    ResourceHours,
    Room,
    TimeOff,
    VisitType,
    WaitlistEntry,
    WaitlistOffer,
    WorkingHours,
)


@admin.register(Room)
class RoomAdmin(CatalogueAdmin):
    """Rooms; one with visits is switched off, not deleted."""

    list_display = ("name", "kind", "order", "is_active", "clinic")
    list_editable = ("order", "is_active")
    list_filter = ("kind", "is_active", "clinic")
    search_fields = ("name",)


@admin.register(Device)
class DeviceAdmin(CatalogueAdmin):
    """Devices of which there is one each."""

    list_display = ("name", "kind", "is_active", "clinic")
    list_filter = ("kind", "is_active", "clinic")
    search_fields = ("name", "kind")


@admin.register(VisitType)
class VisitTypeAdmin(CatalogueAdmin):
    """What can be booked."""

    list_display = ("name", "kind", "duration_min", "room_kind", "needs_licence", "is_active")
    list_filter = ("kind", "is_active", "clinic")
    search_fields = ("name", "key")
    prepopulated_fields = {"key": ("name",)}
    fieldsets = (
        (None, {"fields": ("clinic", "name", "key", "kind", "is_active")}),
        (
            _("Time"),
            {"fields": ("duration_min", "buffer_before_min", "buffer_after_min", "grid_min")},
        ),
        (_("Needs"), {"fields": ("room_kind", "device_kind", "needs_licence", "given_by")}),
        (_("Sessions only"), {"fields": ("technique", "areas_up_to")}),
        (_("Chosen by patients"), {"fields": ("is_online", "notice_hours", "horizon_days")}),
    )


@admin.register(WorkingHours)
class WorkingHoursAdmin(CatalogueAdmin):
    """Hours by weekday. Overlapping blocks are refused by the table itself."""

    list_display = (
        "practitioner",
        "weekday",
        "starts",
        "ends",
        "room",
        "valid_from",
        "valid_until",
    )
    list_filter = ("weekday", "clinic", "practitioner")
    search_fields = ("practitioner__full_name",)
    list_select_related = ("practitioner", "room", "clinic")


@admin.register(ResourceHours)
class ResourceHoursAdmin(CatalogueAdmin):
    """Hours of rooms and devices; maintenance is time off."""

    list_display = ("room", "device", "weekday", "starts", "ends", "valid_from", "valid_until")
    list_filter = ("weekday", "clinic")
    search_fields = ("room__name", "device__name")
    list_select_related = ("room", "device", "clinic")


@admin.register(BookingRules)
class BookingRulesAdmin(CatalogueAdmin):
    """Waiting list, missed visits and late arrivals of a clinic."""

    list_display = (
        "clinic",
        "offer_minutes",
        "no_show_limit",
        "no_show_then",
        "late_minutes",
        "person_gap_days",
    )
    list_filter = ("no_show_then", "clinic")
    search_fields = ("clinic__name",)


@admin.register(FreedTime)
class FreedTimeAdmin(CatalogueAdmin):
    """Times that were offered along the waiting list."""

    list_display = ("during", "practitioner", "status", "clinic")
    list_filter = ("status", "clinic")
    search_fields = ("practitioner__full_name",)
    list_select_related = ("practitioner", "clinic")


@admin.register(WaitlistEntry)
class WaitlistEntryAdmin(ReadOnlyPatientDataAdmin):
    """Who waits, for what."""

    list_display = ("created_at", "patient", "visit_type", "practitioner", "status")
    list_filter = ("status", "visit_type", "clinic")
    search_fields = ("patient__name", "patient__record_number")
    list_select_related = ("patient", "visit_type", "practitioner")


@admin.register(WaitlistOffer)
class WaitlistOfferAdmin(ReadOnlyPatientDataAdmin):
    """Which time was offered to whom, and the answer."""

    list_display = ("created_at", "patient", "freed", "status", "expires_at")
    list_filter = ("status", "clinic")
    search_fields = ("patient__name", "patient__record_number")
    list_select_related = ("patient", "freed")


@admin.register(TimeOff)
class TimeOffAdmin(CatalogueAdmin):
    """Leave, maintenance, closures and public holidays (which can be switched off one by one)."""

    list_display = ("label", "practitioner", "room", "device", "during", "in_force", "clinic")
    list_editable = ("in_force",)
    list_filter = ("in_force", "clinic", "practitioner")
    search_fields = ("label", "practitioner__full_name")
    list_select_related = ("practitioner", "room", "device", "clinic")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """A public holiday keeps its day: switch it off, or add a closure of your own."""
        return ("during",) if obj is not None and obj.holiday_key else ()


@admin.register(Appointment)
class AppointmentAdmin(ReadOnlyPatientDataAdmin):
    """Visits."""

    list_display = ("during", "patient", "practitioner", "room", "visit_type", "status")
    list_filter = ("status", "visit_type", "clinic")
    search_fields = ("patient__name", "patient__record_number")
    list_select_related = ("patient", "practitioner", "room", "visit_type")


@admin.register(AppointmentStatusChange)
class AppointmentStatusChangeAdmin(ReadOnlyPatientDataAdmin):
    """Who changed the status of a visit, when and why."""

    list_display = ("at", "appointment", "from_status", "to_status", "by_label", "reason")
    list_filter = ("to_status", "clinic")
    search_fields = (
        "appointment__patient__name",
        "appointment__patient__record_number",
        "by_label",
    )
    list_select_related = ("appointment",)


@admin.register(AppointmentMove)
class AppointmentMoveAdmin(ReadOnlyPatientDataAdmin):
    """Who moved a visit, when and why."""

    list_display = ("at", "appointment", "from_during", "to_during", "by_label", "reason")
    list_filter = ("clinic",)
    search_fields = (
        "appointment__patient__name",
        "appointment__patient__record_number",
        "by_label",
    )
    list_select_related = ("appointment",)


@admin.register(OnlineRules)
class OnlineRulesAdmin(CatalogueAdmin):
    """What patients do by themselves: booking, moving, cancelling, and which websites may show it."""

    list_display = ("clinic", "is_open", "hold_minutes", "change_limit_hours")
    list_filter = ("is_open", "clinic")
    search_fields = ("clinic__name",)


@admin.register(OnlineBooking)
class OnlineBookingAdmin(CatalogueAdmin):
    """Who began to book online, and what came of it. To look at only."""

    list_display = ("during", "visit_type", "practitioner", "status", "held_until", "clinic")
    list_filter = ("status", "clinic")
    search_fields = ("practitioner__full_name",)
    list_select_related = ("visit_type", "practitioner", "clinic")
    fields = ("during", "visit_type", "practitioner", "room", "status", "held_until")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Patients make them."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They are kept."""
        return False


@admin.register(CalendarFeed)
class CalendarFeedAdmin(CatalogueAdmin):
    """Addresses that calendar programs read; set "revoked at" to end one."""

    list_display = ("membership", "label", "last_read_at", "revoked_at", "clinic")
    list_filter = ("clinic",)
    search_fields = ("label", "membership__staff__full_name")
    list_select_related = ("membership__staff", "clinic")
    fields = ("clinic", "membership", "label", "last_read_at", "revoked_at")
    readonly_fields = ("clinic", "membership", "label", "last_read_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The person makes it, for only they see its address."""
        return False

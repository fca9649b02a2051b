"""Shapes of the clinic's API. Fields are named one by one; nothing is exposed by accident."""

from __future__ import annotations

from rest_framework import serializers

from mesoclinic.clinic.models import Clinic, Membership


class ClinicSerializer(serializers.ModelSerializer[Clinic]):
    """The caller's clinic."""

    class Meta:
        model = Clinic
        fields = [
            "id",
            "name",
            "slug",
            "time_zone",
            "hemisphere",
            "country",
            "language",
            "address",
            "phone",
            "emergency_number",
            "screening_valid_days",
        ]
        read_only_fields = fields


class StaffSerializer(serializers.ModelSerializer[Membership]):
    """A person in the clinic; `id` is the membership, which appointments and plans refer to."""

    name = serializers.CharField(source="display_name", read_only=True)
    initials = serializers.CharField(read_only=True)

    class Meta:
        model = Membership
        fields = ["id", "name", "initials", "role", "title", "colour"]
        read_only_fields = fields


class MeSerializer(StaffSerializer):
    """The caller, with what only they need to see."""

    email = serializers.EmailField(source="staff.email", read_only=True)
    language = serializers.CharField(source="staff.language", read_only=True)
    clinic = serializers.UUIDField(source="clinic_id", read_only=True)

    class Meta(StaffSerializer.Meta):
        fields = [*StaffSerializer.Meta.fields, "email", "language", "clinic"]
        read_only_fields = fields

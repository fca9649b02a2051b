"""Fields of suspected duplicates and of merges."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from patients.models import PatientMerge
from patients.serializers import PatientLineSerializer


class DuplicatePairSerializer(serializers.Serializer[Any]):
    """Two entries that may be one person, and what they share; the older entry first."""

    first = PatientLineSerializer()
    second = PatientLineSerializer()
    same_birth_date = serializers.BooleanField()
    birth_date_slip = serializers.BooleanField(
        help_text="The two dates of birth differ by one digit, or by day and month swapped."
    )
    same_phone = serializers.BooleanField()
    same_email = serializers.BooleanField()


class MergeSerializer(serializers.ModelSerializer[PatientMerge]):
    """A merge: everything of `dropped` was given to `kept`."""

    kept = serializers.UUIDField(source="kept_id")
    dropped = serializers.UUIDField(source="dropped_id")

    class Meta:
        model = PatientMerge
        fields = [
            "id", "kept", "dropped", "merged_at", "merged_by", "undo_until", "undone_at",
            "undone_by",
        ]  # fmt: skip
        read_only_fields = fields


class MergeCreateSerializer(serializers.Serializer[Any]):
    """The entry to keep, and the one to give everything to it."""

    keep = serializers.UUIDField()
    drop = serializers.UUIDField()

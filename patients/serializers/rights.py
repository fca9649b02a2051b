"""Fields of contact preferences, of restricting and erasing, and of mailed questionnaires."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from patients.models import ContactPreference, Patient
from patients.services import CHANNELS


class WishSerializer(serializers.Serializer[Any]):
    """Whether messages of one purpose may reach the patient by one channel."""

    channel = serializers.ChoiceField(choices=sorted(CHANNELS))
    purpose = serializers.ChoiceField(choices=ContactPreference.Purpose.choices)
    allowed = serializers.BooleanField()


class HeldCountSerializer(serializers.Serializer[Any]):
    """How many rows of one kind (a pair in the plan)."""

    what = serializers.CharField()
    count = serializers.IntegerField()

    def to_representation(self, instance: tuple[str, int]) -> dict[str, Any]:
        """From the plan's pair."""
        what, count = instance
        return {"what": what, "count": count}


class ErasurePlanSerializer(serializers.Serializer[Any]):
    """What erasing would do today; `obstacles` must be settled first, what `ends` tells of ends."""

    kept_until = serializers.DateField(allow_null=True)
    goes = HeldCountSerializer(many=True)
    stays = HeldCountSerializer(many=True)
    obstacles = serializers.ListField(child=serializers.CharField())
    ends = serializers.ListField(child=serializers.CharField())


class EraseSerializer(serializers.Serializer[Any]):
    """The record number, so that nobody is erased by a slip."""

    record_number = serializers.CharField(max_length=20)


class ReasonSerializer(serializers.Serializer[Any]):
    """Why the data may not be used."""

    reason = serializers.CharField(max_length=300)


class ClosedRecordSerializer(serializers.ModelSerializer[Patient]):
    """An erased person of whose treatment the law keeps the record."""

    class Meta:
        model = Patient
        fields = ["id", "record_number", "name", "birth_date", "erased_at", "kept_until"]
        read_only_fields = fields


class InvitationSerializer(serializers.Serializer[Any]):
    """A mailed questionnaire. `state`: sent, opened, started, done or ended; never the link itself."""

    id = serializers.UUIDField(source="link.pk")
    patient = serializers.UUIDField(source="link.patient_id")
    state = serializers.CharField()
    created_at = serializers.DateTimeField(source="link.created_at")
    expires_at = serializers.DateTimeField(source="link.expires_at")
    opened_at = serializers.DateTimeField(source="link.opened_at", allow_null=True)
    used_at = serializers.DateTimeField(source="link.used_at", allow_null=True)
    revoked_at = serializers.DateTimeField(source="link.revoked_at", allow_null=True)
    screening = serializers.UUIDField(source="link.subject_id", allow_null=True)


class InviteSerializer(serializers.Serializer[Any]):
    """Whom to mail the questionnaire."""

    patient = serializers.UUIDField()

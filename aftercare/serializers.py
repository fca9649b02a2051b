"""Shapes of the aftercare room in the API. Every field is named; secrets and texts are not there."""

from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from aftercare.models import (
    CheckIn,
    Message,
    MessageEvent,
    MessageTemplate,
    ProgrammeStep,
    StaffTask,
)


class MessageEventSerializer(serializers.ModelSerializer[MessageEvent]):
    """One change of a message's state."""

    class Meta:
        model = MessageEvent
        fields: ClassVar[list[str]] = ["from_state", "to_state", "at", "why"]


class MessageSerializer(serializers.ModelSerializer[Message]):
    """A message of the outbox."""

    class Meta:
        model = Message
        fields: ClassVar[list[str]] = [
            "id", "patient", "title", "subject_type", "subject_id", "step_key", "purpose",
            "channel", "programme_version", "is_urgent", "is_essential", "due_at", "due_local", "expires_at", "state",
            "why", "attempts", "message_id", "sent_at",
        ]  # fmt: skip
        read_only_fields = fields


class MessageDetailSerializer(MessageSerializer):
    """A message with its history."""

    events = MessageEventSerializer(many=True, read_only=True)

    class Meta(MessageSerializer.Meta):
        fields: ClassVar[list[str]] = [*MessageSerializer.Meta.fields, "events"]
        read_only_fields = fields


class PatientQuery(serializers.Serializer[None]):
    """`?patient=` of a list."""

    patient = serializers.UUIDField(required=False, source="patient_id")


class MessageQuery(PatientQuery):
    """`?patient=`, `?state=` and `?subject=` (a visit, session or link) of the ledger."""

    state = serializers.ChoiceField(choices=Message.State.choices, required=False)
    subject = serializers.UUIDField(required=False, source="subject_id")


class MessageDecisionSerializer(serializers.Serializer[None]):
    """What a person decides about a held or failed message."""

    decision = serializers.ChoiceField(choices=["send", "drop"])


class ProgrammeStepSerializer(serializers.ModelSerializer[ProgrammeStep]):
    """A step of the programme."""

    class Meta:
        model = ProgrammeStep
        fields: ClassVar[list[str]] = [
            "id", "key", "name", "anchor", "offset", "offset_unit", "at_local_time", "expires",
            "expires_unit", "template_key", "channel", "purpose", "is_urgent", "is_essential",
            "sessions_only", "which_sessions", "conditions", "is_active", "version",
        ]  # fmt: skip
        read_only_fields = ("id", "key", "version")


class MessageTemplateSerializer(serializers.ModelSerializer[MessageTemplate]):
    """The words of one message in one language."""

    class Meta:
        model = MessageTemplate
        fields: ClassVar[list[str]] = [
            "id", "key", "language", "subject", "preheader", "body", "short_text", "approved_at"
        ]  # fmt: skip
        read_only_fields = ("id", "key", "language", "approved_at")


class TaskSerializer(serializers.ModelSerializer[StaffTask]):
    """Something that waits for a person."""

    title = serializers.CharField(source="heading", read_only=True)

    class Meta:
        model = StaffTask
        fields: ClassVar[list[str]] = [
            "id", "kind", "role", "patient", "title", "detail", "subject_id", "is_urgent", "due_at",
            "claimed_by", "done_at", "done_by", "outcome",
        ]  # fmt: skip
        read_only_fields = fields


class TaskOutcomeSerializer(serializers.Serializer[None]):
    """What came of a task."""

    outcome = serializers.CharField(max_length=300)


class CheckInSerializer(serializers.ModelSerializer[CheckIn]):
    """An answered check-in."""

    class Meta:
        model = CheckIn
        fields: ClassVar[list[str]] = [
            "id", "patient", "session", "feeling", "effects", "text", "level", "answered_at"
        ]  # fmt: skip
        read_only_fields = fields

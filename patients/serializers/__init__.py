"""Fields of the API, each named: nothing of a model leaks by being added to it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from rest_framework import serializers

from patients.models import (
    Allergy,
    Condition,
    Medicine,
    Patient,
    PatientFile,
    Questionnaire,
    Screening,
    ScreeningDecision,
    ScreeningResult,
)
from patients.services import (
    AllergyData,
    ConditionData,
    DecisionData,
    FileLabels,
    MedicineData,
    PatientData,
)

IDENTITY = [
    "id", "record_number", "name", "preferred_name", "family_name", "birth_date", "sex", "email",
    "phone", "address", "country", "language", "emergency_contact", "guardian_name",
    "guardian_contact", "guardian_consent_on", "found_through", "found_note", "alert", "preferred_weekdays", "preferred_from", "preferred_until",
    "deceased_on", "restricted_at", "created_at",
]  # fmt: skip
CLINICAL = [
    "phototype", "weight_kg", "sun_exposure", "smoking", "alcohol", "stress", "notes",
]  # fmt: skip


class PatientSerializer(serializers.ModelSerializer[Patient]):
    """A patient as every role of the clinic may see them."""

    phone = serializers.CharField(required=False, allow_blank=True, max_length=40)

    class Meta:
        model = Patient
        fields = IDENTITY
        read_only_fields = ["id", "record_number", "restricted_at", "created_at"]
        extra_kwargs = {"language": {"required": False}, "family_name": {"required": False}}

    def to_data(self) -> PatientData:
        """What was sent, on top of what is stored in a partial update."""
        stored = PatientData.of(self.instance) if self.instance is not None else None
        start = (
            {one.name: getattr(stored, one.name) for one in fields(PatientData)} if stored else {}
        )
        return PatientData(**{**start, **self.validated_data})


class ClinicalPatientSerializer(PatientSerializer):
    """A patient as a practitioner sees them."""

    class Meta(PatientSerializer.Meta):
        fields = [*IDENTITY, *CLINICAL]


class PatientCreateSerializer(serializers.Serializer[Any]):
    """Beside the patient's fields: register although somebody alike is there."""

    accept_duplicate = serializers.BooleanField(default=False)


class PatientLineSerializer(serializers.ModelSerializer[Patient]):
    """One line of a list."""

    class Meta:
        model = Patient
        fields = [
            "id", "record_number", "name", "birth_date", "sex", "email", "phone", "alert",
            "deceased_on",
        ]  # fmt: skip
        read_only_fields = fields


class PatientPageSerializer(serializers.Serializer[Any]):
    """A page of patients; `after` leads to the next one, empty at the end."""

    results = PatientLineSerializer(many=True)
    after = serializers.CharField()
    by_similarity = serializers.BooleanField()


_FACT = ["id", "patient", "text", "code_system", "code", "tags", "note", "source", "is_active"]
_FACT_READ_ONLY = ["id", "tags", "source", "is_active", "created_at"]


class AllergySerializer(serializers.ModelSerializer[Allergy]):
    """An allergy."""

    patient = serializers.UUIDField(source="patient_id")

    class Meta:
        model = Allergy
        fields = [*_FACT, "reaction", "severity", "certainty", "noted_on", "created_at"]
        read_only_fields = _FACT_READ_ONLY

    def to_data(self) -> AllergyData:
        """For the service."""
        return AllergyData(**fact_values(self, AllergyData))


class MedicineSerializer(serializers.ModelSerializer[Medicine]):
    """A medicine; `until` is the last day."""

    patient = serializers.UUIDField(source="patient_id")

    class Meta:
        model = Medicine
        fields = [*_FACT, "since", "until", "created_at"]
        read_only_fields = _FACT_READ_ONLY

    def to_data(self) -> MedicineData:
        """For the service."""
        return MedicineData(**fact_values(self, MedicineData))


class ConditionSerializer(serializers.ModelSerializer[Condition]):
    """A condition; `ended_on` is the last day."""

    patient = serializers.UUIDField(source="patient_id")

    class Meta:
        model = Condition
        fields = [*_FACT, "onset_on", "ended_on", "created_at"]
        read_only_fields = _FACT_READ_ONLY

    def to_data(self) -> ConditionData:
        """For the service."""
        return ConditionData(**fact_values(self, ConditionData))


def fact_values(serializer: serializers.ModelSerializer[Any], kind: type) -> dict[str, Any]:
    """The fields of `kind` (a data class of the service): stored ones under those sent."""
    names = [one.name for one in fields(kind)]
    stored = serializer.instance
    start = {name: getattr(stored, name) for name in names} if stored is not None else {}
    sent = {
        name: serializer.validated_data[name] for name in names if name in serializer.validated_data
    }
    return {**start, **sent}


class QuestionnaireSerializer(serializers.ModelSerializer[Questionnaire]):
    """A version of the questionnaire."""

    class Meta:
        model = Questionnaire
        fields = ["id", "key", "version", "title", "status", "published_at", "approved_at"]
        read_only_fields = fields


class QuestionnaireWithSpecSerializer(QuestionnaireSerializer):
    """With its questions and rules, in the form of the export."""

    class Meta(QuestionnaireSerializer.Meta):
        fields = [*QuestionnaireSerializer.Meta.fields, "spec"]


class ScreeningDecisionSerializer(serializers.ModelSerializer[ScreeningDecision]):
    """A practitioner's signed decision."""

    decided_by = serializers.CharField(source="decided_by.full_name", read_only=True)

    class Meta:
        model = ScreeningDecision
        fields = [
            "id", "decision", "reason", "conditions", "defer_until", "decided_at", "decided_by",
        ]  # fmt: skip
        read_only_fields = ["id", "decided_at", "decided_by"]

    def to_data(self) -> DecisionData:
        """For the service."""
        return DecisionData(**self.validated_data)


class ScreeningOutcomeSerializer(serializers.ModelSerializer[ScreeningResult]):
    """A judgement without its reasons: for roles that see no clinical content."""

    class Meta:
        model = ScreeningResult
        fields = ["id", "outcome", "valid_until", "evaluated_at"]
        read_only_fields = fields


class ResultSerializer(ScreeningOutcomeSerializer):
    """A judgement with its findings."""

    decisions = ScreeningDecisionSerializer(many=True, read_only=True)

    class Meta(ScreeningOutcomeSerializer.Meta):
        fields = [*ScreeningOutcomeSerializer.Meta.fields, "findings", "decisions"]
        read_only_fields = fields


class ScreeningSerializer(serializers.ModelSerializer[Screening]):
    """A screening without its answers."""

    class Meta:
        model = Screening
        fields = ["id", "patient", "questionnaire", "channel", "submitted_at", "created_at"]
        read_only_fields = fields


class ScreeningWithAnswersSerializer(ScreeningSerializer):
    """A screening with its answers."""

    class Meta(ScreeningSerializer.Meta):
        fields = [*ScreeningSerializer.Meta.fields, "answers", "signed_name"]
        read_only_fields = fields


class ScreeningStartSerializer(serializers.Serializer[Any]):
    """Begin a screening at the desk."""

    patient = serializers.UUIDField()
    prefill = serializers.BooleanField(default=False)


class AnswersSerializer(serializers.Serializer[Any]):
    """Answers by question key; null takes one back."""

    answers = serializers.DictField()


class SubmitSerializer(serializers.Serializer[Any]):
    """The name under the questionnaire."""

    signed_name = serializers.CharField(max_length=200, allow_blank=True, default="")


class EndSerializer(serializers.Serializer[Any]):
    """The day something ended; today where left out."""

    ended_on = serializers.DateField(required=False, allow_null=True)


class PatientFileSerializer(serializers.ModelSerializer[PatientFile]):
    """A photograph or document; the bytes are at its `content` address."""

    area = serializers.CharField(read_only=True)
    uploaded_by = serializers.CharField(
        source="uploaded_by.full_name", read_only=True, allow_null=True
    )
    content = serializers.HyperlinkedIdentityField(view_name="api-file-content", read_only=True)

    class Meta:
        model = PatientFile
        fields = [
            "id", "patient_id", "kind", "title", "area", "view", "taken_at", "media_type", "size",
            "sha256", "width", "height", "uploaded_by", "created_at", "content",
        ]  # fmt: skip
        read_only_fields = fields


class FileLabelsSerializer(serializers.Serializer[Any]):
    """What is said about a file. `taken_on` is a day of the clinic."""

    area = serializers.SlugField(required=False, allow_blank=True, max_length=40, default="")
    view = serializers.ChoiceField(
        PatientFile.View.choices, required=False, allow_blank=True, default=""
    )
    title = serializers.CharField(required=False, allow_blank=True, max_length=200, default="")
    taken_on = serializers.DateField(required=False, allow_null=True, default=None)


class FileUploadSerializer(FileLabelsSerializer):
    """One file of one patient, as multipart form data."""

    patient = serializers.UUIDField()
    file = serializers.FileField(allow_empty_file=True)
    kind = serializers.ChoiceField(
        PatientFile.Kind.choices, required=False, default=PatientFile.Kind.PHOTOGRAPH.value
    )

    def to_labels(self) -> FileLabels:
        """The labels for the service."""
        rest = {"patient", "file"}
        return FileLabels(**{k: v for k, v in self.validated_data.items() if k not in rest})


class FileRelabelSerializer(FileLabelsSerializer):
    """Corrected labels; what is left out stays."""

    def to_labels(self, file: PatientFile) -> FileLabels:
        """The labels for the service."""
        now = {"title": file.title, "area": file.area, "view": file.view}
        return FileLabels(**{**now, **self.validated_data})


class FileWithdrawSerializer(serializers.Serializer[Any]):
    """Why a file is taken out of sight."""

    reason = serializers.CharField(max_length=300)

"""Fields of the API, each named: nothing of a model leaks by being added to it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from treatments.models import (
    AdverseEvent,
    Cocktail,
    CocktailItem,
    Consent,
    Lot,
    OutcomeReview,
    PlannedSession,
    PointGroup,
    ProtocolPhase,
    SessionAddendum,
    SessionDose,
    SessionRecord,
    TreatmentPlan,
)


class PlannedSessionSerializer(serializers.ModelSerializer[PlannedSession]):
    """A session of a plan with the gap before it."""

    class Meta:
        model = PlannedSession
        fields = [
            "id", "number", "phase_name", "gap_min", "gap_ideal", "gap_max", "gap_unit",
            "dropped_at", "changed_at", "change_reason",
        ]  # fmt: skip


class PlanSerializer(serializers.ModelSerializer[TreatmentPlan]):
    """A plan as the front desk sees it: what, how many, in which state."""

    indication_name = serializers.CharField(source="indication.name", read_only=True)
    sessions_total = serializers.IntegerField(read_only=True)
    sessions_done = serializers.IntegerField(read_only=True)

    class Meta:
        model = TreatmentPlan
        fields = [
            "id", "patient", "practitioner", "indication_name", "status", "start_on", "created_at",
            "sessions_total", "sessions_done",
        ]  # fmt: skip


class ClinicalPlanSerializer(PlanSerializer):
    """A plan as a practitioner sees it."""

    class Meta(PlanSerializer.Meta):
        fields = [
            *PlanSerializer.Meta.fields, "indication", "protocol", "protocol_snapshot", "goals",
            "techniques", "areas", "status_reason", "offered", "sessions_bought", "currency",
            "cost_lines",
        ]  # fmt: skip


class LineSerializer(serializers.Serializer[Any]):
    """An ingredient with its dose per session, in the ingredient's unit."""

    ingredient = serializers.UUIDField()
    dose = serializers.DecimalField(max_digits=9, decimal_places=3)


class CostLineSerializer(serializers.Serializer[Any]):
    """How many of what, and the price of one."""

    label = serializers.CharField(max_length=120)  # type: ignore[assignment]
    quantity = serializers.IntegerField(min_value=1, max_value=1000, default=1)
    unit_price = serializers.DecimalField(max_digits=9, decimal_places=2, min_value=Decimal(0))


class TermsSerializer(serializers.Serializer[Any]):
    """Costs, sessions bought, and what else was offered."""

    offered = serializers.CharField(required=False, allow_blank=True, default="", max_length=1000)
    sessions_bought = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=0, max_value=200
    )
    currency = serializers.CharField(required=False, allow_blank=True, default="", max_length=3)
    cost_lines = CostLineSerializer(many=True, required=False, default=list)


class PlainGapSerializer(serializers.Serializer[Any]):
    """A gap to the session before."""

    gap_min = serializers.IntegerField(min_value=1, max_value=730)
    gap_ideal = serializers.IntegerField(min_value=1, max_value=730)
    gap_max = serializers.IntegerField(min_value=1, max_value=730)
    gap_unit = serializers.ChoiceField(
        choices=ProtocolPhase.Unit.choices, default=ProtocolPhase.Unit.DAYS
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The three go up."""
        if not attrs["gap_min"] <= attrs["gap_ideal"] <= attrs["gap_max"]:
            raise serializers.ValidationError({"gap_max": "min <= ideal <= max"})
        return attrs


class GapSerializer(PlainGapSerializer):
    """The gap of a session that is added, and why it is added."""

    reason = serializers.CharField(max_length=300)


class AdaptSerializer(serializers.Serializer[Any]):
    """Another gap for a session of the plan; without a gap it is left out."""

    session = serializers.UUIDField()
    gap = PlainGapSerializer(required=False, allow_null=True, default=None)
    reason = serializers.CharField(max_length=300)


class PlanCreateSerializer(serializers.Serializer[Any]):
    """What a plan is drawn up from."""

    patient = serializers.UUIDField()
    practitioner = serializers.UUIDField()
    indication = serializers.UUIDField()
    protocol = serializers.UUIDField()
    areas = serializers.ListField(child=serializers.UUIDField(), min_length=1)
    techniques = serializers.ListField(child=serializers.UUIDField(), min_length=1)
    lines = LineSerializer(many=True)
    start_on = serializers.DateField()
    goals = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)
    counts = serializers.ListField(
        child=serializers.IntegerField(min_value=0), required=False, allow_null=True, default=None
    )
    terms = TermsSerializer(required=False, default=None, allow_null=True)


class WindowSerializer(serializers.Serializer[Any]):
    """The window of a remaining session; `latest` is null where it is open."""

    session = serializers.UUIDField(source="session.pk")
    number = serializers.IntegerField(source="session.number")
    earliest = serializers.DateField(source="window.earliest")
    ideal = serializers.DateField(source="window.ideal")
    latest = serializers.SerializerMethodField()
    anchor = serializers.DateField(allow_null=True)
    after_actual = serializers.BooleanField()

    def get_latest(self, row: Any) -> str | None:
        """ISO date, null for an open window."""
        return None if row.window.is_open else row.window.latest.isoformat()


class ReasonSerializer(serializers.Serializer[Any]):
    """Why the gate does not simply say go."""

    code = serializers.CharField()
    verdict = serializers.CharField()
    message = serializers.CharField()
    what_to_do = serializers.CharField()
    overridable = serializers.BooleanField()
    overridden = serializers.BooleanField()


class ReadinessSerializer(serializers.Serializer[Any]):
    """The gate's answer."""

    verdict = serializers.CharField()
    reasons = ReasonSerializer(many=True)


class CocktailItemSerializer(serializers.ModelSerializer[CocktailItem]):
    """An ingredient of a cocktail version."""

    class Meta:
        model = CocktailItem
        fields = ["ingredient", "dose", "unit"]


class CocktailSerializer(serializers.ModelSerializer[Cocktail]):
    """A cocktail version."""

    items = CocktailItemSerializer(many=True, read_only=True)

    class Meta:
        model = Cocktail
        fields = ["id", "plan", "version", "change_note", "created_by", "created_at", "items"]


class VersionSerializer(serializers.Serializer[Any]):
    """The next version of a cocktail."""

    lines = LineSerializer(many=True)
    change_note = serializers.CharField(max_length=300)
    since = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1,
        help_text="The version this one was made from: 409 when a newer one was stored meanwhile. "
        "Without it nothing is compared.",
    )  # fmt: skip


class ConsentTextSerializer(serializers.Serializer[Any]):
    """The text to be signed, and its hash."""

    cocktail = serializers.UUIDField()
    text = serializers.CharField()
    text_sha256 = serializers.CharField()


class SignatureSerializer(serializers.Serializer[Any]):
    """A signature under the text with this hash."""

    text_sha256 = serializers.CharField(max_length=64)
    signer_name = serializers.CharField(max_length=200)
    method = serializers.ChoiceField(choices=Consent.Method.choices, default=Consent.Method.TABLET)
    drawing = serializers.CharField(required=False, default="", allow_blank=True, max_length=20000)


class ConsentSerializer(serializers.ModelSerializer[Consent]):
    """A signed consent."""

    class Meta:
        model = Consent
        fields = [
            "id", "patient", "cocktail", "text", "text_sha256", "signer_name", "drawing", "method",
            "signed_at", "withdrawn_at",
        ]  # fmt: skip


class DoseRowSerializer(serializers.Serializer[Any]):
    """A row of an unsigned record; everything may still be missing."""

    ingredient = serializers.CharField(allow_blank=True, default="", max_length=40)
    dose = serializers.CharField(allow_blank=True, default="", max_length=20)
    lot = serializers.CharField(allow_blank=True, default="", max_length=40)
    area = serializers.CharField(allow_blank=True, default="", max_length=40)
    technique = serializers.CharField(allow_blank=True, default="", max_length=40)
    syringe = serializers.CharField(allow_blank=True, default="", max_length=1)


class RowsSerializer(serializers.Serializer[Any]):
    """All rows of an unsigned record."""

    rows = DoseRowSerializer(many=True)


class SessionDoseSerializer(serializers.ModelSerializer[SessionDose]):
    """What was given."""

    class Meta:
        model = SessionDose
        fields = ["ingredient", "lot", "dose", "unit", "technique", "area"]


class PointGroupSerializer(serializers.ModelSerializer[PointGroup]):
    """Points set alike; pairs in percent of the view's box."""

    class Meta:
        model = PointGroup
        fields = ["view", "area", "technique", "layer", "depth_mm", "point_ml", "points"]


class MapSerializer(serializers.Serializer[Any]):
    """The map as drawn: groups and syringes; what makes no sense is left out."""

    groups = serializers.ListField(child=serializers.JSONField(), max_length=200)
    syringes = serializers.ListField(child=serializers.JSONField(), max_length=9, default=list)


class ReviewSerializer(serializers.ModelSerializer[OutcomeReview]):
    """How the result is judged; `gais` 1 (very much improved) to 5 (worse)."""

    class Meta:
        model = OutcomeReview
        fields = ["id", "rater", "gais", "satisfaction", "note", "reviewed_on"]
        read_only_fields = ["id", "reviewed_on"]


class AddendumSerializer(serializers.ModelSerializer[SessionAddendum]):
    """What was added to a signed record."""

    class Meta:
        model = SessionAddendum
        fields = ["id", "text", "written_at", "written_by"]
        read_only_fields = ["id", "written_at", "written_by"]


class SessionRecordSerializer(serializers.ModelSerializer[SessionRecord]):
    """The record of a session, with the rows of the form while it is not signed."""

    doses = SessionDoseSerializer(many=True, read_only=True)
    point_groups = PointGroupSerializer(many=True, read_only=True)
    addenda = AddendumSerializer(many=True, read_only=True)
    rows = DoseRowSerializer(many=True, read_only=True, source="draft")

    class Meta:
        model = SessionRecord
        fields = [
            "id", "planned_session", "patient", "cocktail", "practitioner", "performed_on",
            "started_at", "checklist", "reaction", "pain_score", "notes", "device", "device_settings",
            "duration_min", "signed_at", "signed_by", "rows", "doses", "point_groups", "addenda",
        ]  # fmt: skip


class SignSerializer(serializers.Serializer[Any]):
    """The practitioner's word for lots that were withdrawn after the session had begun."""

    given_before_withdrawal = serializers.BooleanField(
        default=False, help_text="They were given before they were withdrawn."
    )


class LotSerializer(serializers.ModelSerializer[Lot]):
    """A lot; `quantity` is what is left, in the ingredient's unit of dose."""

    class Meta:
        model = Lot
        fields = [
            "id", "product", "number", "expires_on", "quantity", "supplier", "opened_at",
            "use_until", "withdrawn_at", "withdrawn_reason", "created_at",
        ]  # fmt: skip
        read_only_fields = [
            "id", "opened_at", "use_until", "withdrawn_at", "withdrawn_reason", "created_at"
        ]  # fmt: skip
        # The service says it better, and knows that more of a lot adds to it.
        validators: list[Any] = []


class CountSerializer(serializers.Serializer[Any]):
    """What was counted, and why it differs."""

    quantity = serializers.DecimalField(max_digits=10, decimal_places=3)
    reason = serializers.CharField(max_length=200)


class ReasonTextSerializer(serializers.Serializer[Any]):
    """A reason."""

    reason = serializers.CharField(max_length=300)


class EventSerializer(serializers.ModelSerializer[AdverseEvent]):
    """An unwanted effect; severity 1 to 5."""

    class Meta:
        model = AdverseEvent
        fields = [
            "id", "patient", "session", "effect", "severity", "onset_on", "description",
            "source", "course", "cause", "actions", "is_draft", "resolved_at", "ending", "outcome",
            "created_at",
        ]  # fmt: skip
        read_only_fields = ["id", "is_draft", "resolved_at", "ending", "outcome", "created_at"]


class EventCreateSerializer(serializers.Serializer[Any]):
    """What happened to whom."""

    patient = serializers.UUIDField()
    session = serializers.UUIDField(required=False, allow_null=True, default=None)
    effect = serializers.CharField(max_length=60)
    severity = serializers.IntegerField(min_value=1, max_value=5)
    onset_on = serializers.DateField()
    description = serializers.CharField(required=False, allow_blank=True, default="")
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=AdverseEvent.Source.choices, default="other"
    )
    course = serializers.ChoiceField(choices=AdverseEvent.Course.choices, default="new")
    cause = serializers.ChoiceField(choices=AdverseEvent.Cause.choices, default="unknown")
    actions = serializers.CharField(required=False, allow_blank=True, default="")


class EventFollowSerializer(serializers.Serializer[Any]):
    """How it stands now."""

    severity = serializers.IntegerField(min_value=1, max_value=5)
    course = serializers.ChoiceField(choices=AdverseEvent.Course.choices)
    cause = serializers.ChoiceField(choices=AdverseEvent.Cause.choices)
    text = serializers.CharField()


class EventOutcomeSerializer(serializers.Serializer[Any]):
    """How it ended."""

    outcome = serializers.CharField(max_length=300)

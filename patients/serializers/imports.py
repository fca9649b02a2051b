"""Fields of imports of tables, their lines, and the matching of columns."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from patients.domain.tables import ORDERS, TARGETS
from patients.models import ImportRow, ImportRun
from patients.services import MOST_MEGABYTES, counts_of

_RUN = [
    "id", "kind", "state", "file_name", "started_by", "created_at", "finished_at", "undo_until",
    "undone_at", "undone_by",
]  # fmt: skip


class ImportRunSerializer(serializers.ModelSerializer[ImportRun]):
    """An import and where it stands."""

    class Meta:
        model = ImportRun
        fields = _RUN
        read_only_fields = fields


class ImportDetailSerializer(ImportRunSerializer):
    """With its columns, what each is taken for, and how many lines are in each state."""

    counts = serializers.SerializerMethodField()

    class Meta(ImportRunSerializer.Meta):
        fields = [*_RUN, "columns", "mapping", "options", "counts"]
        read_only_fields = fields

    def get_counts(self, run: ImportRun) -> dict[str, int]:
        """State of the lines → how many."""
        return counts_of(run)


class ImportLineSerializer(serializers.ModelSerializer[ImportRow]):
    """What became, or would become, of one line; `problems` are sentences for a person."""

    class Meta:
        model = ImportRow
        fields = ["number", "label", "state", "problems", "patient_id"]
        read_only_fields = fields


class ImportFileSerializer(serializers.Serializer[Any]):
    """A CSV or XLSX table, as multipart form data."""

    file = serializers.FileField(allow_empty_file=True)

    def validate_file(self, file: Any) -> Any:
        """Not more than the page takes."""
        if file.size > MOST_MEGABYTES * 1_000_000:
            raise serializers.ValidationError(_("The file is too large."))
        return file


class MappingSerializer(serializers.Serializer[Any]):
    """`columns`: number of the column, from 0 → what it is; columns left out are not imported."""

    columns = serializers.DictField(child=serializers.ChoiceField(choices=sorted(TARGETS)))
    dates = serializers.ChoiceField(choices=sorted(ORDERS))
    twice = serializers.ChoiceField(choices=["skip", "import"], default="skip")

    def validate_columns(self, columns: dict[str, str]) -> dict[int, str]:
        """Keys of JSON are texts."""
        if not all(one.isdecimal() for one in columns):
            raise serializers.ValidationError(_("Name columns by their number, from 0."))
        return {int(number): target for number, target in columns.items()}

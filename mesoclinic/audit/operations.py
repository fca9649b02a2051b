"""What the migrations of this house need beside Django's own operations."""

from __future__ import annotations

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import RunSQL
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState


class InstallTriggers(Operation):
    """Installs the triggers that the app's models name in their options, all at once.

    For a first migration: `AddTrigger`, one for each, would render every related model anew each
    time, which takes most of the time of building a database.
    """

    category = OperationCategory.SQL
    reduces_to_sql = True
    reversible = True

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing: the options of the models hold the triggers already."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Run the SQL that the compiled triggers carry."""
        for (label, _name), model in to_state.models.items():
            if label != app_label:
                continue
            for trigger in model.options.get("triggers", []):
                # Without parameters: the SQL is whole, its percent signs are its own.
                schema_editor.execute(trigger.install_sql, params=None)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Nothing: triggers go with their tables."""

    def describe(self) -> str:
        """As `migrate` prints it."""
        return "Install the triggers of the app's models"


def tie(table: str, columns: tuple[str, str], target: str, name: str) -> RunSQL:
    """A composite foreign key: the row of `target` has this id, and the same value beside it.

    `columns` are the reference and what both rows share, as `clinic_id`. The check is deferred like
    that of Django's own foreign keys. One of that name is replaced: databases that came here by
    the earlier migrations have it.
    """
    return RunSQL(
        f'ALTER TABLE "{table}" DROP CONSTRAINT IF EXISTS "{name}", '
        f'ADD CONSTRAINT "{name}" FOREIGN KEY ({", ".join(columns)}) '
        f'REFERENCES "{target}" (id, {columns[1]}) DEFERRABLE INITIALLY DEFERRED',
        f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"',
    )


def of_one_clinic(*tables: str) -> list[RunSQL]:
    """Rows about a patient belong to the patient's own clinic."""
    return [
        tie(table, ("patient_id", "clinic_id"), "patients_patient", f"{table}_same_clinic")
        for table in tables
    ]

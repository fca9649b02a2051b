"""Extensions, the shared SQL functions, and the audit tables."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.functions.datetime
import pgtrigger.compiler
import pgtrigger.migrations
from django.contrib.postgres.operations import (
    BtreeGistExtension,
    TrigramExtension,
    UnaccentExtension,
)
from django.db import migrations, models

# Immutable, so that it can feed generated columns and indexes: unaccent() alone is only STABLE
# because its dictionary is looked up by search path; here the dictionary is named.
FOLD = """
CREATE FUNCTION mesoclinic_fold(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
AS $$ SELECT lower(public.unaccent('public.unaccent'::regdictionary, value)) $$;
"""

# One row for each changed row. `old_row` is NULL on insert, `new_row` on delete. A missing actor
# setting is recorded as such, never refused: loaders and migrations write too.
WRITE = """
CREATE FUNCTION mesoclinic_audit_write(
    operation text, model text, object_id text, clinic uuid, patient uuid,
    old_row jsonb, new_row jsonb, ignored text[]
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    setting text := current_setting('mesoclinic.actor', true);
    actor jsonb;
    changed text[] := '{}';
BEGIN
    IF old_row IS NOT NULL AND new_row IS NOT NULL THEN
        SELECT coalesce(array_agg(n.key ORDER BY n.key), '{}') INTO changed
        FROM jsonb_each(new_row) n
        WHERE n.value IS DISTINCT FROM old_row -> n.key AND n.key <> ALL (ignored);
        IF cardinality(changed) = 0 THEN
            RETURN;
        END IF;
    END IF;
    IF setting IS NULL OR setting = '' THEN
        actor := '{"kind": "system", "label": "unknown"}';
    ELSE
        actor := setting::jsonb;
    END IF;
    INSERT INTO audit_auditentry (
        clinic_id, at, actor_kind, actor_id, actor_label, action, model, object_id,
        patients, fields, reason, request_id
    ) VALUES (
        coalesce(clinic, (actor ->> 'clinic_id')::uuid), statement_timestamp(),
        actor ->> 'kind', coalesce(actor ->> 'id', ''), coalesce(actor ->> 'label', ''),
        operation, model, object_id,
        CASE WHEN patient IS NULL THEN '{}'::uuid[] ELSE ARRAY[patient] END, changed,
        coalesce(actor ->> 'reason', ''), coalesce(actor ->> 'request_id', '')
    );
END;
$$;
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        BtreeGistExtension(),
        TrigramExtension(),
        UnaccentExtension(),
        migrations.RunSQL(FOLD, "DROP FUNCTION mesoclinic_fold(text)"),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("clinic_id", models.UUIDField(null=True, verbose_name="clinic")),
                ("number", models.PositiveBigIntegerField(verbose_name="number")),
                (
                    "entry_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None, verbose_name="entries"
                    ),
                ),
                ("entry_digests", models.BinaryField(verbose_name="entry digests")),
                ("up_to", models.BigIntegerField(verbose_name="up to entry")),
                ("previous", models.BinaryField(max_length=32, verbose_name="digest before")),
                ("digest", models.BinaryField(max_length=32, verbose_name="digest")),
                (
                    "sealed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        verbose_name="sealed at",
                    ),
                ),
            ],
            options={
                "verbose_name": "audit seal",
                "verbose_name_plural": "audit seals",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("clinic_id", models.UUIDField(null=True, verbose_name="clinic")),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="at"
                    ),
                ),
                ("actor_kind", models.CharField(max_length=12, verbose_name="actor kind")),
                ("actor_id", models.CharField(blank=True, max_length=64, verbose_name="actor id")),
                ("actor_label", models.CharField(blank=True, max_length=200, verbose_name="actor")),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("read", "Read"),
                            ("insert", "Added"),
                            ("update", "Changed"),
                            ("delete", "Deleted"),
                            ("export", "Exported"),
                            ("sign_in", "Signed in"),
                            ("sign_out", "Signed out"),
                            ("sign_in_failed", "Sign-in failed"),
                            ("denied", "Refused"),
                        ],
                        max_length=16,
                        verbose_name="action",
                    ),
                ),
                ("model", models.CharField(blank=True, max_length=80, verbose_name="record type")),
                (
                    "object_id",
                    models.CharField(blank=True, max_length=64, verbose_name="record id"),
                ),
                (
                    "patients",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(),
                        blank=True,
                        default=list,
                        help_text="The patients whose data was shown or changed.",
                        size=None,
                        verbose_name="patients",
                    ),
                ),
                (
                    "fields",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=63),
                        blank=True,
                        default=list,
                        help_text="Names of the changed columns; values are never kept here.",
                        size=None,
                        verbose_name="columns",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="reason")),
                ("request_id", models.CharField(blank=True, max_length=64, verbose_name="request")),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit entries",
                "ordering": ["-id"],
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["patients"], name="audit_entry_patients"
                    ),
                    django.contrib.postgres.indexes.BrinIndex(fields=["at"], name="audit_entry_at"),
                    models.Index(fields=["clinic_id", "id"], name="audit_entry_clinic"),
                    models.Index(fields=["actor_id", "id"], name="audit_entry_actor"),
                    models.Index(fields=["model", "object_id"], name="audit_entry_object"),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditentry",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'audit_auditentry: % refused by rule append_only', TG_OP USING ERRCODE = 'restrict_violation';",
                    hash="b121b9cca85848d5c5d1de7f6532c9b693e0ca08",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_6cfb3",
                    table="audit_auditentry",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditentry",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'audit_auditentry: % refused by rule no_truncate', TG_OP USING ERRCODE = 'restrict_violation';",
                    hash="63158c0b1b8a28b2d343b0735beec13020d6e117",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_f9722",
                    table="audit_auditentry",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="auditseal",
            index=models.Index(fields=["-up_to"], name="audit_seal_up_to"),
        ),
        migrations.AddConstraint(
            model_name="auditseal",
            constraint=models.UniqueConstraint(
                fields=("clinic_id", "number"), name="audit_seal_number", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="auditseal",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__gte", 1)), name="audit_seal_from_one"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditseal",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'audit_auditseal: % refused by rule append_only', TG_OP USING ERRCODE = 'restrict_violation';",
                    hash="015f4be7f35c56c278e76507f56cce9d537e34ea",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_3a3ab",
                    table="audit_auditseal",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="auditseal",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'audit_auditseal: % refused by rule no_truncate', TG_OP USING ERRCODE = 'restrict_violation';",
                    hash="f0d25e490dd9e7e3dcffce06eb09da0287f2e2cc",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_9331a",
                    table="audit_auditseal",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.RunSQL(
            WRITE,
            "DROP FUNCTION mesoclinic_audit_write(text, text, text, uuid, uuid, jsonb, jsonb, text[])",
        ),
    ]

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import mesoclinic.clinic.fields
import mesoclinic.clinic.models.clinic
import mesoclinic.common.ids


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("audit", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="Membership",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=mesoclinic.common.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("receptionist", "Receptionist"),
                            ("practitioner", "Practitioner"),
                            ("manager", "Manager"),
                        ],
                        max_length=20,
                        verbose_name="role",
                    ),
                ),
                (
                    "title",
                    models.CharField(
                        blank=True,
                        help_text="Before the name, e.g. Dr.",
                        max_length=40,
                        verbose_name="title",
                    ),
                ),
                (
                    "licence_number",
                    models.CharField(
                        blank=True,
                        help_text="Of a practitioner; leave empty where the country has none.",
                        max_length=60,
                        verbose_name="licence number",
                    ),
                ),
                (
                    "licence_expires_on",
                    models.DateField(
                        blank=True,
                        help_text="The settings page warns 60 days before; empty means it does not expire.",
                        null=True,
                        verbose_name="licence expires on",
                    ),
                ),
                (
                    "colour",
                    models.CharField(
                        default="#0e6f6d",
                        help_text="In the calendar.",
                        max_length=7,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^#[0-9a-f]{6}\\Z",
                                "Write a colour as # and six lower-case hex digits, e.g. #0e6f6d.",
                            )
                        ],
                        verbose_name="colour",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="created at"
                    ),
                ),
            ],
            options={
                "verbose_name": "membership",
                "verbose_name_plural": "memberships",
                "ordering": ["staff__full_name"],
            },
        ),
        migrations.CreateModel(
            name="StaffMember",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                (
                    "last_login",
                    models.DateTimeField(blank=True, null=True, verbose_name="last login"),
                ),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "id",
                    models.UUIDField(
                        default=mesoclinic.common.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "email",
                    mesoclinic.clinic.fields.LowerEmailField(
                        error_messages={"unique": "Somebody already signs in with this e-mail."},
                        max_length=254,
                        unique=True,
                        verbose_name="e-mail",
                    ),
                ),
                ("full_name", models.CharField(max_length=120, verbose_name="full name")),
                (
                    "language",
                    models.CharField(
                        default="en",
                        help_text="The language of pages for this person.",
                        max_length=10,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z]{2,3}(-[a-z]{2,4})?\\Z",
                                "Write the language as its code, e.g. en or pt-br.",
                            )
                        ],
                        verbose_name="language",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Switch off instead of deleting: what the person did stays on record.",
                        verbose_name="active",
                    ),
                ),
                (
                    "is_staff",
                    models.BooleanField(
                        default=False,
                        help_text="Managers see the catalogues and settings of their own clinics there.",
                        verbose_name="may open the administration",
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="created at"
                    ),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
            ],
            options={
                "verbose_name": "staff member",
                "verbose_name_plural": "staff members",
                "ordering": ["full_name"],
            },
        ),
        migrations.CreateModel(
            name="Clinic",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=mesoclinic.common.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                (
                    "slug",
                    models.SlugField(
                        help_text="In small letters, for file names and the API; don't change it later.",
                        max_length=60,
                        unique=True,
                        verbose_name="short name",
                    ),
                ),
                (
                    "time_zone",
                    models.CharField(
                        help_text="IANA name such as Europe/Paris. All appointments are shown in it.",
                        max_length=60,
                        validators=[mesoclinic.clinic.fields.validate_time_zone],
                        verbose_name="time zone",
                    ),
                ),
                (
                    "hemisphere",
                    models.CharField(
                        choices=[("north", "Northern"), ("south", "Southern")],
                        default="north",
                        help_text="Decides which months count as summer in sun advice.",
                        max_length=5,
                        verbose_name="hemisphere",
                    ),
                ),
                (
                    "country",
                    models.CharField(
                        help_text="Two capital letters; used to read phone numbers and for public holidays.",
                        max_length=2,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[A-Z]{2}\\Z",
                                "Write the country as its two capital letters (ISO 3166), e.g. FR.",
                            )
                        ],
                        verbose_name="country",
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        default="en",
                        help_text="For patients who have not chosen one.",
                        max_length=10,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^[a-z]{2,3}(-[a-z]{2,4})?\\Z",
                                "Write the language as its code, e.g. en or pt-br.",
                            )
                        ],
                        verbose_name="language",
                    ),
                ),
                ("address", models.TextField(blank=True, verbose_name="address")),
                ("phone", models.CharField(blank=True, max_length=40, verbose_name="phone")),
                (
                    "emergency_number",
                    models.CharField(
                        default="112",
                        help_text="Shown to patients beside warning signs.",
                        max_length=40,
                        verbose_name="emergency number",
                    ),
                ),
                (
                    "base_url",
                    models.URLField(
                        help_text="Start of every link in a message to a patient, without a slash at the end.",
                        verbose_name="base address",
                    ),
                ),
                (
                    "sender_name",
                    models.CharField(blank=True, max_length=120, verbose_name="sender name"),
                ),
                ("sender_email", models.EmailField(max_length=254, verbose_name="sender e-mail")),
                (
                    "sending_from",
                    models.TimeField(
                        default=mesoclinic.clinic.models.clinic.default_sending_from,
                        help_text="Local time; messages that are not urgent wait for it.",
                        verbose_name="send messages from",
                    ),
                ),
                (
                    "sending_until",
                    models.TimeField(
                        default=mesoclinic.clinic.models.clinic.default_sending_until,
                        verbose_name="send messages until",
                    ),
                ),
                (
                    "screening_valid_days",
                    models.PositiveSmallIntegerField(
                        default=180,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(730),
                        ],
                        verbose_name="screening is valid for (days)",
                    ),
                ),
                (
                    "mfa_required_roles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("receptionist", "Receptionist"),
                                ("practitioner", "Practitioner"),
                                ("manager", "Manager"),
                            ],
                            max_length=20,
                        ),
                        blank=True,
                        default=list,
                        help_text="These roles must set up an authenticator app or passkey before they go on.",
                        size=None,
                        verbose_name="second factor required for",
                    ),
                ),
                (
                    "record_counter",
                    models.PositiveIntegerField(
                        default=0, editable=False, verbose_name="last record number"
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="active")),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="created at"
                    ),
                ),
            ],
            options={
                "verbose_name": "clinic",
                "verbose_name_plural": "clinics",
                "ordering": ["name"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("hemisphere__in", ["north", "south"])),
                        name="clinic_hemisphere_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("country__regex", "^[A-Z]{2}$")),
                        name="clinic_country_code",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sending_from__lt", models.F("sending_until"))),
                        name="clinic_sending_hours",
                        violation_error_message="Sending must start before it ends.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("screening_valid_days__gte", 1), ("screening_valid_days__lte", 730)
                        ),
                        name="clinic_screening_days",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "mfa_required_roles__contained_by",
                                ["receptionist", "practitioner", "manager"],
                            )
                        ),
                        name="clinic_mfa_roles_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("base_url__endswith", "/"), _negated=True),
                        name="clinic_base_url_no_slash",
                        violation_error_message="Leave out the slash at the end.",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=mesoclinic.common.ids.new_id,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="created at"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="Which program uses it.", max_length=80, verbose_name="name"
                    ),
                ),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                (
                    "hint",
                    models.CharField(editable=False, max_length=8, verbose_name="starts with"),
                ),
                (
                    "last_used_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="last used"
                    ),
                ),
                ("expires_at", models.DateTimeField(blank=True, null=True, verbose_name="expires")),
                (
                    "revoked_at",
                    models.DateTimeField(
                        blank=True, editable=False, null=True, verbose_name="revoked"
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
                (
                    "clinic",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="clinic.clinic",
                        verbose_name="clinic",
                    ),
                ),
            ],
            options={
                "verbose_name": "API token",
                "verbose_name_plural": "API tokens",
                "ordering": ["-created_at"],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="clinic",
            trigger=pgtrigger.compiler.Trigger(
                name="audit",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF TG_OP = 'INSERT' THEN PERFORM mesoclinic_audit_write('insert', 'clinic.clinic', NEW.\"id\"::text, NEW.\"id\", NULL::uuid, NULL, to_jsonb(NEW), ARRAY['record_counter']::text[]); END IF;\nIF TG_OP = 'UPDATE' THEN PERFORM mesoclinic_audit_write('update', 'clinic.clinic', NEW.\"id\"::text, NEW.\"id\", NULL::uuid, to_jsonb(OLD), to_jsonb(NEW), ARRAY['record_counter']::text[]); END IF;\nIF TG_OP = 'DELETE' THEN PERFORM mesoclinic_audit_write('delete', 'clinic.clinic', OLD.\"id\"::text, OLD.\"id\", NULL::uuid, to_jsonb(OLD), NULL, ARRAY['record_counter']::text[]); END IF;\nRETURN NULL;",
                    hash="340fb0aa34715c0eb6080ca10c6152ddb31ddcaf",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_audit_27f0b",
                    table="clinic_clinic",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="membership",
            name="clinic",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="memberships",
                to="clinic.clinic",
                verbose_name="clinic",
            ),
        ),
        migrations.AddField(
            model_name="membership",
            name="staff",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="memberships",
                to=settings.AUTH_USER_MODEL,
                verbose_name="staff member",
            ),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="membership",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tokens",
                to="clinic.membership",
                verbose_name="acts as",
            ),
        ),
        migrations.AddConstraint(
            model_name="staffmember",
            constraint=models.CheckConstraint(
                condition=models.Q(("email", django.db.models.functions.text.Lower("email"))),
                name="clinic_staff_email_lower",
            ),
        ),
        migrations.AddConstraint(
            model_name="staffmember",
            constraint=models.CheckConstraint(
                condition=models.Q(("full_name", ""), _negated=True), name="clinic_staff_has_name"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="staffmember",
            trigger=pgtrigger.compiler.Trigger(
                name="audit",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF TG_OP = 'INSERT' THEN PERFORM mesoclinic_audit_write('insert', 'clinic.staffmember', NEW.\"id\"::text, NULL::uuid, NULL::uuid, NULL, to_jsonb(NEW), ARRAY['last_login']::text[]); END IF;\nIF TG_OP = 'UPDATE' THEN PERFORM mesoclinic_audit_write('update', 'clinic.staffmember', NEW.\"id\"::text, NULL::uuid, NULL::uuid, to_jsonb(OLD), to_jsonb(NEW), ARRAY['last_login']::text[]); END IF;\nIF TG_OP = 'DELETE' THEN PERFORM mesoclinic_audit_write('delete', 'clinic.staffmember', OLD.\"id\"::text, NULL::uuid, NULL::uuid, to_jsonb(OLD), NULL, ARRAY['last_login']::text[]); END IF;\nRETURN NULL;",
                    hash="c5671b47f0d1509fa7538d906d2c7c31d081aef5",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_audit_dd2c0",
                    table="clinic_staffmember",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(
                fields=("clinic", "staff"),
                name="clinic_membership_once",
                violation_error_message="This person already belongs to the clinic.",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["receptionist", "practitioner", "manager"])),
                name="clinic_membership_role_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("role", "practitioner"),
                    models.Q(("licence_expires_on__isnull", True), ("licence_number", "")),
                    _connector="OR",
                ),
                name="clinic_membership_licence_role",
                violation_error_message="Only a practitioner has a licence.",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("licence_expires_on__isnull", True),
                    models.Q(("licence_number", ""), _negated=True),
                    _connector="OR",
                ),
                name="clinic_membership_licence_pair",
                violation_error_message="Write the number of the licence that expires.",
            ),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.CheckConstraint(
                condition=models.Q(("colour__regex", "^#[0-9a-f]{6}$")),
                name="clinic_membership_colour_hex",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="membership",
            trigger=pgtrigger.compiler.Trigger(
                name="audit",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF TG_OP = 'INSERT' THEN PERFORM mesoclinic_audit_write('insert', 'clinic.membership', NEW.\"id\"::text, NEW.\"clinic_id\", NULL::uuid, NULL, to_jsonb(NEW), ARRAY[]::text[]); END IF;\nIF TG_OP = 'UPDATE' THEN PERFORM mesoclinic_audit_write('update', 'clinic.membership', NEW.\"id\"::text, NEW.\"clinic_id\", NULL::uuid, to_jsonb(OLD), to_jsonb(NEW), ARRAY[]::text[]); END IF;\nIF TG_OP = 'DELETE' THEN PERFORM mesoclinic_audit_write('delete', 'clinic.membership', OLD.\"id\"::text, OLD.\"clinic_id\", NULL::uuid, to_jsonb(OLD), NULL, ARRAY[]::text[]); END IF;\nRETURN NULL;",
                    hash="4a8ceec28b4265ba54436b6eac6ef20d1f4376ef",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_audit_25716",
                    table="clinic_membership",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="clinic_token_named"
            ),
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("expires_at__isnull", True),
                    ("expires_at__gt", models.F("created_at")),
                    _connector="OR",
                ),
                name="clinic_token_expires_later",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="apitoken",
            trigger=pgtrigger.compiler.Trigger(
                name="audit",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="IF TG_OP = 'INSERT' THEN PERFORM mesoclinic_audit_write('insert', 'clinic.apitoken', NEW.\"id\"::text, NEW.\"clinic_id\", NULL::uuid, NULL, to_jsonb(NEW), ARRAY['last_used_at']::text[]); END IF;\nIF TG_OP = 'UPDATE' THEN PERFORM mesoclinic_audit_write('update', 'clinic.apitoken', NEW.\"id\"::text, NEW.\"clinic_id\", NULL::uuid, to_jsonb(OLD), to_jsonb(NEW), ARRAY['last_used_at']::text[]); END IF;\nIF TG_OP = 'DELETE' THEN PERFORM mesoclinic_audit_write('delete', 'clinic.apitoken', OLD.\"id\"::text, OLD.\"clinic_id\", NULL::uuid, to_jsonb(OLD), NULL, ARRAY['last_used_at']::text[]); END IF;\nRETURN NULL;",
                    hash="7d7ab1f911163f36a42eba97e995f1b0cc17dec2",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_audit_bba8a",
                    table="clinic_apitoken",
                    when="AFTER",
                ),
            ),
        ),
    ]

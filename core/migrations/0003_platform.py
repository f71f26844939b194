import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial"), ("core", "0002_indexes")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ApiToken",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "tenant",
                    fields.ForeignKeyField(
                        "core.Tenant",
                        source_field="tenant_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("name", fields.CharField(max_length=100)),
                ("token_digest", fields.CharField(unique=True, max_length=64)),
                ("hint", fields.CharField(max_length=8)),
                (
                    "user",
                    fields.ForeignKeyField(
                        "core.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "role",
                    fields.ForeignKeyField(
                        "core.Role",
                        source_field="role_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("created_by", fields.BigIntField(null=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "core_api_token",
                "app": "core",
                "pk_attr": "id",
                "table_description": "A key by which a program acts as a user in one of the user's roles. Only a digest is stored.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("tenant_id", fields.BigIntField(null=True)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("actor", fields.CharField(max_length=40)),
                ("actor_name", fields.CharField(default="", max_length=200)),
                ("action", fields.CharField(max_length=80)),
                ("subject", fields.CharField(default="", max_length=80)),
                ("subject_name", fields.CharField(default="", max_length=200)),
                (
                    "before",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                (
                    "after",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
            ],
            options={
                "table": "core_audit",
                "app": "core",
                "indexes": [Index(fields=["tenant_id", "id"], name="core_audit_of_tenant")],
                "pk_attr": "id",
                "table_description": "One change that somebody made.",
            },
            bases=["GlobalModel"],
        ),
        ops.CreateModel(
            name="IdempotentAnswer",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "tenant",
                    fields.ForeignKeyField(
                        "core.Tenant",
                        source_field="tenant_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "user",
                    fields.ForeignKeyField(
                        "core.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("key", fields.CharField(max_length=80)),
                ("request_digest", fields.CharField(max_length=64)),
                ("status", fields.IntField()),
                ("body", fields.TextField(default="", unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "core_idempotent_answer",
                "app": "core",
                "unique_together": (("tenant", "user", "key"),),
                "pk_attr": "id",
                "table_description": "What a creating request with an idempotency key was answered.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="LookupEntry",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "tenant",
                    fields.ForeignKeyField(
                        "core.Tenant",
                        source_field="tenant_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("lookup", fields.CharField(max_length=80)),
                ("code", fields.CharField(max_length=60)),
                (
                    "names",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                (
                    "values",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("position", fields.IntField(default=0)),
                ("active", fields.BooleanField(default=True)),
            ],
            options={
                "table": "core_lookup_entry",
                "app": "core",
                "unique_together": (("tenant", "lookup", "code"),),
                "pk_attr": "id",
                "table_description": "One value of a lookup.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="Operator",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("username", fields.CharField(unique=True, max_length=64)),
                ("name", fields.CharField(max_length=200)),
                ("password_hash", fields.CharField(max_length=200)),
                ("language", fields.CharField(null=True, max_length=12)),
                ("theme", fields.CharField(default="auto", max_length=8)),
                ("active", fields.BooleanField(default=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "core_operator",
                "app": "core",
                "pk_attr": "id",
                "table_description": "A person of the vendor, who may use the console.",
            },
            bases=["GlobalModel"],
        ),
        ops.CreateModel(
            name="OperatorSession",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("token_digest", fields.CharField(unique=True, max_length=64)),
                (
                    "operator",
                    fields.ForeignKeyField(
                        "core.Operator",
                        source_field="operator_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("seen_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "core_operator_session",
                "app": "core",
                "pk_attr": "id",
                "table_description": "A login of an operator, known to the browser by a random token of which only a digest is stored.",
            },
            bases=["GlobalModel"],
        ),
        ops.CreateModel(
            name="PluginIssue",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "tenant",
                    fields.ForeignKeyField(
                        "core.Tenant",
                        source_field="tenant_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("plugin", fields.CharField(max_length=32)),
                ("kind", fields.CharField(max_length=12)),
                ("place", fields.CharField(max_length=120)),
                ("message", fields.TextField(default="", unique=False)),
                ("incident", fields.CharField(default="", max_length=16)),
                ("count", fields.IntField(default=1)),
                ("failures", fields.IntField(default=1)),
                ("failing_since", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("first_seen", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("last_seen", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("parked_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("dismissed", fields.BooleanField(default=False)),
            ],
            options={
                "table": "core_plugin_issue",
                "app": "core",
                "unique_together": (("tenant", "plugin", "kind", "place"),),
                "pk_attr": "id",
                "table_description": "Something of a plugin that has failed in a tenant, once or again and again.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="ScheduleRow",
            fields=[
                ("job", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=80)),
                ("cron", fields.CharField(max_length=80)),
                ("due_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "core_schedule",
                "app": "core",
                "pk_attr": "job",
                "table_description": "When a schedule is due next; one row for all tenants, made when a scheduler first knows it.",
            },
            bases=["GlobalModel"],
        ),
        ops.CreateModel(
            name="UsageDay",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "tenant",
                    fields.ForeignKeyField(
                        "core.Tenant",
                        source_field="tenant_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("day", fields.DateField()),
                ("interactions", fields.IntField(default=0)),
                ("agents", fields.IntField(default=0)),
                ("jobs", fields.IntField(default=0)),
                ("storage_bytes", fields.BigIntField(default=0)),
            ],
            options={
                "table": "core_usage_day",
                "app": "core",
                "unique_together": (("tenant", "day"),),
                "pk_attr": "id",
                "table_description": "What a tenant used on one day (UTC), measured once a day and again whenever the console asks for today.",
            },
            bases=["TenantModel"],
        ),
        ops.AlterModelOptions(
            name="JobRow",
            options={
                "table": "core_job",
                "app": "core",
                "indexes": [Index(fields=["state", "due_at"], name="core_job_due")],
                "pk_attr": "id",
                "table_description": "One piece of work: due, sent to a worker, dead, or skipped. A finished one is deleted.",
            },
        ),
        ops.AlterModelOptions(
            name="Role",
            options={
                "table": "core_role",
                "app": "core",
                "unique_together": (("tenant", "key"),),
                "pk_attr": "id",
                "table_description": "A set of permissions. What a built-in one allows is declared by core and plugins, and not stored.",
            },
        ),
        ops.AddField(
            model_name="TenantPlugin",
            name="changed_by",
            field=fields.CharField(default="", db_default="", max_length=40),
        ),
        ops.AddField(
            model_name="TenantPlugin",
            name="draining_since",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="TenantPlugin",
            name="schema_version",
            field=fields.IntField(default=1, db_default=1),
        ),
        ops.AddField(
            model_name="TenantPlugin",
            name="suspended_reason",
            field=fields.TextField(default="", db_default="", unique=False),
        ),
        # Both extensions are trusted ones: the database's owner may install them.
        ops.RunSQL(
            [
                "CREATE EXTENSION IF NOT EXISTS btree_gin",
                "CREATE EXTENSION IF NOT EXISTS pg_trgm",
                # Earlier contacts of a number.
                "CREATE INDEX core_interaction_of_number ON core_interaction (tenant_id, contact_number, id) "
                "WHERE contact_number <> ''",
                # Search by a part of a name or of a number.
                "CREATE INDEX core_interaction_words ON core_interaction "
                "USING gin (tenant_id, lower(contact_name) gin_trgm_ops, contact_number gin_trgm_ops)",
            ],
            ["DROP INDEX core_interaction_of_number, core_interaction_words"],
        ),
        ops.RunSQL(
            [
                # Interactions that go on, of which there are few: whether a plugin that is being switched off may go.
                "CREATE INDEX core_interaction_live ON core_interaction (tenant_id, channel) "
                "WHERE state NOT IN ('ended', 'closed')",
                # Jobs that somebody has to look at.
                "CREATE INDEX core_job_attention ON core_job (tenant_id, state, id) WHERE state IN ('dead', 'skipped')",
                # What is removed once it is old.
                "CREATE INDEX core_session_expires ON core_session (expires_at)",
                "CREATE INDEX core_idempotent_answer_age ON core_idempotent_answer (created_at)",
                # Tenants that have a plugin on: a schedule makes one row for each.
                "CREATE INDEX core_tenant_plugin_on ON core_tenant_plugin (plugin, tenant_id) WHERE enabled",
            ],
            [
                "DROP INDEX core_interaction_live, core_job_attention, core_session_expires, "
                "core_idempotent_answer_age, core_tenant_plugin_on"
            ],
        ),
    ]

import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="JobRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("tenant_id", fields.BigIntField(null=True)),
                ("name", fields.CharField(max_length=80)),
                (
                    "arguments",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("key", fields.CharField(null=True, max_length=120)),
                ("due_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("state", fields.CharField(default="due", max_length=8)),
                ("attempt", fields.IntField(default=0)),
                ("lease_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("started", fields.BooleanField(default=False)),
                ("error", fields.TextField(default="", unique=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "core_job",
                "app": "core",
                "indexes": [Index(fields=["state", "due_at"], name="core_job_due")],
                "pk_attr": "id",
                "table_description": "One piece of work: due, sent to a worker, or dead. A finished one is deleted.",
            },
            bases=["GlobalModel"],
        ),
        ops.CreateModel(
            name="LoginLimit",
            fields=[
                ("key", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("attempts", fields.IntField()),
                ("window_started_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("blocked_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "core_login_limit",
                "app": "core",
                "pk_attr": "key",
                "table_description": "Tries to log in, counted for one account or one address; a row also exists for accounts that do not.",
            },
            bases=["GlobalModel"],
        ),
        ops.CreateModel(
            name="Tenant",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("slug", fields.CharField(unique=True, max_length=40)),
                ("name", fields.CharField(max_length=200)),
                ("language", fields.CharField(default="en", max_length=12)),
                ("timezone", fields.CharField(default="UTC", max_length=64)),
                ("suspended", fields.BooleanField(default=False)),
                ("enablement_version", fields.IntField(default=1)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "core_tenant",
                "app": "core",
                "pk_attr": "id",
                "table_description": "One customer organisation of the vendor.",
            },
            bases=["GlobalModel"],
        ),
        ops.CreateModel(
            name="Fact",
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
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("subject", fields.CharField(max_length=16)),
                ("interaction_id", fields.BigIntField(null=True)),
                ("segment_id", fields.BigIntField(null=True)),
                ("agent_id", fields.BigIntField(null=True)),
                ("old", fields.CharField(max_length=16)),
                ("new", fields.CharField(max_length=16)),
                ("cause", fields.CharField(max_length=40)),
                ("actor", fields.CharField(max_length=40)),
                (
                    "detail",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
            ],
            options={
                "table": "core_fact",
                "app": "core",
                "indexes": [
                    Index(fields=["tenant_id", "agent_id", "at"], name="core_fact_agent"),
                    Index(fields=["tenant_id", "interaction_id"], name="core_fact_interaction"),
                ],
                "pk_attr": "id",
                "table_description": "One change, as it was. Rows are only added; ids are plain so that history outlives what it tells of.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="FormDefinition",
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
                ("form", fields.CharField(max_length=80)),
                ("version", fields.IntField()),
                ("digest", fields.CharField(max_length=64)),
                ("schema", fields.JSONField(encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "core_form_definition",
                "app": "core",
                "unique_together": (("tenant", "form", "digest"),),
                "pk_attr": "id",
                "table_description": "A schema that somebody has answered, kept so that the answers always show as they were asked.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="Interaction",
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
                ("channel", fields.CharField(max_length=20)),
                ("direction", fields.CharField(max_length=12)),
                ("state", fields.CharField(max_length=12)),
                ("state_since", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("queue", fields.CharField(default="", max_length=60)),
                ("priority", fields.IntField(default=0)),
                ("waiting_since", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("contact_name", fields.CharField(default="", max_length=200)),
                ("contact_number", fields.CharField(default="", max_length=32)),
                ("subject", fields.CharField(default="", max_length=300)),
                ("cause", fields.CharField(default="", max_length=40)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "core_interaction",
                "app": "core",
                "indexes": [Index(fields=["tenant_id", "created_at"], name="core_interaction_day")],
                "pk_attr": "id",
                "table_description": "One contact on one channel.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="Role",
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
                ("key", fields.CharField(max_length=40)),
                ("name", fields.CharField(max_length=100)),
                ("built_in", fields.BooleanField(default=False)),
                (
                    "permissions",
                    fields.JSONField(
                        default=list, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
            ],
            options={
                "table": "core_role",
                "app": "core",
                "unique_together": (("tenant", "key"),),
                "pk_attr": "id",
                "table_description": "A set of permissions. The built-in ones follow the role table of the source documents.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="Team",
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
                ("offer_seconds", fields.IntField(default=20)),
                ("no_answer_seconds", fields.IntField(default=10)),
                ("wrap_up_seconds", fields.IntField(default=60)),
            ],
            options={
                "table": "core_team",
                "app": "core",
                "unique_together": (("tenant", "name"),),
                "pk_attr": "id",
                "table_description": "A group of agents with shared timing.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="TenantPlugin",
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
                ("enabled", fields.BooleanField(default=True)),
                (
                    "settings",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("changed_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={
                "table": "core_tenant_plugin",
                "app": "core",
                "unique_together": (("tenant", "plugin"),),
                "pk_attr": "id",
                "table_description": "One plugin of one tenant.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="User",
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
                ("username", fields.CharField(max_length=64)),
                ("name", fields.CharField(max_length=200)),
                ("password_hash", fields.CharField(max_length=200)),
                ("language", fields.CharField(null=True, max_length=12)),
                ("timezone", fields.CharField(null=True, max_length=64)),
                ("theme", fields.CharField(default="auto", max_length=8)),
                ("active", fields.BooleanField(default=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "core_user",
                "app": "core",
                "unique_together": (("tenant", "username"),),
                "pk_attr": "id",
                "table_description": "A person who logs in.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="Agent",
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
                    fields.OneToOneField(
                        "core.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "team",
                    fields.ForeignKeyField(
                        "core.Team",
                        source_field="team_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("intent", fields.CharField(default="pause", max_length=12)),
                ("do_not_disturb", fields.BooleanField(default=False)),
                ("connected_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("missed_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("occupancy", fields.CharField(default="free", max_length=12)),
                ("status", fields.CharField(default="offline", max_length=12)),
                ("status_since", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "core_agent",
                "app": "core",
                "pk_attr": "id",
                "table_description": "What is known of a user who handles work.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="AgentTabs",
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
                ("process", fields.CharField(max_length=36)),
                ("alive_until", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "core_agent_tabs",
                "app": "core",
                "unique_together": (("user", "process"),),
                "pk_attr": "id",
                "table_description": "The open tabs of an agent at one process, believed in until `alive_until`.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="FormDraft",
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
                ("form", fields.CharField(max_length=80)),
                ("version", fields.IntField()),
                ("subject", fields.CharField(max_length=80)),
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
                    "answers",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("writer", fields.CharField(default="", max_length=40)),
                ("sequence", fields.IntField(default=0)),
                ("saved_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "core_form_draft",
                "app": "core",
                "unique_together": (("tenant", "form", "subject", "user"),),
                "indexes": [Index(fields=["tenant_id", "user_id", "form", "saved_at"], name="core_form_draft_of_user")],
                "pk_attr": "id",
                "table_description": "Answers as they were typed, not yet sent.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="FormSubmission",
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
                ("form", fields.CharField(max_length=80)),
                (
                    "definition",
                    fields.ForeignKeyField(
                        "core.FormDefinition",
                        source_field="definition_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("subject", fields.CharField(max_length=80)),
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
                    "answers",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("once", fields.BooleanField(default=True)),
                ("submitted_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "core_form_submission",
                "app": "core",
                "indexes": [Index(fields=["tenant_id", "subject"], name="core_form_submission_subject")],
                "pk_attr": "id",
                "table_description": "Answers that were sent. Never changed.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="LoginSession",
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
                ("token_digest", fields.CharField(unique=True, max_length=64)),
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
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("seen_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "core_session",
                "app": "core",
                "pk_attr": "id",
                "table_description": "A login, known to the browser by a random token of which only a digest is stored.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="Offer",
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
                    "interaction",
                    fields.ForeignKeyField(
                        "core.Interaction",
                        source_field="interaction_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "agent",
                    fields.ForeignKeyField(
                        "core.User",
                        source_field="agent_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("state", fields.CharField(max_length=12)),
                ("made_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("deadline", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("decided_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "core_offer",
                "app": "core",
                "pk_attr": "id",
                "table_description": "An interaction offered to one agent, with a deadline. Unique indexes: one pending each way.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="Segment",
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
                    "interaction",
                    fields.ForeignKeyField(
                        "core.Interaction",
                        source_field="interaction_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "agent",
                    fields.ForeignKeyField(
                        "core.User",
                        source_field="agent_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("state", fields.CharField(max_length=12)),
                ("started_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("wrap_up_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("extensions", fields.IntField(default=0)),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("outcome", fields.CharField(default="", max_length=40)),
                ("comment", fields.TextField(default="", unique=False)),
            ],
            options={
                "table": "core_segment",
                "app": "core",
                "pk_attr": "id",
                "table_description": "The part of an interaction that one agent handles, with the after-contact work that follows.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="UserRole",
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
            ],
            options={
                "table": "core_user_role",
                "app": "core",
                "unique_together": (("user", "role"),),
                "pk_attr": "id",
                "table_description": "A role that a user may work in.",
            },
            bases=["TenantModel"],
        ),
    ]

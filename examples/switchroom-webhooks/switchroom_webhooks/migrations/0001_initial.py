import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("core", "0003_platform")]

    initial = True

    operations = [
        ops.CreateModel(
            name="Endpoint",
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
                ("url", fields.CharField(max_length=2000)),
                ("description", fields.CharField(default="", max_length=200)),
                (
                    "events",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("secret", fields.TextField(unique=False)),
                ("old_secret", fields.TextField(default="", unique=False)),
                ("old_secret_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("state", fields.CharField(default="active", max_length=8)),
                ("state_reason", fields.CharField(default="", max_length=12)),
                ("failing_since", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("failures", fields.IntField(default=0)),
                ("quiet_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "webhooks_endpoint",
                "app": "webhooks",
                "pk_attr": "id",
                "table_description": "An address of another program.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="Line",
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
                    "endpoint",
                    fields.ForeignKeyField(
                        "webhooks.Endpoint",
                        source_field="endpoint_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("key", fields.CharField(max_length=60)),
                ("last_fact_id", fields.BigIntField(default=0)),
                ("last_fact_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("due_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("claim", fields.IntField(default=0)),
                ("touched_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "webhooks_line",
                "app": "webhooks",
                "unique_together": (("endpoint", "key"),),
                "indexes": [
                    Index(fields=["endpoint_id", "due_at"], name="webhooks_line_due"),
                    Index(fields=["tenant_id", "touched_at"], name="webhooks_line_touched"),
                ],
                "pk_attr": "id",
                "table_description": "Deliveries to one endpoint that must arrive in order: those of one interaction, or of one agent.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="Delivery",
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
                    "endpoint",
                    fields.ForeignKeyField(
                        "webhooks.Endpoint",
                        source_field="endpoint_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "line",
                    fields.ForeignKeyField(
                        "webhooks.Line",
                        source_field="line_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("message_id", fields.CharField(max_length=40)),
                ("event", fields.CharField(max_length=80)),
                ("body", fields.TextField(unique=False)),
                ("state", fields.CharField(default="waiting", max_length=10)),
                ("attempts", fields.IntField(default=0)),
                ("last_attempt", fields.IntField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("finished_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "webhooks_delivery",
                "app": "webhooks",
                "indexes": [
                    Index(fields=["tenant_id", "id"], name="webhooks_delivery_log"),
                    Index(fields=["tenant_id", "state", "id"], name="webhooks_delivery_state"),
                    Index(fields=["endpoint_id", "state", "id"], name="webhooks_delivery_of"),
                    Index(fields=["tenant_id", "created_at"], name="webhooks_delivery_age"),
                    Index(fields=["line_id", "id"], name="webhooks_delivery_line"),
                ],
                "pk_attr": "id",
                "table_description": "One event for one endpoint.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="Attempt",
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
                    "delivery",
                    fields.ForeignKeyField(
                        "webhooks.Delivery",
                        source_field="delivery_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("number", fields.IntField()),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("status", fields.IntField(null=True)),
                ("milliseconds", fields.IntField(null=True)),
                ("problem", fields.CharField(default="", max_length=12)),
                ("detail", fields.TextField(default="", unique=False)),
                ("answer", fields.TextField(default="", unique=False)),
            ],
            options={
                "table": "webhooks_attempt",
                "app": "webhooks",
                "unique_together": (("delivery", "number"),),
                "indexes": [Index(fields=["tenant_id", "at"], name="webhooks_attempt_at")],
                "pk_attr": "id",
                "table_description": "One time that a delivery was sent.",
            },
            bases=["TenantModel"],
        ),
    ]

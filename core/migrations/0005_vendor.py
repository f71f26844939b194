import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("core", "0004_admin")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Process",
            fields=[
                ("id", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=36)),
                ("host", fields.CharField(max_length=255)),
                ("pid", fields.IntField()),
                ("roles", fields.CharField(max_length=80)),
                ("version", fields.CharField(max_length=40)),
                ("started_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("seen_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "core_process",
                "app": "core",
                "pk_attr": "id",
                "table_description": "A process of the installation, believed in while it says that it lives.",
            },
            bases=["GlobalModel"],
        ),
        ops.CreateModel(
            name="ProcessPlugin",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "process",
                    fields.ForeignKeyField(
                        "core.Process",
                        source_field="process_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("plugin", fields.CharField(max_length=64)),
                ("version", fields.CharField(max_length=40)),
                ("state", fields.CharField(max_length=20)),
                ("reason", fields.TextField(default="", unique=False)),
                ("since", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "core_process_plugin",
                "app": "core",
                "unique_together": (("process", "plugin"),),
                "pk_attr": "id",
                "table_description": "How far a plugin has come in one process.",
            },
            bases=["GlobalModel"],
        ),
        ops.CreateModel(
            name="TenantWork",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("tenant_id", fields.BigIntField()),
                ("slug", fields.CharField(max_length=40)),
                ("kind", fields.CharField(max_length=12)),
                ("state", fields.CharField(max_length=12)),
                ("actor", fields.CharField(max_length=40)),
                ("actor_name", fields.CharField(default="", max_length=200)),
                ("step", fields.CharField(default="", max_length=80)),
                ("done", fields.BigIntField(default=0)),
                ("total", fields.BigIntField(default=0)),
                (
                    "counts",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("error", fields.TextField(default="", unique=False)),
                ("file", fields.CharField(default="", max_length=120)),
                ("host", fields.CharField(default="", max_length=255)),
                ("size", fields.BigIntField(default=0)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("finished_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "core_tenant_work",
                "app": "core",
                "indexes": [Index(fields=["tenant_id", "id"], name="core_tenant_work_of")],
                "pk_attr": "id",
                "table_description": "Long work on a whole tenant: an export, or the deletion.",
            },
            bases=["GlobalModel"],
        ),
        ops.RunSQL(
            [
                # One export and one deletion of a tenant at a time.
                "CREATE UNIQUE INDEX core_tenant_work_one ON core_tenant_work (tenant_id, kind) "
                "WHERE state IN ('waiting', 'running')",
                # Who worked on a day, for the usage of tenants.
                "CREATE INDEX core_segment_day ON core_segment (tenant_id, started_at)",
                "CREATE INDEX core_usage_day_day ON core_usage_day (day)",
            ],
            ["DROP INDEX core_tenant_work_one, core_segment_day, core_usage_day_day"],
        ),
    ]

import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("core", "0006_agents")]

    initial = True

    operations = [
        ops.CreateModel(
            name="Queue",
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
                ("kind", fields.CharField(max_length=10)),
                ("priority", fields.IntField(default=0)),
                (
                    "teams",
                    fields.JSONField(
                        default=list,
                        db_default=[],
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                (
                    "columns",
                    fields.JSONField(
                        default=list,
                        db_default=[],
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                ("active", fields.BooleanField(default=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "records_queue",
                "app": "records",
                "unique_together": (("tenant", "name"),),
                "pk_attr": "id",
                "table_description": "Where items lie in line.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="Import",
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
                    "queue",
                    fields.ForeignKeyField(
                        "records.Queue",
                        source_field="queue_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("user_id", fields.BigIntField(null=True)),
                ("name", fields.CharField(max_length=200)),
                ("content", fields.BinaryField(default=b"")),
                (
                    "reading",
                    fields.JSONField(
                        default=dict,
                        db_default={},
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                (
                    "header",
                    fields.JSONField(
                        default=list,
                        db_default=[],
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                (
                    "sample",
                    fields.JSONField(
                        default=list,
                        db_default=[],
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                (
                    "mapping",
                    fields.JSONField(
                        default=dict,
                        db_default={},
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                ("state", fields.CharField(default="mapping", max_length=10)),
                (
                    "problems",
                    fields.JSONField(
                        default=list,
                        db_default=[],
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                ("lines", fields.IntField(default=0)),
                ("bad", fields.IntField(default=0)),
                ("twice", fields.IntField(default=0)),
                ("imported", fields.IntField(default=0)),
                (
                    "failure",
                    fields.JSONField(
                        default=dict,
                        db_default={},
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "records_import",
                "app": "records",
                "pk_attr": "id",
                "table_description": "A file whose lines become records.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="ImportLine",
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
                    "source",
                    fields.ForeignKeyField(
                        "records.Import",
                        source_field="source_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("line", fields.IntField()),
                ("key", fields.CharField(default="", max_length=200)),
                ("title", fields.CharField(max_length=200)),
                ("contact_name", fields.CharField(default="", max_length=200)),
                ("contact_number", fields.CharField(default="", max_length=32)),
                ("priority", fields.IntField(default=0)),
                (
                    "cells",
                    fields.JSONField(
                        default=dict,
                        db_default={},
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                ("twice", fields.BooleanField(default=False)),
            ],
            options={
                "table": "records_import_line",
                "app": "records",
                "pk_attr": "id",
                "table_description": "A line of a file that was read and is right, before it becomes a record.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="Item",
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
                    "queue",
                    fields.ForeignKeyField(
                        "records.Queue",
                        source_field="queue_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("reference", fields.CharField(max_length=120)),
                ("url", fields.CharField(default="", max_length=500)),
                ("title", fields.CharField(max_length=200)),
                ("contact_name", fields.CharField(default="", max_length=200)),
                ("contact_number", fields.CharField(default="", max_length=32)),
                (
                    "cells",
                    fields.JSONField(
                        default=dict,
                        db_default={},
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                ("priority", fields.IntField(default=0)),
                ("placed_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("state", fields.CharField(default="waiting", max_length=10)),
                ("aside", fields.CharField(default="", max_length=10)),
                ("next_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("transfers", fields.IntField(default=0)),
                ("owner_id", fields.BigIntField(null=True)),
                ("taken_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("interaction_id", fields.BigIntField(null=True)),
                ("version", fields.IntField(default=1)),
                ("outcome", fields.CharField(default="", max_length=10)),
                ("done_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "records_item",
                "app": "records",
                "pk_attr": "id",
                "table_description": "A record's place in a queue. It is linked to the record and is not the record.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="Record",
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
                ("key", fields.CharField(default="", max_length=200)),
                ("queue_id", fields.BigIntField()),
                ("title", fields.CharField(max_length=200)),
                (
                    "cells",
                    fields.JSONField(
                        default=dict,
                        db_default={},
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                ("owner_id", fields.BigIntField(null=True)),
                ("version", fields.IntField(default=1)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "records_record",
                "app": "records",
                "pk_attr": "id",
                "table_description": "A simple record of our own, such as a line of a table that was imported.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="Step",
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
                    "item",
                    fields.ForeignKeyField(
                        "records.Item",
                        source_field="item_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("action", fields.CharField(max_length=20)),
                ("actor", fields.CharField(max_length=60)),
                ("user_id", fields.BigIntField(null=True)),
                (
                    "detail",
                    fields.JSONField(
                        default=dict,
                        db_default={},
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
            ],
            options={
                "table": "records_step",
                "app": "records",
                "pk_attr": "id",
                "table_description": "One thing that has happened to an item.",
            },
            bases=["TenantModel"],
        ),
        ops.RunSQL(
            [
                # Fields stay in the order in which they came, which jsonb does not keep; nothing searches in them.
                *(
                    f"ALTER TABLE {table} ALTER COLUMN cells DROP DEFAULT, "
                    "ALTER COLUMN cells TYPE json USING cells::json, ALTER COLUMN cells SET DEFAULT '{}'"
                    for table in ("records_record", "records_item", "records_import_line")
                ),
                # What can be taken next, of each queue: the first of this index.
                "CREATE INDEX records_item_next ON records_item (tenant_id, queue_id, priority DESC, placed_at, id) "
                "WHERE owner_id IS NULL AND state <> 'done'",
                "CREATE INDEX records_item_of_owner ON records_item (tenant_id, owner_id, aside, next_at) "
                "WHERE owner_id IS NOT NULL AND state <> 'done'",
                "CREATE INDEX records_item_owned ON records_item (tenant_id, queue_id, aside) "
                "WHERE owner_id IS NOT NULL AND state <> 'done'",
                "CREATE UNIQUE INDEX records_item_open ON records_item (tenant_id, reference) WHERE state <> 'done'",
                "CREATE INDEX records_item_in_queue ON records_item (tenant_id, queue_id, id)",
                "CREATE INDEX records_item_done ON records_item (tenant_id, queue_id, done_at) WHERE state = 'done'",
                "CREATE INDEX records_item_of_interaction ON records_item (tenant_id, interaction_id) "
                "WHERE interaction_id IS NOT NULL",
                "CREATE INDEX records_item_words ON records_item USING gin "
                "(tenant_id, lower(title || ' ' || contact_name || ' ' || contact_number || ' ' || reference) "
                "gin_trgm_ops)",
                "CREATE UNIQUE INDEX records_record_key ON records_record (tenant_id, queue_id, key) WHERE key <> ''",
                "CREATE INDEX records_record_of_owner ON records_record (tenant_id, owner_id, id) "
                "WHERE owner_id IS NOT NULL",
                "CREATE INDEX records_step_of_item ON records_step (tenant_id, item_id, id)",
                "CREATE UNIQUE INDEX records_import_line_of ON records_import_line (source_id, line)",
                "CREATE INDEX records_import_by_age ON records_import (tenant_id, created_at)",
            ],
            [
                "DROP INDEX records_import_by_age, records_import_line_of, records_step_of_item, "
                "records_record_of_owner, records_record_key, records_item_words, records_item_of_interaction, "
                "records_item_done, records_item_owned, records_item_in_queue, records_item_open, records_item_of_owner, records_item_next",
            ],
        ),
    ]

import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("core", "0006_agents"), ("wrapup", "0002_dispositions")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Correction",
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
                ("segment_id", fields.BigIntField()),
                ("by_id", fields.BigIntField()),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("reason", fields.CharField(max_length=300)),
                (
                    "before",
                    fields.JSONField(
                        default=dict,
                        db_default={},
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                ("before_disposition", fields.CharField(default="", max_length=100)),
                ("submission_id", fields.BigIntField(null=True)),
            ],
            options={
                "table": "wrapup_correction",
                "app": "wrapup",
                "indexes": [Index(fields=["tenant_id", "segment_id"], name="wrapup_correction_of")],
                "pk_attr": "id",
                "table_description": "What a supervisor has made of answers that were sent, or were missing. The answers themselves never change.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="Rule",
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
                ("queue", fields.CharField(default="", max_length=60)),
                ("direction", fields.CharField(max_length=10)),
                ("mode", fields.CharField(max_length=10)),
                ("form", fields.CharField(default="wrapup:simple", max_length=80)),
                ("seconds", fields.IntField(null=True)),
                ("offer_before", fields.IntField(default=10)),
                ("extension_seconds", fields.IntField(default=30)),
                ("extensions", fields.IntField(default=2)),
                ("limit_seconds", fields.IntField(default=3600)),
                ("outcome_id", fields.BigIntField(null=True)),
                ("keep_draft", fields.BooleanField(default=True)),
            ],
            options={
                "table": "wrapup_rule",
                "app": "wrapup",
                "unique_together": (("tenant", "queue", "direction"),),
                "pk_attr": "id",
                "table_description": "What follows the contacts of a queue in one direction, or those of all queues that have no rule of their own.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="Work",
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
                ("segment_id", fields.BigIntField()),
                ("interaction_id", fields.BigIntField()),
                ("agent_id", fields.BigIntField()),
                ("queue", fields.CharField(default="", max_length=60)),
                ("direction", fields.CharField(max_length=10)),
                ("mode", fields.CharField(max_length=10)),
                ("form", fields.CharField(max_length=80)),
                ("form_version", fields.IntField(default=1)),
                ("seconds", fields.IntField(null=True)),
                ("offer_before", fields.IntField()),
                ("extension_seconds", fields.IntField()),
                ("extensions", fields.IntField()),
                ("limit_seconds", fields.IntField()),
                ("outcome_id", fields.BigIntField(null=True)),
                ("keep_draft", fields.BooleanField(default=True)),
                ("state", fields.CharField(default="open", max_length=10)),
                ("began_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("timed_out_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("settled_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("settled_by", fields.BigIntField(null=True)),
                ("reason", fields.CharField(default="", max_length=300)),
            ],
            options={
                "table": "wrapup_work",
                "app": "wrapup",
                "unique_together": (("tenant", "segment_id"),),
                "indexes": [
                    Index(fields=["tenant_id", "began_at"], name="wrapup_work_day"),
                    Index(fields=["tenant_id", "agent_id", "began_at"], name="wrapup_work_of_agent"),
                ],
                "pk_attr": "id",
                "table_description": "The work that one agent's part of a contact makes, with the rule that held when it began.",
            },
            bases=["TenantModel"],
        ),
        ops.RunSQL(
            [
                # What is under way, and what ran out of time: pages of supervisors show both, of many that are done.
                "CREATE INDEX wrapup_work_open ON wrapup_work (tenant_id, began_at) WHERE state = 'open'",
                "CREATE INDEX wrapup_work_out ON wrapup_work (tenant_id, timed_out_at) WHERE timed_out_at IS NOT NULL",
            ],
            ["DROP INDEX wrapup_work_open, wrapup_work_out"],
        ),
    ]

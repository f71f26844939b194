"""Where people are in forms that are gone through page by page."""

import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("core", "0007_forms")]

    initial = False

    operations = [
        ops.AddField(
            model_name="FormSubmission",
            name="outcome",
            field=fields.CharField(default="", db_default="", max_length=120),
        ),
        ops.CreateModel(
            name="FormWalk",
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
                (
                    "path",
                    fields.JSONField(
                        default=list,
                        db_default=[],
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                ("revision", fields.IntField(default=1)),
                ("begun_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("moved_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "core_form_walk",
                "app": "core",
                "unique_together": (("tenant", "form", "subject", "user"),),
                "pk_attr": "id",
                "table_description": "Where somebody is in a form that is gone through page by page.",
            },
            bases=["TenantModel"],
        ),
    ]

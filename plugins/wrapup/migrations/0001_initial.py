from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    initial = True

    operations = [
        ops.CreateModel(
            name="NextAttempt",
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
                ("segment", fields.CharField(max_length=60)),
                ("interaction", fields.CharField(max_length=60)),
                ("agent_id", fields.BigIntField()),
                ("contact_name", fields.CharField(default="", max_length=200)),
                ("contact_number", fields.CharField(default="", max_length=32)),
                ("due_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("state", fields.CharField(default="open", max_length=12)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "wrapup_next_attempt",
                "app": "wrapup",
                "unique_together": (("tenant", "segment"),),
                "indexes": [Index(fields=["tenant_id", "state", "due_at"], name="wrapup_next_attempt_due")],
                "pk_attr": "id",
                "table_description": "Another call, promised for a time.",
            },
            bases=["TenantModel"],
        ),
    ]

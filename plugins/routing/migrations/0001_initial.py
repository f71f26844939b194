from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("core", "0002_indexes")]

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
                ("target_seconds", fields.IntField(default=30)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "routing_queue",
                "app": "routing",
                "unique_together": (("tenant", "name"),),
                "pk_attr": "id",
                "table_description": "Where interactions wait.",
            },
            bases=["TenantModel"],
        ),
    ]

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial"), ("core", "0002_indexes")]

    initial = True

    operations = [
        ops.CreateModel(
            name="CallRate",
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
                ("address", fields.CharField(max_length=64)),
                ("minute", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("calls", fields.IntField()),
            ],
            options={
                "table": "telephony_call_rate",
                "app": "telephony",
                "unique_together": (("tenant", "address", "minute"),),
                "indexes": [Index(fields=["minute"], name="telephony_call_rate_minute")],
                "pk_attr": "id",
                "table_description": "Calls that one address has begun within one minute; `address` is a digest.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="Leg",
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
                ("leg", fields.CharField(unique=True, max_length=32)),
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
                ("side", fields.CharField(max_length=8)),
                (
                    "user",
                    fields.ForeignKeyField(
                        "core.User",
                        source_field="user_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("node", fields.CharField(max_length=100)),
                ("state", fields.CharField(max_length=12)),
                ("held", fields.BooleanField(default=False)),
                ("muted", fields.BooleanField(default=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("connected_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("end_cause", fields.CharField(default="", max_length=20)),
                ("token_digest", fields.CharField(null=True, unique=True, max_length=64)),
            ],
            options={
                "table": "telephony_leg",
                "app": "telephony",
                "indexes": [Index(fields=["interaction_id"], name="telephony_leg_interaction")],
                "pk_attr": "id",
                "table_description": "One party's audio in a call. The row says how it shall be; the provider is made to follow.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="Node",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("name", fields.CharField(unique=True, max_length=100)),
                ("epoch", fields.CharField(max_length=32)),
                ("host", fields.CharField(default="", max_length=255)),
                ("port", fields.IntField(default=0)),
                ("capacity", fields.IntField()),
                ("seen_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "telephony_node",
                "app": "telephony",
                "pk_attr": "id",
                "table_description": "A media server that carries legs; every process reaches it by this row.",
            },
            bases=["GlobalModel"],
        ),
    ]

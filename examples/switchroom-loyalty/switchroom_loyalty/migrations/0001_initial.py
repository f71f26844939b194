from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("core", "0003_platform")]

    initial = True

    operations = [
        ops.CreateModel(
            name="Member",
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
                ("number", fields.CharField(max_length=10)),
                ("name", fields.CharField(max_length=200)),
                ("phone", fields.CharField(max_length=16)),
                ("tier", fields.CharField(default="bronze", max_length=8)),
                ("points", fields.IntField(default=0)),
                ("helped_by", fields.BigIntField(null=True)),
                ("joined_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "loyalty_member",
                "app": "loyalty",
                "unique_together": (("tenant", "number"), ("tenant", "phone")),
                "indexes": [Index(fields=["tenant_id", "joined_at"], name="loyalty_member_joined")],
                "pk_attr": "id",
                "table_description": "A customer who takes part.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="Entry",
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
                    "member",
                    fields.ForeignKeyField(
                        "loyalty.Member",
                        source_field="member_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("points", fields.IntField()),
                ("remaining", fields.IntField(default=0)),
                ("reason", fields.CharField(max_length=12)),
                ("reference", fields.CharField(max_length=80)),
                ("note", fields.CharField(default="", max_length=200)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "loyalty_entry",
                "app": "loyalty",
                "unique_together": (("member", "reason", "reference"),),
                "indexes": [Index(fields=["member_id", "at"], name="loyalty_entry_of_member")],
                "pk_attr": "id",
                "table_description": "Points that a member was given, or that were taken.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="Tally",
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
                ("tier", fields.CharField(max_length=8)),
                ("members", fields.IntField(default=0)),
            ],
            options={
                "table": "loyalty_tally",
                "app": "loyalty",
                "unique_together": (("tenant", "tier"),),
                "pk_attr": "id",
                "table_description": "How many members of a tenant are in a tier: kept with every change, so that nobody counts all members.",
            },
            bases=["TenantModel"],
        ),
    ]

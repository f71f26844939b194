from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    initial = True

    operations = [
        ops.CreateModel(
            name="Country",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
            ],
            options={
                "table": "stock_country",
                "app": "stock",
                "pk_attr": "id",
                "table_description": "Belongs to no tenant.",
            },
            bases=["GlobalModel"],
        ),
        ops.CreateModel(
            name="Shelf",
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
                    "below",
                    fields.ForeignKeyField(
                        "stock.Shelf",
                        source_field="below_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={
                "table": "stock_shelf",
                "app": "stock",
                "pk_attr": "id",
                "table_description": "Where it lies; shelves stand on shelves.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="Arrival",
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
                    "shelf",
                    fields.ForeignKeyField(
                        "stock.Shelf",
                        source_field="shelf_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={
                "table": "stock_arrival",
                "app": "stock",
                "pk_attr": "id",
                "table_description": "What came; must not go while it is on a shelf.",
            },
            bases=["TenantModel"],
        ),
    ]

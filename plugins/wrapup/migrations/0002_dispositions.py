from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("core", "0006_agents"), ("wrapup", "0001_initial")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ChosenDisposition",
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
                ("agent_id", fields.BigIntField()),
                ("disposition_id", fields.BigIntField()),
                ("name", fields.CharField(max_length=100)),
                ("code", fields.CharField(default="", max_length=10)),
                ("type", fields.CharField(max_length=12)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "wrapup_chosen_disposition",
                "app": "wrapup",
                "unique_together": (("tenant", "segment"),),
                "pk_attr": "id",
                "table_description": "What an agent has chosen for his part of a contact, as it was called then.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="DispositionList",
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
                ("version", fields.IntField(default=1)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "wrapup_disposition_list",
                "app": "wrapup",
                "unique_together": (("tenant", "queue"),),
                "pk_attr": "id",
                "table_description": "The dispositions of a queue, or of all queues that have no list of their own. Whoever changes it holds this row.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="DispositionFolder",
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
                    "listing",
                    fields.ForeignKeyField(
                        "wrapup.DispositionList",
                        source_field="listing_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("name", fields.CharField(max_length=100)),
                ("position", fields.IntField(default=0)),
            ],
            options={
                "table": "wrapup_disposition_folder",
                "app": "wrapup",
                "pk_attr": "id",
                "table_description": "Dispositions that are shown together. Of one list, no two have the same name, however it is written.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="Disposition",
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
                    "listing",
                    fields.ForeignKeyField(
                        "wrapup.DispositionList",
                        source_field="listing_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "folder",
                    fields.ForeignKeyField(
                        "wrapup.DispositionFolder",
                        source_field="folder_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("name", fields.CharField(max_length=100)),
                ("description", fields.TextField(default="", unique=False)),
                ("code", fields.CharField(default="", max_length=10)),
                ("agent_selects", fields.BooleanField(default=True)),
                ("type", fields.CharField(max_length=12)),
                ("inbound", fields.BooleanField(default=True)),
                ("outbound", fields.BooleanField(default=True)),
                ("preview", fields.BooleanField(default=False)),
                ("system_type", fields.CharField(default="", max_length=40)),
                ("service_type", fields.CharField(default="blended", max_length=10)),
                ("position", fields.IntField(default=0)),
                ("active", fields.BooleanField(default=True)),
            ],
            options={
                "table": "wrapup_disposition",
                "app": "wrapup",
                "pk_attr": "id",
                "table_description": "A coded outcome. Of those of one list that are in use, no two have the same name, however it is written.",
            },
            bases=["TenantModel"],
        ),
        ops.RunSQL(
            [
                # A constraint with a condition, or of an expression, in the model's Meta makes no index, silently.
                "CREATE UNIQUE INDEX wrapup_folder_name ON wrapup_disposition_folder "
                "(tenant_id, listing_id, lower(name))",
                "CREATE UNIQUE INDEX wrapup_disposition_name ON wrapup_disposition (tenant_id, listing_id, lower(name)) "
                "WHERE active",
                "CREATE UNIQUE INDEX wrapup_disposition_code ON wrapup_disposition (tenant_id, listing_id, code) "
                "WHERE active AND code <> ''",
                "CREATE UNIQUE INDEX wrapup_disposition_system ON wrapup_disposition "
                "(tenant_id, listing_id, system_type) WHERE system_type <> ''",
                "CREATE INDEX wrapup_disposition_in_order ON wrapup_disposition (tenant_id, folder_id, position, id)",
            ],
            [
                "DROP INDEX wrapup_folder_name, wrapup_disposition_name, wrapup_disposition_code, "
                "wrapup_disposition_system, wrapup_disposition_in_order"
            ],
        ),
    ]

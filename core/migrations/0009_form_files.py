from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.forms.files.models import FileState


class Migration(migrations.Migration):
    dependencies = [("core", "0008_flows")]

    initial = False

    operations = [
        ops.CreateModel(
            name="FileWaste",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("store_key", fields.CharField(max_length=80)),
                ("gone_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "core_file_waste",
                "app": "core",
                "pk_attr": "id",
                "table_description": "Bytes in the store that no row speaks of any more: `core.remove_file_waste` removes them.",
            },
            bases=["GlobalModel"],
        ),
        ops.CreateModel(
            name="FormFile",
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
                ("form", fields.CharField(max_length=80)),
                ("subject", fields.CharField(max_length=80)),
                ("field", fields.CharField(max_length=120)),
                (
                    "submission",
                    fields.ForeignKeyField(
                        "core.FormSubmission",
                        source_field="submission_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("name", fields.CharField(default="", max_length=200)),
                ("media_type", fields.CharField(default="", max_length=120)),
                ("size", fields.BigIntField(default=0)),
                ("sha256", fields.CharField(default="", max_length=64)),
                ("store_key", fields.CharField(unique=True, max_length=80)),
                (
                    "state",
                    fields.CharEnumField(
                        description="ARRIVING: arriving\nLOOSE: loose\nATTACHED: attached",
                        enum_type=FileState,
                        max_length=10,
                    ),
                ),
                ("uploaded_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "core_form_file",
                "app": "core",
                "indexes": [Index(fields=["tenant_id", "submission_id"], name="core_form_file_submission")],
                "pk_attr": "id",
                "table_description": "A file that somebody has given in a form.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="FormFileUsage",
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
                ("bytes", fields.BigIntField(default=0)),
            ],
            options={
                "table": "core_form_file_usage",
                "app": "core",
                "unique_together": (("tenant",),),
                "pk_attr": "id",
                "table_description": "How many bytes the files of a tenant have together, so that nobody has to add them up.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="FormUploadRate",
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
                ("since", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("uploads", fields.IntField()),
            ],
            options={
                "table": "core_form_upload_rate",
                "app": "core",
                "unique_together": (("tenant", "user"),),
                "pk_attr": "id",
                "table_description": "How many files somebody has sent since a moment: a limit that all processes share.",
            },
            bases=["TenantModel"],
        ),
        ops.RunSQL(
            [
                # Whatever removes a row, the purge of a plugin and the deletion of a tenant too, leaves a note of its
                # bytes behind and gives their number back. Once for each statement: a batch has many rows.
                "CREATE FUNCTION core_form_file_gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                "INSERT INTO core_file_waste (store_key, gone_at) SELECT store_key, now() FROM gone; "
                "UPDATE core_form_file_usage AS used SET bytes = used.bytes - freed.bytes "
                "FROM (SELECT tenant_id, sum(size) AS bytes FROM gone GROUP BY tenant_id) AS freed "
                "WHERE used.tenant_id = freed.tenant_id AND freed.bytes > 0; "
                "RETURN NULL; END $$",
                "CREATE TRIGGER core_form_file_gone AFTER DELETE ON core_form_file REFERENCING OLD TABLE AS gone "
                "FOR EACH STATEMENT EXECUTE FUNCTION core_form_file_gone()",
            ],
            ["DROP TRIGGER core_form_file_gone ON core_form_file", "DROP FUNCTION core_form_file_gone()"],
        ),
    ]

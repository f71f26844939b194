from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("core", "0006_agents")]

    initial = True

    operations = [
        ops.CreateModel(
            name="Promise",
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
                ("kind", fields.CharField(max_length=40)),
                ("state", fields.CharField(default="open", max_length=12)),
                ("owner_id", fields.BigIntField(null=True)),
                ("subject", fields.CharField(default="", max_length=500)),
                ("reference", fields.CharField(default="", max_length=120)),
                ("url", fields.CharField(default="", max_length=500)),
                ("contact_name", fields.CharField(default="", max_length=200)),
                ("contact_number", fields.CharField(default="", max_length=32)),
                ("contact_zone", fields.CharField(default="", max_length=64)),
                ("interaction_id", fields.BigIntField(null=True)),
                ("fallback", fields.CharField(default="supervisor", max_length=12)),
                ("due_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("reminded_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("left_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("last_owner_id", fields.BigIntField(null=True)),
                ("settled_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "promises_promise",
                "app": "promises",
                "pk_attr": "id",
                "table_description": "Something that is owed at a time.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="Change",
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
                    "promise",
                    fields.ForeignKeyField(
                        "promises.Promise",
                        source_field="promise_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("actor", fields.CharField(max_length=40)),
                ("actor_id", fields.BigIntField(null=True)),
                ("what", fields.CharField(max_length=12)),
                ("why", fields.CharField(default="", max_length=500)),
                ("owner_id", fields.BigIntField(null=True)),
                ("due_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "promises_change",
                "app": "promises",
                "pk_attr": "id",
                "table_description": "A line of a promise's history.",
            },
            bases=["TenantModel"],
        ),
        ops.RunSQL(
            [
                # What is still owed: of an owner, or of nobody; by its time; by its number; and once of each reference.
                "CREATE INDEX promises_of_owner ON promises_promise (tenant_id, owner_id, due_at, id) "
                "WHERE state IN ('open', 'due')",
                "CREATE INDEX promises_owed ON promises_promise (tenant_id, due_at, id) WHERE state IN ('open', 'due')",
                "CREATE INDEX promises_of_number ON promises_promise (tenant_id, contact_number) "
                "WHERE state IN ('open', 'due') AND contact_number <> ''",
                "CREATE UNIQUE INDEX promises_of_reference ON promises_promise (tenant_id, reference) "
                "WHERE state IN ('open', 'due') AND reference <> ''",
                "CREATE INDEX promises_settled ON promises_promise (tenant_id, settled_at, id) "
                "WHERE settled_at IS NOT NULL",
                "CREATE INDEX promises_change_of_promise ON promises_change (promise_id, id)",
            ],
            [
                "DROP INDEX promises_change_of_promise, promises_settled, promises_of_reference, promises_of_number, "
                "promises_owed, promises_of_owner",
            ],
        ),
    ]

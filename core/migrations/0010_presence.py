from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("core", "0009_form_files")]

    initial = False

    operations = [
        ops.CreateModel(
            name="PresenceRow",
            fields=[
                ("id", fields.IntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("since", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "core_presence",
                "app": "core",
                "pk_attr": "id",
                "table_description": "A process that has work in hand, as long as the lock of this number is held.",
            },
            bases=["GlobalModel"],
        ),
        ops.AddField(
            model_name="JobRow",
            name="presence",
            field=fields.IntField(null=True),
        ),
    ]

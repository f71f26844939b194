from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("core", "0010_presence")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Segment",
            name="clock_shown",
            field=fields.BooleanField(default=True, db_default=True),
        ),
    ]

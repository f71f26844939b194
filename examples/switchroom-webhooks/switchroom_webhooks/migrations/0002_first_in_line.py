from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_initial")]

    operations = [
        ops.RunSQL(
            # An index with a condition in the model's Meta makes none, silently.
            ["CREATE INDEX webhooks_delivery_first ON webhooks_delivery (line_id, id) WHERE state = 'waiting'"],
            ["DROP INDEX webhooks_delivery_first"],
        )
    ]

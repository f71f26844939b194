"""Indexes that the ORM cannot express."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """The legs that live, by node: few rows, however many calls there have been; one a side."""

    dependencies = [("telephony", "0001_initial")]

    operations = [
        ops.RunSQL(
            [
                "CREATE INDEX telephony_leg_alive ON telephony_leg (node) WHERE state <> 'ended'",
                # A constraint with a condition in the model's Meta makes no index, silently.
                "CREATE UNIQUE INDEX telephony_leg_one_a_side ON telephony_leg (interaction_id, side) "
                "WHERE state <> 'ended'",
            ],
            ["DROP INDEX telephony_leg_alive, telephony_leg_one_a_side"],
        )
    ]

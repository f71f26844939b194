"""Indexes that the ORM cannot express."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """The legs that live, by node: few rows, however many calls there have been."""

    dependencies = [("telephony", "0001_initial")]

    operations = [
        ops.RunSQL(
            ["CREATE INDEX telephony_leg_alive ON telephony_leg (node) WHERE state <> 'ended'"],
            ["DROP INDEX telephony_leg_alive"],
        )
    ]

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0001_initial")]

    operations = [
        ops.RunSQL(
            [
                # What expires next; what is spent is not in it.
                "CREATE INDEX loyalty_entry_expiring ON loyalty_entry (tenant_id, expires_at) WHERE remaining > 0",
                # Search by a part. Core has installed pg_trgm and btree_gin.
                "CREATE INDEX loyalty_member_words ON loyalty_member "
                "USING gin (tenant_id, lower(name) gin_trgm_ops, phone gin_trgm_ops, number gin_trgm_ops)",
            ],
            ["DROP INDEX loyalty_entry_expiring, loyalty_member_words"],
        )
    ]

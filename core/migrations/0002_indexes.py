"""Indexes that the ORM cannot express: partial, and with an order of their own."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Each index serves one statement, which names it in a comment."""

    dependencies = [("core", "0001_initial")]

    operations = [
        ops.RunSQL(
            [
                # Of several due rows of one tenant, job and key there is one.
                "CREATE UNIQUE INDEX core_job_key ON core_job (tenant_id, name, key) NULLS NOT DISTINCT "
                "WHERE state = 'due' AND key IS NOT NULL",
                "CREATE INDEX core_job_lease ON core_job (lease_until) WHERE state = 'sent'",
                "CREATE INDEX core_interaction_waiting ON core_interaction "
                "(tenant_id, queue, priority DESC, waiting_since, id) WHERE state = 'waiting'",
                "CREATE INDEX core_interaction_in_queue ON core_interaction "
                "(tenant_id, queue, (-priority), waiting_since, id) WHERE state IN ('waiting', 'offered')",
                "CREATE INDEX core_agent_waiting ON core_agent (tenant_id, status_since, id) WHERE status = 'waiting'",
                "CREATE INDEX core_segment_agent ON core_segment (tenant_id, agent_id, started_at)",
                "CREATE INDEX core_segment_interaction ON core_segment (interaction_id)",
                "CREATE INDEX core_offer_interaction ON core_offer (interaction_id)",
                "CREATE INDEX core_session_user ON core_session (user_id)",
            ],
            [
                "DROP INDEX core_job_key, core_job_lease, core_interaction_waiting, core_interaction_in_queue, "
                "core_agent_waiting, core_segment_agent, core_segment_interaction, core_offer_interaction, "
                "core_session_user"
            ],
        )
    ]

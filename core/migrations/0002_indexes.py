"""Indexes that the ORM cannot express: with an order of their own, and partial unique ones.

The ORM has a `UniqueConstraint` with a condition, but creating a table with one makes no such index, silently.
"""

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
                # What no defect and no hand-written statement may get around: an interaction is never offered to two
                # agents nor handled by two, and an agent never has two at once.
                "CREATE UNIQUE INDEX core_offer_one_per_interaction ON core_offer (interaction_id) "
                "WHERE state = 'pending'",
                "CREATE UNIQUE INDEX core_offer_one_per_agent ON core_offer (agent_id) WHERE state = 'pending'",
                "CREATE UNIQUE INDEX core_segment_one_active ON core_segment (interaction_id) WHERE state = 'active'",
                "CREATE UNIQUE INDEX core_segment_one_per_agent ON core_segment (agent_id) WHERE state <> 'closed'",
                # A form that may be sent once is stored once, whatever two tabs do.
                "CREATE UNIQUE INDEX core_form_submission_once ON core_form_submission "
                "(tenant_id, form, subject, user_id) WHERE once",
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
                "core_session_user, core_offer_one_per_interaction, core_offer_one_per_agent, "
                "core_segment_one_active, core_segment_one_per_agent, core_form_submission_once"
            ],
        )
    ]

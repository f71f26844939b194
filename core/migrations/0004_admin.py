"""Indexes behind the pages of the administration."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Each index serves one statement, which names it in a comment."""

    dependencies = [("core", "0003_platform")]

    operations = [
        ops.RunSQL(
            [
                "CREATE INDEX core_user_by_name ON core_user (tenant_id, lower(name), id)",
                "CREATE INDEX core_user_role_of_role ON core_user_role (role_id, user_id)",
                "CREATE INDEX core_audit_by_actor ON core_audit (tenant_id, actor, id)",
                "CREATE INDEX core_audit_by_action ON core_audit (tenant_id, action, id)",
                "CREATE INDEX core_audit_by_subject ON core_audit (tenant_id, subject, id)",
                "CREATE INDEX core_audit_by_time ON core_audit (tenant_id, at)",
                "CREATE INDEX core_agent_of_team ON core_agent (team_id, user_id)",
            ],
            [
                "DROP INDEX core_user_by_name, core_user_role_of_role, core_audit_by_actor, core_audit_by_action, "
                "core_audit_by_subject, core_audit_by_time, core_agent_of_team"
            ],
        )
    ]

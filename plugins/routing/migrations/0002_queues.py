import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("core", "0006_agents"), ("routing", "0001_initial")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Decision",
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
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("interaction_id", fields.BigIntField()),
                ("offer_id", fields.BigIntField()),
                ("agent_id", fields.BigIntField()),
                (
                    "detail",
                    fields.JSONField(
                        default=dict, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
            ],
            options={
                "table": "routing_decision",
                "app": "routing",
                "pk_attr": "id",
                "table_description": "Why an interaction was offered to an agent. Kept for a month.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="Holiday",
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
                    "queue",
                    fields.ForeignKeyField(
                        "routing.Queue",
                        source_field="queue_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("day", fields.DateField()),
                ("name", fields.CharField(default="", max_length=100)),
                ("opens", fields.IntField(null=True)),
                ("closes", fields.IntField(null=True)),
            ],
            options={
                "table": "routing_holiday",
                "app": "routing",
                "unique_together": (("queue", "day"),),
                "pk_attr": "id",
                "table_description": "A day on which a queue keeps other hours than its week says: none, or one span.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="OpenHours",
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
                    "queue",
                    fields.ForeignKeyField(
                        "routing.Queue",
                        source_field="queue_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("weekday", fields.IntField()),
                ("opens", fields.IntField()),
                ("closes", fields.IntField()),
            ],
            options={
                "table": "routing_open_hours",
                "app": "routing",
                "pk_attr": "id",
                "table_description": "A span of each week in which a queue is open, by the clock of its zone.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="Skill",
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
                ("name", fields.CharField(max_length=100)),
            ],
            options={
                "table": "routing_skill",
                "app": "routing",
                "unique_together": (("tenant", "name"),),
                "pk_attr": "id",
                "table_description": "A named ability.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="AgentSkill",
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
                    "user",
                    fields.ForeignKeyField(
                        "core.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "skill",
                    fields.ForeignKeyField(
                        "routing.Skill",
                        source_field="skill_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("level", fields.IntField()),
            ],
            options={
                "table": "routing_agent_skill",
                "app": "routing",
                "unique_together": (("user", "skill"),),
                "pk_attr": "id",
                "table_description": "How well an agent has a skill: 1 to 10.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="QueueSkill",
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
                    "queue",
                    fields.ForeignKeyField(
                        "routing.Queue",
                        source_field="queue_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "skill",
                    fields.ForeignKeyField(
                        "routing.Skill",
                        source_field="skill_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("level", fields.IntField(default=1)),
            ],
            options={
                "table": "routing_queue_skill",
                "app": "routing",
                "unique_together": (("queue", "skill"),),
                "pk_attr": "id",
                "table_description": "What a queue asks of the agents who serve it.",
            },
            bases=["TenantModel"],
        ),
        ops.AddField(
            model_name="Queue",
            name="always_open",
            field=fields.BooleanField(default=True, db_default=True),
        ),
        ops.AddField(
            model_name="Queue",
            name="channels",
            field=fields.JSONField(
                default=list,
                db_default=[],
                encoder=functools.partial(dumps, separators=(",", ":")),
                decoder=loads,
            ),
        ),
        ops.AddField(
            model_name="Queue",
            name="longest_wait_seconds",
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="Queue",
            name="most_waiting",
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="Queue",
            name="overflow_queue",
            field=fields.ForeignKeyField(
                "routing.Queue",
                source_field="overflow_queue_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name=False,
                on_delete=OnDelete.SET_NULL,
            ),
        ),
        ops.AddField(
            model_name="Queue",
            name="overflow_seconds",
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="Queue",
            name="position",
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="Queue",
            name="priority",
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="Queue",
            name="sticky_hours",
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="Queue",
            name="strategy",
            field=fields.CharField(default="longest_idle", db_default="longest_idle", max_length=20),
        ),
        ops.AddField(
            model_name="Queue",
            name="teams",
            field=fields.JSONField(
                default=list, db_default=[], encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
            ),
        ),
        ops.AddField(
            model_name="Queue",
            name="timezone",
            field=fields.CharField(default="", db_default="", max_length=60),
        ),
        ops.RunSQL(
            [
                "CREATE INDEX routing_queue_in_order ON routing_queue (tenant_id, position, id)",
                "CREATE INDEX routing_decision_of_interaction ON routing_decision (tenant_id, interaction_id, id)",
                "CREATE INDEX routing_decision_by_age ON routing_decision (at)",
                "CREATE INDEX routing_open_hours_of_queue ON routing_open_hours (queue_id)",
                "UPDATE routing_queue SET channels = '[\"voice\"]'",
                # Whoever was there serves the queue that was there.
                "INSERT INTO core_pool_member (tenant_id, pool, user_id, level, strategy, rank, free) "
                "SELECT queue.tenant_id, 'routing:queue:' || queue.id, agent.user_id, 0, queue.strategy, "
                "extract(epoch FROM agent.status_since), agent.taking FROM routing_queue AS queue "
                "JOIN core_agent AS agent ON agent.tenant_id = queue.tenant_id",
            ],
            [
                "DELETE FROM core_pool_member WHERE pool LIKE 'routing:queue:%'",
                "DROP INDEX routing_open_hours_of_queue, routing_decision_by_age, routing_decision_of_interaction, "
                "routing_queue_in_order",
            ],
        ),
    ]

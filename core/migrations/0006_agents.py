import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("core", "0005_vendor")]

    initial = False

    operations = [
        ops.CreateModel(
            name="PoolMember",
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
                ("pool", fields.CharField(max_length=60)),
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
                ("level", fields.IntField(default=0)),
                ("strategy", fields.CharField(max_length=20)),
                (
                    "channels",
                    fields.JSONField(
                        default=list,
                        db_default=[],
                        encoder=functools.partial(dumps, separators=(",", ":")),
                        decoder=loads,
                    ),
                ),
                ("rank", fields.FloatField(default=0)),
                ("free", fields.BooleanField(default=False)),
            ],
            options={
                "table": "core_pool_member",
                "app": "core",
                "unique_together": (("tenant", "pool", "user"),),
                "pk_attr": "id",
                "table_description": "An agent among those who serve one queue.",
            },
            bases=["TenantModel"],
        ),
        ops.CreateModel(
            name="TeamChannel",
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
                    "team",
                    fields.ForeignKeyField(
                        "core.Team",
                        source_field="team_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("channel", fields.CharField(max_length=20)),
                ("offer_seconds", fields.IntField(null=True)),
                ("capacity", fields.IntField(default=1)),
                ("alone", fields.BooleanField(default=False)),
            ],
            options={
                "table": "core_team_channel",
                "app": "core",
                "unique_together": (("team", "channel"),),
                "pk_attr": "id",
                "table_description": "What holds for one channel in one team, where it differs from the usual.",
            },
            bases=["TenantModel"],
        ),
        ops.AddField(
            model_name="Agent",
            name="last_offer_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Agent",
            name="missed_in_row",
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="Agent",
            name="pause_limit_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Agent",
            name="pause_reason",
            field=fields.CharField(default="", db_default="", max_length=60),
        ),
        ops.AddField(
            model_name="Agent",
            name="taking",
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(
            model_name="Agent",
            name="work",
            field=fields.JSONField(
                default=dict, db_default={}, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
            ),
        ),
        ops.AddField(
            model_name="Interaction",
            name="reference",
            field=fields.CharField(default="", db_default="", max_length=80),
        ),
        ops.AddField(
            model_name="Offer",
            name="auto_answer",
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(
            model_name="Segment",
            name="channel",
            field=fields.CharField(default="voice", db_default="voice", max_length=20),
        ),
        ops.AddField(
            model_name="Segment",
            name="exclusive",
            field=fields.BooleanField(default=True, db_default=True),
        ),
        ops.AddField(
            model_name="Team",
            name="auto_answer",
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(
            model_name="Team",
            name="least_available",
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name="Team",
            name="missed_limit",
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.RunSQL(
            [
                # One interaction that takes the whole agent, beside any number of others.
                "DROP INDEX core_segment_one_per_agent",
                "CREATE UNIQUE INDEX core_segment_one_exclusive ON core_segment (agent_id) "
                "WHERE state <> 'closed' AND exclusive",
                "CREATE INDEX core_segment_open ON core_segment (agent_id) WHERE state <> 'closed'",
                "DROP INDEX core_agent_waiting, core_interaction_waiting",
                "CREATE INDEX core_interaction_waiting ON core_interaction "
                "(tenant_id, queue, channel, priority DESC, waiting_since, id) WHERE state = 'waiting'",
                "CREATE INDEX core_pool_free ON core_pool_member (tenant_id, pool, rank, user_id) WHERE free",
                "CREATE INDEX core_pool_of_agent ON core_pool_member (user_id)",
                "CREATE INDEX core_interaction_of_queue ON core_interaction (tenant_id, queue, created_at, id)",
                # What agents do is known anew from what there is.
                "UPDATE core_agent AS agent SET taking = status = 'waiting', work = coalesce((SELECT "
                "jsonb_object_agg(channel, number) FROM (SELECT channel, count(*) AS number FROM core_segment "
                "WHERE agent_id = agent.user_id AND state <> 'closed' GROUP BY channel) AS hand), '{}')",
            ],
            [
                "DROP INDEX core_interaction_waiting",
                "CREATE INDEX core_interaction_waiting ON core_interaction "
                "(tenant_id, queue, priority DESC, waiting_since, id) WHERE state = 'waiting'",
                "DROP INDEX core_interaction_of_queue, core_pool_of_agent, core_segment_open, core_segment_one_exclusive, core_pool_free",
                "CREATE INDEX core_agent_waiting ON core_agent (tenant_id, status_since, id) WHERE status = 'waiting'",
                "CREATE UNIQUE INDEX core_segment_one_per_agent ON core_segment (agent_id) WHERE state <> 'closed'",
            ],
        ),
    ]

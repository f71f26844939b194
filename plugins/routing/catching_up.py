"""Finds what events have not told: what has happened while the plugin was off, and who came without a queue."""

from __future__ import annotations

from plugins.routing.matching import match_agent, match_interaction
from plugins.routing.models import Queue
from plugins.routing.serving import place_everybody
from switchroom import Context, job
from switchroom.database import fetch, transaction
from switchroom.jobs import Schedule


@job("routing.catch_up", coalesce=True)
async def catch_up(ctx: Context) -> None:
    """The plugin is on again: finds anew who serves what, and matches all that waits."""
    for queue in await Queue.all().order_by("id"):
        async with transaction():
            await place_everybody(ctx, queue)
    await _match_what_could_be(ctx)


@job("routing.look_again", coalesce=True)
async def look_again(ctx: Context) -> None:
    """Matches what waits although somebody is free for it. There is none, unless an event was lost outside of ours."""
    await _match_what_could_be(ctx)


LOOKING_AGAIN = Schedule(look_again, "*/10 * * * *")


async def _match_what_could_be(ctx: Context) -> None:
    # Index core_interaction_waiting.
    for row in await fetch(
        "SELECT id FROM core_interaction WHERE tenant_id = $1 AND state = 'waiting' AND queue = ''", ctx.tenant.id
    ):
        await ctx.enqueue(match_interaction, key=str(row["id"]), interaction_id=row["id"])
    # Indexes core_pool_free and core_interaction_waiting.
    for row in await fetch(
        "SELECT DISTINCT member.user_id FROM core_pool_member AS member WHERE member.tenant_id = $1 AND member.free "
        "AND EXISTS (SELECT FROM core_interaction AS interaction WHERE interaction.tenant_id = $1 "
        "AND interaction.queue = member.pool AND interaction.state = 'waiting') ORDER BY member.user_id",
        ctx.tenant.id,
    ):
        await ctx.enqueue(match_agent, key=str(row["user_id"]), user_id=row["user_id"])

"""Queues and agents for tests of routing."""

from __future__ import annotations

from typing import Any

from core.agents.connection import tab_opened
from core.agents.roster import begin_shift
from core.database.connection import fetch_value
from plugins.routing.models import reference_of
from plugins.routing.services.queues import create_queue
from plugins.routing.services.values import QueueValues
from switchroom import Context
from switchroom.agents import Intent, choose_intent
from switchroom.interactions import create_interaction
from switchroom.runtime import Platform
from tests.core.web_client import add_user


async def make_agent(platform: Platform, ctx: Context, username: str) -> int:
    """An agent who is connected and takes calls."""
    user_id = await add_user(platform, ctx.tenant, username, "agent")
    await begin_shift(ctx, user_id)
    await tab_opened(ctx, user_id)
    await choose_intent(ctx, user_id, Intent.AVAILABLE)
    return user_id


async def make_queue(ctx: Context, name: str, **values: Any) -> int:
    """A queue."""
    return await create_queue(ctx, QueueValues(name, **values))


async def make_call(ctx: Context, queue_id: int, name: str = "Kim", priority: int = 0) -> int:
    """A customer who waits in a queue."""
    queue = reference_of(queue_id)
    call = await create_interaction(ctx, channel="voice", queue=queue, contact_name=name, priority=priority)
    return call.id


async def queue_of_call(call: int) -> int:
    """The queue in which an interaction is."""
    reference: str = await fetch_value("SELECT queue FROM core_interaction WHERE id = $1", call)
    return int(reference.rpartition(":")[2])

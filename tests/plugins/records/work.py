"""Queues with records in them, and agents who work through them, made by the services that the product uses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from core.plugin_lifecycle import save_plugin_settings
from plugins.records.services.adding import Queues
from plugins.records.services.items import ItemView, get_item
from plugins.records.services.queues import QueueValues, create_queue
from switchroom.capabilities import QueuedRecord
from switchroom.runtime import Context
from switchroom.testing.people import Agent


@dataclass(frozen=True)
class Worker:
    """An agent of the tenant, with the context in which he works."""

    agent: Agent
    ctx: Context

    @property
    def id(self) -> int:
        """The user's id."""
        return self.agent.id

    async def sees(self, item: ItemView) -> ItemView:
        """The item as it is now."""
        return await get_item(self.ctx, item.id)


@asynccontextmanager
async def working(agent: Agent) -> AsyncIterator[Worker]:
    """The agent at work in the plugin."""
    async with agent.context("records") as ctx:
        yield Worker(agent, ctx)


async def with_settings(worker: Worker, **values: object) -> Worker:
    """The same agent after the administrator has saved settings of the plugin."""
    await save_plugin_settings(worker.agent.platform, worker.ctx.for_plugin("core"), "records", values)
    tenant = await worker.agent.platform.tenant(tenant_id=worker.agent.tenant.id)
    enabled = await worker.agent.platform.enablement.of(tenant)
    return Worker(worker.agent, Context(worker.agent.platform, tenant, worker.ctx.actor, enabled, plugin="records"))


async def make_queue(ctx: Context, kind: str = "closed", name: str = "", **values: object) -> int:
    """A queue in which everybody works."""
    wanted = {"name": name or f"The {kind} queue", "kind": kind, "columns": ("City",), **values}
    return await create_queue(ctx, QueueValues(**wanted))  # type: ignore[arg-type]


async def fill(ctx: Context, queue_id: int, *titles: str, priority: int = 0) -> list[ItemView]:
    """Records in a queue, in this order."""
    items = []
    for title in titles:
        record = QueuedRecord(
            f"cases:case:{queue_id}-{title}", title, contact_name="Kim", contact_number="+4930123456",
            cells={"City": "Berlin"}, priority=priority,
        )  # fmt: skip
        items.append(await get_item(ctx, await Queues().add(ctx, f"records:queue:{queue_id}", record)))
    return items

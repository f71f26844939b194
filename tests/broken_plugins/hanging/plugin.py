"""Hooks that never come back."""

import asyncio

from switchroom import Context, hookimpl
from switchroom.agents import AgentView, Intent
from switchroom.contributions import Block, NavItem, Panel
from switchroom.interactions import InteractionView


async def forever() -> None:
    """Waits for what never comes."""
    await asyncio.Event().wait()


class Hanging:
    """Loads well, and fails whenever it is asked."""

    @hookimpl
    async def navigation_items(self, ctx: Context) -> list[NavItem]:
        await forever()
        return []

    @hookimpl
    async def agent_panels(self, ctx: Context) -> list[Panel]:
        await forever()
        return []

    @hookimpl
    async def agent_status_changing(self, ctx: Context, agent: AgentView, intent: Intent) -> Block | None:
        await forever()
        return Block("Nobody hears this.")

    @hookimpl
    async def interaction_created(self, ctx: Context, interaction: InteractionView) -> None:
        await forever()


plugin = Hanging()

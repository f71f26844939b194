"""Where an agent works on an interaction."""

from __future__ import annotations

from core.interactions.rows import InteractionView
from core.plugins.context import Context


async def page_of(ctx: Context, interaction: InteractionView) -> str:
    """The address of the page: what a plugin says (`interaction_page`), else the card."""
    if ctx.listened("interaction_page"):
        found: str | None = await ctx.first("interaction_page", interaction=interaction)
        # A plugin leads to a page of the workspace, not out of it.
        if found and found.startswith("/") and not found.startswith(("//", "/\\")):
            return found
    return f"/card/{interaction.id}"

"""Protocols by which core and plugins use each other without importing each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from core.plugins.context import Context


class AfterContactWork(Protocol):
    """Decides whether a call is followed by after-contact work."""

    async def seconds(self, ctx: Context, interaction_id: int, team_seconds: int) -> int:
        """How long the work after this interaction may take, in seconds; 0 for none.

        Args:
            ctx: Where.
            interaction_id: The interaction that is about to end.
            team_seconds: What the agent's team has set.
        """
        ...


class QueueDirectory(Protocol):
    """Knows where a new interaction waits."""

    async def default_queue(self, ctx: Context, channel: str) -> str:
        """An opaque reference to the queue for a channel, such as `routing:queue:3`."""
        ...

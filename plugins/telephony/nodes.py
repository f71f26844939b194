"""The rows of media nodes: who carries calls, and since when each is in charge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from switchroom.database import execute, fetch, fetch_row

FRESH_SECONDS = 8
"""A node that was not seen for so long gets no new calls."""


@dataclass(frozen=True)
class NodeView:
    """A media node as its row has it."""

    name: str
    epoch: str
    host: str
    port: int
    capacity: int
    seen_at: datetime


_SELECT = "SELECT node.name, node.epoch, node.host, node.port, node.capacity, node.seen_at FROM telephony_node AS node "


async def register(name: str, epoch: str, address: tuple[str, int], capacity: int) -> None:
    """Takes charge of a node's name; who held it under another epoch notices with the next `beat`."""
    await execute(
        "INSERT INTO telephony_node (name, epoch, host, port, capacity, seen_at) VALUES ($1, $2, $3, $4, $5, now()) "
        "ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch, host = excluded.host, port = excluded.port, "
        "capacity = excluded.capacity, seen_at = now()",
        name,
        epoch,
        *address,
        capacity,
    )


async def beat(name: str, epoch: str) -> bool:
    """Says that the node is alive; False when another process has taken charge of the name."""
    return bool(await execute("UPDATE telephony_node SET seen_at = now() WHERE name = $1 AND epoch = $2", name, epoch))


async def unregister(name: str, epoch: str) -> None:
    """Gives up the node's name."""
    await execute("DELETE FROM telephony_node WHERE name = $1 AND epoch = $2", name, epoch)


async def get_node(name: str) -> NodeView | None:
    """The node of that name, alive or not."""
    row = await fetch_row(f"{_SELECT} WHERE name = $1", name)
    return NodeView(**row) if row else None


async def all_nodes() -> list[NodeView]:
    """Every node, alive or not."""
    return [NodeView(**row) for row in await fetch(_SELECT)]


# Each caller needs a second leg for the agent on the same node, so callers get half of the room. Counted over all
# tenants, by index telephony_leg_alive.
_CALLERS = """
LEFT JOIN (SELECT node AS name, count(*) AS callers FROM telephony_leg WHERE state <> 'ended' AND side = 'caller'
    GROUP BY node) AS load ON load.name = node.name
WHERE node.seen_at > now() - make_interval(secs => $1) AND coalesce(load.callers, 0) < node.capacity / 2
ORDER BY coalesce(load.callers, 0)::float / node.capacity, node.name
"""


async def nodes_with_room() -> list[NodeView]:
    """The nodes that can take another caller, the least loaded first."""
    return [NodeView(**row) for row in await fetch(_SELECT + _CALLERS, FRESH_SECONDS)]


async def any_fresh() -> bool:
    """Whether there is a node at all that could carry calls."""
    row = await fetch_row(
        "SELECT 1 AS one FROM telephony_node WHERE seen_at > now() - make_interval(secs => $1) LIMIT 1", FRESH_SECONDS
    )
    return row is not None

"""One match of a tenant after the other in each process: at once, they would all be after the same few rows.

Nothing depends on it: other processes match at the same time, and each claim is a transaction. It only saves them from
waiting for, and asking anew about, what the neighbour has just taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary, WeakValueDictionary

from switchroom import Context

_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[int, asyncio.Lock]] = WeakKeyDictionary()


@asynccontextmanager
async def turn(ctx: Context) -> AsyncIterator[None]:
    """Waits for the other matches of the tenant in this process.

    Where plugins choose among the agents nobody waits for another: how long they take is theirs to say.
    """
    if ctx.listened("interaction_route"):
        yield
        return
    locks = _turns.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    lock = locks.setdefault(ctx.tenant.id, asyncio.Lock())
    async with lock:
        yield

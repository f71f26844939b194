"""Sends notices through the database: what many ask for at the same time goes with one statement."""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

from core.database.connection import fetch_value

Notice = tuple[str, str]
"""A channel and a payload."""


class _Outgoing:
    """What one event loop has to send."""

    def __init__(self) -> None:
        self._waiting: dict[Notice, None] = {}
        self._one_at_a_time = asyncio.Lock()

    async def send(self, notices: list[Notice]) -> None:
        self._waiting.update(dict.fromkeys(notices))
        async with self._one_at_a_time:
            # Whoever was here before has taken what had come until then, and it is sent by now.
            if not self._waiting:
                return
            taken, self._waiting = list(self._waiting), {}
            await fetch_value(
                "SELECT count(pg_notify(channel, payload)) FROM unnest($1::text[], $2::text[]) "
                "AS told (channel, payload)",
                [channel for channel, _payload in taken],
                [payload for _channel, payload in taken],
            )


_outgoing: WeakKeyDictionary[asyncio.AbstractEventLoop, _Outgoing] = WeakKeyDictionary()


async def notify(*notices: Notice) -> None:
    """Tells everybody who listens to the channels; returns when it is sent.

    Outside of transactions: inside one, the server lets those that tell something commit one after the other.
    """
    await _outgoing.setdefault(asyncio.get_running_loop(), _Outgoing()).send(list(notices))

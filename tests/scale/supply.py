"""Record queues, and somebody who puts records into them whatever becomes of the server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx

from tests.scale.people import client, insist, log_in
from tests.scale.record_rows import Told

BRING_SECONDS = 0.3
QUEUES = "/api/v1/records/queues"


@dataclass(frozen=True)
class Queues:
    """Ids of the queues in which all agents work."""

    closed: int
    open: int


@dataclass
class Supply:
    """What agents work on.

    Attributes:
        told: What they and those who bring records were told.
        brought: How many records there are.
    """

    url: str
    queues: Queues
    told: Told = field(default_factory=Told)
    brought: int = 0

    async def bring(self, count: int) -> None:
        """Somebody puts so many records into the queues."""
        async with self._somebody() as browser:
            for _number in range(count):
                await self._bring_one(browser)

    async def go_on_bringing(self, closing: asyncio.Event) -> None:
        """Somebody puts records into the queues for as long as agents take any."""
        async with self._somebody() as browser:
            while not closing.is_set():
                await self._bring_one(browser)
                await asyncio.sleep(BRING_SECONDS)

    @contextlib.asynccontextmanager
    async def _somebody(self) -> AsyncIterator[httpx.AsyncClient]:
        async with client(self.url) as browser:
            await log_in(browser, "admin")
            yield browser

    async def _bring_one(self, browser: httpx.AsyncClient) -> None:
        """Puts a record into a queue; sent again, since nobody has answered, it is the same one."""
        self.brought += 1
        queue = self.queues.open if self.brought % 3 == 0 else self.queues.closed
        record = {"reference": f"cases:case:{self.brought}", "title": f"Case {self.brought}", "contact_name": "Kim"}
        brought = await insist(browser, "POST", f"{QUEUES}/{queue}/items", json=record)
        assert brought.status_code == 200, brought.text
        # None when it was sent again at the moment in which an agent has done it.
        if item_id := brought.json()["id"]:
            self.told.added.add(item_id)


def most_in_work(number: int) -> str:
    """The setting `plugins.tenant_defaults` that lets an agent have so many records in work."""
    return f"{{records: {{most_in_work: {number}, most_opened: {number}}}}}"


async def make_supply(url: str) -> Supply:
    """Makes an open queue and a closed one, in which all agents work."""
    async with client(url) as browser:
        await log_in(browser, "admin")
        ids = {}
        for kind in ("closed", "open"):
            made = await browser.post(QUEUES, json={"name": f"The {kind} queue", "kind": kind})
            assert made.status_code == 201, made.text
            ids[kind] = made.json()["id"]
    return Supply(url, Queues(**ids))

"""How soon an agent sees an offer in a real browser, with 500 other agents connected to the same server.

The product runs as its users start it. Each agent has a WebSocket and shows his own topics and the queue's; one of
them has a Chromium with the workspace. A customer comes, the server matches and offers; what is measured is the time
from the row of the offer to the moment at which the page shows it. The reference is a bare round trip, ping and pong,
over one of the same WebSockets between the same rounds.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import websockets
from playwright.async_api import Page, async_playwright

from bench._floor import fresh_database, installation, make_agents
from core.accounts.models import Role, UserRole
from core.accounts.sessions import open_session
from core.database.connection import fetch_value
from core.plugins.context import Context
from core.provisioning import DEMO_SLUG
from plugins.routing.services.queues import ensure_queue
from plugins.routing.serving import place_everybody
from switchroom.agents import Intent, choose_intent
from switchroom.interactions import create_interaction, end_interaction
from tests.serving import ROOT, ServerProcess, free_port, running, server_environ

# Notes when the page first shows an offer. The page and the database are on one machine, with one clock.
WATCH = """
window.shownAt = {};
new MutationObserver(() => {
  const offer = document.querySelector("[data-softphone][data-offer]")?.dataset.offer;
  if (offer && !window.shownAt[offer]) window.shownAt[offer] = performance.timeOrigin + performance.now();
}).observe(document, { subtree: true, childList: true, attributes: true });
"""


@dataclass(frozen=True)
class Size:
    """How many are connected, and how often a customer comes."""

    agents: int = 500
    rounds: int = 40


async def _listen(url: str, token: str, user_id: int, ready: asyncio.Queue[Any]) -> None:
    """One agent's page, as far as the server sees it."""
    headers = {"cookie": f"switchroom={token}", "origin": url}
    address = url.replace("http", "ws", 1) + "/live"
    async with websockets.connect(address, additional_headers=headers, open_timeout=60, proxy=None) as socket:
        await socket.send(json.dumps({"subscribe": [f"user:{user_id}", "queue"]}))
        await ready.put(socket)
        async for text in socket:
            if "ping" in json.loads(text):
                await socket.send('{"pong": true}')


@asynccontextmanager
async def _connected(ctx: Context, url: str, agents: list[int]) -> AsyncIterator[Any]:
    """All of these agents have a page open; gives one of their sockets."""
    ready: asyncio.Queue[Any] = asyncio.Queue()
    tokens = [await open_session(ctx, agent) for agent in agents]
    pairs = zip(tokens, agents, strict=True)
    tasks = [asyncio.create_task(_listen(url, token, agent, ready)) for token, agent in pairs]
    try:
        sockets = [await asyncio.wait_for(ready.get(), 120) for _ in agents]
        yield sockets[len(sockets) // 2]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _one_offer(ctx: Context, page: Page, queue: str, agent: int) -> float:
    """A customer comes and is offered to the agent; gives the seconds from the offer to the page."""
    call = await create_interaction(ctx, channel="voice", queue=queue, contact_name="Kim", contact_number="+4930123456")
    await page.wait_for_function("Object.keys(window.shownAt).length > 0", timeout=30_000)
    shown = await page.evaluate("Object.entries(window.shownAt)[0]")
    made = await fetch_value("SELECT made_at FROM core_offer WHERE id = $1 AND agent_id = $2", int(shown[0]), agent)
    await end_interaction(ctx, call.id, "caller_hung_up")
    await page.wait_for_function("!document.querySelector('[data-softphone][data-offer]')", timeout=30_000)
    await page.evaluate("window.shownAt = {}")
    return float(shown[1]) / 1e3 - made.timestamp()


async def _round_trips(socket: Any, count: int) -> list[float]:
    seconds = []
    for _ in range(count):
        started = time.perf_counter()
        await (await socket.ping())
        seconds.append(time.perf_counter() - started)
    return seconds


async def _measure(url: str, server: ServerProcess, size: Size) -> dict[str, Any]:
    async with (
        installation(url) as platform,
        platform.context(await platform.tenant(slug=DEMO_SLUG)) as ctx,
        async_playwright() as api,
    ):
        agents = await _people(ctx, size.agents)
        queue = (await ensure_queue(ctx)).reference
        async with _connected(ctx, server.url, agents[1:]) as socket:
            browser = await api.chromium.launch(executable_path=_chromium(), args=["--no-sandbox", "--disable-gpu"])
            context = await browser.new_context(base_url=server.url, bypass_csp=True)
            token = await open_session(ctx, agents[0])
            await context.add_cookies([{"name": "switchroom", "value": token, "url": server.url}])
            await context.add_init_script(WATCH)
            page = await context.new_page()
            await page.goto("/")
            await page.wait_for_selector("[data-softphone]", state="attached")
            await choose_intent(ctx, agents[0], Intent.AVAILABLE)
            await _one_offer(ctx, page, queue, agents[0])
            ours, reference = [], []
            for _round in range(size.rounds):
                ours.append(await _one_offer(ctx, page, queue, agents[0]))
                reference += await _round_trips(socket, 5)
            await browser.close()
    slow, bare = _p95(ours), _p95(reference)
    return {
        "name": "offer",
        "ours": round(slow * 1e3, 1),
        "reference": round(bare * 1e3, 1),
        "ratio": round(slow / bare, 1),
        "unit": f"milliseconds from the offer to the browser, 95th percentile, {size.agents} agents connected; the "
        "reference is a bare WebSocket round trip",
        "n": size.rounds,
        "median": round(statistics.median(ours) * 1e3, 1),
    }


async def _people(ctx: Context, count: int) -> list[int]:
    """Agents who may log in, on a break, and serve the queue."""
    agents = await make_agents(ctx, count, available=False)
    role = await Role.get(key="agent")
    await UserRole.bulk_create(UserRole(user_id=agent, role_id=role.id) for agent in agents)
    await place_everybody(ctx, await ensure_queue(ctx))
    return agents


def _p95(seconds: list[float]) -> float:
    return sorted(seconds)[max(0, round(0.95 * len(seconds)) - 1)]


def _chromium() -> str:
    found = subprocess.run([ROOT / "scripts" / "find-chromium"], capture_output=True, text=True, check=True)
    return found.stdout.strip()


def run(size: Size | None = None) -> dict[str, Any]:
    """Measure with a server of its own."""
    with fresh_database() as url, TemporaryDirectory() as folder:
        log = Path(folder) / "server.log"
        server = ServerProcess("run", server_environ(url, Path(folder)), log, free_port())
        with running(server):
            return asyncio.run(_measure(url, server, size or Size()))

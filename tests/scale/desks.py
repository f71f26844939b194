"""Agents who work through record queues, each in several places at once: on pages, and by a program with the API."""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.scale.people import LOOK, Tab
from tests.scale.supply import Supply

REFUSALS = {"not_yours", "nothing_waits", "at_capacity", "conflict"}
"""What one may be told whose other tab, or whose colleague, was faster."""
ACTIONS = {"moved_to_end": 30, "postponed": 20, "kept": 20, "done": 20, "assigned": 10}
"""How likely each is."""
SOON = timedelta(seconds=3)
THINKS = (0.0, 0.4)
"""Seconds until one does the next thing, at least and at most."""


@dataclass(frozen=True)
class Held:
    """An item that one has, as one sees it."""

    id: int
    in_work: bool
    version: int


@dataclass(kw_only=True)
class Desk(Tab):
    """An agent at one of his desks: what he does next is chance, also with what another desk of his has taken.

    Attributes:
        supply: What there is to work on.
        closing: Once it is set, he does whatever is left, and goes when nothing is.
    """

    supply: Supply
    closing: asyncio.Event

    async def _react(self, browser: httpx.AsyncClient, changed: asyncio.Event) -> None:
        await self._take_work(browser)
        while True:
            changed.clear()
            late = self.closing.is_set()
            # What a process that has died did not answer is seen when one looks again.
            something = True
            with contextlib.suppress(httpx.TransportError):
                something = await (self._finish(browser) if late else self._go_on(browser))
            if late and not something:
                return
            if something:
                await asyncio.sleep(self.chance.uniform(*THINKS))
            else:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), LOOK)

    async def _go_on(self, browser: httpx.AsyncClient) -> bool:
        """Does something by chance; gives whether there was anything to do."""
        mine = await self.mine(browser)
        in_work = [item for item in mine if item.in_work]
        aside = [item for item in mine if not item.in_work]
        dice = self.chance.random()
        if in_work and dice < 0.6:
            action = self.chance.choices(list(ACTIONS), weights=list(ACTIONS.values()))[0]
            return await self.act(browser, self.chance.choice(in_work), action)
        if aside and dice < 0.75:
            return await self.take_up(browser, self.chance.choice(aside))
        if dice < 0.9:
            return await self.take_next(browser)
        return await self._open_any(browser)

    async def _finish(self, browser: httpx.AsyncClient) -> bool:
        mine = await self.mine(browser)
        for item in mine:
            if not item.in_work:
                await self.take_up(browser, item)
            else:
                await self.act(browser, item, "done")
        return bool(mine) or await self.take_next(browser) or await self._open_any(browser)

    async def _open_any(self, browser: httpx.AsyncClient) -> bool:
        waiting = await self.waiting(browser)
        if waiting:
            await self.open(browser, self.chance.choice(waiting))
        return bool(waiting)

    async def mine(self, browser: httpx.AsyncClient) -> list[Held]:
        """What he has."""
        raise NotImplementedError

    async def waiting(self, browser: httpx.AsyncClient) -> list[int]:
        """What waits in the open queue."""
        raise NotImplementedError

    async def take_next(self, browser: httpx.AsyncClient) -> bool:
        """Takes the next record of the closed queue; gives whether there was one for him."""
        return await self._take(browser, f"queues/{self.supply.queues.closed}/next")

    async def open(self, browser: httpx.AsyncClient, item_id: int) -> bool:
        """Takes a record of the open queue into work."""
        return await self._take(browser, f"items/{item_id}/open")

    async def take_up(self, browser: httpx.AsyncClient, item: Held) -> bool:
        """Takes up again what he has put aside."""
        return await self._take(browser, f"items/{item.id}/open")

    async def act(self, browser: httpx.AsyncClient, item: Held, action: str) -> bool:
        """Does something with a record in work; gives whether it is done."""
        raise NotImplementedError

    async def _take(self, browser: httpx.AsyncClient, path: str) -> bool:
        raise NotImplementedError

    async def _post(self, browser: httpx.AsyncClient, path: str, what: str, **body: Any) -> httpx.Response:
        self.supply.told.asking[self.url] += 1
        try:
            return await browser.post(path, **body)
        except httpx.TransportError:
            self.supply.told.unanswered[self.user_id, what] += 1
            raise
        finally:
            self.supply.told.asking[self.url] -= 1

    def _refused(self, code: str) -> bool:
        self.supply.told.refused[code] += 1
        return False


@dataclass(kw_only=True)
class Program(Desk):
    """A program that acts for the agent by the API."""

    async def mine(self, browser: httpx.AsyncClient) -> list[Held]:
        items = (await self._get(browser, "items/mine"))["items"]
        return [Held(item["id"], item["shown"] == "in_work", item["version"]) for item in items]

    async def waiting(self, browser: httpx.AsyncClient) -> list[int]:
        items = (await self._get(browser, f"queues/{self.supply.queues.open}/items"))["items"]
        return [item["id"] for item in items if item["shown"] == "waiting"]

    async def act(self, browser: httpx.AsyncClient, item: Held, action: str) -> bool:
        name = {"done": "done", "assigned": "assign-to-me", "postponed": "postpone", "kept": "keep"}
        body: dict[str, Any] = {"version": item.version}
        if action == "postponed":
            body["at"] = (datetime.now(UTC) + SOON).isoformat()
        path = f"items/{item.id}/{name.get(action, 'move-to-end')}"
        answer = await self._ask(browser, path, action, json=body)
        if answer is None:
            return False
        # The answer is the item as it is now, which may be later than what this has brought about.
        self.supply.told.note_done(self.user_id, item.id, item.version + 1, action)
        return True

    async def _take(self, browser: httpx.AsyncClient, path: str) -> bool:
        item = await self._ask(browser, path, "taken")
        if item is not None:
            self.supply.told.took.append((self.user_id, item["id"], item["version"]))
        return item is not None

    async def _get(self, browser: httpx.AsyncClient, path: str) -> dict[str, Any]:
        response = await browser.get(f"/api/v1/records/{path}")
        assert response.status_code == 200, f"{self.username}: {path}: {response.status_code} {response.text}"
        answer: dict[str, Any] = response.json()
        return answer

    async def _ask(self, browser: httpx.AsyncClient, path: str, what: str, **body: Any) -> dict[str, Any] | None:
        response = await self._post(browser, f"/api/v1/records/{path}", what, **body)
        answer: dict[str, Any] = response.json()
        if response.is_success:
            return answer
        # A time that has passed while a process was away can no longer be chosen.
        too_late = what == "postponed" and set(answer.get("fields", {})) == {"at"}
        assert answer["code"] in REFUSALS or too_late, f"{self.username}: {path}: {response.text}"
        self._refused(answer["code"])
        return None


@dataclass(kw_only=True)
class Pages(Desk):
    """The agent in a browser."""

    async def mine(self, browser: httpx.AsyncClient) -> list[Held]:
        section = await self._page(browser, "/p/records/section")
        found = re.findall(r'<li class="record-(\w+)">.*?href="/p/records/items/(\d+)"', section, re.DOTALL)
        return [Held(int(number), shown == "in_work", 0) for shown, number in found]

    async def waiting(self, browser: httpx.AsyncClient) -> list[int]:
        rows = await self._page(browser, f"/p/records/queues/{self.supply.queues.open}/items")
        return [int(number) for number in re.findall(r'hx-post="/p/records/items/(\d+)/open"', rows)]

    async def act(self, browser: httpx.AsyncClient, item: Held, action: str) -> bool:
        state = await self._page(browser, f"/p/records/items/{item.id}/state")
        if 'id="act-done"' not in state:
            return False
        version = _version(state)
        name = {"done": "done", "assigned": "assign", "postponed": "postpone", "kept": "keep"}.get(action, "end")
        form = {"version": str(version), **({"in": "15"} if action == "postponed" else {})}
        response = await self._send(browser, f"items/{item.id}/{name}", action, form)
        if 'class="record-notice"' in response.text:
            return self._refused("told")
        assert response.headers["hx-push-url"] == "/p/records/desk", f"{self.username}: {name}: {response.text}"
        self.supply.told.note_done(self.user_id, item.id, version + 1, action)
        return True

    async def _take(self, browser: httpx.AsyncClient, path: str) -> bool:
        response = await self._send(browser, path, "taken", {})
        led_to = re.fullmatch(r"/p/records/items/(\d+)", response.headers.get("hx-push-url", ""))
        if led_to is None or 'class="record-notice"' in response.text:
            assert "hx-push-url" in response.headers, f"{self.username}: {path}: {response.text}"
            return self._refused("told")
        self.supply.told.took.append((self.user_id, int(led_to[1]), _version(response.text)))
        return True

    async def _send(self, browser: httpx.AsyncClient, path: str, what: str, form: dict[str, str]) -> httpx.Response:
        response = await self._post(
            browser, f"/p/records/{path}", what, data=form, headers={"hx-request": "true", "origin": self.url}
        )
        assert response.status_code == 200, f"{self.username}: {path}: {response.status_code} {response.text}"
        return response


def _version(page: str) -> int:
    """The version that the forms of a page send."""
    found = re.search(r'id="item-version" name="version" value="(\d+)"', page)
    assert found, page
    return int(found[1])

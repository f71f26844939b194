"""Callers and agents who use the product over HTTP and WebSocket, as their pages do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import httpx
import websockets

from tests.plugins.telephony.scripted import OFFER
from tests.serving import DEMO_PASSWORD

PATIENT = 30.0
"""Seconds that a request may take: one that is sent while the server starts is answered once it has."""
RETRY = 0.05
LOOK = 0.1
"""How often a caller's page asks how the call is."""
RACES = {"offer_gone", "call_gone", "not_in_talk"}
"""What an agent may be told when somebody else was faster."""
NOT_SIGNED_IN = 4401


def client(url: str, **headers: str) -> httpx.AsyncClient:
    """A browser that keeps its cookies."""
    return httpx.AsyncClient(base_url=url, timeout=PATIENT, headers=headers, trust_env=False)


async def log_in(browser: httpx.AsyncClient, username: str) -> None:
    """Logs in to the demo tenant."""
    form = {"organisation": "demo", "username": username, "password": DEMO_PASSWORD}
    response = await insist(browser, "POST", "/login", data=form)
    assert response.status_code == 303, response.text


async def insist(browser: httpx.AsyncClient, method: str, path: str, **body: Any) -> httpx.Response:
    """Asks until there is an answer: the server may be away."""
    while True:
        with contextlib.suppress(httpx.TransportError):
            return await browser.request(method, path, **body)
        await asyncio.sleep(RETRY)


@dataclass
class Tab:
    """Somebody who is logged in with a page open, and hears by live messages that something has changed.

    Attributes:
        chance: Decides what is done; one's own, so that nobody else's luck changes it.
        done: What was done, for the test to see that everything was done at all.
    """

    url: str
    username: str
    chance: random.Random
    done: list[str] = field(default_factory=list)
    user_id: int = 0

    async def work(self) -> None:
        """Logs in and does what there is to do, whatever becomes of the server; ends when `_react` does."""
        async with client(self.url) as browser:
            await self.sign_in(browser)
            changed = asyncio.Event()
            async with asyncio.TaskGroup() as tab:
                listening = tab.create_task(self._listen(browser, changed))
                await self._react(browser, changed)
                listening.cancel()

    async def sign_in(self, browser: httpx.AsyncClient) -> None:
        """Logs in, and learns who one is."""
        await log_in(browser, self.username)
        page = await insist(browser, "GET", "/")
        self.user_id = int(re.findall(r'data-live="user:(\d+)"', page.text)[0])

    async def _react(self, browser: httpx.AsyncClient, changed: asyncio.Event) -> None:
        raise NotImplementedError

    async def _listen(self, browser: httpx.AsyncClient, changed: asyncio.Event) -> None:
        """Keeps the WebSocket open; each message, and each new connection, is a reason to look."""
        headers = {"cookie": f"switchroom={browser.cookies['switchroom']}", "origin": self.url}
        while True:
            try:
                await self._hear(headers, changed)
            except websockets.ConnectionClosed as closed:
                if closed.rcvd is not None and closed.rcvd.code == NOT_SIGNED_IN:
                    raise AssertionError(f"{self.username} was logged out") from closed
            except (OSError, TimeoutError, websockets.InvalidMessage):
                pass  # the server is away
            await asyncio.sleep(RETRY)

    async def _hear(self, headers: dict[str, str], changed: asyncio.Event) -> None:
        address = self.url.replace("http", "ws", 1) + "/live"
        async with websockets.connect(address, additional_headers=headers, open_timeout=PATIENT, proxy=None) as socket:
            await socket.send(json.dumps({"subscribe": [f"user:{self.user_id}"]}))
            async for text in socket:
                message: dict[str, Any] = json.loads(text)
                if "ping" in message:
                    await socket.send('{"pong": true}')
                elif "hello" not in message:
                    changed.set()

    async def _take_work(self, browser: httpx.AsyncClient) -> None:
        """Says that work may come."""
        chosen = await insist(browser, "POST", "/status/intent/available", headers={"hx-request": "true"})
        assert chosen.status_code == 200, f"{self.username}: {chosen.status_code} {chosen.text}"

    async def _page(self, browser: httpx.AsyncClient, path: str) -> str:
        response = await browser.get(path, headers={"hx-request": "true"})
        assert response.status_code in (200, 204), f"{self.username}: {path}: {response.status_code} {response.text}"
        assert "hx-redirect" not in response.headers, f"{self.username} was logged out"
        return response.text


class Answer(StrEnum):
    """What an agent does when it rings."""

    ACCEPT = "accept"
    REJECT = "reject"
    IGNORE = "ignore"


@dataclass
class Agent(Tab):
    """Somebody with the workspace open in one tab. What to do is learnt from live messages and the pages they name.

    Attributes:
        first: What he does with his first offer.
        left: Offers and forms whose time he lets run out.
    """

    first: Answer = Answer.ACCEPT
    left: set[str] = field(default_factory=set)

    async def _react(self, browser: httpx.AsyncClient, changed: asyncio.Event) -> None:
        await changed.wait()
        await self._take_work(browser)
        while True:
            changed.clear()
            # What cannot be done now, since the server is away, is looked at anew with the next connection.
            with contextlib.suppress(httpx.TransportError):
                await self._look(browser, changed)
            await changed.wait()

    async def _look(self, browser: httpx.AsyncClient, changed: asyncio.Event) -> None:
        phone = await self._page(browser, "/p/telephony/softphone")
        match _data(phone, "state"):
            case "ringing":
                await self._answer(browser, _data(phone, "offer"), changed)
            case "talk" | "held":
                await self._talk(browser, _data(phone, "interaction"), changed)
            case "idle":
                await self._process(browser, changed)
            case other:
                raise AssertionError(f"{self.username}: the softphone is {other!r}: {phone}")

    async def _answer(self, browser: httpx.AsyncClient, offer: str, changed: asyncio.Event) -> None:
        if f"offer {offer}" in self.left:
            return
        by_chance = self.chance.choices(list(Answer), weights=[80, 10, 10])[0]
        answer = by_chance if self.done else self.first
        self.done.append(answer)
        match answer:
            case Answer.ACCEPT:
                await self._ask(browser, f"/p/telephony/offers/{offer}/accept", changed, json={"sdp": OFFER})
            case Answer.REJECT:
                await self._ask(browser, f"/p/telephony/offers/{offer}/reject", changed)
            case Answer.IGNORE:
                self.left.add(f"offer {offer}")

    async def _talk(self, browser: httpx.AsyncClient, call: str, changed: asyncio.Event) -> None:
        """Talks for a moment, unless the other side ends it before."""
        if self.chance.random() < 0.2:
            for what in ("hold", "resume"):
                await self._ask(browser, f"/p/telephony/calls/{call}/{what}", changed)
        changed.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.chance.uniform(0.3, 0.9)):
                await changed.wait()
                return
        await self._ask(browser, f"/p/telephony/calls/{call}/hangup", changed)

    async def _process(self, browser: httpx.AsyncClient, changed: asyncio.Event) -> None:
        """Sends the form that the ended call asks for, or lets its time run out."""
        segment = _data(await self._page(browser, "/p/wrapup/panel"), "wrapup-shown")
        if not segment.isdigit() or f"form {segment}" in self.left:
            return
        if self.chance.random() < 0.2:
            self.left.add(f"form {segment}")
            return
        answers = {"answer.successful": "yes", "answer.after_service": "continue", "answer.comment": self.username}
        response = await browser.post(f"/p/wrapup/segments/{segment}", data=answers, headers={"hx-request": "true"})
        # Where the time was over a moment before, the page says so.
        assert response.status_code in (200, 409), f"{self.username}: {response.status_code} {response.text}"
        self.done.append("form")

    async def _ask(self, browser: httpx.AsyncClient, path: str, changed: asyncio.Event, **body: Any) -> None:
        """Asks for something, which is done, or refused because somebody else was faster: then it looks again."""
        response = await browser.post(path, headers={"accept": "application/json"}, **body)
        if response.is_success:
            return
        problem = response.json() if "json" in response.headers["content-type"] else {}
        assert problem.get("code") in RACES, f"{self.username}: {path}: {response.status_code} {response.text}"
        changed.set()


def _data(fragment: str, name: str) -> str:
    """The value of a data attribute, empty when the fragment has none."""
    found = re.search(rf'data-{name}="([^"]*)"', fragment)
    return found[1] if found else ""


class Outcome(StrEnum):
    """How a caller's errand came to its end."""

    SERVED = "served"
    GAVE_UP = "gave up"


@dataclass
class Caller:
    """A customer with the public page open, who calls again until served, or gives up waiting.

    Attributes:
        number: Which one; the address and the phone number come from it.
        arrives: Seconds until the first call.
        gives_up: Seconds of waiting after which the caller hangs up; None for a caller who waits as long as it takes.
        lost: How many calls the server's end has cut off.
    """

    url: str
    number: int
    chance: random.Random
    arrives: float
    gives_up: float | None
    lost: int = 0

    @property
    def phone(self) -> str:
        """The phone number, in E.164."""
        return f"+4930{1234500 + self.number}"

    async def call(self) -> Outcome:
        """Calls until served, or out of patience.

        Raises:
            AssertionError: The product told the caller something that it should not.
        """
        await asyncio.sleep(self.arrives)
        # Each has an address of his own, as the proxy in front of the server tells it.
        async with client(self.url, **{"x-forwarded-for": f"198.51.100.{self.number + 1}"}) as browser:
            while True:
                outcome = await self._one_call(browser)
                if outcome is not None:
                    return outcome
                self.lost += 1

    async def _one_call(self, browser: httpx.AsyncClient) -> Outcome | None:
        """One call; None when it was cut off."""
        page = {"name": f"Caller {self.number}", "number": self.phone, "sdp": OFFER}
        begun = await insist(browser, "POST", "/call/demo/calls", json=page)
        assert begun.status_code == 201, f"caller {self.number}: {begun.status_code} {begun.text}"
        address = f"/call/demo/calls/{begun.json()['token']}"
        talk = self.chance.uniform(0.2, 2.0)
        waited = talked = 0.0
        while True:
            state = await self._state(browser, address)
            if state["phase"] == "ended":
                return self._outcome(state["cause"], waited)
            if state["phase"] == "waiting":
                waited += LOOK
            else:
                talked += LOOK
            if (self.gives_up is not None and waited >= self.gives_up and not talked) or talked >= talk:
                gone = await insist(browser, "POST", f"{address}/hangup")
                assert gone.status_code in (204, 409), f"caller {self.number}: {gone.status_code} {gone.text}"
            await asyncio.sleep(LOOK)

    def _outcome(self, cause: str, waited: float) -> Outcome | None:
        if cause == "media_lost":
            return None
        if cause == "caller_hung_up":
            return Outcome.GAVE_UP if self.gives_up is not None and waited >= self.gives_up else Outcome.SERVED
        assert cause == "agent_hung_up", f"caller {self.number}: the call ended for {cause!r}"
        return Outcome.SERVED

    async def _state(self, browser: httpx.AsyncClient, address: str) -> dict[str, Any]:
        response = await insist(browser, "GET", address)
        assert response.status_code == 200, f"caller {self.number} is lost: {response.status_code} {response.text}"
        state: dict[str, Any] = response.json()
        return state

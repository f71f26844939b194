"""The WebSocket of each open page: tells it which topics have changed, and tells the server that the page is open."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any
from weakref import WeakValueDictionary

import structlog
from litestar import WebSocket
from litestar.exceptions import WebSocketDisconnect

from core.accounts.permissions import HANDLE_INTERACTIONS
from core.accounts.sessions import SignedIn, keep_sessions
from core.agents import connection
from core.live.hub import MAX_TOPICS, Tab
from core.plugins.context import Context, Platform
from core.web.access import NOT_SIGNED_IN
from core.web.times import now_iso

log = structlog.get_logger(__name__)

PULSE_SECONDS = 10.0
"""How often a page is asked for a sign of life."""
SILENCE_SECONDS = 25.0
"""How long a page may give none before it counts as gone."""
SESSIONS_EVERY = 6
"""After how many pulses the logins of open pages are looked at."""
MALFORMED = 4400
LONGEST_MESSAGE = 10_000

_TOPIC = re.compile(r"[a-z][a-z0-9_.-]{0,39}(?::[A-Za-z0-9_.:-]{1,80})?")
_PERSONAL = ("user:", "journal:", "session:")


class MalformedMessage(ValueError):
    """A page has sent something that is no subscription."""


class OpenTabs:
    """The open pages of this process."""

    @classmethod
    def of(cls, platform: Platform) -> OpenTabs:
        """Those of the process with these services."""
        tabs: OpenTabs = platform.plugin_state.setdefault("core.open_tabs", cls(platform))
        return tabs

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._agents: Counter[int] = Counter()
        self._sessions: dict[Tab, int] = {}
        self._telling: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def serve(self, socket: WebSocket[Any, Any, Any], ctx: Context, user: SignedIn) -> None:
        """Serves one page until it goes."""
        await socket.accept()
        tab = Tab({_session_topic(user)})
        with self._counted(tab, user):
            await self._platform.live.join(ctx.tenant.id, tab)
            try:
                await self._tell_opened(ctx, user)
                code = await _Conversation(socket, tab, user).run()
            finally:
                await self._platform.live.leave(ctx.tenant.id, tab)
        await self._tell_closed(ctx, user)
        if code is not None:
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                await socket.close(code=code)

    @contextlib.contextmanager
    def _counted(self, tab: Tab, user: SignedIn) -> Iterator[None]:
        works = user.may(HANDLE_INTERACTIONS)
        self._sessions[tab] = user.session_id
        self._agents[user.id] += works
        try:
            yield
        finally:
            del self._sessions[tab]
            self._agents[user.id] -= works
            if not self._agents[user.id]:
                del self._agents[user.id]

    # One after the other for each user: were the end of one page told after the beginning of the next, the agent would
    # count as gone with a page open.
    async def _tell_opened(self, ctx: Context, user: SignedIn) -> None:
        if user.may(HANDLE_INTERACTIONS):
            async with self._telling.setdefault(user.id, asyncio.Lock()):
                await connection.tab_opened(ctx, user.id)

    async def _tell_closed(self, ctx: Context, user: SignedIn) -> None:
        if user.may(HANDLE_INTERACTIONS):
            async with self._telling.setdefault(user.id, asyncio.Lock()):
                await connection.tab_closed(ctx, user.id, self._agents[user.id])

    @contextlib.asynccontextmanager
    async def kept_alive(self, _app: object) -> AsyncIterator[None]:
        """While the server runs, says at every pulse whose pages are open."""
        task = asyncio.create_task(self._keep_alive(), name="open-tabs")
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _keep_alive(self) -> None:
        pulse = 0
        while True:
            await asyncio.sleep(PULSE_SECONDS)
            pulse += 1
            try:
                if self._agents:
                    await connection.keep_alive(list(self._agents))
                if pulse % SESSIONS_EVERY == 0 and self._sessions:
                    await self._look_at_sessions()
            except Exception:
                # The next pulse tries again, whatever this one met.
                log.exception("keep_alive_failed")

    async def _look_at_sessions(self) -> None:
        """An open page keeps its login from ending for want of use; one whose login has ended is told."""
        held = await keep_sessions(set(self._sessions.values()))
        for tab, session in self._sessions.items():
            if session not in held:
                tab.tell(f"session:{session}", "")


class _Conversation:
    """What one page and the server say to each other."""

    def __init__(self, socket: WebSocket[Any, Any, Any], tab: Tab, user: SignedIn) -> None:
        self._socket = socket
        self._tab = tab
        self._user = user
        self._heard_at = time.monotonic()

    async def run(self) -> int | None:
        """Until one side has enough; gives the code to close with, or None when the page has gone."""
        parts = [asyncio.create_task(part) for part in (self._hear(), self._tell(), self._pulse())]
        try:
            done, _pending = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)
        try:
            return next(iter(done)).result()
        except WebSocketDisconnect:
            return None
        except MalformedMessage:
            return MALFORMED

    async def _hear(self) -> int | None:
        while True:
            text = await self._socket.receive_text()
            self._heard_at = time.monotonic()
            topics = subscription(text, self._user.id)
            if topics is not None:
                self._tab.topics = topics | {_session_topic(self._user)}
                await self._send({"subscribed": sorted(topics)})

    async def _tell(self) -> int | None:
        await self._send({"hello": now_iso()})
        mine = json.dumps({"topic": _session_topic(self._user)})
        while True:
            message = await self._tab.next_message()
            if message in ("", mine):
                return NOT_SIGNED_IN
            await self._socket.send_text(message)

    async def _pulse(self) -> int | None:
        while True:
            await asyncio.sleep(PULSE_SECONDS)
            if time.monotonic() - self._heard_at > SILENCE_SECONDS:
                return None
            await self._send({"ping": now_iso()})

    async def _send(self, message: dict[str, Any]) -> None:
        await self._socket.send_text(json.dumps(message))


def subscription(text: str, user_id: int) -> set[str] | None:
    """The topics that a page asks for and may hear of, or None when its message is a mere sign of life.

    Topics of another person are left out without a word.

    Raises:
        MalformedMessage: The message is not what a page sends.
    """
    if len(text) > LONGEST_MESSAGE:
        raise MalformedMessage("too long")
    try:
        message = json.loads(text)
    except ValueError as error:
        raise MalformedMessage("not JSON") from error
    if not isinstance(message, dict):
        raise MalformedMessage("not an object")
    if "subscribe" not in message:
        return None
    topics = message["subscribe"]
    if not isinstance(topics, list) or not all(isinstance(topic, str) and _TOPIC.fullmatch(topic) for topic in topics):
        raise MalformedMessage("not a list of topics")
    if len(topics) > MAX_TOPICS:
        raise MalformedMessage(f"more than {MAX_TOPICS} topics")
    return {topic for topic in topics if _may_hear(topic, user_id)}


def _may_hear(topic: str, user_id: int) -> bool:
    kind = next((kind for kind in _PERSONAL if topic.startswith(kind)), None)
    return kind is None or (kind != "session:" and topic == f"{kind}{user_id}")


def _session_topic(user: SignedIn) -> str:
    return f"session:{user.session_id}"

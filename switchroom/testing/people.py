"""People of a tenant, and the browsers that they use."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from litestar.types import ASGIApp

from core.accounts.models import Role
from core.accounts.permissions import AGENT, Permissions
from core.accounts.users import create_user
from core.agents.connection import tab_opened
from core.agents.roster import begin_shift
from core.agents.service import choose_intent
from core.agents.states import Intent, Status
from core.agents.views import view
from core.interactions.lifecycle import create_interaction, end_interaction
from core.interactions.offers import accept_offer, make_offer
from core.interactions.rows import SegmentView, get_segment
from core.plugins.context import Actor, ActorKind, Context, Platform
from core.tenancy.context import TenantRef

PASSWORD = "correct horse battery"  # noqa: S105 - of people who exist in tests alone


@dataclass(frozen=True)
class Person:
    """A user of a tenant, who may log in with `PASSWORD`."""

    platform: Platform
    tenant: TenantRef
    id: int
    username: str

    @asynccontextmanager
    async def context(self, plugin: str | None = None) -> AsyncIterator[Context]:
        """The context in which this person acts, for a plugin or for core; the tenant is current for the block."""
        tenant = await self.platform.tenant(tenant_id=self.tenant.id)
        async with self.platform.context(tenant, Actor(ActorKind.USER, self.id)) as ctx:
            yield ctx.for_plugin(plugin) if plugin else ctx


@dataclass(frozen=True)
class Agent(Person):
    """A user who takes calls: logged in, with an open page."""

    async def becomes_available(self) -> None:
        """Takes work from now on."""
        async with self.context() as ctx:
            await choose_intent(ctx, self.id, Intent.AVAILABLE)

    async def answers(self, name: str = "Kim", number: str = "+4930123456", channel: str = "voice") -> SegmentView:
        """A customer comes, and the agent takes the work. A plugin of the tenant must have registered the channel."""
        async with self.context() as ctx:
            call = await create_interaction(ctx, channel=channel, contact_name=name, contact_number=number)
            offer = await make_offer(ctx, call.id, [self.id], cause="test")
            if offer is None:
                raise RuntimeError(f"{self.username} is not free.")
            return await accept_offer(ctx, offer.id, self.id)

    async def has_served(self, name: str = "Kim", number: str = "+4930123456", channel: str = "voice") -> SegmentView:
        """A customer comes, the agent takes the work, the customer leaves."""
        segment = await self.answers(name, number, channel)
        async with self.context() as ctx:
            await end_interaction(ctx, segment.interaction_id, "caller_hung_up")
            return await get_segment(ctx, segment.id)

    async def status(self) -> Status:
        """What other people see of the agent."""
        async with self.context() as ctx:
            shown = await view(ctx, self.id)
        if shown is None:
            raise LookupError(f"{self.username} is no agent.")
        return shown.status


class Client(httpx.AsyncClient):
    """A browser, as far as headers make one.

    Args:
        web: The web application.
        headers: Sent with every request; `accept` is that of a page unless it is given.
    """

    def __init__(self, web: ASGIApp, **headers: str) -> None:
        super().__init__(
            transport=httpx.ASGITransport(app=web, raise_app_exceptions=False),  # type: ignore[arg-type]
            base_url="http://calls.test",
            headers={"accept": "text/html", **headers},
        )
        self.web = web

    async def log_in(self, person: Person, **fields: str) -> httpx.Response:
        """Sends the login form; further fields are sent with it."""
        return await self.send_login(person.username, person.tenant, **fields)

    async def send_login(self, username: str, tenant: TenantRef, **fields: str) -> httpx.Response:
        """The same, of anybody."""
        form = {"organisation": tenant.slug, "username": username, "password": PASSWORD, **fields}
        return await self.post("/login", data=form)

    async def websocket(self, path: str) -> list[dict[str, Any]]:
        """What the server sends over a WebSocket to a client that connects and says nothing more."""
        sent: list[dict[str, Any]] = []
        incoming = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}]

        async def receive() -> Any:
            return incoming.pop(0)

        async def send(message: Any) -> None:
            sent.append(dict(message))

        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        scope: Any = {
            "type": "websocket",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(b"host", b"calls.test"), (b"cookie", cookies.encode())],
            "client": ("192.0.2.7", 1234),
            "server": ("calls.test", 80),
            "subprotocols": [],
            "state": {},
            "extensions": {},
        }
        await self.web(scope, receive, send)
        return sent


async def add_person(platform: Platform, tenant: TenantRef, username: str, *roles: str) -> Person:
    """A person with these roles, keys of built-in ones or of the tenant's own."""
    async with platform.context(tenant) as ctx:
        user = await create_user(ctx, username, username.title(), PASSWORD, roles)
    return Person(platform, tenant, user.id, user.username)


async def add_agent(platform: Platform, tenant: TenantRef, username: str = "anna") -> Agent:
    """An agent who is at work and available."""
    return await put_to_work(await add_person(platform, tenant, username, AGENT))


async def put_to_work(person: Person) -> Agent:
    """The same person as an agent: begins a shift, with an open page, and available. A role must let him take calls."""
    agent = Agent(person.platform, person.tenant, person.id, person.username)
    async with agent.context() as ctx:
        await begin_shift(ctx, agent.id)
        await tab_opened(ctx, agent.id)
    await agent.becomes_available()
    return agent


async def add_person_who_may(platform: Platform, tenant: TenantRef, username: str, *permissions: str) -> Person:
    """A person whose one role, of the tenant's own, allows exactly this."""
    async with platform.context(tenant):
        await Role.create(key=f"only-{username}", name=f"Only {username}", permissions=list(permissions))
    return await add_person(platform, tenant, username, f"only-{username}")


async def all_permissions(platform: Platform, tenant: TenantRef) -> set[str]:
    """The names of all rights that can be granted in the tenant as it is now."""
    declared = {record.name: record.contributions.permissions for record in platform.registry.ready}
    enablement = await platform.enablement.of(await platform.tenant(tenant_id=tenant.id))
    return {permission.name for permission in Permissions(declared).known(enablement.plugins)}

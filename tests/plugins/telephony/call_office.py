"""Telephony on a scripted provider, with everything that a test about calls does again and again."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from core import app as core_app
from core import provisioning
from core.accounts.models import Role, User, UserRole
from core.agents.connection import tab_opened
from core.agents.roster import begin_shift
from core.agents.service import choose_intent
from core.agents.states import Intent, Status
from core.agents.views import view
from core.app import Application
from core.database.connection import fetch
from core.plugins.context import CUSTOMER, Actor, ActorKind, Context, Platform
from plugins.telephony import runtime
from plugins.telephony.controller import MediaController
from plugins.telephony.legs import LegView, leg_of_token, live_legs
from plugins.telephony.provider import LegSnapshot
from plugins.telephony.services.answering import AnsweredCall, answer_offer
from plugins.telephony.services.calling import BegunCall, CallRequest, begin_call, call_state
from plugins.telephony.states import Side
from switchroom.interactions import InteractionView, OfferView, get_interaction, pending_offer
from switchroom.testing.databases import empty_tables
from tests.conftest import Jobs, make_settings
from tests.plugins.telephony.scripted import OFFER, ScriptedSwitch, new_switch

PATIENCE = 5.0
"""Seconds within which what happens in the background must have happened."""
_names = itertools.count()


@dataclass
class Office:
    """A tenant with telephony, its scripted switch, and the parts that run.

    Attributes:
        ctx: The tenant's context for telephony, acting for the system.
    """

    application: Application
    platform: Platform
    ctx: Context
    switch: ScriptedSwitch
    jobs: Jobs
    running: runtime.Running
    calls: list[BegunCall] = field(default_factory=list)

    @property
    def controller(self) -> MediaController:
        """What looks after the node."""
        assert self.running.controller is not None
        return self.running.controller

    async def agent(self, username: str = "anna") -> int:
        """An agent who is connected and takes calls."""
        user = await User.create(username=username, name=username.title(), password_hash="none")
        role = await Role.get(key="agent")
        await UserRole.create(user_id=user.id, role_id=role.id)
        await begin_shift(self.ctx, user.id)
        await tab_opened(self.ctx, user.id)
        await choose_intent(self.ctx, user.id, Intent.AVAILABLE)
        return user.id

    def customer(self) -> Context:
        """The context in which a customer's page works."""
        return self.ctx.acting_as(CUSTOMER)

    def of_agent(self, user_id: int) -> Context:
        """The context in which an agent's page works."""
        return self.ctx.acting_as(Actor(ActorKind.USER, user_id))

    async def call(self, name: str = "Kim", address: str = "192.0.2.1", **other: Any) -> BegunCall:
        """A customer calls."""
        request = CallRequest(**{"name": name, "number": "+442079460000", "subject": "Delivery", "sdp": OFFER} | other)
        begun = await begin_call(self.customer(), request, address)
        self.calls.append(begun)
        return begun

    async def offer(self, agent: int) -> OfferView:
        """What is offered to the agent."""
        await self.jobs.run_due()
        offer = await pending_offer(self.ctx, agent_id=agent)
        assert offer is not None
        return offer

    async def talk(self, agent: int) -> tuple[BegunCall, AnsweredCall]:
        """A call that the agent has answered."""
        begun = await self.call()
        answered = await answer_offer(self.of_agent(agent), (await self.offer(agent)).id, agent, OFFER)
        return begun, answered

    async def interaction(self, call: BegunCall) -> InteractionView:
        """The interaction of a customer's call."""
        return await get_interaction(self.ctx, (await self.caller(call)).interaction_id)

    async def caller(self, call: BegunCall) -> LegView:
        """The customer's leg."""
        leg = await leg_of_token(self.ctx, call.token)
        assert leg is not None
        return leg

    async def heard(self, call: BegunCall, side: Side) -> LegSnapshot:
        """What the switch does with a side of a call."""
        legs = await live_legs(self.ctx, (await self.caller(call)).interaction_id)
        return self.switch.get(legs[side].leg)

    async def ended(self, call: BegunCall) -> str:
        """The cause for which a call ends, once it has."""

        async def over() -> bool:
            return (await call_state(self.ctx, call.token)).phase == "ended"

        await self.until(over)
        return (await call_state(self.ctx, call.token)).cause

    async def silent(self) -> None:
        """Waits until no leg lives."""

        async def nobody() -> bool:
            rows = await fetch("SELECT leg FROM telephony_leg WHERE state <> 'ended'")
            return not rows and not self.switch.alive

        await self.until(nobody)

    async def status(self, agent: int) -> Status:
        """What people see of the agent."""
        shown = await view(self.ctx, agent)
        assert shown is not None
        return shown.status

    @staticmethod
    async def until(true: Callable[[], Any]) -> None:
        """Waits for something that happens in the background."""
        async with asyncio.timeout(PATIENCE):
            while not await true():  # noqa: ASYNC110 - rows change, and nothing tells of it
                await asyncio.sleep(0.01)


@asynccontextmanager
async def open_office(database_url: str, **options: str) -> AsyncIterator[Office]:
    """An office on empty tables; `options` are the installation's settings of telephony."""
    name = f"switch{next(_names)}"
    switch = new_switch(name)
    async with platform_with_telephony(database_url, name, **options) as application:
        await empty_tables()
        platform = application.platform
        tenant = await provisioning.create_tenant(platform, slug="acme", name="Acme")
        running = await runtime.start(platform, media=True)
        try:
            async with platform.context(tenant) as ctx:
                jobs = Jobs(platform)
                yield Office(application, platform, ctx.for_plugin("telephony"), switch, jobs, running)
        finally:
            await runtime.stop(platform)


@asynccontextmanager
async def platform_with_telephony(database_url: str, switch: str, **options: str) -> AsyncIterator[Application]:
    """A process of an installation whose calls a scripted switch carries."""
    prefix = "SWITCHROOM__PLUGINS__SETTINGS__TELEPHONY__"
    settings = make_settings(
        database_url,
        **{
            "SWITCHROOM__PLUGINS__ENABLED_BY_DEFAULT": "[routing, telephony]",
            f"{prefix}PROVIDER": "tests.plugins.telephony.scripted:provider",
            f"{prefix}PROVIDER_OPTIONS": f"{{name: {switch}}}",
            f"{prefix}NODE_NAME": switch,
            **{f"{prefix}{key.upper()}": value for key, value in options.items()},
            **({f"{prefix}PROVIDER_OPTIONS": "{}"} if options.get("provider") == "embedded" else {}),
        },
    )
    registry = core_app.load_plugins(settings)
    async with core_app.database(settings, database_url, registry):
        application = Application.build(settings, database_url, registry, frozenset())
        await application.platform.live.start()
        try:
            yield application
        finally:
            await application.platform.live.stop()

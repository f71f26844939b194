"""An organisation that is held against the model: opened, compared with it after each step, and closed."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Awaitable
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine

from core.accounts.models import User
from core.agents.reasons import all_reasons
from core.agents.roster import begin_shift
from core.app import Application
from core.database.connection import execute, fetch
from core.interactions.lifecycle import end_interaction
from core.provisioning import create_tenant
from switchroom.capabilities import QueueDirectory
from tests.core.agent_model import LEASE, MISSED_LIMIT, WRAP_UP, Model, Person
from tests.core.agent_office import Office
from tests.floor_checks import check_floor

AGENTS = 3
MARGIN = 3
"""Seconds around each deadline in which the model never looks: rows are a little later than it."""

PENDING = "SELECT id, agent_id, interaction_id FROM core_offer WHERE tenant_id = $1 AND state = 'pending'"
IN_HAND = "SELECT id, agent_id FROM core_segment WHERE tenant_id = $1 AND state <> 'closed'"

_numbers = itertools.count()


class HeldOffice(RuleBasedStateMachine):
    """Three agents, a supervisor, and what must be true of them at any time; what happens is for rules to say."""

    runner: asyncio.Runner
    application: Application
    dsn: str
    model: Model
    channels: list[str]

    def __init__(self) -> None:
        super().__init__()
        self.pages: dict[tuple[str, int], int] = {}
        self.deaths = {"left": 0, "right": 0}
        self.off = False

    def run(self, work: Awaitable[Any]) -> Any:
        """Runs it on the loop of all examples."""

        async def wait() -> Any:
            return await work

        return self.runner.run(wait())

    async def open_with_agents(self) -> None:
        platform = self.application.platform
        tenant = await create_tenant(platform, slug=f"office-{next(_numbers)}", name="Office")
        self.office = Office(self.application, tenant, self.dsn)
        async with self.office.context() as ctx:
            directory = ctx.capability(QueueDirectory)  # type: ignore[type-abstract]
            assert directory
            self.queue = (await directory.admit(ctx, "voice")).queue
            await execute("UPDATE routing_queue SET channels = $2::text::jsonb WHERE tenant_id = $1", tenant.id,
                          json.dumps(self.channels))  # fmt: skip
            await all_reasons(ctx)
            for number in range(AGENTS):
                user = await User.create(username=f"agent{number}", name=f"Agent {number}", password_hash="none")
                await begin_shift(ctx, user.id)
                self.model.people[user.id] = Person(user.id)
            self.supervisor = (await User.create(username="boss", name="Boss", password_hash="none")).id
        await execute(
            "UPDATE core_team SET missed_limit = $2, least_available = $3 WHERE tenant_id = $1",
            tenant.id, MISSED_LIMIT, self.model.least,
        )  # fmt: skip
        await execute(
            "INSERT INTO core_team_channel (tenant_id, team_id, channel, capacity, alone) "
            "SELECT $1::bigint, team.id, rule.channel, rule.capacity, rule.alone FROM core_team AS team, "
            "(VALUES ('paper', $2::int, false), ('voice', 1, $3::bool)) AS rule (channel, capacity, alone) "
            "WHERE team.tenant_id = $1",
            tenant.id, self.model.capacity, self.model.alone,
        )  # fmt: skip
        await self.office.begin()
        await self.office.run_jobs()

    def teardown(self) -> None:
        if not hasattr(self, "office"):
            return
        for _round in range(30):
            self.run(self.let_jobs_run(None, twice=False, backwards=False))
            self.run(self.compare())
            if not any(each > self.model.now for each in self.model.deadlines()):
                break
            self.wait_for_the_next()
        self.run(self.close_office())

    async def is_off(self) -> bool:
        """Whether it is gone, rather than on or only waiting for its paper to end."""
        async with self.office.context() as ctx:
            return "desk" not in ctx.enabled_plugins

    def wait_for_the_next(self) -> None:
        """Lets time pass until the next thing that ends by itself has ended, and nothing else is about to."""
        now = self.model.now
        moment = min((each for each in self.model.deadlines() if each > now), default=now + LEASE) + MARGIN
        while near := [each for each in self.model.deadlines() if moment - MARGIN < each < moment + MARGIN]:
            moment = max(near) + 2 * MARGIN
        self.run(self.office.forward(moment - now))
        self.model.now = moment

    def rule_begins(self) -> None:
        """The test itself takes time; what is about to end has ended before anything else is done."""
        self.model.now = self.run(self.office.clock())
        if any(self.model.now - MARGIN < each < self.model.now + MARGIN for each in self.model.deadlines()):
            self.wait_for_the_next()

    async def let_jobs_run(self, dies: int | None, twice: bool, backwards: bool, empty: bool = False) -> None:
        if empty:
            await self.office.empty_broker()
            await check_floor(fetch, self.office.tenant.id)
            await self.office.leases_run_out()
        await self.office.run_jobs(dies_at=dies, twice=twice, backwards=backwards)
        self.model.clocks_run_down()
        for offer in await fetch(f"{PENDING} ORDER BY id", self.office.tenant.id):
            person, item = self.model.people[offer["agent_id"]], self.model.items[offer["interaction_id"]]
            if person.asked is None or person.asked.id != offer["id"]:
                assert item.state == "waiting", item
                assert self.model.takes(person, item.channel), f"{item} was offered to {person}"
                self.model.offer(person, offer["id"], item)
        idle = [
            (item, person)
            for item in self.model.items.values()
            for person in self.model.people.values()
            if item.state == "waiting" and self.model.takes(person, item.channel)
        ]
        assert not idle, f"waits, while somebody is free: {idle[0]}"

    async def compare(self) -> None:
        tenant, model = self.office.tenant.id, self.model
        await check_floor(fetch, tenant)
        for row in await fetch("SELECT * FROM core_agent WHERE tenant_id = $1", tenant):
            person = model.people[row["user_id"]]
            seen = (row["intent"], row["pause_reason"], row["do_not_disturb"], row["occupancy"], row["status"],
                    row["taking"], json.loads(row["work"]), row["missed_in_row"])  # fmt: skip
            must = (person.intent, person.reason, person.undisturbed, person.occupancy, person.status,
                    person.taking, person.in_hand, person.missed)  # fmt: skip
            assert seen == must, f"rows say {seen}, the rules {must}: {person}"
            if person.since:
                assert abs(self.office.moment_of(row["status_since"]) - person.since) < MARGIN, person
        for row in await fetch("SELECT user_id, free FROM core_pool_member WHERE tenant_id = $1", tenant):
            person = model.people[row["user_id"]]
            room = person.taking and any(model.has_room(person, channel) for channel in self.channels)
            assert row["free"] == room, person
        offers = await fetch(PENDING, tenant)
        asked = {(person.asked.id, person.id) for person in model.people.values() if person.asked}
        assert {(row["id"], row["agent_id"]) for row in offers} == asked
        segments = await fetch(IN_HAND, tenant)
        parts = {(part, person.id) for person in model.people.values() for part in person.parts}
        assert {(row["id"], row["agent_id"]) for row in segments} == parts
        states = await fetch("SELECT id, state FROM core_interaction WHERE tenant_id = $1", tenant)
        assert {row["id"]: row["state"] for row in states} == {item.id: item.state for item in model.items.values()}

    async def close_office(self) -> None:
        """Every clock has run down, and what nobody works on is over. When all customers leave, so is the rest."""
        model = self.model
        assert not any(each > model.now for each in model.deadlines()), "it goes on and on"
        for person in model.people.values():
            assert person.status in ("offline", "busy", "hold"), person
        for item in list(model.items.values()):
            if item.state in ("waiting", "active", "held"):
                async with self.office.context() as ctx:
                    await end_interaction(ctx, item.id, "caller_hung_up")
                    model.end(item, followed="desk" in ctx.enabled_plugins)
        await self.office.forward(WRAP_UP + 2 * MARGIN)
        model.now = await self.office.clock()
        await self.let_jobs_run(None, twice=False, backwards=False)
        await self.compare()
        assert {item.state for item in model.items.values()} <= {"closed"}
        assert {person.status for person in model.people.values()} == {"offline"}
        if self.off:
            await self.office.forward(LEASE)
            await self.let_jobs_run(None, twice=False, backwards=False)
            assert await self.is_off(), "the plugin is never off"
        await execute("DELETE FROM core_job WHERE tenant_id = $1", self.office.tenant.id)
